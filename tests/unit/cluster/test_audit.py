"""The reader of the audit log, on lines as an API server writes them."""

import json

import pytest

from cluster.audit import AuditLog, Write, writes

OPERATOR = "system:serviceaccount:arkalia-system:arkalia-operator"


def a_line(**changes):
    event = {
        "kind": "Event",
        "apiVersion": "audit.k8s.io/v1",
        "level": "Metadata",
        "stage": "ResponseComplete",
        "requestURI": "/apis/apps/v1/namespaces/one/deployments/luna-helloria?force=true",
        "verb": "patch",
        "user": {"username": OPERATOR, "groups": ["system:authenticated"]},
        "objectRef": {
            "resource": "deployments",
            "namespace": "one",
            "name": "luna-helloria",
            "apiGroup": "apps",
            "apiVersion": "v1",
        },
        "responseStatus": {"metadata": {}, "code": 200},
        **changes,
    }
    return json.dumps(event) + "\n"


def test_write_is_told_with_who_did_what_to_which_object_and_the_answer():
    found = list(writes([a_line()]))

    assert found == [Write(OPERATOR, "patch", "deployments", "one", "luna-helloria", 200)]
    assert str(found[0]) == "patch deployments one/luna-helloria (200)"


def test_write_of_a_subresource_is_told_apart():
    reference = {"resource": "arkaliasystems", "namespace": "one", "name": "luna"}

    [found] = writes([a_line(objectRef={**reference, "subresource": "status"})])

    assert found.resource == "arkaliasystems/status"


def test_refused_write_counts_too():
    [found] = writes([a_line(responseStatus={"code": 403})])

    assert found.code == 403


@pytest.mark.parametrize("verb", ["get", "list", "watch"])
def test_reading_is_no_write(verb):
    assert list(writes([a_line(verb=verb)])) == []


def test_request_counts_once_when_it_has_several_stages():
    lines = [a_line(stage="ResponseStarted"), a_line()]

    assert len(list(writes(lines))) == 1


def test_line_that_is_still_being_written_is_left_out():
    assert list(writes([a_line(), a_line()[:-20]])) == list(writes([a_line()]))


def test_request_without_an_object_is_told_by_its_address():
    line = a_line(objectRef={}, verb="create", requestURI="/apis/authorization/v1/reviews")

    [found] = writes([line])

    assert (found.resource, found.name) == ("/apis/authorization/v1/reviews", "")


def test_log_tells_what_one_user_wrote_in_one_namespace_since_the_mark(tmp_path):
    path = tmp_path / "audit.log"
    elsewhere = {"resource": "services", "namespace": "two", "name": "luna-helloria"}
    path.write_text(a_line())
    log = AuditLog(path, OPERATOR)
    mark = log.mark()
    with path.open("a") as file:
        file.write(a_line(verb="delete") + a_line(objectRef=elsewhere))
        file.write(a_line(user={"username": "system:admin"}))

    here, everywhere = log.since(mark, "one"), log.since(mark)

    assert [each.verb for each in here] == ["delete"]
    assert [each.namespace for each in everywhere] == ["one", "two"]


def test_log_says_so_when_it_was_rotated_since_the_mark(tmp_path):
    path = tmp_path / "audit.log"
    path.write_text(a_line())
    log = AuditLog(path, OPERATOR)
    mark = log.mark()
    path.write_text("")

    with pytest.raises(AssertionError, match="was rotated"):
        log.since(mark)

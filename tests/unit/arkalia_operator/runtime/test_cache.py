import weakref

import pytest

from arkalia_operator.api.unknown import LAST_APPLIED
from arkalia_operator.runtime.cache import Cache

AT = ("ns", "luna")


def a_body(version, uid="u1", **spec):
    metadata = {
        "namespace": "ns", "name": "luna", "uid": uid, "generation": 1,
        "resourceVersion": str(version), "managedFields": [{"much": "text"}],
    }  # fmt: skip
    return {"metadata": metadata, "spec": spec}


@pytest.fixture
def cache():
    return Cache(read=lambda body: body["spec"])


def test_the_newest_body_is_kept(cache):
    assert cache.put(a_body(2, a=2))
    assert not cache.put(a_body(1, a=1))
    assert not cache.put(a_body(2, a=2))

    assert cache.get(AT) == {"a": 2}


def test_what_ended_is_gone_and_stays_gone(cache):
    cache.put(a_body(1))

    assert cache.gone(AT, 3)

    assert not cache.put(a_body(2))
    assert cache.get(AT) is None
    assert cache.put(a_body(4, uid="u2"))


def test_an_old_end_does_not_take_away_what_was_made_anew(cache):
    cache.put(a_body(5, uid="u2"))

    assert not cache.gone(AT, 3)
    assert cache.get(AT) is not None


def test_an_end_of_something_unknown_is_no_news(cache):
    assert not cache.gone(AT, 1)


def test_a_body_is_read_once(cache):
    calls = []
    cache = Cache(read=lambda body: calls.append(body) or "read")
    cache.put(a_body(1))

    assert (cache.get(AT), cache.get(AT)) == ("read", "read")
    assert len(calls) == 1


def test_what_was_read_is_kept_and_its_body_is_let_go():
    class Text(str):
        """One that can be watched."""

    text = Text("long")
    watched = weakref.ref(text)
    cache = Cache(read=lambda body: len(body["spec"]["text"]))
    cache.put(a_body(1, text=text))
    del text
    assert watched() is not None

    assert cache.get(AT) == 4
    assert watched() is None


def test_managed_fields_are_not_kept():
    cache = Cache(read=lambda body: body)
    cache.put(a_body(1))

    assert "managedFields" not in cache.get(AT)["metadata"]


def test_annotation_in_which_clients_keep_what_they_sent_is_kept_and_no_other():
    cache = Cache(read=lambda body: body)
    body = a_body(1)
    body["metadata"]["annotations"] = {LAST_APPLIED: "{}", "other": "x"}

    cache.put(body)

    assert cache.get(AT)["metadata"]["annotations"] == {LAST_APPLIED: "{}"}


def test_places_are_told_by_namespace(cache):
    cache.put(a_body(1))

    assert list(cache.places()) == list(cache.places("ns")) == [AT]
    assert list(cache.places("other")) == []

"""A pod template packed into an annotation, and sent again as it was."""

import base64
import zlib

import pytest

from applied_objects import managed
from arkalia_contract import labels
from arkalia_operator.desired.templates import revision
from arkalia_operator.planning.kept_templates import LONGEST, packed, unpacked, with_kept_template
from arkalia_operator.planning.ownership import fingerprint, template_digest
from builders import only, rendered

DEPLOYMENT = only(rendered().manifests, "Deployment")
TEMPLATE = DEPLOYMENT["spec"]["template"]
DIGEST = template_digest(TEMPLATE)


def copy_of(manifest):
    return manifest["metadata"]["annotations"][labels.TEMPLATE]


def without_template(manifest):
    spec = {name: value for name, value in manifest["spec"].items() if name != "template"}
    return {**manifest, "spec": spec}


def test_copy_holds_the_template():
    assert unpacked(copy_of(packed(DEPLOYMENT))) == TEMPLATE


def test_copy_is_small():
    assert len(copy_of(packed(DEPLOYMENT))) < 2048


def test_copy_says_nothing_to_the_digest_of_the_object():
    other = packed({**DEPLOYMENT, "spec": {**DEPLOYMENT["spec"], "template": {"metadata": {}}}})
    annotations = {**packed(DEPLOYMENT)["metadata"]["annotations"], labels.TEMPLATE: copy_of(other)}
    changed = {**DEPLOYMENT, "metadata": {**DEPLOYMENT["metadata"], "annotations": annotations}}
    assert fingerprint(changed) == fingerprint(packed(DEPLOYMENT))


def test_kept_template_is_the_one_of_the_copy_whatever_became_of_the_live_one():
    live = managed(packed(DEPLOYMENT))
    live["spec"]["template"]["spec"]["containers"][0]["image"] = "somebody/else"

    found = with_kept_template(without_template(DEPLOYMENT), live, DIGEST)

    assert found["spec"]["template"] == TEMPLATE
    assert copy_of(found) == copy_of(live)


@pytest.mark.parametrize("lost", [{}, {labels.TEMPLATE: "not base64"}, {labels.TEMPLATE: ""}])
def test_without_a_copy_the_owned_part_of_the_live_one_is_kept(lost):
    live = managed(DEPLOYMENT)
    live["metadata"]["annotations"] = lost
    live["spec"]["template"]["spec"]["dnsPolicy"] = "filled in by the API server"

    found = with_kept_template(without_template(DEPLOYMENT), live, DIGEST)

    assert revision(found["spec"]["template"]) == revision(TEMPLATE)
    assert "dnsPolicy" not in found["spec"]["template"]["spec"]


def test_copy_of_another_template_is_not_sent():
    other = packed({**DEPLOYMENT, "spec": {"template": {"metadata": {"labels": {"a": "b"}}}}})
    live = managed(DEPLOYMENT)
    live["metadata"]["annotations"] = {labels.TEMPLATE: copy_of(other)}

    found = with_kept_template(without_template(DEPLOYMENT), live, DIGEST)

    assert revision(found["spec"]["template"]) == revision(TEMPLATE)


def test_owned_field_that_is_not_stored_is_not_sent():
    live = managed({**DEPLOYMENT, "spec": {"template": {"spec": {"a": {"b": 1}, "c": ""}}}})
    live["spec"]["template"]["spec"] = {"a": {"b": 1}}

    found = with_kept_template(without_template(DEPLOYMENT), live, DIGEST)

    assert found["spec"]["template"] == {"spec": {"a": {"b": 1}}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not base64",
        base64.b64encode(b"not compressed").decode(),
        base64.b64encode(zlib.compress(b"not JSON")).decode(),
        base64.b64encode(zlib.compress(b"[]")).decode(),
        base64.b64encode(zlib.compress(b'"' + b"a" * (LONGEST + 1) + b'"')).decode(),
    ],
)
def test_copy_that_cannot_be_read_is_none(text):
    assert unpacked(text) is None

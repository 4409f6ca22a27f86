"""What is passed through is written as the API server stores it.

Each example was seen on a real API server; `tests/cluster/test_canonical_form.py` sees it again.
"""

import pytest
from hypothesis import given

from arkalia_operator.desired.stored import as_stored
from random_specs import JSON


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ({"resources": {"limits": {"memory": "1024Mi"}}}, {"resources": {"limits": {"memory": "1Gi"}}}),
        ({"resources": {"requests": {"cpu": 1}}}, {"resources": {"requests": {"cpu": "1"}}}),
        ({"resources": {"claims": [{"name": "gpu"}]}}, {"resources": {"claims": [{"name": "gpu"}]}}),
        ({"emptyDir": {"sizeLimit": "1024Mi"}}, {"emptyDir": {"sizeLimit": "1Gi"}}),
        ({"emptyDir": {}}, {"emptyDir": {}}),
        ({"fieldRef": {"fieldPath": "x"}}, {"fieldRef": {"fieldPath": "x", "apiVersion": "v1"}}),
        (
            {"resourceFieldRef": {"resource": "limits.cpu"}},
            {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "0"}},
        ),
        (
            {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "0.5"}},
            {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "500m"}},
        ),
        (
            {"sources": [{"serviceAccountToken": {"path": "t"}}]},
            {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 3600}}]},
        ),
        (
            {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 600}}]},
            {"sources": [{"serviceAccountToken": {"path": "t", "expirationSeconds": 600}}]},
        ),
        ({"labelSelector": {"matchLabels": {}}}, {"labelSelector": {}}),
        ({"labelSelector": {"matchLabels": {"a": ""}}}, {"labelSelector": {"matchLabels": {"a": ""}}}),
        (
            {"tolerations": [{"key": "", "operator": "Exists", "value": "", "tolerationSeconds": 0}]},
            {"tolerations": [{"operator": "Exists", "tolerationSeconds": 0}]},
        ),
        ({"command": [], "args": None, "stdin": False}, {"stdin": False}),
        ({"nodeSelector": {"gpu": ""}}, {"nodeSelector": {"gpu": ""}}),
        ({"nodeSelector": {"sizeLimit": "x", "emptyDir": "y"}}, {"nodeSelector": {"sizeLimit": "x", "emptyDir": "y"}}),
        ({"requests": {"cpu": "x"}}, {"requests": {"cpu": "x"}}),
        ({"resources": {"limits": "all"}}, {"resources": {"limits": "all"}}),
    ],
)  # fmt: skip
def test_part_of_a_pod_is_written_as_it_is_stored(written, stored):
    assert as_stored(written) == stored


@pytest.mark.parametrize(
    "written",
    [{"emptyDir": {"sizeLimit": "much"}}, {"resources": {"limits": {"cpu": "much"}}}],
)
def test_wrong_quantity_is_refused(written):
    with pytest.raises(ValueError, match="'much' is not a Kubernetes quantity"):
        as_stored(written)


@given(JSON)
def test_stored_form_of_a_stored_form_is_itself(value):
    assert as_stored(as_stored(value)) == as_stored(value)

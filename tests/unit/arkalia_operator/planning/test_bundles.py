"""What is wrong with a ConfigMap of authorities, in words for people."""

import pytest

from arkalia_operator.api.network import CaBundle
from arkalia_operator.api.reasons import Reason
from arkalia_operator.planning.bundles import PEM, trouble

BUNDLE = CaBundle(config_map="corporate")


def test_config_map_with_certificates_is_no_trouble():
    assert trouble(BUNDLE, {"data": {"ca.crt": f"# ours\n{PEM}\n..."}}) is None


@pytest.mark.parametrize(
    ("live", "reason", "told"),
    [
        (None, Reason.CONFIG_MAP_MISSING, "corporate does not exist: create it"),
        ({}, Reason.CONFIG_MAP_INVALID, "corporate has no key ca.crt"),
        ({"data": {"ca.pem": PEM}}, Reason.CONFIG_MAP_INVALID, "write the right one in key"),
        ({"data": {"ca.crt": ""}}, Reason.CONFIG_MAP_INVALID, "holds no certificate in PEM"),
    ],
)
def test_trouble_names_the_config_map_and_what_to_do(live, reason, told):
    found = trouble(BUNDLE, live)

    assert found.reason == reason
    assert found.message.startswith("spec.network.caBundle: ConfigMap corporate")
    assert told in found.message

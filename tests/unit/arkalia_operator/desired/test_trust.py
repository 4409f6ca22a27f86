from arkalia_operator.desired import rendered
from arkalia_operator.desired.resolve import resolve
from arkalia_operator.desired.trust import Issuer, Trust
from arkalia_operator.planning.plan import plan
from builders import a_module, a_record, a_system, an_observed, modules_with, only

TRUST = Trust(Issuer("https://issuer", '{"keys":[]}'), ("<one>\n", "<two>\n"))
MODULES = modules_with(a_module())


def test_trust_is_told_in_one_config_map_of_the_system():
    desired = rendered(a_system(), resolve(a_system(), MODULES), TRUST)

    told = only(desired.manifests, "ConfigMap", "luna-trust")
    assert told["data"] == {
        "ca.crt": "<one>\n<two>\n",
        "issuer": "https://issuer",
        "keys.json": '{"keys":[]}',
    }
    assert "arkalia.io/module" not in told["metadata"]["labels"]


def test_trust_stays_when_nobody_knows_whom_to_trust():
    system = a_system()
    resolution = resolve(system, MODULES)
    known = rendered(system, resolution, TRUST)
    unknown = rendered(system, resolution, None)

    result = plan(system, unknown, an_observed(system, known))

    assert result.deletes == ()


def test_trust_stays_when_the_version_is_not_known():
    system = a_system(version="9.9.9")
    desired = rendered(system, resolve(system, MODULES), TRUST)

    assert desired.manifests == ()
    assert plan(system, desired, an_observed(system, desired)).deletes == ()


def test_record_of_what_belongs_to_the_system_names_no_module():
    system = a_system()
    desired = rendered(system, resolve(system, MODULES), TRUST)

    assert a_record(only(desired.manifests, "ConfigMap", "luna-trust"), system).module == ""

import json

from arkalia_operator.desired import identity, rendered
from arkalia_operator.desired.resolve import resolve
from arkalia_operator.desired.trust import Issuer, Trust
from builders import a_component, a_module, a_system, modules_with, only

TRUST = Trust(Issuer("https://issuer", '{"keys":[]}'), ("<one>\n", "<two>\n"))
ZEROIA = a_module("zeroia", components=[a_component(port=8001, scheme="HTTPS")])
GATEWAY = a_module("gateway", public=True, calls=[{"module": "zeroia", "paths": ["/signals/*"]}])


def resolved(*modules, foreign=(), broken=None, **spec):
    return resolve(a_system(**spec), modules_with(*modules, foreign=foreign, broken=broken))


def found(resolution, name):
    [module] = [each for each in resolution.modules if each.name == name]
    return module


def pod_of(resolution, name):
    desired = rendered(a_system(), resolution, TRUST)
    return only(desired.manifests, "Deployment", f"luna-{name}")["spec"]["template"]["spec"]


def volume(pod, name):
    [volume] = [each for each in pod["volumes"] if each["name"] == name]
    return volume["projected"]


def mounted(pod):
    return {each["name"]: each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}


def test_caller_may_ask_the_paths_that_its_description_names():
    resolution = resolved(ZEROIA, GATEWAY)

    assert identity.callers(found(resolution, "zeroia"), resolution) == {"gateway": ["/signals/*"]}
    assert identity.callers(found(resolution, "gateway"), resolution) == {}


def test_public_module_may_ask_every_route_that_others_publish():
    weather = a_module("weather", routes=[{"path": "/days"}, {"path": "/towns/{town}/days"}])
    resolution = resolved(GATEWAY, weather)

    assert identity.callers(found(resolution, "weather"), resolution) == {
        "gateway": ["/days", "/towns/*"]
    }


def test_module_without_a_readable_description_may_call_nobody():
    resolution = resolved(ZEROIA, broken={"odd": "is wrong"}, modules={"odd": {}})

    assert identity.callers(found(resolution, "zeroia"), resolution) == {}


def test_callee_is_called_at_its_own_scheme_and_port():
    plain = a_module("plain", components=[a_component(port=8080)], routes=[{"path": "/"}])
    resolution = resolved(ZEROIA, GATEWAY, plain)

    assert identity.callees(a_system(), found(resolution, "gateway"), resolution) == {
        "plain": "http://luna-plain.arkalia.svc:8080",
        "zeroia": "https://luna-zeroia.arkalia.svc:8001",
    }


def test_callee_without_a_port_has_no_address():
    silent = a_module("silent", components=[a_component(port=None)])
    caller = a_module("caller", calls=[{"module": "silent"}])
    resolution = resolved(silent, caller)

    assert identity.callees(a_system(), found(resolution, "caller"), resolution) == {}


def test_pods_get_a_token_for_each_module_that_they_call_and_good_for_it_alone():
    pod = pod_of(resolved(ZEROIA, GATEWAY), "gateway")

    assert volume(pod, "tokens")["sources"] == [
        {
            "serviceAccountToken": {
                "audience": "arkalia/arkalia/luna/zeroia",
                "expirationSeconds": 600,
                "path": "zeroia",
            }
        }
    ]
    assert mounted(pod)["tokens"] == "/var/run/arkalia/tokens"


def test_pods_of_a_module_that_calls_nobody_get_no_token():
    pod = pod_of(resolved(ZEROIA, GATEWAY), "zeroia")

    assert "tokens" not in mounted(pod)
    assert "tokens" not in [each["name"] for each in pod["volumes"]]


def test_pods_stay_as_they_are_when_a_named_callee_is_turned_off():
    turned_off = resolved(ZEROIA, GATEWAY, modules={"zeroia": {"enabled": False}})

    assert pod_of(turned_off, "gateway") == pod_of(resolved(ZEROIA, GATEWAY), "gateway")


def test_pods_of_a_public_module_keep_the_token_for_a_module_that_became_unreadable():
    weather = a_module("weather", routes=[{"path": "/days"}])
    before = resolved(GATEWAY, foreign=[weather], modules={"weather": {}})
    after = resolved(GATEWAY, broken={"weather": "is wrong"}, modules={"weather": {}})

    assert pod_of(after, "gateway") == pod_of(before, "gateway")


def test_name_that_never_ran_changes_no_pod_of_a_public_module():
    gate = a_module("gate", public=True)
    before = resolved(gate).among(frozenset({"gate"}))
    misspelt = resolved(gate, modules={"gata": {}}).among(frozenset({"gate"}))
    unreadable = resolved(gate, modules={"gata": {}}).among(frozenset({"gate", "gata"}))

    assert pod_of(misspelt, "gate") == pod_of(before, "gate")
    assert pod_of(unreadable, "gate") != pod_of(before, "gate")


def test_pods_hold_their_certificate_where_they_serve_https():
    pod = pod_of(resolved(ZEROIA), "zeroia")

    folder = volume(pod, "arkalia")
    [secret] = [each["secret"] for each in folder["sources"] if "secret" in each]
    assert mounted(pod)["arkalia"] == "/etc/arkalia"
    assert folder["defaultMode"] == 0o444
    assert secret == {
        "name": "luna-zeroia-tls",
        "items": [
            {"key": "tls.crt", "path": "tls/tls.crt"},
            {"key": "tls.key", "path": "tls/tls.key"},
        ],
    }


def test_pods_hold_no_certificate_where_they_serve_http():
    folder = volume(pod_of(resolved(a_module("plain")), "plain"), "arkalia")

    assert [next(iter(each.values()))["name"] for each in folder["sources"]] == [
        "luna-plain",
        "luna-trust",
    ]


def test_pods_read_settings_callers_and_trust_from_one_folder():
    folder = volume(pod_of(resolved(a_module("plain")), "plain"), "arkalia")

    paths = [item["path"] for each in folder["sources"] for item in each["configMap"]["items"]]
    assert paths == [
        "settings.toml",
        "identity/callers.json",
        "identity/callees.json",
        "trust/ca.crt",
        "trust/issuer",
        "trust/keys.json",
    ]


def test_a_new_caller_rolls_no_pod_of_the_callee():
    alone, called = resolved(ZEROIA), resolved(ZEROIA, GATEWAY)

    assert pod_of(alone, "zeroia") == pod_of(called, "zeroia")


def test_config_map_of_a_module_tells_its_callers_and_callees():
    desired = rendered(a_system(), resolved(ZEROIA, GATEWAY), TRUST)

    data = only(desired.manifests, "ConfigMap", "luna-zeroia")["data"]
    assert json.loads(data["callers.json"]) == {"gateway": ["/signals/*"]}
    assert json.loads(data["callees.json"]) == {}


GLOBALSTATE = a_module("globalstate", events={"records": True})
NYXALIA = a_module("nyxalia", needs={"postgresql": True})


def known(resolution, name):
    [module] = [each for each in resolution.known if each.name == name]
    return module


def test_module_that_keeps_the_record_may_read_the_outbox_of_every_module_with_a_schema():
    resolution = resolved(GLOBALSTATE, ZEROIA, foreign=[NYXALIA], modules={"nyxalia": {}})

    assert identity.callers(known(resolution, "nyxalia"), resolution) == {
        "globalstate": ["/events/outbox"]
    }
    assert identity.callers(known(resolution, "zeroia"), resolution) == {}


def test_module_that_keeps_the_record_does_not_call_itself():
    own = a_module("globalstate", events={"records": True}, needs={"postgresql": True})
    resolution = resolved(own)

    assert identity.callers(known(resolution, "globalstate"), resolution) == {}


def test_module_that_keeps_the_record_has_a_token_for_modules_that_cannot_be_read():
    resolution = resolved(GLOBALSTATE, broken={"odd": "is wrong"}, modules={"odd": {}})

    [token] = volume(pod_of(resolution, "globalstate"), "tokens")["sources"]

    assert token["serviceAccountToken"]["path"] == "odd"

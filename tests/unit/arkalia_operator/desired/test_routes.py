"""What a public module is told of the paths that the others publish."""

import json

from arkalia_operator.desired import rendered, routes
from arkalia_operator.desired.resolve import resolve
from arkalia_operator.desired.trust import Issuer, Trust
from builders import a_component, a_module, a_system, modules_with, only

TRUST = Trust(Issuer("https://issuer", '{"keys":[]}'), ("<one>\n",))
GATEWAY = a_module("gateway", public=True, routes=[{"path": "/own"}])
WEATHER = a_module(
    "weather",
    components=[a_component(port=8080, scheme="HTTPS")],
    routes=[{"path": "/days", "scopes": ["weather"], "alias": ["/v1/days"]}],
)


def resolved(*modules, foreign=(), **spec):
    return resolve(a_system(**spec), modules_with(*modules, foreign=foreign))


def published(resolution, name="gateway"):
    [module] = [each for each in resolution.modules if each.name == name]
    return routes.published(a_system(), module, resolution)


def test_public_module_is_told_the_routes_of_the_others_and_where_their_pods_are():
    resolution = resolved(GATEWAY, WEATHER, a_module("quiet"))

    assert published(resolution) == {
        "weather": {
            "address": "https://luna-weather.arkalia.svc:8080",
            "pods": "luna-weather-pods.arkalia.svc",
            "routes": [
                {
                    "path": "/days",
                    "methods": ["GET"],
                    "scopes": ["weather"],
                    "requests_per_second": None,
                    "answer_seconds": None,
                    "alias": ["/v1/days"],
                }
            ],
        }
    }


def test_alias_that_two_modules_want_belongs_to_the_built_in_one():
    earlier = a_module("aaa", routes=[{"path": "/", "alias": ["/v1/days", "/v1/more"]}])
    resolution = resolved(GATEWAY, WEATHER, foreign=[earlier], modules={"aaa": {}})

    told = published(resolution)

    assert told["weather"]["routes"][0]["alias"] == ["/v1/days"]
    assert told["aaa"]["routes"][0]["alias"] == ["/v1/more"]


def test_module_that_serves_nothing_publishes_nothing():
    silent = a_module("silent", components=[a_component(port=None)], routes=[{"path": "/"}])

    assert published(resolved(GATEWAY, silent)) == {}


def test_routes_are_a_file_of_public_modules_alone():
    desired = rendered(a_system(), resolved(GATEWAY, WEATHER), TRUST)

    told = only(desired.manifests, "ConfigMap", "luna-gateway")["data"]
    assert list(json.loads(told["routes.json"])) == ["weather"]
    assert "routes.json" not in only(desired.manifests, "ConfigMap", "luna-weather")["data"]


def test_every_pod_of_a_module_with_routes_has_an_address_that_can_be_found():
    desired = rendered(a_system(), resolved(GATEWAY, WEATHER, a_module("quiet")), TRUST)

    labels = only(desired.manifests, "Service", "luna-weather-pods")["metadata"]["labels"]
    assert labels["arkalia.io/each-pod"] == "true"
    headless = only(desired.manifests, "Service", "luna-weather-pods")["spec"]
    assert headless == {
        "clusterIP": "None",
        "ports": [{"name": "https", "port": 8080, "protocol": "TCP", "targetPort": "https"}],
        "selector": only(desired.manifests, "Service", "luna-weather")["spec"]["selector"],
    }
    assert not [m for m in desired.manifests if m["metadata"]["name"] == "luna-quiet-pods"]


def test_public_module_is_told_which_pages_may_ask_and_no_pod_is_replaced_for_it():
    resolution = resolved(GATEWAY, WEATHER)
    asked = a_system(exposure={"cors": {"origins": ["https://b.example", "https://a.example"]}})
    told, before = rendered(asked, resolution, TRUST), rendered(a_system(), resolution, TRUST)

    data = only(told.manifests, "ConfigMap", "luna-gateway")["data"]
    assert json.loads(data["cors.json"]) == ["https://a.example", "https://b.example"]
    assert "cors.json" not in only(told.manifests, "ConfigMap", "luna-weather")["data"]
    assert only(before.manifests, "ConfigMap", "luna-gateway")["data"]["cors.json"] == "[]"
    assert only(told.manifests, "Deployment", "luna-gateway") == only(
        before.manifests, "Deployment", "luna-gateway"
    )

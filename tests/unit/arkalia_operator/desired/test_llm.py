"""What the modules that need a language model are told of it."""

import json

import pytest

from arkalia_operator.desired import llm
from builders import a_module, a_system, only, rendered

TALKER = a_module(needs={"llm": True})
URL = "http://ollama.models.svc:11434"
SECOND = {"name": "second", "url": "https://llm.example.com/v1", "models": ["large"]}


def with_servers(**more):
    return a_system(llm={"mode": "external", "url": URL, **more})


def manifests(system, module=TALKER):
    return rendered(system, module).manifests


def told(system, module=TALKER):
    """What `llm.json` says; None if there is none."""
    text = only(manifests(system, module), "ConfigMap", "luna-alpha")["data"].get("llm.json")
    return None if text is None else json.loads(text)


def pod(system, module=TALKER):
    return only(manifests(system, module), "Deployment")["spec"]["template"]["spec"]


def sources(system, module=TALKER):
    [folder] = [each for each in pod(system, module)["volumes"] if each["name"] == "arkalia"]
    return folder["projected"]["sources"]


def egress(system, module=TALKER):
    return only(manifests(system, module), "NetworkPolicy")["spec"]["egress"]


def test_module_that_needs_no_model_is_told_of_none():
    system = with_servers(apiKeySecret={"name": "first"})

    assert told(system, a_module()) is None
    assert sources(system, a_module()) == sources(a_system(), a_module())
    assert egress(system, a_module()) == egress(a_system(), a_module())


def test_system_without_a_model_says_so_in_the_same_file():
    assert told(a_system()) == {"backends": [], "aliases": {}}


def test_servers_are_told_in_their_order():
    system = with_servers(provider="ollama", aliases={"best": ["a", "b"]}, fallback=[SECOND])

    assert told(system) == {
        "backends": [
            {"name": "main", "provider": "ollama", "url": URL, "models": []},
            {"name": "second", "provider": "openai", "url": SECOND["url"], "models": ["large"]},
        ],
        "aliases": {"best": ["a", "b"]},
    }


def test_other_servers_and_models_change_no_pod():
    assert pod(with_servers()) == pod(a_system())
    assert pod(with_servers(models=["a"], fallback=[SECOND])) == pod(a_system())


def test_file_lies_where_the_service_looks_for_it():
    [items] = [
        each["configMap"]["items"]
        for each in sources(a_system())
        if each.get("configMap", {}).get("name") == "luna-alpha"
    ]

    assert {"key": "llm.json", "path": "llm/llm.json"} in items


def test_api_key_is_a_file_that_may_be_missing():
    secret = {"name": "paid", "key": "token"}
    system = with_servers(fallback=[SECOND | {"apiKeySecret": secret}])

    assert {
        "secret": {
            "name": "paid",
            "items": [{"key": "token", "path": "llm/keys/second"}],
            "optional": True,
        }
    } in sources(system)


def variables(system, module=TALKER):
    [container] = pod(system, module)["containers"]
    return {each["name"]: each.get("value") for each in container["env"]}


def test_retention_is_told_where_it_is_given():
    given = a_system(prompts={"retentionDays": 7})

    assert variables(given)["ARKALIA_PROMPTS_RETENTION_DAYS"] == "7"
    assert "ARKALIA_PROMPTS_POLICY" not in variables(given)
    assert "ARKALIA_PROMPTS_RETENTION_DAYS" not in variables(a_system())
    assert "ARKALIA_PROMPTS_RETENTION_DAYS" not in variables(given, a_module())


def test_policy_is_told_where_it_is_given():
    given = a_system(prompts={"policy": "Block"})

    assert variables(given)["ARKALIA_PROMPTS_POLICY"] == "Block"
    assert "ARKALIA_PROMPTS_POLICY" not in variables(a_system())
    assert "ARKALIA_PROMPTS_POLICY" not in variables(given, a_module())


def ways_out(url):
    usual = egress(a_system())
    return [each for each in egress(with_servers(url=url)) if each not in usual]


@pytest.mark.parametrize(
    "url",
    [
        "http://ollama.models.svc:11434",
        "http://ollama.models.svc.cluster.local.:11434/v1",
    ],
)
def test_way_to_a_service_leads_to_its_namespace(url):
    selector = {"matchLabels": {llm.NAMESPACE_NAME: "models"}}

    assert ways_out(url) == [{"to": [{"namespaceSelector": selector}]}]


def test_short_name_is_a_service_of_the_own_namespace():
    selector = {"matchLabels": {llm.NAMESPACE_NAME: "arkalia"}}

    assert ways_out("http://ollama:11434") == [{"to": [{"namespaceSelector": selector}]}]


@pytest.mark.parametrize(
    ("url", "port"),
    [
        ("https://llm.example.com/v1", 443),
        ("http://llm.example.com", 80),
        ("http://10.0.0.7:11434", 11434),
        ("http://[2001:db8::1]:8080", 8080),
    ],
)
def test_way_to_any_other_server_is_its_port(url, port):
    assert ways_out(url) == [{"ports": [{"port": port, "protocol": "TCP"}]}]

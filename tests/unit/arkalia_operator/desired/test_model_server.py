"""The builtin model server: what it is made of, and what of the spec goes where."""

import json

import pytest

import arkalia_model_keeper.__main__ as keeper_program
from arkalia_operator.desired import images, model_server
from arkalia_operator.desired.inputs import inputs
from arkalia_operator.desired.resolve import resolve
from builders import a_module, a_system, an_access, modules_with, only, rendered
from pod_security import violations

TALKER = a_module(needs={"llm": True})
SILENT = a_module("beta")
NAME = "luna-llm"
DIGEST = f"sha256:{'0' * 64}"


def a_builtin(more=None, **spec):
    return a_system(llm={"mode": "builtin", "models": ["small"], **(more or {})}, **spec)


def made(system, kind, *modules):
    return only(rendered(system, *(modules or [TALKER])).manifests, kind, NAME)


def pod(system):
    return made(system, "StatefulSet")["spec"]["template"]["spec"]


def container(system, name):
    [found] = [each for each in pod(system)["containers"] if each["name"] == name]
    return found


def variables(system):
    return {each["name"]: each["value"] for each in container(system, "server")["env"]}


def test_nothing_of_it_is_there_where_none_is_wanted():
    for system in (a_system(), a_system(llm={"mode": "external", "url": "http://a:1"})):
        found = [each["metadata"]["name"] for each in rendered(system, TALKER).manifests]

        assert NAME not in found


def test_modules_are_told_of_it_before_all_other_servers():
    second = {"name": "second", "url": "https://llm.example.com/v1"}
    system = a_builtin({"fallback": [second], "aliases": {"best": ["small"]}})

    told = json.loads(only(rendered(system, TALKER).manifests, "ConfigMap")["data"]["llm.json"])

    assert told["backends"][0] == {
        "name": "main",
        "provider": "ollama",
        "url": "http://luna-llm.arkalia.svc:11434",
        "models": ["small"],
    }
    assert [each["name"] for each in told["backends"]] == ["main", "second"]
    assert told["aliases"] == {"best": ["small"]}


def test_pod_keeps_the_level_restricted():
    found = list(violations(made(a_builtin(), "StatefulSet")["spec"]["template"]))

    assert found == []


def test_pod_that_somebody_elses_image_runs_in_is_not_of_root():
    assert pod(a_builtin())["securityContext"]["runAsUser"] == 65532


def test_everything_that_the_server_writes_lies_on_its_volume():
    told = variables(a_builtin())

    [data] = [x for x in container(a_builtin(), "server")["volumeMounts"] if x["name"] == "data"]
    assert told["HOME"] == data["mountPath"]
    assert told["OLLAMA_MODELS"].startswith(f"{data['mountPath']}/")


def test_models_stay_in_memory():
    told = variables(a_builtin())

    assert told["OLLAMA_KEEP_ALIVE"] == "-1"
    assert int(told["OLLAMA_MAX_LOADED_MODELS"]) == 64


def test_pod_is_ready_by_the_word_of_its_keeper():
    keeper = container(a_builtin({"models": ["small", "large:7b"]}), "keeper")

    assert keeper["args"][-2:] == ["small", "large:7b"]
    assert keeper["readinessProbe"]["httpGet"] == {"path": "/health/ready", "port": "health"}
    assert keeper["args"][:4] == ["--server", "http://127.0.0.1:11434", "--port", "11435"]


def test_operator_knows_how_the_keeper_ends():
    assert keeper_program.CANNOT_PULL == model_server.CANNOT_PULL
    assert keeper_program.CANNOT_LOAD == model_server.CANNOT_LOAD


def test_resources_are_those_of_the_server_alone():
    wanted = {"requests": {"memory": "8Gi"}, "limits": {"nvidia.com/gpu": "1"}}
    system = a_builtin({"resources": wanted})

    assert container(system, "server")["resources"] == wanted
    assert container(system, "keeper")["resources"]["limits"] == {"memory": "96Mi"}
    assert container(a_builtin(), "server")["resources"] == {
        "requests": {"cpu": "500m", "memory": "2Gi"}
    }


def test_own_placement_replaces_that_of_the_system():
    own = {"tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}]}
    system = a_builtin(
        {"placement": own}, placement={"nodeSelector": {"a": "b"}, "tolerations": [{"key": "x"}]}
    )

    assert pod(system)["tolerations"] == [{"key": "nvidia.com/gpu", "operator": "Exists"}]
    assert pod(system)["nodeSelector"] == {"a": "b"}


@pytest.mark.parametrize(
    ("spec", "image", "reference"),
    [
        ({}, {}, "docker.io/ollama/ollama:0.17.4"),
        ({"registry": "mirror.example.com/x"}, {}, "mirror.example.com/x/ollama/ollama:0.17.4"),
        ({}, {"repository": "own.example.com/o", "tag": "1"}, "own.example.com/o:1"),
        ({"digests": {"ollama": DIGEST}}, {}, f"docker.io/ollama/ollama@{DIGEST}"),
    ],
)
def test_image_comes_from_the_public_registry_unless_another_is_named(spec, image, reference):
    system = a_builtin({"image": image}, images=spec)

    assert container(system, "server")["image"] == reference


def test_keeper_comes_from_where_the_images_of_modules_come_from():
    assert container(a_builtin(), "keeper")["image"] == images.of_part(
        "model-keeper", a_system().spec.images, "0.1.0", "images.example.com/arkalia"
    )


def test_volume_ends_with_the_system_and_has_the_size_that_is_asked_for():
    claim = made(a_builtin({"storage": {"storageClassName": "fast"}}), "PersistentVolumeClaim")

    assert claim["metadata"]["ownerReferences"]
    assert "arkalia.io/lineage" not in claim["metadata"]["labels"]
    assert claim["spec"]["resources"]["requests"] == {"storage": "32Gi"}
    assert claim["spec"]["storageClassName"] == "fast"


def policy(system, *modules):
    return made(system, "NetworkPolicy", *modules)["spec"]


def test_modules_that_need_a_model_come_in_and_no_others():
    [rule] = policy(a_builtin(), TALKER, SILENT)["ingress"]

    [peer] = rule["from"]
    assert peer["podSelector"]["matchExpressions"][0]["values"] == ["alpha"]
    assert rule["ports"] == [{"port": 11434, "protocol": "TCP"}]


def test_nobody_comes_in_where_no_module_needs_a_model():
    assert "ingress" not in policy(a_builtin(), SILENT)


def test_pulls_go_out_to_the_ports_of_the_registries():
    models = ["small", "own.example.com:5000/a/b:1", "hf.co/a/b"]
    rules = policy(a_builtin({"models": models}))["egress"]

    ports = [port["port"] for rule in rules for port in rule["ports"]]
    assert ports == [53, 53, 443, 5000]


def test_further_ways_out_are_those_of_the_system():
    peers = [{"ipBlock": {"cidr": "10.0.0.0/8"}}]
    system = a_builtin(
        security={"networkPolicies": {"egressTo": peers}},
        network={"proxy": {"https": "http://proxy.example.com:3128"}},
    )

    rules = policy(system)["egress"]
    assert {"to": peers} in rules
    assert {"ports": [{"port": 3128, "protocol": "TCP"}]} in rules


def test_there_is_no_policy_where_the_system_wants_none():
    system = a_builtin(security={"networkPolicies": {"enabled": False}})

    found = [x for x in rendered(system, TALKER).manifests if x["kind"] == "NetworkPolicy"]
    assert found == []


def test_way_of_a_module_leads_to_the_pod_and_nowhere_else():
    rules = only(rendered(a_builtin(), TALKER).manifests, "NetworkPolicy", "luna-alpha")

    usual = only(rendered(a_system(), TALKER).manifests, "NetworkPolicy", "luna-alpha")
    [way] = [x for x in rules["spec"]["egress"] if x not in usual["spec"]["egress"]]
    [peer] = way["to"]
    assert peer["podSelector"]["matchLabels"].items() <= labels_of_pod().items()
    assert way["ports"] == [{"port": 11434, "protocol": "TCP"}]


def labels_of_pod():
    return made(a_builtin(), "StatefulSet")["spec"]["template"]["metadata"]["labels"]


def test_proxy_and_authorities_are_told_to_the_server():
    system = a_builtin(
        network={
            "proxy": {"https": "http://proxy.example.com:3128"},
            "caBundle": {"configMap": "company", "key": "ca.crt"},
        }
    )

    told = variables(system)
    assert told["HTTPS_PROXY"] == "http://proxy.example.com:3128"
    assert told["SSL_CERT_FILE"].startswith("/etc/arkalia/")
    [volume] = [each for each in pod(system)["volumes"] if each["name"] == "outside"]
    assert volume["projected"]["sources"][0]["configMap"]["name"] == "company"
    assert {"name": "outside", "mountPath": "/etc/arkalia", "readOnly": True} in container(
        system, "server"
    )["volumeMounts"]


def input_names(system):
    resolution = resolve(system, modules_with(TALKER))
    return set(inputs(system, resolution, an_access())[("StatefulSet", NAME)])


def test_pod_is_made_from_what_its_template_reads():
    system = a_builtin(
        {"resources": {"limits": {"memory": "1Gi"}}, "storage": {"size": "1Gi"}},
        environment="production",
        images={"digests": {"ollama": DIGEST, "model-keeper": DIGEST}},
    )

    assert input_names(system) == {
        "spec.llm.models",
        "spec.llm.resources",
        "spec.images.digests.ollama",
        "spec.images.digests.model-keeper",
    }


def test_other_aliases_and_fallbacks_make_no_other_pod():
    more = {"aliases": {"best": ["small"]}, "fallback": [{"name": "b", "url": "http://b:1"}]}

    assert made(a_builtin(more), "StatefulSet") == made(a_builtin(), "StatefulSet")

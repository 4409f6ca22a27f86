"""A model server that the operator runs: ready with its model, and telling why where it is not.

The demonstration model stands in the place of Ollama's image, and speaks Ollama's API.
"""

from __future__ import annotations

import pytest
import yaml

from arkalia_contract import labels
from arkalia_model.chains import NAME, SHORT
from arkalia_operator.desired import kinds, names
from cluster.kinds import Ref
from cluster.systems import System, off_except
from cluster.test_chat import MODEL, Chat
from cluster.waiting import eventually

ON = ("helloria", "assistantia", "security")
MODULES = off_except(*ON) | {name: {"replicas": 1} for name in ON}
UNKNOWN = "unknown:1b"


def image() -> dict[str, str]:
    """The image of the demonstration model, as the development cluster has it."""
    documents = yaml.safe_load_all(MODEL.read_text(encoding="utf-8"))
    [deployment] = [each for each in documents if each["kind"] == "Deployment"]
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    repository, _, tag = container["image"].rpartition(":")
    return {"repository": repository, "tag": tag}


@pytest.fixture(scope="module")
def luna(kube, operator, namespace):
    """A system with a model server of its own."""
    llm = {
        "mode": "builtin",
        "models": [NAME],
        "image": image(),
        "storage": {"size": "64Mi"},
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}},
    }
    return System(kube, namespace, "luna").declare(modules=MODULES, llm=llm).ready()


def pod(luna):
    """The one pod of the server. Raises AssertionError while there is none."""
    wanted = {labels.SYSTEM: luna.name, labels.MODELS: "llm"}
    found = luna.kube.find(kinds.POD, luna.namespace, wanted)
    assert len(found) == 1
    return found[0]


def is_ready(luna):
    """The server's pod. Raises AssertionError while it is not ready, or ends."""
    found = pod(luna)
    conditions = found.get("status", {}).get("conditions", [])
    assert "deletionTimestamp" not in found["metadata"]
    assert {"type": "Ready", "status": "True"}.items() <= _ready(conditions).items()
    return found


def _ready(conditions):
    return next((each for each in conditions if each["type"] == "Ready"), {})


def test_model_answers_once_the_server_is_ready(luna):
    eventually(lambda: luna.expect("LLMReady", "True"))

    chat = Chat(luna)
    told = eventually(lambda: chat.answered("How are you?"))

    assert (told["answer"], told["model"], told["backend"]) == (SHORT, NAME, "main")


def test_server_that_is_killed_comes_back_with_what_it_has_pulled(luna):
    before = eventually(lambda: is_ready(luna))
    luna.kube.delete(Ref(kinds.POD, luna.namespace, before["metadata"]["name"]))

    def another():
        found = is_ready(luna)
        assert found["metadata"]["uid"] != before["metadata"]["uid"]
        return found

    after = eventually(another)
    eventually(lambda: luna.expect("LLMReady", "True"))
    said = luna.kube.log(
        Ref(kinds.POD, luna.namespace, after["metadata"]["name"]), container="keeper"
    )
    assert "being loaded" in said
    assert "being pulled" not in said


def test_model_that_cannot_be_pulled_is_told_and_the_rest_serves(luna):
    luna.change(llm={"models": [NAME, UNKNOWN]})

    told = eventually(lambda: luna.expect("LLMReady", "False", "ModelCannotBePulled"))
    assert f"the model {UNKNOWN} cannot be pulled: pull model manifest" in told["message"]
    assert luna.expect("Ready", "False")["message"] == told["message"]
    assert luna.expect("ModulesReady", "True")

    luna.change(llm={"models": [NAME]})
    eventually(lambda: luna.expect("LLMReady", "True"))
    luna.ready()


def test_server_goes_with_its_mode_and_its_volume_with_the_system(luna):
    luna.change(
        llm={"mode": "none", "models": None, "image": None, "storage": None, "resources": None}
    )
    server = Ref(kinds.STATEFUL_SET, luna.namespace, names.model_server(luna.name))
    claim = Ref(kinds.PERSISTENT_VOLUME_CLAIM, luna.namespace, names.model_server(luna.name))

    def gone(ref):
        assert luna.kube.get(ref) is None

    eventually(lambda: gone(server))
    eventually(lambda: luna.expect("LLMReady", "False", "NotConfigured"))
    assert luna.kube.get(claim) is not None

    luna.kube.delete(luna.ref)
    eventually(lambda: gone(claim))

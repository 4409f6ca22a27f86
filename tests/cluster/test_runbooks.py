"""The commands of the runbooks can be typed as they stand, with the names that an alert tells.

They only look, so each is typed on the system that `make up` leaves, which is well: what looks for
a trouble finds nothing, and nothing else goes wrong.
"""

import re
import sys
from pathlib import Path

import pytest

from arkalia_operator.desired import kinds
from cluster.conftest import SAMPLE_NAMESPACE
from cluster.development import environment
from cluster.kinds import NODE
from cluster.systems import System
from cluster.typing_shell import typed
from cluster.waiting import eventually
from documentation import ROOT, Block, name, shell

PAGES = sorted(ROOT.glob("docs/runbooks/Arkalia*.md"))
PROGRAMS = Path(sys.executable).parent
OF_THE_OPERATOR = "docs/runbooks/ArkaliaOperator"
NOTHING_FOUND = re.compile(
    r"(No resources found.*"
    r"|Error from server \(BadRequest\): previous terminated container .* not found"
    r"|unable to retrieve container logs for .*)"
)
"""What kubectl says where there is nothing to be found."""
SECONDS = 120
"""Other stories replace pods of the system meanwhile: then the page is typed again."""


@pytest.fixture(scope="module")
def luna(kube, operator):
    """The sample system."""
    return System(kube, SAMPLE_NAMESPACE, "luna").ready(within=180)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_of_the_runbook_can_be_typed(luna, operator, page, tmp_path):
    def looked():
        blocks = [named(each, luna, operator) for each in shell(page)]
        env = {**environment(), "PATH": f"{PROGRAMS}:{environment()['PATH']}"}

        answer = typed(blocks, env, home=str(tmp_path))

        assert answer.code == 0, f"{answer.out[-1]}\n{answer.err[-1]}"
        for block, err in zip(blocks, answer.err, strict=True):
            assert complaints(block, err) == [], block.text

    eventually(looked, within=SECONDS)


def complaints(block, err):
    """What a block that seeks complained about beside having found nothing."""
    if block.manner != "seeks":
        return []
    return [line for line in err.splitlines() if not NOTHING_FOUND.fullmatch(line)]


def named(block, luna, operator):
    """*block* with the names of what is there in place of the words in capitals."""
    text = block.text
    words = words_of_operator(operator) if asks_operator(block) else words_of_module(luna)
    for word, value in words.items():
        text = re.sub(rf"\b{word}\b", value, text)
    return Block(block.page, block.mark, text)


def asks_operator(block):
    """Whether NAMESPACE is the operator's: an alert about a system tells the system's."""
    return block.page.startswith(OF_THE_OPERATOR) and not re.search(r"\bSYSTEM\b", block.text)


def words_of_operator(operator):
    pod = operator.pod()
    return {
        "NAMESPACE": pod["metadata"]["namespace"],
        "POD": pod["metadata"]["name"],
        "SERVICEACCOUNT": pod["spec"]["serviceAccountName"],
        "LEASE": operator.lease["metadata"]["name"],
        "SYSTEMNAMESPACE": SAMPLE_NAMESPACE,
        "KIND": kinds.DEPLOYMENT.name,
        "NAME": "luna-helloria",
    }


def words_of_module(luna):
    pods = luna.pods("helloria")
    assert pods, "helloria has no pod at the moment"
    [node, *_] = luna.kube.find(NODE)
    return {
        "NAMESPACE": luna.namespace,
        "SYSTEM": luna.name,
        "MODULE": "helloria",
        "POD": pods[0]["metadata"]["name"],
        "NODE": node["metadata"]["name"],
    }

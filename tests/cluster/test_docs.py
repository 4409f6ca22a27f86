"""Every page that shows commands for a cluster is true: they are typed here as they stand.

The pages work on the system that `make up` leaves behind, and put back what they change. Runbooks
have a story of their own (`test_runbooks.py`), since they only look.
"""

import sys
from pathlib import Path

import pytest

from cluster.conftest import SAMPLE_NAMESPACE
from cluster.development import environment, node_without_docker
from cluster.systems import System
from cluster.typing_shell import typed
from documentation import PAGES, name, printed, shell

PROGRAMS = Path(sys.executable).parent
"""Where `arkalia` is installed."""
RUNBOOKS = "docs/runbooks/"
ON_THE_CLUSTER = {
    name(page): blocks
    for page in PAGES
    if not name(page).startswith(RUNBOOKS)
    and (blocks := [each for each in shell(page) if each.mark.startswith("sh cluster")])
}


@pytest.fixture
def luna(kube, operator):
    """The sample system, as a reader finds it."""
    return System(kube, SAMPLE_NAMESPACE, "luna").ready()


@pytest.mark.parametrize("page", ON_THE_CLUSTER)
def test_commands_of_the_page_do_what_it_says(luna, page, tmp_path):
    blocks = [each for each in ON_THE_CLUSTER[page] if can_run(each)]
    env = dict(environment())
    env["PATH"] = f"{PROGRAMS}:{env['PATH']}"

    answer = typed(blocks, env, home=str(tmp_path))

    last = blocks[len(answer.out) - 1].text
    assert answer.code == 0, f"{last}\n{answer.out[-1]}\n{answer.err[-1]}"
    shown = [(each, out) for each, out in zip(blocks, answer.out, strict=True) if each.output]
    assert [(each.output, out) for each, out in shown if not printed(each, out)] == []


def can_run(block):
    return block.manner != "node" or node_without_docker()

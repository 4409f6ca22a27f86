"""How often the edge's filter takes for an attack what people write: texts that nobody here wrote.

Nothing of them was used to choose rules. None is an attack on a system of services: what a model must
not be told is the business of the validation of prompts, behind the edge.
"""

import json
import os
from pathlib import Path

import aiohttp
import pytest

from arkalia_prompts.evaluation import prompts_in
from unit.edge.edge_process import CALM, an_edge

FOLDER = "ARKALIA_BENCH_PROMPTS"
"""The same folder as in `test_prompts.py`."""
FREE, LOOKED_AT = "/v1/talk", "/api/v1/inner/things"
REFUSED, PASSED = 403, 200

pytestmark = [
    pytest.mark.skipif(FOLDER not in os.environ, reason=f"{FOLDER} names no folder of prompts"),
    # An edge that is killed leaves its module in the middle of a handshake, whose socket nobody closes.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def texts():
    """The texts of each file, by its name."""
    return {
        path.stem: [each.text for each in prompts_in(json.loads(path.read_text("utf-8")))]
        for path in sorted(Path(os.environ[FOLDER]).glob("*.json"))
    }


async def refused(client, url, chosen):
    """How many of the *chosen* texts are refused as messages of a chat."""
    count = 0
    for text in chosen:
        body = {"messages": [{"role": "user", "content": text}]}
        async with client.post(url, json=body) as answer:
            assert answer.status in {REFUSED, PASSED}, text
            count += answer.status == REFUSED
    return count


@pytest.mark.parametrize("level", [1, 2])
async def test_texts_of_others_pass_where_bodies_are_free(figure, level):
    with an_edge(**CALM, requestFilter={"paranoiaLevel": level}) as edge:
        async with aiohttp.ClientSession(connector=edge.connector()) as client:
            for file, chosen in texts().items():
                free = await refused(client, edge.url(FREE), chosen)
                looked_at = await refused(client, edge.url(LOOKED_AT), chosen)

                what = f"{file}: {len(chosen)} texts, level {level}, refused"
                figure(f"{what} with freeText", 100 * free / len(chosen), "%")
                figure(f"{what} without", 100 * looked_at / len(chosen), "%")
                assert not free

"""An edge for all tests of a file, and who asks it."""

import aiohttp
import pytest

from unit.edge.edge_process import CALM, an_edge


@pytest.fixture(scope="module")
def edge():
    with an_edge(**CALM) as running:
        yield running


@pytest.fixture
async def client(edge):
    async with aiohttp.ClientSession(connector=edge.connector()) as session:
        yield session

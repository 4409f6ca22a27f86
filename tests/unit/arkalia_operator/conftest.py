"""What the tests of the operator's shell share: a model of the API server, and a clock."""

import pytest

from model_api_server import running


class Clock:
    """Seconds that only pass when they are told to."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
async def server():
    async with running() as server:
        yield server


@pytest.fixture
def clock():
    return Clock()

"""An answer that does not end is ended, by one timer for all that comes."""

import asyncio
import time

import pytest

from arkalia_assistantia.backends.ends import Ends, within
from arkalia_assistantia.backends.errors import BrokenError, CutError


class Endless:
    """A server that goes on until it is closed, and then breaks off."""

    def __init__(self):
        self.closed = asyncio.Event()

    async def chunks(self):
        yield {"n": 1}
        await self.closed.wait()
        message = "broke the connection off"
        raise BrokenError(message)


async def all_of(server, ends):
    return [each async for each in within(server.chunks(), ends, server.closed.set)]


@pytest.mark.parametrize(("is_own", "error"), [(True, BrokenError), (False, CutError)])
async def test_answer_that_is_not_ended_in_time_is_closed(is_own, error):
    server, ends = Endless(), Ends(time.monotonic() + 0.05, is_own)

    with pytest.raises(error, match="did not end in time") as raised:
        await asyncio.wait_for(all_of(server, ends), 5)

    assert type(raised.value) is error


async def test_answer_that_breaks_off_before_its_time_says_so():
    server, ends = Endless(), Ends(time.monotonic() + 60, is_own=True)
    asyncio.get_running_loop().call_later(0.02, server.closed.set)

    with pytest.raises(BrokenError, match="broke the connection off"):
        await asyncio.wait_for(all_of(server, ends), 5)


async def test_answer_that_has_ended_is_not_closed_later():
    server = Endless()

    async def chunks():
        yield {"n": 1}

    ends = Ends(time.monotonic() + 0.05, is_own=True)
    said = [each async for each in within(chunks(), ends, server.closed.set)]
    await asyncio.sleep(0.1)

    assert (said, server.closed.is_set()) == ([{"n": 1}], False)

"""Passwords are hashed beside the event loop, a bounded number at once."""

import asyncio
import time

import pytest

from arkalia_runtime.problems import Problem
from arkalia_security.passwords import HASHER, WAITING_EACH, Passwords, nobodys
from unit.arkalia_security.asking import CHEAP


@pytest.fixture
async def hashing():
    async with Passwords(1).open() as opened:
        yield opened


async def test_password_fits_its_hash_and_no_other_does(hashing):
    kept = await hashing.hash("correct horse")

    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await hashing.fits("correct horse", kept) is True
    assert await hashing.fits("battery staple", kept) is False
    assert await hashing.hash("correct horse") != kept


async def test_without_a_hash_it_takes_the_work_of_one(hashing):
    start = time.process_time()
    assert await hashing.fits("anything", None) is False
    without = time.process_time() - start
    kept = await hashing.hash("x")
    start = time.process_time()
    await hashing.fits("anything", kept)
    usual = time.process_time() - start

    assert without > usual / 10
    assert nobodys(HASHER).split("$")[1:4] == kept.split("$")[1:4]


@pytest.mark.parametrize("kept", ["", "x", "$argon2id$v=19$m=65536,t=3,p=4$AA$AA"])
async def test_hash_that_is_none_fits_nothing(hashing, kept):
    assert await hashing.fits("anything", kept) is False


async def test_event_loop_goes_on_while_a_password_is_hashed(hashing):
    work = asyncio.ensure_future(hashing.hash("correct horse"))
    turns = 0
    while not work.done():
        turns += 1
        await asyncio.sleep(0)

    assert turns > 10


async def test_beyond_a_bound_nobody_waits():
    async with Passwords(1, CHEAP).open() as hashing:
        waiting = [asyncio.ensure_future(hashing.hash("x")) for _ in range(WAITING_EACH + 1)]
        await asyncio.sleep(0)
        with pytest.raises(Problem) as caught:
            await hashing.hash("x")

        assert (caught.value.status_code, caught.value.headers) == (503, {"Retry-After": "2"})
        assert len(await asyncio.gather(*waiting)) == WAITING_EACH + 1
        assert await hashing.hash("x")

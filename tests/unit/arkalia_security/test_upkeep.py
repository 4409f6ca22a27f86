"""What is done beside the requests goes on, whatever happens to it."""

import asyncio

from arkalia_security.upkeep import Upkeep
from unit.arkalia_runtime.serving import PATIENCE_SECONDS


async def test_upkeep_goes_on_after_it_failed(ground, schema, monkeypatch, caplog):
    monkeypatch.setattr("arkalia_security.upkeep.LOOK_SECONDS", 0.05)
    caplog.set_level("INFO")
    schema.server.door.close()
    async with Upkeep(ground).open(), asyncio.timeout(PATIENCE_SECONDS):
        try:
            while "Not now" not in caplog.text:  # noqa: ASYNC110 - a log has no event to wait for
                await asyncio.sleep(0.05)
        finally:
            schema.server.door.open()
        while not schema.rows("SELECT * FROM users"):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_sessions_of_yesterday_are_removed(service, ground, schema):
    await service.log_in()
    schema.rows("UPDATE sessions SET expires_at = now() - interval '2 days'")
    await Upkeep(ground)._freshen()

    assert schema.rows("SELECT * FROM sessions") == []

import asyncio
import time

from arkalia_operator.runtime import pulse as pulse_module
from arkalia_operator.runtime.pulse import Pulse
from model_api_server import until


async def test_the_pulse_measures_how_late_the_loop_is(monkeypatch):
    monkeypatch.setattr(pulse_module, "PULSE_SECONDS", 0.02)
    beats = []
    pulse = Pulse(lambda: beats.append(pulse.lag))
    task = asyncio.create_task(pulse.run())
    await until(lambda: beats)

    time.sleep(0.2)  # noqa: ASYNC251 - the loop shall be late
    seen = len(beats)
    await until(lambda: len(beats) > seen)
    task.cancel()

    assert beats[seen] > 0.1

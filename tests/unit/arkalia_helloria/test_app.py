"""The gateway as it is started in a container."""

import signal

from arkalia_helloria import __main__, app
from arkalia_helloria.settings import GatewaySettings
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, process, status_of, wait_for_status


def test_gateway_starts_serves_and_stops_as_a_process():
    with process("-m", "arkalia_helloria", ARKALIA_DRAIN_SECONDS="1.5") as (gateway, address):
        wait_for_status(f"{address}/health/ready", 200)
        assert status_of(f"{address}/docs")[0] == 200

        gateway.send_signal(signal.SIGTERM)

        wait_for_status(f"{address}/health/ready", 503)
        assert status_of(f"{address}/status") == (200, "close")
        assert gateway.wait(PATIENCE_SECONDS) == 0


def test_entry_point_runs_the_gateway(monkeypatch):
    started = []
    monkeypatch.setattr(__main__, "run", lambda *arguments: started.append(arguments))

    __main__.main()

    assert started == [("helloria", GatewaySettings, app.create)]

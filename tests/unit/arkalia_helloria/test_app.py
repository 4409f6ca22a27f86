"""The gateway as it is started in a container."""

import re
import signal
from pathlib import Path

import yaml

from arkalia_contract import endpoints
from arkalia_helloria import __main__, app
from arkalia_helloria.settings import GatewaySettings
from unit.arkalia_runtime.serving import PATIENCE_SECONDS, process, status_of, wait_for_status

DESCRIPTION = Path(__file__).parents[3] / "workloads" / "helloria" / "module.yaml"


def test_gateway_has_only_routes_that_do_their_work():
    paths = set(app.create(GatewaySettings()).openapi()["paths"])

    assert paths == {
        endpoints.HEALTH,
        endpoints.HEALTH_LIVE,
        endpoints.HEALTH_READY,
        endpoints.HEALTH_DETAILED,
        endpoints.METRICS,
        endpoints.STATUS,
    }


def test_gateway_starts_serves_and_stops_as_a_process():
    with process("-m", "arkalia_helloria", ARKALIA_DRAIN_SECONDS="3") as (gateway, address):
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


def test_description_has_the_port_that_a_service_listens_on_by_itself():
    [component] = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))["spec"]["components"]

    assert component["port"] == GatewaySettings().port


def test_gateway_is_for_everybody_as_its_description_says():
    described = yaml.safe_load(DESCRIPTION.read_text(encoding="utf-8"))["spec"]

    assert GatewaySettings().public is described["public"] is True


def test_every_metric_that_the_description_asks_for_is_exposed():
    described = DESCRIPTION.read_text(encoding="utf-8")
    asked = set(re.findall(r"(\w+)\{namespace=", described)) - {"up"}
    metrics = app.create(GatewaySettings()).state.metrics
    metrics.answered("GET", "/", 200, 0.1)

    exposed = {each.name for family in metrics.registry.collect() for each in family.samples}

    assert asked <= exposed
    assert len(asked) > 4

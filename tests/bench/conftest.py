"""Figures of benchmarks: shown at the end of the run and kept in `build/bench/figures.json`."""

import json
import os
import platform
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIGURES = pytest.StashKey[dict]()


def pytest_addoption(parser):
    parser.addoption(
        "--peer",
        help="command that measures another operator on the API server of $KUBECONFIG, and prints "
        'a last line {"name": [value, "unit"]}',
    )


def pytest_configure(config):
    config.stash[FIGURES] = {}


@pytest.fixture
def figure(request):
    """`figure(name, value, unit)` records what was measured."""

    def record(name, value, unit):
        request.config.stash[FIGURES][name] = {"value": round(value, 3), "unit": unit}

    return record


def pytest_terminal_summary(terminalreporter, config):
    figures = config.stash[FIGURES]
    if not figures:
        return
    terminalreporter.section("figures")
    for name, figure in figures.items():
        terminalreporter.line(f"{name:<64} {figure['value']:>12,.3f} {figure['unit']}")
    machine = {"python": platform.python_version(), "cores": os.cpu_count()}
    file = ROOT / "build" / "bench" / "figures.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"machine": machine, "figures": figures}, indent=2) + "\n")

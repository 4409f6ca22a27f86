"""A gateway may hold as many connections as its process may have files."""

import resource
from pathlib import Path

from arkalia_contract import endpoints
from unit.arkalia_runtime.serving import process, wait_for_status


def test_gateway_raises_its_limit_of_open_files():
    few, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, most))
    try:
        with process("-m", "arkalia_helloria", ARKALIA_DRAIN_SECONDS="0") as (gateway, address):
            wait_for_status(f"{address}{endpoints.HEALTH_LIVE}", 200)
            [told] = [
                line.split()
                for line in Path(f"/proc/{gateway.pid}/limits").read_text().splitlines()
                if line.startswith("Max open files")
            ]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (few, most))

    assert told[3:5] == [str(most), str(most)]

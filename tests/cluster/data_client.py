"""A module of somebody else that connects anew to its data all the time, and counts how that went.

It reads for every connection what its files say now, as the services' pools do. What it held first
it tries once a second, when it holds something else.
"""

from __future__ import annotations

import json
from typing import Any, Final

from arkalia_operator.api import API_VERSION
from cluster.kinds import Ref
from cluster.kube import Body
from cluster.systems import System

NAME: Final = "client"
PROGRAM: Final = """
import json, sys, time, psycopg, redis

def held(service):
    with open(f"/etc/arkalia/data/{service}.json") as file:
        return json.load(file)

def trusted(service, access):
    if not access["authorities"]:
        return "/etc/arkalia/trust/ca.crt"
    path = f"/tmp/{service}.crt"
    with open(path, "w") as file:
        file.write(access["authorities"])
    return path

def postgresql(access, authorities):
    with psycopg.connect(
        host=access["host"], port=access["port"], dbname=access["database"], user=access["user"],
        password=access["password"], sslmode="verify-full", sslrootcert=authorities,
        connect_timeout=30,
    ) as database:
        database.execute("SELECT")

def queue(access, authorities):
    with redis.Redis(
        host=access["host"], port=access["port"], username=access["user"],
        password=access["password"], ssl=True, ssl_ca_certs=authorities, socket_timeout=30,
    ) as server:
        server.set(access["prefix"] + "word", "written")

def refusal(service, access):
    try:
        OF[service](access, trusted(service, access))
    except Exception as error:
        return f"{type(error).__name__}: {error}"

OF = {"postgresql": postgresql, "redis-queue": queue}
first = {service: held(service) for service in OF}
told = {service: {"good": 0, "bad": [], "changed": False, "first": None} for service in OF}
while True:
    until = time.monotonic() + 1
    while time.monotonic() < until:
        for service in OF:
            error = refusal(service, held(service))
            if error is None:
                told[service]["good"] += 1
            elif len(told[service]["bad"]) < 5:
                told[service]["bad"].append(f"{time.time():.1f} {error}")
            time.sleep(0.05)
    for service in OF:
        if held(service) != first[service]:
            told[service] |= {"changed": True, "first": refusal(service, first[service])}
    print(json.dumps(told), flush=True)
"""


PIECE: Final = 1000
"""Characters; the API takes up to 1024 bytes as one argument."""
PIECES: Final = [PROGRAM[each : each + PIECE] for each in range(0, len(PROGRAM), PIECE)]
PUT_TOGETHER: Final = "import sys; exec(''.join(sys.argv[1:]))"


def client(namespace: str, **spec: Any) -> Body:
    """The module, with more in its *spec*."""
    return {
        "apiVersion": API_VERSION,
        "kind": "ArkaliaModule",
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": {
            # Any built-in image with the drivers; the module brings its own program.
            "image": {"repository": "globalstate"},
            "components": [
                {
                    "name": "main",
                    "command": ["python3", "-c", PUT_TOGETHER, *PIECES],
                    "terminationGracePeriodSeconds": 1,
                }
            ],
            "needs": {"postgresql": True, "redis": ["queue"]},
            **spec,
        },
    }


def tally(system: System) -> dict[str, Body]:
    """By data service, what the client in *system* counted: `good`, `bad`, `changed`, `first`.

    Raises AssertionError while it has told nothing.
    """
    [pod] = system.pods(NAME)
    assert pod["status"]["phase"] == "Running", f"the client is {pod['status']}"
    lines = system.kube.log(Ref.of(pod), lines=1).splitlines()
    assert lines, "the client has told nothing yet"
    found: dict[str, Body] = json.loads(lines[-1])
    return found

"""A gateway as a process, before whose door everybody is Ada: `python -m ...gateway_process`."""

from functools import partial

from arkalia_helloria.app import create
from arkalia_helloria.settings import GatewaySettings
from arkalia_runtime.server import run
from unit.arkalia_helloria.conftest import Everybody

if __name__ == "__main__":
    run("helloria", GatewaySettings, partial(create, door=Everybody()))

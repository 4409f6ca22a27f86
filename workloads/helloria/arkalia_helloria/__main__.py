"""`python -m arkalia_helloria`: the process."""

from arkalia_helloria.app import create
from arkalia_helloria.settings import GatewaySettings
from arkalia_runtime.server import run


def main() -> None:
    """Serve until a signal."""
    run("helloria", GatewaySettings, create)


if __name__ == "__main__":
    main()

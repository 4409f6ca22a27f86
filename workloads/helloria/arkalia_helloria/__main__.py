"""`python -m arkalia_helloria`: the process."""

from arkalia_helloria.app import create
from arkalia_runtime.server import run
from arkalia_runtime.settings import ServiceSettings


def main() -> None:
    """Serve until a signal."""
    run("helloria", ServiceSettings, create)


if __name__ == "__main__":
    main()

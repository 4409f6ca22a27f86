"""`python -m arkalia_sandozia`: the process."""

from arkalia_runtime.server import run
from arkalia_sandozia.app import create
from arkalia_sandozia.settings import ValidationSettings


def main() -> None:
    """Serve until a signal."""
    run("sandozia", ValidationSettings, create)


if __name__ == "__main__":
    main()

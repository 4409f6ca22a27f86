"""`python -m arkalia_globalstate`: the process."""

from arkalia_globalstate.app import create
from arkalia_globalstate.settings import RecordSettings
from arkalia_runtime.server import run


def main() -> None:
    """Serve until a signal."""
    run("globalstate", RecordSettings, create)


if __name__ == "__main__":
    main()

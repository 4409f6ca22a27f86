"""`python -m arkalia_taskia`: the process."""

from arkalia_runtime.server import run
from arkalia_taskia.app import create
from arkalia_taskia.settings import TaskSettings


def main() -> None:
    """Serve until a signal."""
    run("taskia", TaskSettings, create)


if __name__ == "__main__":
    main()

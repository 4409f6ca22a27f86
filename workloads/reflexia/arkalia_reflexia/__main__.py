"""`python -m arkalia_reflexia`: the process."""

from arkalia_reflexia.app import create
from arkalia_reflexia.settings import ReflexSettings
from arkalia_runtime.server import run


def main() -> None:
    """Serve until a signal."""
    run("reflexia", ReflexSettings, create)


if __name__ == "__main__":
    main()

"""`python -m arkalia_zeroia`: the process."""

from arkalia_runtime.server import run
from arkalia_zeroia.app import create
from arkalia_zeroia.settings import DecisionSettings


def main() -> None:
    """Serve until a signal."""
    run("zeroia", DecisionSettings, create)


if __name__ == "__main__":
    main()

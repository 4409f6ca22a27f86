"""`python -m arkalia_assistantia`: the process."""

from arkalia_assistantia.app import create
from arkalia_assistantia.settings import AssistantSettings
from arkalia_runtime.server import run


def main() -> None:
    """Serve until a signal."""
    run("assistantia", AssistantSettings, create)


if __name__ == "__main__":
    main()

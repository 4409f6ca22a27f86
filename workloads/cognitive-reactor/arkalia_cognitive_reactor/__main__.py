"""`python -m arkalia_cognitive_reactor`: the process."""

from arkalia_cognitive_reactor.app import create
from arkalia_cognitive_reactor.settings import ReactionSettings
from arkalia_runtime.server import run


def main() -> None:
    """Serve until a signal."""
    run("cognitive-reactor", ReactionSettings, create)


if __name__ == "__main__":
    main()

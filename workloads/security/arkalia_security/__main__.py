"""`python -m arkalia_security`: the process."""

from arkalia_runtime.server import run
from arkalia_security.app import create
from arkalia_security.settings import SecuritySettings


def main() -> None:
    """Serve until a signal."""
    run("security", SecuritySettings, create)


if __name__ == "__main__":
    main()

"""`python -m arkalia_nyxalia`: the process."""

from arkalia_nyxalia.app import create
from arkalia_nyxalia.settings import AnalyticsSettings
from arkalia_runtime.server import run


def main() -> None:
    """Serve until a signal."""
    run("nyxalia", AnalyticsSettings, create)


if __name__ == "__main__":
    main()

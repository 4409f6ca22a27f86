"""The process of a component: settings, logs, the front, and what is written down for it."""

import logging
import os
import subprocess
import sys
import tempfile
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, Gauge, ProcessCollector, generate_latest

from arkalia_runtime.logs import configure_logging
from arkalia_runtime.settings import SettingsError, load_settings
from arkalia_runtime.watched import UnreadableError
from arkalia_taskia.front import Board, FrontSettings, Told, front_beside, front_within
from arkalia_taskia.measures import Measures
from arkalia_taskia.settings import TaskSettings

logger: Final = logging.getLogger(__name__)

MODULE: Final = "taskia"

SELF_MEASURING: Final = "opentelemetry.sdk.metrics"
"""redis-py loads it with 3 MiB to measure itself if it is there; a component exports nothing so."""


class Component:
    """A worker or the scheduler, as it shows itself."""

    def __init__(self, name: str, settings: TaskSettings) -> None:
        self.settings = settings
        self.measures = Measures(CollectorRegistry())
        ProcessCollector(registry=self.measures.registry)
        build = Gauge(
            "arkalia_build_info",
            "What runs; always 1.",
            ("module", "version"),
            registry=self.measures.registry,
        )
        build.labels(MODULE, settings.version or version(f"arkalia-{MODULE}")).set(1)
        self._board = Board(Path(tempfile.gettempdir()) / f"arkalia-{name}-{os.getpid()}.json")

    def tell(self, *, is_working: bool, message: str = "") -> None:
        """Write down for the front how it is."""
        self.measures.ready.set(is_working)
        metrics = generate_latest(self.measures.registry).decode()
        self._board.write(Told(is_working, message, metrics))

    def show(self, *, forks: bool) -> None:
        """Start the front; *forks* says that the component does, so that it must have no threads."""
        own = self.settings
        self.tell(is_working=False, message="it starts")
        place = FrontSettings(own.host, own.port, str(own.tls_folder), own.look_seconds)
        if forks:
            command = front_beside(self._board, place)
            subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - it is our own
        else:
            front_within(self._board, place)
        logger.info("Serving.", extra={"port": own.port})


def worker() -> None:
    """`arkalia-taskia-worker`: do tasks until a signal."""
    be("worker")


def beat() -> None:
    """`arkalia-taskia-beat`: start what is due, until a signal."""
    be("beat")


def be(name: str) -> None:
    """Be the component *name* until a signal. Ends the process if it cannot."""
    try:
        settings = load_settings(TaskSettings)
        configure_logging(settings.log_level, _constants(name, settings))
        component = Component(name, settings)
        component.show(forks=name == "worker")
        sys.modules[SELF_MEASURING] = None  # type: ignore[assignment] # says that there is none
        # Celery is loaded last: the probes are answered meanwhile.
        import_module(f"arkalia_taskia.{name}").work(component)
    except (SettingsError, UnreadableError) as error:
        sys.stderr.write(f"arkalia-{MODULE}-{name} cannot start: {error}\n")
        sys.exit(os.EX_CONFIG)


def _constants(name: str, settings: TaskSettings) -> dict[str, str]:
    """What every log line says about its origin."""
    return {
        "module": settings.module or MODULE,
        "component": name,
        "system": settings.system,
        "namespace": settings.namespace,
        "pod": settings.pod,
    }

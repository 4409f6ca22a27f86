"""The app of the tasks: takes them, sends them, and finds those that were lost on their way."""

from fastapi import FastAPI

from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.parts import Routes, assembled
from arkalia_runtime.redis import Redis
from arkalia_taskia import tasks
from arkalia_taskia.quarantine import Quarantine
from arkalia_taskia.settings import TaskSettings
from arkalia_taskia.sweeping import Sweeping


def create(settings: TaskSettings) -> FastAPI:
    """The app, for *settings*. It takes tasks while the queue is away too."""
    database, queue = Database.of(settings), Redis.of(settings, "queue", required=False)
    sweeping = Sweeping(database, queue, settings)
    return assembled(
        "taskia",
        settings,
        database,
        queue,
        Outbox.of(database, settings),
        sweeping,
        Quarantine(queue),
        Routes(tasks.routes(tasks.TaskRoutes(database, sweeping, settings))),
    )

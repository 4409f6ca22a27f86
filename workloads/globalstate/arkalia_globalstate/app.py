"""The app of the record."""

from fastapi import FastAPI

from arkalia_globalstate.pulling import Pulling
from arkalia_globalstate.record import Record
from arkalia_globalstate.settings import RecordSettings
from arkalia_globalstate.states import States
from arkalia_runtime.database import Database
from arkalia_runtime.events.wakes import Wakes
from arkalia_runtime.parts import Routes, assembled
from arkalia_runtime.redis import Redis


def create(settings: RecordSettings) -> FastAPI:
    """The app, for *settings*."""
    database, redis = Database.of(settings), Redis.of(settings, "queue", required=False)
    record = Record(database)
    return assembled(
        "globalstate",
        settings,
        database,
        redis,
        Routes(record.router),
        Routes(States(database, settings).router),
        Wakes(redis, settings, record.news),
        Pulling(record, settings),
    )

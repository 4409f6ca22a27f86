"""The app of the analytics: follows the record, counts what happens, and tells it."""

from datetime import timedelta

from fastapi import FastAPI

from arkalia_nyxalia import usage
from arkalia_nyxalia.settings import AnalyticsSettings
from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.events.following import Following
from arkalia_runtime.parts import Routes, assembled


def create(settings: AnalyticsSettings) -> FastAPI:
    """The app, for *settings*."""
    database = Database.of(settings)
    counts = usage.Counts(database, timedelta(days=settings.keep_days))
    return assembled(
        "nyxalia",
        settings,
        database,
        Outbox.of(database, settings),
        Following(database, settings, usage.TYPES, counts.count),
        Routes(usage.routes(counts)),
    )

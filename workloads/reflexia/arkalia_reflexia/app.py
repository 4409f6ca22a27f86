"""The app of the reflexes."""

from fastapi import FastAPI

from arkalia_reflexia.settings import ReflexSettings
from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.parts import assembled


def create(settings: ReflexSettings) -> FastAPI:
    """The app, for *settings*."""
    database = Database.of(settings)
    return assembled("reflexia", settings, database, Outbox.of(database, settings))

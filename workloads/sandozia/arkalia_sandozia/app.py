"""The app of the cross validation."""

from fastapi import FastAPI

from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.parts import assembled
from arkalia_sandozia.settings import ValidationSettings


def create(settings: ValidationSettings) -> FastAPI:
    """The app, for *settings*."""
    database = Database.of(settings)
    return assembled("sandozia", settings, database, Outbox.of(database, settings))

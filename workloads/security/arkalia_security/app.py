"""The app of the security service."""

from fastapi import FastAPI

from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.parts import assembled
from arkalia_security.settings import SecuritySettings


def create(settings: SecuritySettings) -> FastAPI:
    """The app, for *settings*."""
    database = Database.of(settings)
    return assembled("security", settings, database, Outbox.of(database, settings))

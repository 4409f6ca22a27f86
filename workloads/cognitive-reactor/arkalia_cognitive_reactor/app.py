"""The app of the reactor."""

from fastapi import FastAPI

from arkalia_cognitive_reactor.settings import ReactionSettings
from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.parts import assembled


def create(settings: ReactionSettings) -> FastAPI:
    """The app, for *settings*."""
    database = Database.of(settings)
    return assembled("cognitive-reactor", settings, database, Outbox.of(database, settings))

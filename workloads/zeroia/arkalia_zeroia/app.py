"""The app of the decision engine."""

from fastapi import FastAPI

from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.parts import assembled
from arkalia_zeroia.settings import DecisionSettings


def create(settings: DecisionSettings) -> FastAPI:
    """The app, for *settings*."""
    database = Database.of(settings)
    return assembled("zeroia", settings, database, Outbox.of(database, settings))

"""The app of the cross validation: examines answers before somebody trusts them."""

from fastapi import FastAPI

from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.parts import assembled
from arkalia_sandozia.settings import ValidationSettings
from arkalia_sandozia.validating import VALIDATED, Validating


def create(settings: ValidationSettings) -> FastAPI:
    """The app, for *settings*."""
    database = Database.of(settings)
    outbox = Outbox.of(database, settings, [VALIDATED])
    return assembled("sandozia", settings, database, outbox, Validating(database, outbox, settings))

"""The app of the cross validation: examines answers before somebody trusts them."""

from fastapi import FastAPI

from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.parts import assembled
from arkalia_sandozia.settings import ValidationSettings
from arkalia_sandozia.validating import VALIDATED, Validating


def create(settings: ValidationSettings) -> FastAPI:
    """The app, for *settings*."""
    # Without it answers are examined all the same; the outcome says that it is not on record.
    database = Database.of(settings, required=False)
    outbox = Outbox.of(database, settings, [VALIDATED])
    return assembled("sandozia", settings, database, outbox, Validating(outbox, settings))

"""The app of the assistant."""

from fastapi import FastAPI

from arkalia_assistantia.settings import AssistantSettings
from arkalia_assistantia.validating import Validating
from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.parts import assembled


def create(settings: AssistantSettings) -> FastAPI:
    """The app, for *settings*."""
    database = Database.of(settings)
    return assembled(
        "assistantia",
        settings,
        database,
        Outbox.of(database, settings),
        Validating(settings.prompts_policy),
    )

"""The app of the assistant."""

from fastapi import FastAPI

from arkalia_assistantia.allowed import GrantedMiddleware
from arkalia_assistantia.backends.pool import Backends
from arkalia_assistantia.chat import native, ollama, openai
from arkalia_assistantia.chat.flow import Assistant
from arkalia_assistantia.chat.record import EMITTED, Recorder
from arkalia_assistantia.chat.validation import Validator
from arkalia_assistantia.settings import AssistantSettings
from arkalia_assistantia.validating import Validating
from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.parts import Routes, assembled


def create(settings: AssistantSettings) -> FastAPI:
    """The app, for *settings*."""
    database = Database.of(settings)
    outbox = Outbox.of(database, settings, EMITTED)
    validating = Validating(settings.prompts_policy)
    backends, validator = Backends(settings), Validator(settings, validating)
    assistant = Assistant(validating, backends, validator, Recorder(database, outbox))
    ways = [each.routes(assistant) for each in (native, openai, ollama)]
    app = assembled(
        "assistantia",
        settings,
        database,
        outbox,
        validating,
        backends,
        validator,
        *(Routes(way) for way in ways),
    )
    app.add_middleware(GrantedMiddleware)
    return app

"""The app of the assistant."""

from fastapi import FastAPI

from arkalia_assistantia.allowed import GrantedMiddleware
from arkalia_assistantia.backends.pool import Backends
from arkalia_assistantia.chat import native, ollama, openai
from arkalia_assistantia.chat.attaching import Attaching
from arkalia_assistantia.chat.flow import Assistant, Steps
from arkalia_assistantia.chat.instructing import Instructing
from arkalia_assistantia.chat.keeping import Keeper
from arkalia_assistantia.chat.record import EMITTED, Recorder
from arkalia_assistantia.chat.validation import Validator
from arkalia_assistantia.conversations import routes as conversations
from arkalia_assistantia.conversations.store import Store
from arkalia_assistantia.purging import Purging
from arkalia_assistantia.settings import AssistantSettings
from arkalia_assistantia.uploads import routes as uploading
from arkalia_assistantia.uploads.store import Uploads
from arkalia_assistantia.validating import Validating
from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.parts import Routes, assembled


def create(settings: AssistantSettings) -> FastAPI:
    """The app, for *settings*."""
    # Without it questions are answered all the same; they say that they are not kept.
    database = Database.of(settings, required=False)
    outbox = Outbox.of(database, settings, EMITTED)
    validating = Validating(settings.prompts_policy)
    backends, validator = Backends(settings), Validator(settings, validating)
    store, days = Store(database, settings), settings.prompts_retention_days
    uploads = Uploads(database, settings)
    keeper, recorder = Keeper(store), Recorder(database, outbox)
    instructing = Instructing(settings.system_prompts)
    attaching = Attaching(uploads, settings, validating)
    steps = Steps(validating, backends, validator, recorder, keeper, instructing, attaching)
    assistant = Assistant(steps)
    ways = [each.routes(assistant) for each in (native, openai, ollama)]
    app = assembled(
        "assistantia",
        settings,
        database,
        outbox,
        validating,
        backends,
        validator,
        keeper,
        Purging(store, days, "conversations"),
        Purging(uploads, days, "uploads"),
        Routes(conversations.routes(store, days)),
        Routes(uploading.routes(uploads, settings)),
        *(Routes(way) for way in ways),
    )
    app.add_middleware(GrantedMiddleware)
    return app

"""The app of the assistant."""

from fastapi import APIRouter, FastAPI

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
    store, uploads = Store(database, settings), Uploads(database, settings)
    steps = Steps(
        validating,
        Backends(settings),
        Validator(settings, validating),
        Recorder(outbox),
        Keeper(store),
        Instructing(settings.system_prompts),
        Attaching(uploads, settings, validating),
    )
    parts = (database, outbox, validating, steps.backends, steps.validator, steps.keeper)
    assistant = Assistant(steps)
    routes = _routes(assistant, store, uploads, settings)
    purging = (Purging(each, settings.prompts_retention_days) for each in (store, uploads))
    app = assembled("assistantia", settings, *parts, *purging, assistant, *map(Routes, routes))
    app.add_middleware(GrantedMiddleware)
    return app


def _routes(
    assistant: Assistant, store: Store, uploads: Uploads, settings: AssistantSettings
) -> list[APIRouter]:
    ways = [each.routes(assistant) for each in (native, openai, ollama)]
    kept = conversations.routes(store, settings.prompts_retention_days)
    return [kept, uploading.routes(uploads, settings), *ways]

"""The app of the assistant."""

from fastapi import FastAPI

from arkalia_assistantia.settings import AssistantSettings
from arkalia_runtime.app import create_app


def create(settings: AssistantSettings) -> FastAPI:
    """The app, for *settings*."""
    return create_app("assistantia", settings)

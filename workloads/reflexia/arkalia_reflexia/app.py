"""The app of the reflexes."""

from fastapi import FastAPI

from arkalia_reflexia.settings import ReflexSettings
from arkalia_runtime.app import create_app


def create(settings: ReflexSettings) -> FastAPI:
    """The app, for *settings*."""
    return create_app("reflexia", settings)

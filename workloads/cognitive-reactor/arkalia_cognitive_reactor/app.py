"""The app of the reactor."""

from fastapi import FastAPI

from arkalia_cognitive_reactor.settings import ReactionSettings
from arkalia_runtime.app import create_app


def create(settings: ReactionSettings) -> FastAPI:
    """The app, for *settings*."""
    return create_app("cognitive-reactor", settings)

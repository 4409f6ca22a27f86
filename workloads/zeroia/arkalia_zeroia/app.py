"""The app of the decision engine."""

from fastapi import FastAPI

from arkalia_runtime.app import create_app
from arkalia_zeroia.settings import DecisionSettings


def create(settings: DecisionSettings) -> FastAPI:
    """The app, for *settings*."""
    return create_app("zeroia", settings)

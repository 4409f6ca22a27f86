"""The app of the cross validation."""

from fastapi import FastAPI

from arkalia_runtime.app import create_app
from arkalia_sandozia.settings import ValidationSettings


def create(settings: ValidationSettings) -> FastAPI:
    """The app, for *settings*."""
    return create_app("sandozia", settings)

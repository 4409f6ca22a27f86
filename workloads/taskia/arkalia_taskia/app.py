"""The app of the tasks."""

from fastapi import FastAPI

from arkalia_runtime.app import create_app
from arkalia_taskia.settings import TaskSettings


def create(settings: TaskSettings) -> FastAPI:
    """The app, for *settings*."""
    return create_app("taskia", settings)

"""The gateway's app. It has the operational routes that every service has, and no others yet."""

from fastapi import FastAPI

from arkalia_runtime.app import create_app
from arkalia_runtime.settings import ServiceSettings


def create(settings: ServiceSettings) -> FastAPI:
    """The app, for *settings*."""
    return create_app("helloria", settings)

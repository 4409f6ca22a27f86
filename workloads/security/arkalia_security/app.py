"""The app of the security service."""

from fastapi import FastAPI

from arkalia_runtime.app import create_app
from arkalia_security.settings import SecuritySettings


def create(settings: SecuritySettings) -> FastAPI:
    """The app, for *settings*."""
    return create_app("security", settings)

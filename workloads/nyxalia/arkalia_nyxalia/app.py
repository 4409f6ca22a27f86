"""The app of the analytics."""

from fastapi import FastAPI

from arkalia_nyxalia.settings import AnalyticsSettings
from arkalia_runtime.app import create_app


def create(settings: AnalyticsSettings) -> FastAPI:
    """The app, for *settings*."""
    return create_app("nyxalia", settings)

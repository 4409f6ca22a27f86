"""The gateway's app. It has the operational routes that every service has, and no others yet."""

from fastapi import FastAPI

from arkalia_helloria.settings import GatewaySettings
from arkalia_runtime.app import create_app


def create(settings: GatewaySettings) -> FastAPI:
    """The app, for *settings*."""
    return create_app("helloria", settings)

"""The gateway's app. It has the operational routes that every service has, and no others yet."""

from fastapi import FastAPI

from arkalia_helloria.access.door import AccountDoor
from arkalia_helloria.settings import GatewaySettings
from arkalia_runtime.parts import assembled
from arkalia_runtime.redis import Redis


def create(settings: GatewaySettings) -> FastAPI:
    """The app, for *settings*. It answers without its cache too."""
    cache = Redis.of(settings, "cache", required=False)
    return assembled("helloria", settings, cache, AccountDoor(settings))

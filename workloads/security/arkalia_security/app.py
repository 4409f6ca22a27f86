"""The app of the security service."""

from argon2 import PasswordHasher
from fastapi import FastAPI

from arkalia_runtime.database import Database
from arkalia_runtime.events import Outbox
from arkalia_runtime.parts import Routes, assembled
from arkalia_security import judgements, keys, login, roles, users, view
from arkalia_security.ground import EMITS, Ground
from arkalia_security.material import Secret
from arkalia_security.measures import Measures
from arkalia_security.passwords import HASHER, Passwords
from arkalia_security.settings import SecuritySettings
from arkalia_security.upkeep import Upkeep


def create(settings: SecuritySettings, hasher: PasswordHasher = HASHER) -> FastAPI:
    """The app, for *settings*. Another *hasher* makes passwords cheaper than they may be."""
    database, hashing = Database.of(settings), Passwords(settings.hashes_at_once, hasher)
    outbox = Outbox.of(database, settings, EMITS)
    ground = Ground(database, outbox, Secret(settings), hashing, Measures(), settings)
    accounts = login.Accounts(ground)
    return assembled(
        "security",
        settings,
        database,
        outbox,
        hashing,
        Upkeep(ground),
        Routes(login.routes(accounts)),
        Routes(login.own_routes(accounts)),
        Routes(users.routes(users.Users(ground))),
        Routes(roles.routes(roles.Roles(ground))),
        Routes(keys.routes(keys.Keys(ground))),
        Routes(view.routes(ground)),
        Routes(judgements.routes(ground)),
    )

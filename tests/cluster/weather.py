"""A module of somebody else that has a table: what stories about migrations move to and fro."""

from __future__ import annotations

from typing import Any, Final

from arkalia_operator.api import API_VERSION

NAME: Final = "weather"
IMAGE: Final = {"repository": "globalstate"}
"""Any built-in image with a driver for PostgreSQL; the module brings its own commands."""
SLEEP: Final = "import signal; signal.sigwait([signal.SIGTERM])"
CONNECT: Final = """
import json, os, psycopg, sys
access = json.load(open("/etc/arkalia/data/postgresql.json"))
database = psycopg.connect(
    host=access["host"], port=access["port"], dbname=access["database"], user=access["user"],
    password=access["password"], sslmode="verify-full",
    sslrootcert="/etc/arkalia/trust/ca.crt",
)
"""
FORWARD: Final = f"""{CONNECT}
with database:
    database.execute("CREATE TABLE IF NOT EXISTS towns (name text)")
    database.execute("ALTER TABLE towns ADD COLUMN IF NOT EXISTS height int")
print("towns have a height")
"""
BACK: Final = f"""{CONNECT}
with database:
    database.execute("ALTER TABLE towns DROP COLUMN height")
print("towns are as in", os.environ["ARKALIA_TARGET_VERSION"])
"""
WORDS: Final = "the table towns has rows without a height"
FAIL: Final = f"import sys; sys.stderr.write({WORDS!r}); sys.exit(70)"


def weather(namespace: str, forward: str = FORWARD, edition: str = "1") -> dict[str, Any]:
    """The module; another *edition* makes other pods."""
    return {
        "apiVersion": API_VERSION,
        "kind": "ArkaliaModule",
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": {
            "image": IMAGE,
            "components": [
                {"name": "main", "command": ["python3", "-c", SLEEP], "args": [edition]}
            ],
            "needs": {"postgresql": True},
            "migrations": {"forward": ["python3", "-c", forward], "back": ["python3", "-c", BACK]},
        },
    }

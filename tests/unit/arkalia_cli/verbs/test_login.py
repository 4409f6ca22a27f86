"""`arkalia login` and `arkalia logout`, through a gateway's door to a real `security`."""

import asyncio
import json
import stat
import time
from pathlib import Path

import httpx
import pyotp
import pytest

from arkalia_cli.cluster import doors, logging_in
from arkalia_cli.errors import Exit
from unit.arkalia_cli.verbs.conftest import SECRET
from unit.arkalia_cli.verbs.test_chat import terminal as terminal  # a fixture
from unit.arkalia_helloria.access.accounts import ADMIN

LOGIN = ("login", "--user", "admin", "--password-stdin")
OPEN = "SELECT count(*) FROM sessions WHERE ended_at IS NULL"


@pytest.fixture
async def logged_in(run, cluster):
    """The verbs in the hands of somebody who has logged in, and may not read the Secret."""
    done = await run(*LOGIN, typed=f"{ADMIN}\n")
    assert done.exit_code == Exit.OK, done.output
    del cluster.by_path[SECRET]
    return run


@pytest.fixture
def file(tmp_path):
    """The one file with a session."""

    def found():
        [path] = (tmp_path / ".local/state/arkalia/sessions").glob("*.json")
        return path

    return found


def make_old(path: Path):
    session = json.loads(path.read_text())
    path.write_text(json.dumps(session | {"expires_at": 0}))
    return session


async def test_session_is_used_by_other_verbs(logged_in):
    done = await logged_in("keys", "list")

    assert (done.exit_code, done.stdout) == (Exit.OK, "There are no keys.\n")


async def test_whoever_is_logged_in_is_told_so(run):
    done = await run(*LOGIN, "-o", "json", typed=f"{ADMIN}\n")

    told = json.loads(done.stdout)
    assert (told["user"], told["must_enrol"]) == ("admin", False)
    assert told.keys() == {"user", "session_id", "must_enrol", "file"}


async def test_file_is_its_owners_alone_and_holds_no_password(logged_in, file):
    assert stat.S_IMODE(file().stat().st_mode) == 0o600
    assert stat.S_IMODE(file().parent.stat().st_mode) == 0o700
    assert ADMIN not in file().read_text()


async def test_file_that_others_can_read_is_not_used(logged_in, file):
    file().chmod(0o644)

    done = await logged_in("keys", "list")

    assert done.exit_code == Exit.MISTAKE
    assert "others on this machine can read" in done.stderr


async def test_session_is_renewed_before_its_token_ends(logged_in, file):
    before = make_old(file())

    done = await logged_in("keys", "list")

    after = json.loads(file().read_text())
    assert done.exit_code == Exit.OK
    assert after["refresh_token"] != before["refresh_token"]
    assert after["expires_at"] > time.time()


async def test_two_who_renew_a_session_at_once_renew_it_once(logged_in, file, schema):
    path = file()
    make_old(path)
    door = doors.at(f"http://127.0.0.1:{logged_in.port}")

    def renewed():
        with door.way() as way:
            return logging_in.token(way, path)

    first, second = await asyncio.gather(*(asyncio.to_thread(renewed) for _ in range(2)))

    assert first == second
    assert schema.rows("SELECT max(generation) FROM sessions WHERE ended_at IS NULL") == [(1,)]


async def test_session_that_has_ended_says_what_to_do(logged_in, file, schema):
    path = file()
    make_old(path)
    schema.rows("UPDATE sessions SET ended_at = now() RETURNING 1")

    done = await logged_in("keys", "list")

    assert done.exit_code == Exit.FORBIDDEN
    assert "your session has ended" in done.stderr
    assert "arkalia login" in done.stderr
    assert not path.exists()


async def test_api_key_counts_before_the_session(logged_in):
    done = await logged_in("keys", "list", key="ark_wrong_key")

    assert done.exit_code == Exit.FORBIDDEN


async def test_logout_ends_the_session_everywhere(logged_in, file, schema):
    path = file()
    done = await logged_in("logout")
    again = await logged_in("logout")

    assert done.stdout == "The session of admin has ended.\n"
    assert again.stdout == "Nobody was logged in.\n"
    assert not path.exists()
    assert schema.rows(OPEN) == [(0,)]


async def test_another_login_ends_the_session_before(logged_in, schema):
    await logged_in(*LOGIN, typed=f"{ADMIN}\n")

    assert schema.rows(OPEN) == [(1,)]


async def test_wrong_password_is_refused_and_keeps_nothing(run, tmp_path):
    done = await run(*LOGIN, typed="another\n")

    assert done.exit_code == Exit.FORBIDDEN
    assert "Name, password or code is wrong." in done.stderr
    assert not list(tmp_path.rglob("sessions/*.json"))


@pytest.mark.parametrize(
    ("words", "typed", "sentence"),
    [
        (("login",), "", "the user is needed"),
        (("login", "--user", "admin"), "", "--password-stdin"),
        (LOGIN, "", "standard input holds no password"),
        (("login", "luna", "--url", "https://a.example.com"), "", "Leave one of the two out."),
    ],
)
async def test_mistake_says_what_to_write_instead(run, words, typed, sentence):
    done = await run(*words, typed=typed)

    assert done.exit_code == Exit.MISTAKE
    assert sentence in done.stderr


async def enrolled(run):
    """The secret of a second factor that the administrator has set up."""
    url = f"http://127.0.0.1:{run.port}/api/v1/security/auth"
    async with httpx.AsyncClient() as client:
        proof = {"user": "admin", "password": ADMIN}
        session = (await client.post(f"{url}/login", json=proof)).json()
        client.headers["authorization"] = f"Bearer {session['access_token']}"
        secret = (await client.post(f"{url}/mfa")).json()["secret"]
        code = pyotp.TOTP(secret).at(time.time() - 30)
        confirmed = await client.post(f"{url}/mfa/confirm", json={"code": code})
        assert confirmed.is_success, confirmed.text
    return secret


async def test_code_of_the_second_factor_is_an_option_where_nobody_types(run):
    secret = await enrolled(run)

    without = await run(*LOGIN, typed=f"{ADMIN}\n")
    given = ("--code", pyotp.TOTP(secret).now())
    done = await run(*LOGIN, *given, typed=f"{ADMIN}\n")

    assert without.exit_code == Exit.MISTAKE
    assert "--code" in without.stderr
    assert done.exit_code == Exit.OK, done.output


async def test_everything_is_asked_for_at_a_terminal(run, terminal):
    secret = await enrolled(run)

    async with terminal("--url", f"http://127.0.0.1:{run.port}", verb="login") as screen:
        await screen.until("User: ")
        screen.type("admin\n")
        await screen.until("Password: ")
        screen.type(f"{ADMIN}\n")
        await screen.until("Code of the second factor: ")
        screen.type(f"{pyotp.TOTP(secret).now()}\n")
        await screen.until("You are logged in as admin.")

        assert await screen.process.wait() == Exit.OK
        assert ADMIN not in screen.seen

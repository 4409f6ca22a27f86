"""`arkalia users` and `arkalia keys`, through a gateway's door to a real `security`."""

import base64
import json
import re

from arkalia_cli.errors import Exit
from unit.arkalia_cli.verbs.conftest import SECRET


async def told(run, *words, **who):
    """JSON of a verb that succeeds."""
    done = await run(*words, "-o", "json", **who)
    assert done.exit_code == Exit.OK, done.output
    return json.loads(done.stdout)


async def test_users_are_made_listed_and_disabled(run):
    made = await told(run, "users", "add", "ada", "--role", "user")
    await run("users", "disable", "ada")
    listed = (await run("users", "list")).stdout

    assert len(made["password"]) == 24
    assert re.search(r"^ada +user +disabled +no *$", listed, re.MULTILINE)
    assert re.search(r"^admin +administrator +enabled +no *$", listed, re.MULTILINE)


async def test_key_is_shown_once_used_and_revoked(run):
    made = await told(run, "keys", "create", "laptop", "--scope", "keys", "--days", "9")
    listed = await told(run, "keys", "list", key=made["key"])
    revoked = await run("keys", "revoke", made["id"])

    assert [(each["id"], "key" in each) for each in listed] == [(made["id"], False)]
    assert revoked.stdout.startswith(f"{made['id']} is revoked")
    assert f"{made['id']}  laptop  keys    revoked 20" in (await run("keys", "list")).stdout


async def test_text_of_a_new_key_ends_with_the_key(run):
    done = await run("keys", "create", "laptop", "--scope", "chat")

    assert done.stdout.splitlines()[-1].startswith("ark_")


async def test_key_without_the_scope_is_refused_with_what_it_lacks(run):
    made = await told(run, "keys", "create", "small", "--scope", "chat")
    done = await run("users", "list", key=made["key"])

    assert done.exit_code == Exit.FORBIDDEN
    assert "takes the scope users" in done.stderr


async def test_what_does_not_exist_and_what_clashes_has_its_exit_code(run):
    unknown = await run("users", "disable", "nobody")
    clash = await run("users", "add", "admin")

    assert (unknown.exit_code, clash.exit_code) == (Exit.NOT_FOUND, Exit.REFUSED)
    assert "There is a user admin already." in clash.stderr


async def test_key_that_nobody_has_is_not_found(run):
    done = await run("keys", "revoke", "nosuch")

    assert done.exit_code == Exit.NOT_FOUND
    assert "You have no key nosuch." in done.stderr


async def test_what_does_not_fit_is_told_with_its_place(run):
    done = await run("users", "add", "Bad!Name")

    assert done.exit_code == Exit.REFUSED
    assert "The request does not fit: body.name: " in done.stderr


async def test_password_that_was_changed_since_ends_with_what_to_do(run, cluster):
    wrong = base64.b64encode(b"another password").decode()
    cluster.by_path[SECRET]["data"]["password"] = wrong
    done = await run("users", "list")

    assert done.exit_code == Exit.FORBIDDEN
    assert "ARKALIA_API_KEY" in done.stderr


async def test_command_leaves_no_session_behind(run, schema):
    await run("keys", "list")

    assert schema.rows("SELECT count(*) FROM sessions WHERE ended_at IS NULL") == [(0,)]

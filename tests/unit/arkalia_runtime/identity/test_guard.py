"""The guard before the routes: who is let in over real HTTP, and what the others are told."""

import logging

import pytest
from fastapi import APIRouter

from arkalia_contract import endpoints, headers, identity
from arkalia_runtime import logs
from arkalia_runtime.app import create_app
from arkalia_runtime.settings import ServiceSettings
from unit.arkalia_runtime.authority import Cluster, Mounts, mount
from unit.arkalia_runtime.serving import served

CLUSTER = Cluster()
OPEN = [
    endpoints.HEALTH,
    endpoints.HEALTH_LIVE,
    endpoints.HEALTH_READY,
    endpoints.HEALTH_DETAILED,
    endpoints.METRICS,
    endpoints.STATUS,
    endpoints.DOCS,
    f"{endpoints.DOCS}/start.js",
    endpoints.OPENAPI,
]


@pytest.fixture
def mounts(tmp_path):
    mounts = Mounts(tmp_path)
    mount(mounts.trust, **CLUSTER.trust())
    mounts.allow(helloria=["/states", "/states/*"], taskia=["/other"])
    return mounts


def an_app(mounts, **settings):
    router = APIRouter()

    @router.get("/states/{name}")
    async def read_state(name: str) -> str | None:
        return logs.caller.get()

    own = ServiceSettings(version="1", **(mounts.settings | settings))
    return create_app("zeroia", own, router=router)


async def asked(app, path="/states/1", method="GET", **said):
    async with served(app) as client:
        url = client._base_url.with_path(path, encoded=True)
        answer = await client.request(method, url, headers=said)
        return answer, await answer.json(content_type=None)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("path", OPEN)
async def test_everybody_gets_what_probes_scrapers_and_people_ask(mounts, path):
    async with served(an_app(mounts)) as client:
        assert (await client.get(path)).status == 200


async def test_module_is_let_in_where_it_may_call(mounts):
    answer, caller = await asked(an_app(mounts), **bearer(CLUSTER.token("helloria")))

    assert (answer.status, caller) == (200, "helloria")


async def test_scheme_of_the_header_may_be_written_in_any_case(mounts):
    said = {"Authorization": f"bearer {CLUSTER.token('helloria')}"}

    assert (await asked(an_app(mounts), **said))[0].status == 200


async def test_request_without_a_token_is_told_what_is_needed(mounts):
    answer, problem = await asked(an_app(mounts))

    assert (answer.status, problem["reason"]) == (401, "missing")
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "Authorization: Bearer" in problem["detail"]


@pytest.mark.parametrize("path", ["/", "/states", "/nothing/here", "/healthy", "/doc"])
async def test_path_needs_a_token_whether_it_exists_or_not(mounts, path):
    assert (await asked(an_app(mounts), path))[0].status == 401


@pytest.mark.parametrize(
    "path",
    [
        "/health/../states/1",
        "/docs/%2e%2e/states/1",
        "/status/../states/1",
        "//health",
        "/metrics/",
    ],
)
async def test_open_path_is_no_way_to_another(mounts, path):
    async with served(an_app(mounts)) as client:
        url = client._base_url.with_path(path, encoded=True)
        answer = await client.get(url, allow_redirects=False)

        assert answer.status in {401, 404}


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": [identity.audience("team-a", "luna", "taskia")]}, "audience"),
        ({"sub": identity.subject("team-a", "sol", "helloria")}, "subject"),
        ({"exp": 1}, "expired"),
        ({"iss": "https://elsewhere"}, "issuer"),
        ({"kubernetes.io": None}, "claims"),
    ],
)
async def test_stolen_token_is_refused_with_its_reason(mounts, claims, reason):
    answer, problem = await asked(an_app(mounts), **bearer(CLUSTER.token("helloria", **claims)))

    assert (answer.status, problem["reason"]) == (401, reason)
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer ", "abc", "Bearer a b"])
async def test_header_is_refused_when_it_holds_no_token(mounts, header):
    answer, problem = await asked(an_app(mounts), Authorization=header)

    assert (answer.status, problem["reason"]) == (401, "malformed")


async def test_request_is_refused_when_it_shows_two_tokens(mounts):
    token = CLUSTER.token("helloria")
    async with served(an_app(mounts)) as client:
        twice = [("Authorization", f"Bearer {token}"), ("Authorization", f"Bearer {token}")]
        answer = await client.get("/states/1", headers=twice)

        assert answer.status == 401


async def test_module_is_refused_when_it_may_not_call_this_service(mounts):
    answer, problem = await asked(an_app(mounts), **bearer(CLUSTER.token("reflexia")))

    assert (answer.status, problem["reason"]) == (403, "caller")
    assert "WWW-Authenticate" not in answer.headers


async def test_module_is_refused_when_it_may_not_call_this_path(mounts):
    answer, problem = await asked(an_app(mounts), **bearer(CLUSTER.token("taskia")))

    assert (answer.status, problem["reason"]) == (403, "path")


async def test_refusal_is_counted_and_logged_without_the_token(mounts, caplog):
    app, token = an_app(mounts), CLUSTER.token("taskia")

    with caplog.at_level(logging.WARNING):
        await asked(app, **bearer(token))

    counted = app.state.metrics.registry.get_sample_value(
        "arkalia_requests_refused_total", {"reason": "path"}
    )
    [line] = [each for each in caplog.records if each.name == "arkalia_runtime.identity.guard"]
    assert counted == 1
    assert (line.reason, line.refused) == ("path", "taskia")
    assert token not in caplog.text


async def test_log_lines_of_a_request_name_its_caller(mounts, caplog, capsys):
    logs.configure_logging("INFO", {})
    await asked(an_app(mounts), **bearer(CLUSTER.token("helloria")))

    [line] = [each for each in capsys.readouterr().out.splitlines() if "GET /states" in each]
    assert '"caller":"helloria"' in line


async def test_next_request_on_the_connection_has_no_caller(mounts):
    app = an_app(mounts, public=True)
    async with served(app) as client:
        answer = await client.get("/states/1", headers=bearer(CLUSTER.token("helloria")))
        assert await answer.json() is None


async def test_callers_follow_the_file_without_a_restart(mounts):
    app, said = an_app(mounts), bearer(CLUSTER.token("reflexia"))
    async with served(app) as client:
        before = await client.get("/states/1", headers=said)
        mounts.allow(reflexia=["/states/*"])
        after = await client.get("/states/1", headers=said)
        other = await client.get("/states/1", headers=bearer(CLUSTER.token("helloria")))

    assert [before.status, after.status, other.status] == [403, 200, 403]


@pytest.mark.parametrize("missing", ["trust", "identity"])
async def test_nobody_is_let_in_when_identity_cannot_be_known(mounts, tmp_path, missing):
    app = an_app(mounts, **{f"{missing}_folder": tmp_path / "nothing"})

    answer, problem = await asked(app, **bearer(CLUSTER.token("helloria")))

    assert (answer.status, problem["reason"]) == (503, "unverifiable")


async def test_everybody_may_use_a_public_service(mounts):
    answer, _ = await asked(an_app(mounts, public=True))

    assert answer.status == 200


async def test_public_service_acts_only_for_modules(mounts):
    app = an_app(mounts, public=True)
    mounts.allow(taskia=["/control/actions"])

    refused, _ = await asked(app, endpoints.CONTROL_ACTIONS)
    done, _ = await asked(app, endpoints.CONTROL_ACTIONS, **bearer(CLUSTER.token("taskia")))

    assert (refused.status, done.status) == (401, 200)


async def test_account_of_no_module_is_let_in_when_it_is_named_by_its_subject(mounts):
    operator = "system:serviceaccount:arkalia-system:arkalia-operator"
    token = bearer(CLUSTER.token(sub=operator))
    app = an_app(mounts)
    refused, problem = await asked(app, endpoints.CONTROL_ACTIONS, **token)

    mounts.allow(**{operator: [endpoints.CONTROL_ACTIONS]})

    done, _ = await asked(app, endpoints.CONTROL_ACTIONS, **token)
    elsewhere, _ = await asked(app, **token)
    assert (refused.status, problem["reason"]) == (401, "subject")
    assert (done.status, elsewhere.status) == (200, 403)


async def test_user_is_not_let_in_by_a_name_that_is_no_account(mounts):
    token = bearer(CLUSTER.token(sub="helloria"))

    _, problem = await asked(an_app(mounts), **token)

    assert problem["reason"] == "subject"


async def test_service_outside_a_system_asks_nobody_for_a_token(mounts):
    answer, _ = await asked(an_app(mounts, system=""))

    assert answer.status == 200


async def test_problem_names_the_public_path_that_a_module_tells(mounts):
    told = bearer(CLUSTER.token("helloria")) | {
        headers.PUBLIC_PATH: "/api/v1/zeroia/states/a%20b/c"
    }
    _, problem = await asked(an_app(mounts), "/states/a%20b/c", **told)

    public = "/api/v1/zeroia/states/a b/c"
    assert problem["instance"] == public
    assert problem["detail"] == f"There is nothing at {public}; /docs shows what there is."


async def test_nobody_else_is_believed_what_path_was_asked_for(mounts):
    told = {headers.PUBLIC_PATH: "/elsewhere"}
    for app, path in (
        (an_app(mounts), "/states/1"),
        (an_app(mounts), "/docs/nothing"),
        (an_app(mounts, public=True), "/nothing"),
    ):
        assert (await asked(app, path, **told))[1]["instance"] == path

"""Whatever the one description of the gateway allows: no answer is a fault of the server, and each is as described.

Requests are drawn from `/openapi.json` by schemathesis, right ones and wrong ones, and go through the
gateway to the services themselves, which run as processes on a real PostgreSQL and Redis.
"""

from collections import Counter

import pytest
import requests
import schemathesis
from hypothesis import given
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from arkalia_contract import endpoints
from cluster.waiting import eventually
from faults.talk import ADMIN, KEYS, LOGIN, a_talk, described
from volume import examples

PUBLISHED = ("assistantia", "globalstate", "nyxalia", "sandozia", "security", "taskia")
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OF_CREDENTIALS = tuple(
    f"/auth/{each}"
    for each in ("login", "refresh", "logout", "password", "mfa/confirm", "mfa/remove")
)
"""What is drawn is no credential: 401 is the right answer, and 429 to many of them."""
KNOWN_SECONDS = 120
ANSWER_SECONDS = 60
FIRST_WORD_SECONDS = 45
"""A model that is busy with long prompts is not one that is gone: that is told with 503."""


def operations():
    """Method and path of all that the modules publish, as the description has it.

    By another name (`alias`) a route is the same one.
    """
    for module in PUBLISHED:
        for route in described(module):
            path = f"{endpoints.PUBLISHED}/{module}{route['path']}"
            plain = f"{path[:-1]}{{rest}}" if path.endswith("/*") else path
            for method in route.get("methods", ["GET"]):
                yield pytest.param(method, plain, id=f"{method} {plain}")


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    root = tmp_path_factory.mktemp("any")
    with a_talk(root, *PUBLISHED, first_word_seconds=FIRST_WORD_SECONDS) as talk:
        yield talk


@pytest.fixture(scope="module")
def session(gateway, tmp_path_factory):
    """Somebody who may everything."""
    authority = tmp_path_factory.mktemp("trust") / "ca.crt"
    authority.write_bytes(gateway.site.authority.pem)
    with requests.Session() as opened:
        opened.verify, opened.trust_env = str(authority), False
        login = {"user": "admin", "password": ADMIN}
        token = eventually(lambda: told(opened.post(gateway.address + LOGIN, json=login)))
        opened.own = bearer(token["access_token"])
        body = {"name": "everything", "scopes": ["*"]}
        made = opened.post(gateway.address + KEYS, json=body, headers=opened.own)
        opened.headers.update(bearer(told(made)["key"]))
        yield opened


def bearer(credential):
    return {"Authorization": f"Bearer {credential}"}


def told(answer):
    """The document of an answer that is none of a problem."""
    assert answer.ok, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def description(gateway, session):
    """The one description, once it has that of every module."""

    def whole():
        found = told(session.get(gateway.address + endpoints.OPENAPI))
        said = {
            f"{method} {path}": found["paths"][path][method.lower()]
            for method, path in (each.values for each in operations())
        }
        missing = [name for name, each in said.items() if "summary" not in each]
        assert not missing, f"nothing is said of {missing}"
        for each in said.values():
            # Credentials would be drawn too, and nobody would be let in.
            del each["security"]
        return found

    return schemathesis.openapi.from_dict(eventually(whole, KNOWN_SECONDS))


@pytest.mark.volume
@pytest.mark.parametrize(("method", "path"), list(operations()))
def test_request_is_answered_as_it_is_described(description, session, gateway, method, path):
    operation, statuses = description[path][method], Counter()
    # What one does with one's own account takes a session, and no key.
    who = session.own if "/auth/" in path else {}

    @examples(4, soak=300)
    @given(operation.as_strategy(generation_mode=GenerationMode.POSITIVE))
    def asked(case):
        if "wait" in (case.query or {}):
            case.query["wait"] = 0  # it would wait until something happens
        if isinstance(case.body, dict):
            case.body.pop("images", None)  # llama.cpp says with 500 that the model takes none
        answer = case.call(
            base_url=gateway.address,
            session=session,
            headers=who,
            verify=session.verify,
            timeout=ANSWER_SECONDS,
        )
        statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    asked()
    refusals = {403} if path.endswith(OF_CREDENTIALS) else {401, 403, 429}
    assert set(statuses) - refusals, statuses

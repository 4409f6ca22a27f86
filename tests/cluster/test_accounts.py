"""The first administrator logs in with what lies in a Secret; a key lets in until it is revoked."""

import base64
import json
import time

import jwt
import pyotp
import pytest

from arkalia_contract import access, headers, identity, labels
from arkalia_operator.desired import names
from arkalia_operator.desired.kinds import SECRET
from cluster.command_line import arkalia
from cluster.kinds import Ref
from cluster.systems import System, off_except
from cluster.talkers import token
from cluster.traefik import address_here
from cluster.waiting import eventually
from openid_provider import CLIENT_ID, a_provider_with_tls, id_token, trusting
from unit.arkalia_runtime.authority import Authority
from unit.arkalia_runtime.serving import free_port

READY_SECONDS = 600
CLIENT = "192.0.2.7"
LOGIN = "/api/auth/login"
ME = "/api/auth/me"
USERS = "/api/v1/security/users"
FEWEST_MINUTES = 5


@pytest.fixture(scope="module")
def company():
    """The company's authority."""
    return Authority("the company")


@pytest.fixture(scope="module")
def issuer(kube, operator, company, tmp_path_factory):
    """The company's own provider, beside the node."""
    folder, place = tmp_path_factory.mktemp("provider"), address_here(kube)
    with a_provider_with_tls(folder, company, place, free_port()) as started:
        yield started


@pytest.fixture(scope="module")
def luna(kube, operator, namespace, company, issuer):
    """A system of the gateway and the accounts, whose data ends with it."""
    kube.apply(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "company", "namespace": namespace},
            "data": {"ca.crt": company.pem.decode()},
        }
    )
    provider = {"issuer": issuer, "audience": CLIENT_ID, "defaultRoles": ["administrator"]}
    modules = off_except("helloria", "security") | {
        "helloria": {"replicas": 1},
        "security": {"replicas": 1},
    }
    system = System(kube, namespace, "luna").declare(
        deletionPolicy="Delete",
        modules=modules,
        auth={"oidc": provider},
        network={"caBundle": {"configMap": "company"}},
    )
    return system.ready(READY_SECONDS)


@pytest.fixture(scope="module")
def secret(luna, kube):
    """Content of the Secret that `kubectl get secret luna-admin` shows."""
    found = kube.require(Ref(SECRET, luna.namespace, names.admin(luna.name)))
    return {key: base64.b64decode(value).decode() for key, value in found["data"].items()}


class Gateway:
    """Asks `security` as the gateway does, with a token of its pod."""

    def __init__(self, kube, luna):
        self._service = luna.reach("security")
        audience = identity.audience(luna.namespace, luna.name, "security")
        account = f"{luna.namespace}/{names.module(luna.name, 'helloria')}"
        self._shown = f"{identity.BEARER} {token(kube, account, audience, luna.pods()[0])}"

    def ask(self, method, path, *body, user="", scopes="*"):
        """JSON of the answer."""
        said = {"Authorization": self._shown, headers.FORWARDED_FOR: CLIENT}
        if user:
            said |= {headers.USER: user, headers.SCOPES: scopes}
        answer = getattr(self._service, method)(path, *body, **said)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


@pytest.fixture(scope="module")
def gateway(kube, luna):
    return Gateway(kube, luna)


@pytest.fixture(scope="module")
def tokens(gateway, secret):
    """A session of the first administrator."""
    return eventually(lambda: gateway.ask("post", "/auth/login", proof(secret)))


@pytest.fixture(scope="module")
def admin(tokens):
    """Id of the first administrator."""
    return jwt.decode(tokens["access_token"], options={"verify_signature": False})["sub"]


@pytest.fixture(scope="module")
def front(luna):
    """The gateway itself, as anybody comes to it."""
    return luna.reach()


def proof(secret):
    """What the first administrator logs in with."""
    return {"user": secret["username"], "password": secret["password"]}


def shown(credential):
    return {"Authorization": f"{identity.BEARER} {credential}"}


def require(status, answer):
    assert answer.status_code == status, f"{answer.status_code}: {answer.text}"
    return answer.json() if answer.content else None


def test_secret_of_the_first_administrator_is_labelled_and_has_256_bits(luna, kube, secret):
    described = kube.require(Ref(SECRET, luna.namespace, "luna-admin"))["metadata"]

    assert (secret["username"], len(secret["password"])) == ("admin", 43)
    assert described["labels"][labels.MODULE] == "security"
    assert described["labels"][labels.LINEAGE] == kube.require(luna.ref)["metadata"]["uid"]


def test_first_administrator_logs_in_and_may_everything(gateway, admin):
    [user] = gateway.ask("get", access.VIEW)["users"]

    assert (user["id"], user["roles"], user["scopes"]) == (admin, ["administrator"], ["*"])


def test_session_of_the_first_administrator_lets_in_at_the_gateway(front, secret, admin):
    session = eventually(lambda: require(200, front.post(LOGIN, proof(secret))))

    me = require(200, front.get(ME, **shown(session["access_token"])))

    assert (me["id"], me["name"], me["scopes"]) == (admin, "admin", ["*"])


def test_who_shows_nothing_or_rubbish_is_not_let_in(front):
    assert front.get(USERS).status_code == 401
    assert front.get(USERS, **shown("ark_rubbish")).status_code == 401
    # Nobody says from outside who they are.
    assert front.get(USERS, **{headers.USER: "root", headers.SCOPES: "*"}).status_code == 401


def test_user_of_the_companys_provider_comes_through_the_gateway(front, issuer, company):
    token = id_token(issuer, trusted=trusting(company))
    users = eventually(lambda: require(200, front.get(USERS, **shown(token))))
    assert [each["name"] for each in users] == ["admin"]

    another = id_token(issuer, client="another", trusted=trusting(company))
    assert front.get(USERS, **shown(another)).status_code == 401


def test_key_lets_in_where_its_scopes_lead_until_it_is_revoked(front, gateway, admin):
    body = {"name": "laptop", "scopes": ["users"]}
    key = gateway.ask("post", "/keys", body, user=admin)
    key_of = shown(key["key"])
    assert [each["name"] for each in require(200, front.get(USERS, **key_of))] == ["admin"]
    require(403, front.put("/api/v1/security/roles/reader", {"scopes": []}, **key_of))

    gateway.ask("delete", f"/keys/{key['id']}", user=admin)
    start = time.monotonic()
    eventually(lambda: require(401, front.get(USERS, **key_of)))

    print(f"The gateway refused a revoked key after {time.monotonic() - start:.2f} s.")


def told(luna, *words):
    """JSON of a verb. It is said once: a user who is there already cannot be added."""
    said, _ = arkalia(luna, *words, "--output", "json")
    return json.loads(said)


@pytest.fixture(scope="module")
def known(luna, front):
    """Once the gateway knows the first administrator, whom the command line asks as."""
    return eventually(lambda: told(luna, "users", "list"))


def test_command_line_makes_users_and_keys_and_ends_both(luna, front, known):
    made = told(luna, "users", "add", "walter")
    key = told(luna, "keys", "create", "robot", "--user", "walter", "--scope", "chat")
    eventually(lambda: require(200, front.get(ME, **shown(key["key"]))))
    [listed] = told(luna, "keys", "list", "--user", "walter")
    assert (len(made["password"]), listed["id"], "key" in listed) == (24, key["id"], False)

    told(luna, "keys", "revoke", key["id"])
    told(luna, "users", "disable", "walter")

    states = {each["name"]: each["disabled"] for each in told(luna, "users", "list")}
    assert states == {"admin": False, "walter": True}
    require(401, front.post(LOGIN, {"user": "walter", "password": made["password"]}))
    eventually(lambda: require(401, front.get(ME, **shown(key["key"]))))


def test_accounts_outlive_the_pods(luna, kube, gateway, tokens):
    before = gateway.ask("get", access.VIEW)
    [old] = luna.pods("security")
    kube.delete(Ref.of(old))
    eventually(lambda: gone(kube, old), READY_SECONDS)
    luna.ready(READY_SECONDS)

    body = {"refresh_token": tokens["refresh_token"]}
    renewed = eventually(lambda: gateway.ask("post", "/auth/refresh", body))
    assert renewed["session_id"] == tokens["session_id"]
    assert gateway.ask("get", access.VIEW)["users"] == before["users"]


def gone(kube, pod):
    found = kube.get(Ref.of(pod))
    assert found is None, f"{Ref.of(pod)} is still there"


def test_password_stands_in_no_log_and_no_object_but_the_secret(luna, secret):
    found = [each for each in luna.children() if secret["password"] in str(each)]

    assert found == []


@pytest.fixture(scope="module")
def key(luna, known):
    """A key of the first administrator, from before the duty."""
    return told(luna, "keys", "create", "nightly", "--scope", "users")["key"]


@pytest.fixture(scope="module")
def obliged(luna, key):
    """The system with short sessions and a second factor as a duty: nobody logs in without it now."""
    luna.change(auth={"mfa": "Required", "sessionMinutes": FEWEST_MINUTES})
    return luna.ready(READY_SECONDS)


@pytest.fixture(scope="module")
def session(obliged, front, secret):
    """One of somebody who has no second factor."""

    def enrolling():
        tokens = require(200, front.post(LOGIN, proof(secret)))
        assert tokens["must_enrol"]
        return tokens

    return eventually(enrolling)


def test_renewed_token_says_when_the_session_ends(front, session):
    body = {"refresh_token": session["refresh_token"]}

    def later():
        renewed = require(200, front.post("/api/auth/refresh", body))
        assert renewed["expires_in"] < session["expires_in"]
        return renewed

    renewed = eventually(later)

    end = expiry(session["access_token"])
    assert session["expires_in"] == FEWEST_MINUTES * 60
    assert end - 2 <= expiry(renewed["access_token"]) <= end + 1


def expiry(token):
    return jwt.decode(token, options={"verify_signature": False})["exp"]


def test_second_factor_becomes_a_duty_and_lets_in_once_it_is_set_up(front, session, key):
    own = shown(session["access_token"])
    refused = eventually(lambda: require(403, front.get(USERS, **own)))
    assert "second factor" in refused["detail"]
    require(200, front.get(ME, **own))
    require(200, front.get(USERS, **shown(key)))

    drawn = require(200, front.post("/api/auth/mfa", {}, **own))
    code = {"code": pyotp.TOTP(drawn["secret"]).now()}
    require(200, front.post("/api/auth/mfa/confirm", code, **own))

    start = time.monotonic()
    eventually(lambda: require(200, front.get(USERS, **own)))
    print(f"The gateway let in {time.monotonic() - start:.2f} s after the second factor.")

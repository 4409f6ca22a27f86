"""Whose a credential is: every way in which a token can be wrong is refused."""

import hashlib
import hmac
import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from arkalia_contract.access import ViewedKey, ViewedUser
from arkalia_helloria.access import verifying
from arkalia_helloria.access.credentials import Shown
from arkalia_helloria.access.known import Known
from arkalia_helloria.access.verifying import UnverifiedError, Verifier

PRIVATE = Ed25519PrivateKey.generate()
AUDIENCE = "arkalia/team-a/luna"
KEY = "ark_abc_secret"
DIGEST_KEY = b"d" * 32
ADA = ViewedUser("u1", "ada", ["user"], ["chat*"])


def known(private=PRIVATE, kid="k1", **changes):
    form = jwt.get_algorithm_by_name("EdDSA").to_jwk(private.public_key(), as_dict=True)
    usual = {
        "version": 1,
        "audience": AUDIENCE,
        "digest_key": DIGEST_KEY,
        "signing_keys": {kid: jwt.PyJWK(form | {"kid": kid, "alg": "EdDSA"})},
        "users": {"u1": ADA},
        "keys": {hmac.new(DIGEST_KEY, KEY.encode(), hashlib.sha256).hexdigest(): a_key()},
        "ended_sessions": frozenset(),
        "roles": {},
    }
    return Known(**usual | changes)


def a_key(**changes):
    usual = {"id": "abc", "user": "u1", "digest": "", "scopes": ["chat", "users"]}
    more = {"expires": None, "tokens_per_minute": 5, "tokens_per_day": 9}
    return ViewedKey(**usual | more | changes)


def token(private=PRIVATE, algorithm="EdDSA", kid="k1", **changes):
    now = int(time.time())
    usual = {"iss": AUDIENCE, "aud": f"{AUDIENCE}/sessions", "sub": "u1", "sid": "s1"}
    claims = usual | {"iat": now, "exp": now + 60} | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, private, algorithm, {"kid": kid})


def caller(text, **changes):
    return Verifier().caller(Shown(text), known(**changes))


def refusal(text, **changes):
    with pytest.raises(UnverifiedError) as caught:
        caller(text, **changes)
    return caught.value


def test_good_token_is_its_users():
    assert caller(token()).user == "u1"


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "somebody"},
        {"aud": AUDIENCE},
        {"exp": 1},
        {"exp": None},
        {"iat": None},
        {"iat": 4_000_000_000},
        {"sub": None},
        {"sid": None},
    ],
    ids=lambda wrong: "-".join(f"{name}={value}" for name, value in wrong.items()),
)
def test_token_with_a_wrong_claim_is_nobodys(wrong):
    assert refusal(token(**wrong))


def test_token_of_another_key_of_the_same_name_is_nobodys():
    assert refusal(token(Ed25519PrivateKey.generate()))


def test_token_of_an_unknown_key_may_be_new():
    assert refusal(token(kid="k2")).may_be_new
    assert not refusal(token(exp=1)).may_be_new


@pytest.mark.parametrize("algorithm", ["HS256", "none"])
def test_token_of_another_algorithm_is_nobodys(algorithm):
    secret = "s" * 32 if algorithm == "HS256" else None

    assert refusal(token(secret, algorithm))


def test_session_that_ended_is_refused_although_its_token_was_checked_before():
    verifier, shown = Verifier(), Shown(token())
    verifier.caller(shown, known())

    with pytest.raises(UnverifiedError, match="has ended"):
        verifier.caller(shown, known(ended_sessions=frozenset({"s1"})))
    with pytest.raises(UnverifiedError, match="not there any more"):
        verifier.caller(shown, known(users={}))


def test_token_is_checked_once_while_the_keys_stay(monkeypatch):
    checked = []
    claims = verifying._claims
    monkeypatch.setattr(verifying, "_claims", lambda *given: checked.append(1) or claims(*given))
    verifier, shown = Verifier(), Shown(token())
    for _ in range(3):
        verifier.caller(shown, known())
    assert len(checked) == 1

    with pytest.raises(UnverifiedError):
        verifier.caller(shown, known(kid="k2"))


def test_remembered_token_ends_at_its_time(monkeypatch):
    verifier, shown = Verifier(), Shown(token())
    verifier.caller(shown, known())
    later = time.time() + 120
    monkeypatch.setattr(verifying.time, "time", lambda: later)
    for each in verifier._said.values():
        assert each.expires < later


def test_number_of_remembered_tokens_has_a_bound(monkeypatch):
    monkeypatch.setattr(verifying, "REMEMBERED", 3)
    verifier = Verifier()
    for number in range(5):
        verifier.caller(Shown(token(jti=str(number))), known())

    assert len(verifier._said) == 3


def test_key_has_what_both_its_scopes_and_its_user_have():
    found = caller(KEY)

    assert (found.scopes, found.key) == ({"chat"}, "abc")
    assert (found.tokens_per_minute, found.tokens_per_day) == (5, 9)


def test_key_that_has_expired_is_refused():
    keys = {digest: a_key(expires=1.0) for digest in known().keys}

    assert "expired" in str(refusal(KEY, keys=keys))


def test_key_of_a_user_who_may_not_come_in_is_refused():
    assert refusal(KEY, users={}).may_be_new


@given(st.text(st.characters(max_codepoint=126, min_codepoint=33), min_size=1, max_size=200))
def test_no_other_text_is_anybodys(text):
    assert refusal(text)
    assert refusal(f"ark_{text}")

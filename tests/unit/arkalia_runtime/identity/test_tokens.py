"""Whose a token is, and every way in which it can be another's or nobody's."""

import base64
import json
import time

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from arkalia_contract import identity
from arkalia_runtime.identity.refusals import SENTENCES, Reason, RefusedError
from arkalia_runtime.identity.tokens import (
    LEEWAY_SECONDS,
    LONGEST_TOKEN,
    REMEMBERED_TOKENS,
    OwnModule,
    Verifier,
    parse_trust,
    verify,
)
from arkalia_runtime.watched import Watched
from unit.arkalia_runtime.authority import (
    ISSUER,
    MODULE,
    NAMESPACE,
    SYSTEM,
    Cluster,
    mount,
    projected,
)

PLACE = OwnModule(NAMESPACE, SYSTEM, MODULE)
CLUSTER = Cluster()
OTHER = Cluster()
ELLIPTIC = Cluster(key=ec.generate_private_key(ec.SECP256R1()), algorithm="ES256")
TRUST = parse_trust(ISSUER, CLUSTER.trust()["keys_json"])

NAMES = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)


def reason(token, trust=TRUST, place=PLACE):
    with pytest.raises(RefusedError) as refused:
        verify(token, trust, place)
    return refused.value.reason


def unsigned(header, claims):
    parts = [header, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=") for p in parts]
    return b".".join([*encoded, b""]).decode()


def test_token_of_the_system_tells_who_shows_it():
    expires = int(time.time()) + 60

    verified = verify(CLUSTER.token("helloria", exp=expires), TRUST, PLACE)

    assert (verified.caller, verified.expires) == ("helloria", expires)


def test_tokens_may_be_signed_with_elliptic_curves():
    trust = parse_trust(ISSUER, ELLIPTIC.trust()["keys_json"])

    assert verify(ELLIPTIC.token("helloria"), trust, PLACE).caller == "helloria"


@given(NAMES)
def test_caller_is_what_stands_after_the_systems_name(caller):
    assert verify(CLUSTER.token(caller), TRUST, PLACE).caller == caller


@given(st.tuples(NAMES, NAMES, NAMES))
@settings(max_examples=50)
def test_token_is_refused_when_it_was_made_for_another_service(place):
    made_for = identity.audience(*place)
    if made_for == identity.audience(NAMESPACE, SYSTEM, MODULE):
        return

    assert reason(CLUSTER.token(aud=[made_for])) is Reason.AUDIENCE


@pytest.mark.parametrize(
    "audience",
    [
        "https://kubernetes.default.svc",
        f"arkalia/{NAMESPACE}/{SYSTEM}/{MODULE}/",
        f"arkalia/{NAMESPACE}/{SYSTEM}",
        f"ARKALIA/{NAMESPACE}/{SYSTEM}/{MODULE}",
        "*",
        "",
    ],
)
def test_audience_must_be_the_very_one(audience):
    assert reason(CLUSTER.token(aud=[audience])) is Reason.AUDIENCE


@pytest.mark.parametrize(
    "subject",
    [
        f"system:serviceaccount:team-b:{SYSTEM}-helloria",
        f"system:serviceaccount:{NAMESPACE}:sol-helloria",
        f"system:serviceaccount:{NAMESPACE}:{SYSTEM}helloria",
        f"system:serviceaccount:{NAMESPACE}:{SYSTEM}-",
        f"system:serviceaccount:{NAMESPACE}:{SYSTEM}",
        f"system:serviceaccount:{NAMESPACE}:default",
        f"x-system:serviceaccount:{NAMESPACE}:{SYSTEM}-helloria",
        "system:node:node-1",
        "helloria",
        "",
    ],
)
def test_token_is_refused_when_it_belongs_to_no_module_of_the_system(subject):
    assert reason(CLUSTER.token(sub=subject)) is Reason.SUBJECT


@given(NAMES, NAMES)
@settings(max_examples=50)
def test_token_of_another_namespace_or_system_is_refused(namespace, system):
    subject = identity.subject(namespace, system, "helloria")
    if subject.startswith(identity.subject(NAMESPACE, SYSTEM, "")):
        return

    assert reason(CLUSTER.token(sub=subject)) is Reason.SUBJECT


def test_token_is_refused_when_it_has_expired():
    now = int(time.time())

    assert reason(CLUSTER.token(exp=now - LEEWAY_SECONDS - 1)) is Reason.EXPIRED
    assert verify(CLUSTER.token(exp=now - LEEWAY_SECONDS + 2), TRUST, PLACE)


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_token_is_refused_before_its_time(claim):
    now = int(time.time())

    assert reason(CLUSTER.token(**{claim: now + LEEWAY_SECONDS + 2})) is Reason.NOT_YET_VALID
    assert verify(CLUSTER.token(**{claim: now + LEEWAY_SECONDS - 2}), TRUST, PLACE)


@pytest.mark.parametrize("issuer", ["https://elsewhere", f"{ISSUER}/", ""])
def test_token_is_refused_when_another_cluster_issued_it(issuer):
    assert reason(CLUSTER.token(iss=issuer)) is Reason.ISSUER


@pytest.mark.parametrize("claim", ["aud", "exp", "iat", "iss", "sub"])
def test_token_is_refused_when_a_claim_is_missing(claim):
    assert reason(CLUSTER.token(**{claim: None})) is Reason.CLAIMS


@pytest.mark.parametrize(
    "bound", [None, {}, {"namespace": NAMESPACE}, {"pod": None}, {"pod": {}}, "pod", ["pod"]]
)
def test_token_is_refused_when_it_is_bound_to_no_pod(bound):
    assert reason(CLUSTER.token(**{"kubernetes.io": bound})) is Reason.CLAIMS


@pytest.mark.parametrize(
    "claim", [{"exp": "soon"}, {"exp": [1]}, {"iat": "now"}, {"sub": 7}, {"iss": [ISSUER]}]
)
def test_token_is_refused_when_a_claim_has_no_usable_form(claim):
    claims = projected() | claim
    token = jwt.PyJWS().encode(
        json.dumps(claims).encode(), CLUSTER.key, "RS256", {"kid": CLUSTER.key_id}
    )

    assert reason(token) in {Reason.CLAIMS, Reason.ISSUER, Reason.MALFORMED}


def test_token_is_refused_when_its_key_is_not_published():
    assert reason(OTHER.token()) is Reason.UNKNOWN_KEY


def test_token_is_refused_when_it_names_no_key():
    token = jwt.encode(projected(), CLUSTER.key, "RS256")

    assert reason(token) is Reason.UNKNOWN_KEY


def test_token_is_refused_when_it_names_a_key_that_did_not_sign_it():
    assert reason(OTHER.signed(projected(), kid=CLUSTER.key_id)) is Reason.SIGNATURE


@given(st.data())
@settings(max_examples=60)
def test_token_is_refused_when_any_character_of_it_is_changed(data):
    token = CLUSTER.token()
    place = data.draw(st.integers(0, len(token) - 1))
    # The last character of each part holds bits that mean nothing: not every change is a change.
    if place + 1 == len(token) or token[place + 1] == ".":
        return
    other = data.draw(st.sampled_from("AQgw.").filter(lambda sign: sign != token[place]))

    changed = token[:place] + other + token[place + 1 :]

    assert reason(changed) in set(Reason) - {Reason.MISSING, Reason.UNVERIFIABLE}


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None])
def test_unsigned_token_is_refused(algorithm):
    token = unsigned({"alg": algorithm, "kid": CLUSTER.key_id}, projected())

    assert reason(token) in {Reason.ALGORITHM, Reason.MALFORMED}


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_public_key_is_not_taken_for_a_shared_secret(algorithm):
    public = CLUSTER.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    signer = jwt.get_algorithm_by_name(algorithm)
    header = {"alg": algorithm, "kid": CLUSTER.key_id, "typ": "JWT"}
    head_and_claims = unsigned(header, projected()).removesuffix(".")
    signature = signer.sign(head_and_claims.encode(), public)
    encoded = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()

    assert reason(f"{head_and_claims}.{encoded}") is Reason.ALGORITHM


def test_algorithm_must_be_that_of_the_key():
    header = {"alg": "RS512", "kid": CLUSTER.key_id}
    token = jwt.encode(projected(), CLUSTER.key, "RS512", header)

    assert reason(token) is Reason.ALGORITHM


def test_shared_secret_among_the_published_keys_verifies_nothing():
    secret = b"0123456789abcdef0123456789abcdef"
    encoded = base64.urlsafe_b64encode(secret).rstrip(b"=").decode()
    shared = {"kty": "oct", "k": encoded, "kid": "shared", "alg": "HS256"}
    trust = parse_trust(ISSUER, json.dumps({"keys": [shared, CLUSTER.jwk]}))

    token = jwt.encode(projected(), secret, "HS256", {"kid": "shared"})

    assert reason(token, trust) is Reason.ALGORITHM
    assert list(trust.keys) == [CLUSTER.key_id]


@pytest.mark.parametrize("header", [{"jwk": CLUSTER.jwk}, {"jku": "https://elsewhere/keys.json"}])
def test_key_that_the_token_brings_along_is_not_used(header):
    token = jwt.encode(projected(), OTHER.key, "RS256", {"kid": CLUSTER.key_id, **header})

    assert reason(token) is Reason.SIGNATURE


@given(st.text(max_size=200))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_text_is_refused_when_it_is_no_token(text):
    assert reason(text) is Reason.MALFORMED


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_header_is_refused_when_it_is_not_that_of_a_token(header):
    assert reason(unsigned(header, projected())) in {Reason.MALFORMED, Reason.ALGORITHM}


def test_header_is_refused_when_it_is_nested_without_end():
    nested = base64.urlsafe_b64encode(b'{"a":' + b"[" * 8000).rstrip(b"=").decode()

    assert reason(f"{nested}.e30.e30") is Reason.MALFORMED


def test_token_is_refused_unread_when_it_is_longer_than_any():
    assert reason(CLUSTER.token(padding="x" * LONGEST_TOKEN)) is Reason.MALFORMED


@pytest.mark.parametrize(
    "keys", ["", "[]", "{}", '{"keys": []}', '{"keys": [{"kty": "RSA"}]}', '{"keys": {}}', "null"]
)
def test_trust_is_refused_when_it_holds_no_usable_key(keys):
    with pytest.raises(ValueError, match=r"."):
        parse_trust(ISSUER, keys)


def test_sentences_leak_nothing_that_the_sender_did_not_know():
    said = " ".join(SENTENCES.values())

    assert set(SENTENCES) == set(Reason)
    for inside in (ISSUER, SYSTEM, NAMESPACE, MODULE, CLUSTER.key_id, "arkalia/"):
        assert inside not in said


class TestVerifier:
    """The same with files that are replaced, and with a memory."""

    @pytest.fixture
    def folder(self, tmp_path):
        mount(tmp_path, **CLUSTER.trust())
        return tmp_path

    def verifier(self, folder, look_seconds=0.0):
        paths = folder / "issuer", folder / "keys.json"
        read = lambda: parse_trust(*(path.read_text() for path in paths))  # noqa: E731
        return Verifier(PLACE, Watched(paths, read, look_seconds))

    def refused(self, verifier, token):
        with pytest.raises(RefusedError) as refused:
            verifier.verified(token)
        return refused.value.reason

    def test_token_of_a_new_key_is_good_as_soon_as_the_key_is_published(self, folder):
        verifier = self.verifier(folder, look_seconds=3600)
        verifier.verified(CLUSTER.token())
        assert self.refused(verifier, OTHER.token()) is Reason.UNKNOWN_KEY

        mount(folder, **CLUSTER.trust(OTHER))

        assert verifier.verified(OTHER.token()).caller == "helloria"
        assert verifier.verified(CLUSTER.token()).caller == "helloria"

    def test_known_token_is_refused_when_its_key_is_withdrawn(self, folder):
        verifier, token = self.verifier(folder), CLUSTER.token()
        verifier.verified(token)

        mount(folder, **OTHER.trust())

        assert self.refused(verifier, token) is Reason.UNKNOWN_KEY

    def test_known_token_is_refused_when_it_expires(self, folder, monkeypatch):
        verifier, token = self.verifier(folder), CLUSTER.token(exp=int(time.time()) + 60)
        verifier.verified(token)
        later = time.time() + 60 + LEEWAY_SECONDS + 1
        with monkeypatch.context() as patched:
            patched.setattr("arkalia_runtime.identity.tokens.time.time", lambda: later)
            patched.setattr("arkalia_runtime.identity.tokens.verify", lambda *_: "again")

            assert verifier.verified(token) == "again"

    def test_known_token_is_not_verified_again(self, folder, monkeypatch):
        verifier, token = self.verifier(folder), CLUSTER.token()
        first = verifier.verified(token)
        monkeypatch.setattr("arkalia_runtime.identity.tokens.verify", pytest.fail)

        assert verifier.verified(token) is first

    def test_memory_has_a_bound(self, folder, monkeypatch):
        verifier = self.verifier(folder, look_seconds=3600)
        known = verifier.verified(CLUSTER.token())
        monkeypatch.setattr("arkalia_runtime.identity.tokens.verify", lambda *_: known)

        for number in range(REMEMBERED_TOKENS + 10):
            verifier.verified(f"token {number}")

        assert len(verifier._known) == REMEMBERED_TOKENS

    def test_refused_tokens_are_not_remembered(self, folder):
        verifier = self.verifier(folder)

        for number in range(10):
            self.refused(verifier, f"token {number}")

        assert verifier._known == {}

    def test_nobody_is_let_in_when_the_keys_cannot_be_read(self, tmp_path):
        assert self.refused(self.verifier(tmp_path), CLUSTER.token()) is Reason.UNVERIFIABLE

    def test_keys_are_kept_when_the_next_ones_cannot_be_used(self, folder):
        verifier = self.verifier(folder)
        verifier.verified(CLUSTER.token())

        mount(folder, issuer=ISSUER, keys_json="{}")

        assert verifier.verified(CLUSTER.token()).caller == "helloria"

"""A view, as it is read."""

import orjson
import pytest

from arkalia_helloria.access.known import Known

VIEW = {
    "version": 3,
    "digest_key": "00ff",
    "audience": "arkalia/a/b",
    "signing_keys": [
        {"kty": "OKP", "crv": "Ed25519", "x": "A" * 43, "kid": "k1", "alg": "EdDSA"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "k2", "alg": "HS256"},
    ],
    "roles": {"user": ["chat"]},
    "users": [{"id": "u1", "name": "ada", "roles": ["user"], "scopes": ["chat"]}],
    "keys": [],
    "ended_sessions": ["s1"],
}


def test_view_is_looked_up_by_id():
    known = Known.parse(orjson.dumps(VIEW))

    assert (known.version, known.digest_key) == (3, b"\x00\xff")
    assert (known.users["u1"].name, known.ended_sessions) == ("ada", {"s1"})


def test_key_of_another_kind_signs_nothing():
    assert Known.parse(orjson.dumps(VIEW)).signing_keys.keys() == {"k1"}


NO_KEY = {"kty": "OKP", "crv": "Ed25519", "x": "short", "kid": "k1"}
WRONG = [{"users": [1]}, {"signing_keys": [NO_KEY]}, {"signing_keys": [{"kty": "?"}]}]


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", *(orjson.dumps(VIEW | each) for each in WRONG)]
)
def test_what_is_no_view_is_refused(text):
    with pytest.raises(ValueError, match=r".+"):
        Known.parse(text)


def test_digest_key_does_not_show_itself():
    digest_key = "c0ffee" * 4
    known = Known.parse(orjson.dumps(VIEW | {"digest_key": digest_key}))

    assert repr(known.digest_key) not in repr(known)
    assert digest_key not in repr(known)

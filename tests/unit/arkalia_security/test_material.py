"""The service's own secret: one key for each purpose, and what is sealed opens only in its place."""

import pytest

from arkalia_runtime.problems import Problem
from arkalia_security.material import Material, Secret, UnsealableError, digest
from arkalia_security.settings import SecuritySettings

MATERIAL = Material.of(b"s" * 32)


def test_each_purpose_has_a_key_of_its_own():
    keys = {
        MATERIAL.api_keys,
        MATERIAL.refreshing,
        MATERIAL.recovering,
        MATERIAL.first_credential,
        MATERIAL._sealing,
    }

    assert {len(each) for each in keys} == {32}
    assert len(keys) == 5


def test_same_secret_leads_to_the_same_keys_and_another_to_others():
    assert Material.of(b"s" * 32) == MATERIAL
    assert Material.of(b"t" * 32).api_keys != MATERIAL.api_keys


def test_short_secret_is_none():
    with pytest.raises(ValueError, match="at least 32"):
        Material.of(b"s" * 31)


def test_what_was_sealed_opens_in_its_place_alone():
    sealed = MATERIAL.seal(b"plain", "here")

    assert MATERIAL.open(sealed, "here") == b"plain"
    assert MATERIAL.seal(b"plain", "here") != sealed
    with pytest.raises(UnsealableError):
        MATERIAL.open(sealed, "there")
    with pytest.raises(UnsealableError):
        MATERIAL.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "here")
    with pytest.raises(UnsealableError):
        Material.of(b"t" * 32).open(sealed, "here")


def test_keys_do_not_show_themselves():
    assert repr(MATERIAL.api_keys) not in repr(MATERIAL)


def test_digest_depends_on_key_and_text():
    assert len({digest(b"k", "a"), digest(b"k", "b"), digest(b"l", "a")}) == 3


def test_missing_secret_is_a_problem_of_the_moment(tmp_path):
    with pytest.raises(Problem) as caught:
        Secret(SecuritySettings(key_folder=tmp_path, look_seconds=0)).current()

    assert caught.value.status_code == 503

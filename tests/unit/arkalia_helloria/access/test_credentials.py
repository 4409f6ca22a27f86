"""What headers show."""

import pytest

from arkalia_helloria.access.credentials import Shown, UnreadableError, shown


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, None),
        ({"authorization": "Bearer abc"}, Shown("abc")),
        ({"authorization": "bearer  abc "}, Shown("abc")),
        ({"x-api-key": "ark_a_b"}, Shown("ark_a_b")),
    ],
)
def test_credential_is_found_in_its_header(said, expected):
    assert shown(said) == expected


@pytest.mark.parametrize(
    "said",
    [
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": ""},
        {"authorization": "Basic abc"},
        {"authorization": "Bearer é"},
        {"authorization": "Bearer " + "x" * 8193},
        {"x-api-key": ""},
        {"authorization": "Bearer a", "x-api-key": "a"},
    ],
)
def test_what_is_no_credential_is_refused(said):
    with pytest.raises(UnreadableError):
        shown(said)


def test_key_is_told_from_a_token():
    assert (Shown("ark_a_b").is_key, Shown("eyJ.a.b").is_key) == (True, False)


def test_credential_does_not_show_itself():
    assert "secret" not in repr(Shown("secret"))

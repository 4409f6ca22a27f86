"""Users and keys, as they are shown."""

import pytest

from arkalia_cli.views import accounts
from unit.arkalia_cli.rendering import rendered

NOW = "2026-11-27T12:00:00Z"


@pytest.mark.parametrize(
    ("expires_at", "revoked_at", "state"),
    [
        (None, None, "in use"),
        ("2026-11-27T12:00:01Z", None, "expires 2026-11-27"),
        ("2026-11-27T12:00:00+00:00", None, "expired 2026-11-27"),
        ("2020-01-01T00:00:00Z", "2019-05-01T00:00:00Z", "revoked 2019-05-01"),
    ],
)
def test_key_is_shown_with_what_became_of_it(expires_at, revoked_at, state):
    key = {"id": "a", "name": "b", "scopes": [], "expires_at": expires_at, "revoked_at": revoked_at}

    assert state in rendered(accounts.keys([key], NOW))

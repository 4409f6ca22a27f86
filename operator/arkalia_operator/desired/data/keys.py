"""Keys of the Secret of a data service, and of the Secrets that modules get."""

from __future__ import annotations

from typing import Final

HOST: Final = "host"
PORT: Final = "port"
DATABASE: Final = "database"
USERNAME: Final = "username"
PASSWORD: Final = "password"  # noqa: S105 - the name of a key
ACCOUNTS: Final = "accounts.json"
"""The passwords of all modules, as JSON: by account, its logins."""
USERS: Final = "users.acl"
"""The file of users from which a builtin Redis starts."""
PROVISION: Final = "provision-"
"""Begin of the key of what must be applied; the rest is its digest."""
GIVEN: Final = "given.json"
"""In a module's Secret: which login it holds of each data service. Not mounted."""

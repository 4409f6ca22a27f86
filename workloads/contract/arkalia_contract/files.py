"""Files and folders that the operator mounts into every module.

All but the settings change while a service runs. The kubelet replaces a whole folder at once by
turning a symbolic link: what tells a new file is its inode behind the link, not a write to it.
"""

from typing import Final

SETTINGS_FOLDER: Final = "/etc/arkalia"
SETTINGS_KEY: Final = "settings.toml"
SETTINGS: Final = f"{SETTINGS_FOLDER}/{SETTINGS_KEY}"
"""Optional settings of the module, rendered from `spec.modules.<name>.config`. Read once, at start:
other settings make new pods."""

TLS_FOLDER: Final = f"{SETTINGS_FOLDER}/tls"
CERTIFICATE_KEY: Final = "tls.crt"
CERTIFICATE: Final = f"{TLS_FOLDER}/{CERTIFICATE_KEY}"
"""The module's certificate, PEM. There only if the component serves HTTPS."""
PRIVATE_KEY_KEY: Final = "tls.key"
PRIVATE_KEY: Final = f"{TLS_FOLDER}/{PRIVATE_KEY_KEY}"
"""Its private key, PEM."""

TRUST_FOLDER: Final = f"{SETTINGS_FOLDER}/trust"
AUTHORITY_KEY: Final = "ca.crt"
AUTHORITY: Final = f"{TRUST_FOLDER}/{AUTHORITY_KEY}"
"""Certificates of the authorities to trust, PEM: one, or two while one follows another."""
ISSUER_KEY: Final = "issuer"
ISSUER: Final = f"{TRUST_FOLDER}/{ISSUER_KEY}"
"""`iss` of the cluster's tokens: one line, no line end."""
KEYS_KEY: Final = "keys.json"
KEYS: Final = f"{TRUST_FOLDER}/{KEYS_KEY}"
"""Public keys of that issuer: a JSON Web Key Set (RFC 7517)."""

OUTSIDE_FOLDER: Final = f"{SETTINGS_FOLDER}/outside"
OUTSIDE_AUTHORITIES_KEY: Final = "ca.crt"
OUTSIDE_AUTHORITIES: Final = f"{OUTSIDE_FOLDER}/{OUTSIDE_AUTHORITIES_KEY}"
"""Certificates of the authorities to trust outside the cluster, PEM. There only if the system names
some (`spec.network.caBundle`)."""

IDENTITY_FOLDER: Final = f"{SETTINGS_FOLDER}/identity"
CALLERS_KEY: Final = "callers.json"
CALLERS: Final = f"{IDENTITY_FOLDER}/{CALLERS_KEY}"
"""Who may call this module: `{"<caller>": ["/path", "/below/*"]}`, see `identity.PATTERN_END`. A
caller is a module of the system by its name, or another ServiceAccount by its whole subject
(`system:serviceaccount:<namespace>:<name>`): so the operator may be named for `/control/actions`."""
CALLEES_KEY: Final = "callees.json"
CALLEES: Final = f"{IDENTITY_FOLDER}/{CALLEES_KEY}"
"""Whom this module may call: `{"<callee>": "<base URL>"}`, scheme and port as the callee has them.
One token lies in TOKENS_FOLDER for each."""

OPENID_KEY: Final = "openid.json"
OPENID: Final = f"{IDENTITY_FOLDER}/{OPENID_KEY}"
"""In a public module: an `access.OpenIdProvider`, or `null` where the system names none."""

ROUTES_KEY: Final = "routes.json"
ROUTES: Final = f"{IDENTITY_FOLDER}/{ROUTES_KEY}"
"""What a public module publishes of the others, by module: `{"<module>": {"address": "<base URL>",
"pods": "<name that stands for the address of each ready pod>", "routes": [...]}}`. A route is
`{"path": "/tasks/{id}", "methods": ["GET"], "scopes": [], "requests_per_second": null,
"answer_seconds": null, "alias": []}`, as the module's description has it."""
CORS_KEY: Final = "cors.json"
CORS: Final = f"{IDENTITY_FOLDER}/{CORS_KEY}"
"""Which pages may read the answers of a public module in a browser: a list of origins, `*` for all."""

TOKENS_FOLDER: Final = "/var/run/arkalia/tokens"
"""One token for each callee, in a file of its name. There only if the module calls another."""

DATA_FOLDER: Final = f"{SETTINGS_FOLDER}/data"
"""How to reach the module's data services: one file for each that it needs (see `data`). Read again
for every new connection: rotated credentials make no new pods."""
POSTGRESQL_KEY: Final = "postgresql.json"
POSTGRESQL: Final = f"{DATA_FOLDER}/{POSTGRESQL_KEY}"
"""A `data.PostgresqlAccess`. A migration Job finds the role of the migrations in it."""
REDIS_QUEUE_KEY: Final = "redis-queue.json"
"""A `data.RedisAccess` to the Redis that loses nothing."""
REDIS_CACHE_KEY: Final = "redis-cache.json"
"""A `data.RedisAccess` to the Redis that may forget."""

KEY_FOLDER: Final = f"{SETTINGS_FOLDER}/key"
KEY_KEY: Final = "key"
KEY: Final = f"{KEY_FOLDER}/{KEY_KEY}"
"""A secret of the module's own: 256 bits by chance, as text. It is made once and kept as long as the
module's data, which may be unreadable without it. There only if the module needs one."""

ADMIN_FOLDER: Final = f"{SETTINGS_FOLDER}/admin"
ADMIN_USERNAME_KEY: Final = "username"
ADMIN_PASSWORD_KEY: Final = "password"  # noqa: S105 - a name
"""The first administrator's name and password, each in a file. There only in the module that keeps
the users of a system."""

LLM_FOLDER: Final = f"{SETTINGS_FOLDER}/llm"
LLM_KEY: Final = "llm.json"
LLM: Final = f"{LLM_FOLDER}/{LLM_KEY}"
"""A `llm.LlmAccess`: which language models the system has. There only if the module needs them. Read
again whenever it changes."""
LLM_KEYS_FOLDER: Final = f"{LLM_FOLDER}/keys"
"""The API key of each back end that asks for one, in a file of the back end's name."""

SCRATCH_FOLDER: Final = "/tmp"  # noqa: S108 - a private emptyDir of the pod, not the node's /tmp
"""The only writable folder of a container: its root file system is read-only."""

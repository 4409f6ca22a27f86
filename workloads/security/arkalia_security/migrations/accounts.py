"""Users, roles, keys, sessions and their signing keys, second factors, and failed tries."""

from alembic import op

revision = "security_0001"
down_revision = None
version = "0.1.0"

FORWARD = (
    """
    CREATE TABLE users (
        id text PRIMARY KEY,
        name text NOT NULL UNIQUE,
        roles text[] NOT NULL,
        disabled boolean NOT NULL DEFAULT false,
        password text,
        totp bytea,
        totp_confirmed boolean NOT NULL DEFAULT false,
        totp_step bigint NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE roles (
        name text PRIMARY KEY,
        scopes text[] NOT NULL
    )
    """,
    """
    CREATE TABLE api_keys (
        id text PRIMARY KEY,
        user_id text NOT NULL REFERENCES users ON DELETE CASCADE,
        name text NOT NULL,
        digest bytea NOT NULL UNIQUE,
        scopes text[] NOT NULL,
        tokens_per_minute integer,
        tokens_per_day integer,
        created_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz,
        revoked_at timestamptz
    )
    """,
    "CREATE INDEX api_keys_of_user ON api_keys (user_id)",
    """
    CREATE TABLE sessions (
        id text PRIMARY KEY,
        user_id text NOT NULL REFERENCES users ON DELETE CASCADE,
        nonce bytea NOT NULL,
        generation integer NOT NULL DEFAULT 0,
        client text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        refreshed_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        ended_at timestamptz
    )
    """,
    "CREATE INDEX sessions_of_user ON sessions (user_id)",
    "CREATE INDEX sessions_ended ON sessions (ended_at) WHERE ended_at IS NOT NULL",
    """
    CREATE TABLE signing_keys (
        id text PRIMARY KEY,
        published jsonb NOT NULL,
        sealed bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE recovery_codes (
        user_id text NOT NULL REFERENCES users ON DELETE CASCADE,
        digest bytea NOT NULL,
        PRIMARY KEY (user_id, digest)
    )
    """,
    """
    CREATE TABLE attempts (
        subject text PRIMARY KEY,
        failures integer NOT NULL,
        last_at timestamptz NOT NULL,
        waits_until timestamptz NOT NULL
    )
    """,
    "CREATE INDEX attempts_old ON attempts (last_at)",
    """
    CREATE TABLE versions (
        alone boolean PRIMARY KEY DEFAULT true CHECK (alone),
        version bigint NOT NULL,
        first_credential bytea
    )
    """,
    "INSERT INTO versions (version) VALUES (1)",
    """
    INSERT INTO roles (name, scopes) VALUES
        ('administrator', ARRAY['*']),
        ('user', ARRAY['chat*', 'model:*'])
    """,
)

TABLES = (
    "versions",
    "attempts",
    "recovery_codes",
    "signing_keys",
    "sessions",
    "api_keys",
    "roles",
    "users",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in FORWARD:
        op.execute(statement)


def downgrade() -> None:
    """Remove them."""
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")

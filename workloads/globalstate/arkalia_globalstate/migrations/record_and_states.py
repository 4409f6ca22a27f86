"""The record and the shared state.

The record's own numbers are given under the lock of the one row of `record_head`, as those of an
outbox are: without gaps, in the order of the commits. Nobody changes or removes what is recorded.
"""

from alembic import op

revision = "globalstate_0001"
down_revision = None
version = "0.1.0"

FORWARD = (
    """
    CREATE TABLE record_head (
        single boolean PRIMARY KEY DEFAULT true CHECK (single),
        sequence bigint NOT NULL
    )
    """,
    "INSERT INTO record_head VALUES (true, 0)",
    """
    CREATE TABLE record (
        sequence bigint PRIMARY KEY,
        source text NOT NULL,
        source_sequence bigint NOT NULL,
        id text NOT NULL,
        type text NOT NULL,
        schema_version integer NOT NULL,
        stream text NOT NULL,
        time timestamptz NOT NULL,
        data json NOT NULL,
        traceparent text NOT NULL,
        size integer NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        UNIQUE (source, source_sequence)
    )
    """,
    "CREATE INDEX record_of_type ON record (type, sequence)",
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'the record is only added to' USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    """
    CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON record
        FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
    """,
    "CREATE SEQUENCE state_revisions",
    """
    CREATE TABLE states (
        key text PRIMARY KEY,
        revision bigint NOT NULL,
        value json NOT NULL,
        changed_at timestamptz NOT NULL,
        changed_by text NOT NULL
    )
    """,
)
BACK = (
    "DROP TABLE states",
    "DROP SEQUENCE state_revisions",
    "DROP TABLE record",
    "DROP FUNCTION refuse_change",
    "DROP TABLE record_head",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in FORWARD:
        op.execute(statement)


def downgrade() -> None:
    """Remove them, with all that is recorded."""
    for statement in BACK:
        op.execute(statement)

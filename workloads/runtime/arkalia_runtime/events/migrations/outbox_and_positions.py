"""The events ground of every module: what it has to tell, and how far it has read.

An event is inserted without a number. PostgreSQL numbers it when its transaction commits, as the
last thing, under the lock of the one row of `outbox_head`: so numbers have no gaps, their order is
the order of the commits, and who has seen a number has seen all before it. The lock is held for
the length of a commit only, and nobody waits for another lock while holding it.
"""

from alembic import op

revision = "events_0001"
down_revision = None
version = "0.1.0"

FORWARD = (
    """
    CREATE TABLE outbox (
        id uuid PRIMARY KEY,
        sequence bigint UNIQUE,
        type text NOT NULL,
        schema_version integer NOT NULL,
        stream text NOT NULL,
        time timestamptz NOT NULL,
        data json NOT NULL,
        traceparent text NOT NULL,
        size integer NOT NULL
    )
    """,
    """
    CREATE TABLE outbox_head (
        single boolean PRIMARY KEY DEFAULT true CHECK (single),
        sequence bigint NOT NULL,
        confirmed bigint NOT NULL,
        confirmed_at timestamptz,
        capacity bigint NOT NULL
    )
    """,
    "INSERT INTO outbox_head VALUES (true, 0, 0, NULL, 1000000)",
    """
    CREATE FUNCTION number_event() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
    DECLARE
        head outbox_head;
    BEGIN
        UPDATE outbox_head SET sequence = sequence + 1 RETURNING * INTO head;
        IF head.sequence - head.confirmed > head.capacity THEN
            RAISE EXCEPTION 'The outbox is full: % events wait for the record', head.capacity
                USING ERRCODE = 'configuration_limit_exceeded';
        END IF;
        UPDATE outbox SET sequence = head.sequence WHERE id = NEW.id;
        RETURN NULL;
    END $$
    """,
    """
    CREATE CONSTRAINT TRIGGER number_event AFTER INSERT ON outbox
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION number_event()
    """,
    """
    CREATE TABLE positions (
        reader text PRIMARY KEY,
        sequence bigint NOT NULL,
        moved_at timestamptz NOT NULL DEFAULT now()
    )
    """,
    """
    CREATE TABLE parked_events (
        reader text NOT NULL,
        sequence bigint NOT NULL,
        stream text NOT NULL,
        event json NOT NULL,
        error text NOT NULL,
        tries integer NOT NULL,
        parked_at timestamptz NOT NULL DEFAULT now(),
        due_at timestamptz NOT NULL,
        PRIMARY KEY (reader, sequence)
    )
    """,
)
BACK = (
    "DROP TABLE parked_events",
    "DROP TABLE positions",
    "DROP TABLE outbox",
    "DROP FUNCTION number_event",
    "DROP TABLE outbox_head",
)


def upgrade() -> None:
    """Make the tables."""
    for statement in FORWARD:
        op.execute(statement)


def downgrade() -> None:
    """Remove them, with all that was not read yet."""
    for statement in BACK:
        op.execute(statement)

"""The tasks, and when the scheduler last started each entry of its schedule."""

from alembic import op

revision = "taskia_0001"
down_revision = None
version = "0.1.0"

FORWARD = (
    """
    CREATE TABLE tasks (
        id uuid PRIMARY KEY,
        kind text NOT NULL,
        arguments jsonb NOT NULL,
        queue text NOT NULL,
        state text NOT NULL CHECK
            (state IN ('waiting', 'sent', 'running', 'succeeded', 'failed', 'cancelled')),
        caller text NOT NULL,
        idempotency_key text,
        runs integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL DEFAULT now(),
        sent_at timestamptz,
        started_at timestamptz,
        ended_at timestamptz,
        result jsonb,
        error text,
        UNIQUE (caller, idempotency_key)
    )
    """,
    "CREATE INDEX tasks_open ON tasks (state, queue) WHERE state IN ('waiting', 'sent', 'running')",
    "CREATE INDEX tasks_ended ON tasks (ended_at) WHERE ended_at IS NOT NULL",
    """
    CREATE TABLE schedule (
        entry text PRIMARY KEY,
        last_run_at timestamptz NOT NULL
    )
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in FORWARD:
        op.execute(statement)


def downgrade() -> None:
    """Remove them."""
    op.execute("DROP TABLE schedule")
    op.execute("DROP TABLE tasks")

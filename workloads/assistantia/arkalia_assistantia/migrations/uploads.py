"""What each user has uploaded."""

from alembic import op

revision = "assistantia_0002"
down_revision = "assistantia_0001"
version = "0.1.0"

FORWARD = (
    """
    CREATE TABLE uploads (
        owner text NOT NULL,
        id text COLLATE "C" NOT NULL,
        name text NOT NULL,
        media_type text NOT NULL,
        bytes integer NOT NULL,
        text text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (owner, id)
    )
    """,
    "CREATE INDEX uploads_oldest ON uploads (created_at)",
)


def upgrade() -> None:
    """Make the table."""
    for statement in FORWARD:
        op.execute(statement)


def downgrade() -> None:
    """Remove it."""
    op.execute("DROP TABLE uploads")

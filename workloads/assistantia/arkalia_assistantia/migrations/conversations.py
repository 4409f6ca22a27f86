"""The conversations of each user, and what was said in them."""

from alembic import op

revision = "assistantia_0001"
down_revision = None
version = "0.1.0"

FORWARD = (
    """
    CREATE TABLE conversations (
        owner text NOT NULL,
        id text NOT NULL,
        title text NOT NULL,
        messages integer NOT NULL,
        characters bigint NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (owner, id)
    )
    """,
    "CREATE INDEX conversations_newest ON conversations (owner, updated_at, id)",
    "CREATE INDEX conversations_oldest ON conversations (updated_at)",
    """
    CREATE TABLE messages (
        owner text NOT NULL,
        conversation text NOT NULL,
        position integer NOT NULL,
        id text NOT NULL,
        role text NOT NULL,
        text text NOT NULL,
        model text,
        backend text,
        finish_reason text,
        score double precision,
        verdict text,
        prompt_tokens integer,
        completion_tokens integer,
        created_at timestamptz NOT NULL,
        PRIMARY KEY (owner, conversation, position),
        FOREIGN KEY (owner, conversation) REFERENCES conversations ON DELETE CASCADE
    )
    """,
)


def upgrade() -> None:
    """Make the tables."""
    for statement in FORWARD:
        op.execute(statement)


def downgrade() -> None:
    """Remove them."""
    op.execute("DROP TABLE messages")
    op.execute("DROP TABLE conversations")

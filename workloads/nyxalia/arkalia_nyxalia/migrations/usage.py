"""How often each type of event happened, hour by hour."""

from alembic import op

revision = "nyxalia_0001"
down_revision = None
version = "0.1.0"


def upgrade() -> None:
    """Make the table."""
    op.execute(
        """
        CREATE TABLE usage (
            type text NOT NULL,
            hour timestamptz NOT NULL,
            events bigint NOT NULL,
            PRIMARY KEY (hour, type)
        )
        """
    )


def downgrade() -> None:
    """Remove it."""
    op.execute("DROP TABLE usage")

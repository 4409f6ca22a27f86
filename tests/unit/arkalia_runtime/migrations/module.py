"""Writes revisions of a module that exists for a test only."""

from pathlib import Path

REVISION = '''"""A step of a test."""

from alembic import op

revision = "{name}"
down_revision = {parent!r}
version = "{version}"


def upgrade() -> None:
    """Forward."""
    op.execute("""{forward}""")


def downgrade() -> None:
    """Back."""
    op.execute("""{back}""")
'''


def write(folder: Path, *steps: tuple[str, str, str, str]) -> Path:
    """A line of *steps*: name, version, SQL forward, SQL back."""
    folder.mkdir(parents=True, exist_ok=True)
    parent = None
    for name, version, forward, back in steps:
        text = REVISION.format(
            name=name, parent=parent, version=version, forward=forward, back=back
        )
        (folder / f"{name}.py").write_text(text)
        parent = name
    return folder


TABLE = ("facts_0001", "0.1.0", "CREATE TABLE facts (text text)", "DROP TABLE facts")
COLUMN = (
    "facts_0002",
    "0.2.0",
    "ALTER TABLE facts ADD number int NOT NULL DEFAULT 7",
    "ALTER TABLE facts DROP number",
)
INDEX = ("facts_0003", "0.3.0", "CREATE INDEX by_number ON facts (number)", "DROP INDEX by_number")
WRONG = ("facts_0004", "0.4.0", "ALTER TABLE facts ADD more int; SELECT 1 / 0", "SELECT 1")

"""Whatever a name or text holds, SQL reads it as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_operator.desired.data.quoting import identifier, literal

STORABLE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
NAMES = STORABLE.filter(lambda name: 0 < len(name.encode()) <= 63)
BY_HAND = {
    "it's": "'it''s'",
    "a\\b": "E'a\\\\b'",
    "'; DROP": "'''; DROP'",
    "$do$": "'$do$'",
    "\\'": "E'\\\\'''",
    "": "''",
}


@pytest.mark.parametrize(("text", "written"), BY_HAND.items())
def test_text_is_quoted_as_sql_does(text, written):
    assert literal(text) == written


def test_name_is_quoted_as_sql_does():
    assert identifier('a"b') == '"a""b"'


@pytest.mark.parametrize("name", ["", "é" * 32, "x" * 64])
def test_name_that_postgresql_would_cut_off_is_refused(name):
    with pytest.raises(ValueError, match="between 1 and 63 bytes"):
        identifier(name)


@pytest.mark.parametrize("quoted", [identifier, literal])
def test_character_that_postgresql_cannot_hold_is_refused(quoted):
    with pytest.raises(ValueError, match="NUL"):
        quoted("a\0b")


@pytest.fixture(scope="module")
def connection(postgresql):
    with postgresql.connected() as connection:
        yield connection


@pytest.mark.parametrize("conforming", ["on", "off"])
def test_postgresql_reads_every_text_and_name_as_it_is(connection, conforming):
    connection.execute(f"SET standard_conforming_strings = {conforming}")

    @given(STORABLE, NAMES)
    def reads(text, name):
        cursor = connection.execute(f"SELECT {literal(text)} AS {identifier(name)}")

        assert cursor.fetchone() == (text,)
        assert cursor.description[0].name == name

    reads()

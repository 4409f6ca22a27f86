"""What is taken for a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_assistantia.uploads.reading import LONGEST_NAME, UnreadableError, name_of, read

TAKEN = ("text/plain", "text/markdown", "application/json", "application/yaml")


@pytest.mark.parametrize(
    ("name", "declared", "media_type"),
    [
        ("notes.txt", "text/plain; charset=utf-8", "text/plain"),
        ("notes", "TEXT/Plain", "text/plain"),
        ("notes.md", "", "text/markdown"),
        ("notes.MD", "application/octet-stream", "text/markdown"),
        ("pods.yaml", "", "application/yaml"),
        ("pods.yml", "application/octet-stream", "application/yaml"),
        ("pods.json", "", "application/json"),
        ("today.log", "", "text/plain"),
        ("pods.yaml", "application/x-yaml", "application/yaml"),
        ("pods.yaml", "text/yaml", "application/yaml"),
        ("notes.md", "text/x-markdown", "text/markdown"),
    ],
)
def test_type_is_what_the_client_says_or_else_what_the_name_ends_with(name, declared, media_type):
    found = read(name, declared, b"{}", TAKEN)

    assert (found.name, found.media_type, found.content, found.size) == (name, media_type, "{}", 2)


@pytest.mark.parametrize(
    ("name", "declared", "told"),
    [
        ("cat.png", "", "image/png"),
        ("page.md", "application/pdf", "application/pdf"),
        ("thing", "", "of no known type"),
        ("thing.unheard-of", "application/octet-stream", "of no known type"),
        ("notes.txt.gz", "", "of no known type"),
    ],
)
def test_other_types_are_refused_with_those_that_are_taken(name, declared, told):
    with pytest.raises(UnreadableError) as refused:
        read(name, declared, b"{}", TAKEN)

    message = str(refused.value)
    assert message.startswith(f"{name} is {told}: send ")
    assert all(each in message for each in TAKEN)


def test_no_type_is_taken_where_none_shall_be():
    with pytest.raises(UnreadableError, match="upload_types"):
        read("notes.txt", "", b"a", ())


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"caf\xe9", "is not UTF-8 at byte 3: save it as UTF-8"), (b"a\0b", "has a character 0")],
)
def test_what_is_no_text_is_refused_with_the_place(content, told):
    with pytest.raises(UnreadableError, match=told):
        read("notes.txt", "text/plain", content, TAKEN)


def test_byte_order_mark_is_no_part_of_the_text():
    assert read("notes.txt", "", b"\xef\xbb\xbfHello", TAKEN).content == "Hello"


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("/etc/passwd.txt", "passwd.txt"),
        (r"C:\Users\ada\notes.txt", "notes.txt"),
        ("two\nlines.txt", "two lines.txt"),
        ("", "file"),
        ("..", ".."),
        ("a" * 300 + ".txt", "a" * (LONGEST_NAME - 4) + ".txt"),
    ],
)
def test_name_is_the_last_part_on_one_line(name, called):
    assert name_of(name) == called


@given(st.text())
def test_name_can_always_be_shown(name):
    called = name_of(name)

    assert 0 < len(called) <= LONGEST_NAME
    assert called.isprintable()
    assert "/" not in called


@given(st.binary(max_size=200))
def test_whatever_is_sent_is_read_or_refused(content):
    try:
        found = read("notes.txt", "", content, TAKEN)
    except UnreadableError:
        return
    assert found.size == len(content)
    assert found.content.encode() == content.removeprefix(b"\xef\xbb\xbf")

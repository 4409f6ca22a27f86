"""What of a question is read as an attack, and that many messages cost no more than few."""

from hypothesis import given
from hypothesis import strategies as st

from arkalia_assistantia.chat.checking import EACH, EACH_CHARACTERS, prompts_of

TEXTS = st.lists(
    st.tuples(st.text(alphabet="ab ", max_size=5000), st.sampled_from(["user", "content"])),
    max_size=80,
)


def read(texts):
    return [(each.text, each.source) for each in prompts_of(texts)]


def test_few_texts_are_read_each_by_itself():
    texts = [("one", "user"), ("two", "content"), ("three", "user")]

    assert read(texts) == texts


def test_newest_text_is_read_by_itself_however_long_it_is():
    long = "a" * (2 * EACH_CHARACTERS)

    assert read([("before", "user"), (long, "user")])[-1] == (long, "user")


def test_older_texts_are_read_as_one():
    old = [("a" * 600, "user"), ("b" * 600, "user")]

    joined = read([*old, ("d" * EACH_CHARACTERS, "user"), ("new", "user")])

    assert joined[0] == (f"{'a' * 600}\n{'b' * 600}", "user")


def test_older_texts_are_read_as_strictly_as_what_others_than_users_wrote():
    old = [("a" * 600, "user"), ("b" * 600, "content"), ("c" * 600, "user")]

    joined = read([*old, ("d" * EACH_CHARACTERS, "user"), ("new", "user")])

    assert joined[0] == (f"{'a' * 600}\n{'b' * 600}\n{'c' * 600}", "content")


@given(TEXTS)
def test_nothing_is_left_out_and_little_is_read_by_itself(texts):
    found = read(texts)

    alone = found[1:-1]
    assert len(found) <= EACH + 1
    assert sum(len(text) for text, _ in alone) <= EACH_CHARACTERS
    assert "\n".join(text for text, _ in found) == "\n".join(text for text, _ in texts)

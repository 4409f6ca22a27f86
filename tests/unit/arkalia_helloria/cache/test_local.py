"""Answers in the gateway's own memory: which fits, what has no place, what was changed."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from arkalia_helloria.cache import local
from arkalia_helloria.cache.kept import Kept, Resource, from_bytes, still_holding, to_bytes
from arkalia_helloria.cache.local import LocalAnswers

TASK = Resource("taskia", "/tasks/7", b"")
KEY = (b"ada", TASK)


def an_answer(body=b"seven", *, language=b"", **changes):
    given = Kept(
        status=200,
        headers=[(b"cache-control", b"max-age=60"), (b"etag", b'"7"')],
        body=body,
        asked_at=100.0,
        fresh_until=160.0,
        on_error_until=0.0,
        varied=((b"accept-language", language),),
        public=False,
        tag=b'"7"',
    )
    return replace(given, **changes)


def test_answer_is_found_for_the_language_that_it_was_made_for():
    answers = LocalAnswers(100_000, 100)
    answers.keep(KEY, an_answer(b"sept", language=b"fr"))
    answers.keep(KEY, an_answer(b"seven", language=b"en"))

    assert answers.find(KEY, [(b"accept-language", b"fr")]).body == b"sept"
    assert answers.find(KEY, [(b"accept-language", b"en")]).body == b"seven"
    assert answers.find(KEY, [(b"accept-language", b"de")]) is None


def test_newer_answer_takes_the_place_of_the_older():
    answers = LocalAnswers(100_000, 100)
    answers.keep(KEY, an_answer(b"old"))
    answers.keep(KEY, an_answer(b"new"))

    assert answers.find(KEY, []).body == b"new"
    assert answers.bytes == 1000, "one answer's share of the memory"


def test_what_was_used_least_goes_first_and_the_bounds_hold():
    answers = LocalAnswers(10_000, 4)
    for number in range(4):
        answers.keep((b"ada", Resource("taskia", f"/tasks/{number}", b"")), an_answer())
    answers.find((b"ada", Resource("taskia", "/tasks/0", b"")), [])
    answers.keep(KEY, an_answer())

    assert len(answers) == 4
    assert answers.find((b"ada", Resource("taskia", "/tasks/0", b"")), []) is not None
    assert answers.find((b"ada", Resource("taskia", "/tasks/1", b"")), []) is None


def test_answer_that_is_larger_than_all_memory_is_not_kept():
    answers = LocalAnswers(10_000, 4)
    answers.keep(KEY, an_answer(b"x" * 20_000))

    assert answers.find(KEY, []) is None
    assert answers.bytes == 0


def test_variants_of_one_resource_have_a_bound():
    answers = LocalAnswers(10_000_000, 100)
    for number in range(20):
        answers.keep(KEY, an_answer(language=b"%d" % number))

    kept = [n for n in range(20) if answers.find(KEY, [(b"accept-language", b"%d" % n)])]
    assert kept == [16, 17, 18, 19]


def test_answer_from_before_a_change_is_not_given_whatever_its_query():
    answers = LocalAnswers(100_000, 100)
    listed = (b"ada", Resource("taskia", "/tasks/7", b"deep=1"))
    answers.keep(KEY, an_answer())
    answers.keep(listed, an_answer())

    answers.changed(TASK, 130.0)

    assert answers.find(KEY, []) is None
    assert answers.find(listed, []) is None
    answers.keep(KEY, an_answer(asked_at=131.0))
    assert answers.find(KEY, []) is not None


def test_change_that_is_forgotten_counts_for_all(monkeypatch):
    monkeypatch.setattr(local, "MOST_CHANGES", 1)
    answers = LocalAnswers(100_000, 100)
    answers.keep(KEY, an_answer())
    answers.changed(TASK, 130.0)
    answers.changed(Resource("taskia", "/tasks/8", b""), 131.0)

    assert answers.find(KEY, []) is None


def test_answer_that_still_holds_begins_anew():
    told = [(b"cache-control", b"max-age=10"), (b"etag", b'"7"'), (b"x-seen", b"2")]

    renewed, may_stay = still_holding(an_answer(language=b"fr"), told, 500.0)

    assert may_stay
    assert (renewed.fresh_until, renewed.body, renewed.tag) == (510.0, b"seven", b'"7"')
    assert (b"x-seen", b"2") in renewed.headers
    assert renewed.varied == ((b"accept-language", b"fr"),)


def test_answer_that_may_be_kept_no_more_is_only_given():
    renewed, may_stay = still_holding(an_answer(), [(b"cache-control", b"no-store")], 500.0)

    assert (renewed.body, may_stay) == (b"seven", False)


def test_age_counts_from_where_the_answer_was_made():
    assert an_answer().age(130.5) == 30
    assert an_answer(headers=[(b"age", b"7")]).age(130.5) == 37
    assert an_answer().age(90.0) == 0


header = st.tuples(st.binary(max_size=20), st.binary(max_size=20))


@given(
    body=st.binary(max_size=300),
    headers=st.lists(header, max_size=5),
    varied=st.lists(header, max_size=3).map(tuple),
    tag=st.binary(max_size=20),
    public=st.booleans(),
)
def test_answer_comes_out_of_a_store_as_it_went_in(**changes):
    answer = an_answer(**changes)

    assert from_bytes(to_bytes(answer)) == answer

"""What answers and requests say about keeping."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arkalia_helloria.cache.terms import MOST_SECONDS, directives, names, terms, wishes


def said(cache_control, *others, status=200):
    """The terms of an answer that says *cache_control*."""
    return terms(status, [(b"cache-control", cache_control), *others])


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        (b"max-age=60", 60),
        (b"Max-Age = 60", 60),
        (b'max-age="60"', 60),
        (b"max-age=60, s-maxage=7", 7),
        (b"max-age=5, max-age=60", 5),
        (b"max-age=99999999999", 0),
        (b"max-age=9999999999", MOST_SECONDS),
    ],
)
def test_answer_says_how_long_it_may_be_kept(cache_control, seconds):
    found = said(cache_control, (b"etag", b'"a"'))

    assert found.fresh_for == seconds


@pytest.mark.parametrize(
    "cache_control",
    [b"", b"public", b"no-store, max-age=60", b"private, max-age=60", b'private="x", max-age=60'],
)
def test_answer_that_does_not_allow_it_is_not_kept(cache_control):
    assert said(cache_control) is None


@pytest.mark.parametrize(
    "header",
    [
        (b"set-cookie", b"a=b"),
        (b"content-range", b"bytes 0-1/2"),
        (b"vary", b"*"),
        (b"vary", b"Accept, X-Request-Id"),
        (b"vary", b"X-Forwarded-For"),
        (b"content-type", b"text/event-stream; charset=utf-8"),
    ],
)
def test_answer_that_is_for_one_request_is_not_kept(header):
    assert said(b"max-age=60") is not None
    assert said(b"max-age=60", header) is None


@pytest.mark.parametrize(
    ("status", "is_kept"), [(200, True), (404, True), (206, False), (500, False)]
)
def test_only_some_statuses_are_kept(status, is_kept):
    assert (said(b"max-age=60", status=status) is not None) is is_kept


def test_answer_is_for_everybody_only_if_it_says_so_and_does_not_depend_on_who_asks():
    assert said(b"public, max-age=60").public
    assert said(b"public, max-age=60", (b"vary", b"Accept")).public
    assert not said(b"max-age=60").public
    for name in (b"Authorization", b"Arkalia-User", b"Cookie", b"X-Api-Key"):
        assert not said(b"public, max-age=60", (b"vary", b"Accept, " + name)).public


def test_answer_to_ask_about_each_time_is_kept_with_a_tag_alone():
    assert said(b"no-cache, max-age=60") is None
    assert said(b"no-cache, max-age=60", (b"etag", b'"a"')).fresh_for == 0


def test_age_that_an_answer_has_already_is_taken_off():
    assert said(b"max-age=60", (b"age", b"50")).fresh_for == 10


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        (b"max-age=1, stale-if-error=30", 30),
        (b"max-age=1", 0),
        (b"max-age=1, stale-if-error=30, must-revalidate", 0),
        (b"s-maxage=1, stale-if-error=30", 0),
    ],
)
def test_answer_outlives_errors_only_if_it_says_so(cache_control, seconds):
    assert said(cache_control).on_error_for == seconds


@pytest.mark.parametrize(
    "header",
    [
        (b"cache-control", b"no-store"),
        (b"range", b"bytes=0-1"),
        (b"cookie", b"a=b"),
        (b"content-length", b"5"),
        (b"transfer-encoding", b"chunked"),
        (b"if-modified-since", b"Thu, 26 Nov 2026 09:00:00 GMT"),
    ],
)
def test_request_of_its_own_kind_goes_to_the_module(header):
    assert wishes([(b"accept", b"*/*"), header]).always_asked


@pytest.mark.parametrize(
    ("header", "oldest"),
    [
        ((b"accept", b"*/*"), MOST_SECONDS),
        ((b"cache-control", b"max-age=7"), 7),
        ((b"cache-control", b"no-cache"), -1),
        ((b"pragma", b"no-cache"), -1),
    ],
)
def test_request_says_how_old_an_answer_may_be(header, oldest):
    found = wishes([header])

    assert (found.always_asked, found.oldest) == (False, oldest)


@pytest.mark.parametrize(
    ("tags", "is_named"),
    [(b'"a"', True), (b'W/"a"', True), (b'"b", W/"a"', True), (b"*", True), (b'"b"', False)],
)
def test_tags_are_compared_weakly(tags, is_named):
    assert names(tags, b'W/"a"') is is_named


@given(st.binary(max_size=200))
def test_nothing_that_is_sent_breaks_the_reading(text):
    headers = [(b"cache-control", text), (b"vary", text), (b"age", text), (b"etag", text)]

    assert isinstance(directives(headers), dict)
    assert terms(200, headers) is None or b"max" in text.lower() or b"no-cache" in text.lower()
    assert wishes(headers).oldest <= MOST_SECONDS

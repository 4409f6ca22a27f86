"""Spans of time."""

import pytest

from arkalia_cli.durations import seconds


@pytest.mark.parametrize(
    ("text", "expected"), [("90s", 90), ("5m", 300), ("1h30m", 5400), ("2d", 172_800)]
)
def test_span_is_read_in_seconds(text, expected):
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "5", "m", "5x", "5m!", "-5m", "1.5h"])
def test_what_is_no_span_is_refused_with_how_to_write_it(text):
    with pytest.raises(ValueError, match="90s, 5m, 1h30m or 2d"):
        seconds(text)

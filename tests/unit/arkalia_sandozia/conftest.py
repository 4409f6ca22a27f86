"""What the tests of the cross validation share."""

import sys

import pytest


@pytest.fixture
def calls_of():
    """`calls_of(work)`: how many calls of functions *work* makes, however busy it is here."""

    def count(work):
        calls = 0

        def note(_frame, event, _argument):
            nonlocal calls
            calls += event in ("call", "c_call")

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            work()
        finally:
            sys.setprofile(before)
        return calls

    return count

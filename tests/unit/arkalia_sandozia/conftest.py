"""What the tests of the cross validation share."""

from cProfile import Profile

import pytest


@pytest.fixture
def calls_of():
    """`calls_of(work)`: how many calls of functions *work* makes, however busy it is here."""

    def count(work):
        counted = Profile()
        counted.runcall(work)
        return sum(each.callcount for each in counted.getstats())

    return count

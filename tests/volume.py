"""How many examples a property gets: a few in `make check`, thousands in `make soak`.

Its marker is `volume`; `tests/conftest.py` makes that `soak` where the thousands are asked for.
"""

from hypothesis import settings

SOAK = "soak"
"""The profile of Hypothesis, and the marker."""


def examples(few, *, soak):
    """Settings of a property that is worth its time more than once."""
    is_soak = settings.get_current_profile_name() == SOAK
    return settings(max_examples=soak if is_soak else few)

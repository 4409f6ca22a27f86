"""A moment that somebody writes into a request.

In the first and the last year of the calendar some time zones are a year off it: neither Python nor
PostgreSQL can say then when that is in UTC.
"""

from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, AwareDatetime

FIRST_YEAR: Final = 2
LAST_YEAR: Final = 9998


def in_the_calendar(at: datetime) -> datetime:
    """*at*, where every time zone has a year for it. Raises ValueError."""
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        message = f"write a year from {FIRST_YEAR} to {LAST_YEAR}"
        raise ValueError(message)
    return at


Moment = Annotated[AwareDatetime, AfterValidator(in_the_calendar)]
"""With its time zone."""

"""How long a new bank account is held: five whole working days after the day on which it was confirmed. Pure."""

from __future__ import annotations

from datetime import date, timedelta

from prm.values.working_time import LONGEST, WorkingTime

HELD_DAYS = 5


def first_payable_day(confirmed: date, calendar: WorkingTime) -> date:
    """The day after the fifth working day that follows `confirmed`; the tenant's calendar says which days are worked.

    Confirmed on a Monday, with an office from Monday to Friday: Tuesday of the week after.
    """
    left = HELD_DAYS
    for number in range(1, LONGEST):
        day = confirmed + timedelta(days=number)
        if calendar.spans_of(day):
            left -= 1
        if not left:
            return day + timedelta(days=1)
    return confirmed + timedelta(days=LONGEST)

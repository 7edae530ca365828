"""Which sales lines a read takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True)
class Scope:
    """Which lines are read.

    `first_partner` and `last_partner` bound a chunk; `partners` names single ones. `closed_at_line` is the watermark
    of the close when a closed period is read again: positive lines above it are late.
    """

    watermark: int | None = None
    first_partner: int | None = None
    last_partner: int | None = None
    partners: Sequence[int] | None = None
    closed_at_line: int | None = None
    zone: str = "UTC"
    # For differences: as if nothing had come back, and as it was known at a moment.
    without_returns: bool = False
    without_taken_back: bool = False  # or as if no credit of an agent had been
    recorded_before: datetime | None = None
    paid_to: int | None = None  # the watermark of payments received
    serials_to: int | None = None  # that of serial numbers
    tiers_of_run: int | None = None  # whose frozen memberships are read; None: today's
    closed_before: datetime | None = None  # what was settled until then is what returns are held against
    booked_before: date | None = None  # of open periods as they stood at a month's end
    kept: bool = False  # read the kept sums of months where they know enough
    posted: str = ""  # a table of a back-test that stands for what was settled, see `posted.py`

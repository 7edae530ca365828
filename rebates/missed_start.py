"""A draft whose first day has passed into a settled period, or behind another version, since it was written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from prm.ui import refusals
from rebates.first_days import next_start
from rebates.models import Version
from rebates.services.programmes import refuse_start


@dataclass(frozen=True)
class MissedStart:
    """`why`: what publication would say. `next`: the first day that is possible; None where its last day is before."""

    why: str
    next: date | None
    in_review: bool


def missed_start(version: Version | None) -> MissedStart | None:
    """None where the version is in force, or can begin on its first day."""
    if version is None or version.state == Version.State.PUBLISHED:
        return None
    why = refusals.why_not(refuse_start, version)
    if not why:
        return None
    return MissedStart(why, next_start(version), version.state == Version.State.IN_REVIEW)

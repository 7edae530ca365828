"""Versions of programmes that were published after a settlement was computed, and hold in what it settles.

They stand in none of its figures: it has to be computed again before it is closed, since a closed month is not settled
under another version.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from prm.ui import formats
from prm.values.periods import Period
from rebates.models import RunScope, SettlementRun, Version
from rebates.since import OPEN


def published_since(run: SettlementRun) -> list[Version]:
    """Those that `run` would settle if it were computed now and has not; none where it is not computed, or closing."""
    if run.state not in OPEN:
        return []
    known = set(RunScope.objects.filter(run=run).values_list("version_id", flat=True))
    return [
        version
        for version, _period in Version.objects.ending_on(run.period.last_day)
        if version.pk not in known
    ]


def computed_without(version: Version) -> list[SettlementRun]:
    """The computed runs, not yet closed, that settle a period of `version` without it; oldest first."""
    if version.ends is not None and version.ends <= version.starts:
        return []
    runs = SettlementRun.objects.computed_and_open().filter(ends__gt=version.starts).order_by("ends")
    known = set(RunScope.objects.filter(version=version).values_list("run_id", flat=True))
    return [run for run in runs if run.pk not in known and _settles(run, version)]


def _settles(run: SettlementRun, version: Version) -> bool:
    """Whether a whole period of the version ends with the run's month."""
    period = Period.of(version.period_length, run.period.last_day)
    return period.end == run.ends and version.covers(period)


def told(run: SettlementRun) -> list[str]:
    """A line for each: the programme, its version and from when it holds."""
    return [
        _("%(programme)s, version %(number)s, from %(day)s")
        % {"programme": one.programme, "number": one.number, "day": formats.day(one.starts)}
        for one in published_since(run)
    ]

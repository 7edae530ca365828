"""Why a settlement's total differs from an earlier one's, computed once for each language: closed settlements never
change.
"""

from __future__ import annotations

from django.core.cache import cache
from django.utils.translation import get_language

from prm.values.actor import Actor
from rebates import channel_changes
from rebates.channel_changes import Explanation, Total
from rebates.models import SettlementRun

SECONDS = 24 * 3600
SHORT = 3  # explanations on finance's overview


def _key(earlier: SettlementRun, later: SettlementRun) -> str:
    return f"channel-changes:{earlier.pk}:{later.pk}:{get_language()}"


def known(earlier: SettlementRun, later: SettlementRun) -> list[Total] | None:
    """What was computed before; None where it was not, and where the broker is away."""
    try:
        found: list[Total] | None = cache.get(_key(earlier, later))
    except Exception:  # without the broker everything is computed anew
        return None
    return found


def between(earlier: SettlementRun, later: SettlementRun, *, by: Actor) -> list[Total]:
    found = known(earlier, later)
    if found is None:
        found = channel_changes.between_runs(earlier, later, by=by)
        try:
            cache.set(_key(earlier, later), found, SECONDS)
        except Exception:  # it is there all the same, and computed again the next time
            return found
    return found


def top_of(later: SettlementRun) -> tuple[SettlementRun | None, list[Explanation]]:
    """The settlement before and the largest explanations, where they are known already; else None and none."""
    earlier = channel_changes.earlier_run(later)
    found = known(earlier, later) if earlier else None
    return (None, []) if found is None else (earlier, channel_changes.top(found, SHORT))

"""What waits for me, on the first page of everybody."""

from __future__ import annotations

from typing import Any

from prm.notices import work
from prm.ui import home
from prm.values import clock

SHOWN = 6


def register() -> None:
    for audience in ("staff", "partner"):
        home.section(audience, template="notices/home_work.html", order=10, width=7)(waiting)


def waiting(actor: Any) -> dict[str, Any]:
    """The nearest promises first; the inbox has all of it."""
    rows = work.waiting_for(actor)
    now = clock.now()
    shown = [{"work": row, "late": row.due is not None and row.due < now} for row in rows[:SHOWN]]
    return {"rows": shown, "count": len(rows)}

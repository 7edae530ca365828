"""What the inbox shows: work that waits, by the day of its promise, and notices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext

from prm.access.scope import actor_for
from prm.modules.registry import names_off
from prm.notices import work
from prm.notices.kinds import fill, kind_of
from prm.notices.models import Notice
from prm.ui import formats
from prm.values import clock
from prm.values.actor import Actor

# A promise within three hours is shown in amber.
SOON = timedelta(hours=3)
PAGE = 50


@dataclass(frozen=True)
class Line:
    """Work as a list shows it, in the reader's words."""

    link: str
    icon: str
    title: str
    about: str
    due: str
    waiting: str
    late: bool
    tone: str


@dataclass(frozen=True)
class Group:
    """Work of one day."""

    key: str
    label: str
    rows: list[Line]


class NoticeLine:
    """A notice in the reader's words."""

    def __init__(self, notice: Notice):
        self.notice = notice
        self.kind = kind_of(notice.kind)

    @cached_property
    def title(self) -> str:
        return fill(self.kind.title, self.notice.values)

    @cached_property
    def body(self) -> str:
        return fill(self.kind.body, self.notice.values)


def unread_count(actor: Actor) -> int:
    if not actor.user_id:
        return 0
    return shown_to(actor).filter(read_at__isnull=True).count()


def shown_to(actor: Actor) -> QuerySet[Notice]:
    """The actor's notices; those of a module that is off come back with it."""
    rows = Notice.objects.filter(user_id=actor.user_id)
    for name in names_off():
        rows = rows.exclude(kind__startswith=f"{name}.")
    return rows


def count_for(actor: Actor) -> int:
    """What the menu shows: to staff the work that waits, to partners what is new as well."""
    waiting = work.count_for(actor)
    return waiting + unread_count(actor) if actor.is_partner else waiting


def open_work_of(user: Any) -> list[work.Work]:
    return work.waiting_for(actor_for(user))


def notices_of(actor: Actor, *, before: int | None = None) -> tuple[list[NoticeLine], bool]:
    """One page of the actor's notices, newest first, and whether there are more."""
    rows = shown_to(actor)
    if before:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-id")[: PAGE + 1])
    return [NoticeLine(row) for row in found[:PAGE]], len(found) > PAGE


def tabs(actor: Actor, *, here: str) -> dict[str, Any]:
    """What the inbox's tabs show; `here` is the name of the address that is open."""
    return {
        "here": here,
        "waiting": work.count_for(actor),
        "unread": unread_count(actor),
        "more": work.tabs_for(actor),
        "tools": work.tools_for(actor),
    }


def waiting_page(actor: Actor, query: Any) -> dict[str, Any]:
    """One page of what waits, narrowed by the address: `kind`, `q` (in title and subtitle), `page`."""
    rows = work.waiting_for(actor)
    kind, text = query.get("kind", "")[:40], query.get("q", "").strip()[:100]
    found = [row for row in rows if text.casefold() in f"{row.title} {row.subtitle}".casefold()]
    kinds = _kinds(found, kind, text)
    found = [row for row in found if kind in ("", row.group)]
    typed = query.get("page", "")
    last = max(0, (len(found) - 1) // PAGE)
    page = min(int(typed) if typed.isdecimal() and len(typed) < 5 else 0, last)
    shown = found[page * PAGE : (page + 1) * PAGE]
    return {
        "groups": groups_of(shown),
        "kinds": kinds,
        "kind": kind,
        "text": text,
        "found": len(found),
        "newer": _address(kind, text, page - 1) if page else "",
        "older": _address(kind, text, page + 1) if page < last else "",
        "cut": len(rows) >= work.MOST,
    }


def _kinds(rows: list[work.Work], kind: str, text: str) -> list[dict[str, Any]]:
    """What the rows are about, each with its number; the chosen one leads back to all."""
    counts: dict[str, dict[str, Any]] = {}
    for row in rows:
        one = counts.setdefault(row.group, {"label": row.kind or row.title, "count": 0})
        one["count"] += 1
    if kind and kind not in counts:
        counts[kind] = {"label": gettext("Chosen"), "count": 0}
    return [
        one | {"on": code == kind, "href": _address("" if code == kind else code, text, 0)}
        for code, one in sorted(counts.items())
    ]


def _address(kind: str, text: str, page: int) -> str:
    wanted = {"part": "work", "kind": kind, "q": text, "page": str(page) if page else ""}
    return f"{reverse('notices:inbox')}?{urlencode({name: value for name, value in wanted.items() if value})}"


def groups_of(rows: list[work.Work]) -> list[Group]:
    """Work by the day of its promise: late, today, tomorrow, days of this week, later; then what has no promise."""
    groups: dict[str, Group] = {}
    now, today = clock.now(), clock.today()
    for row in rows:
        key = _key_of(row, now, today)
        group = groups.get(key) or groups.setdefault(key, Group(key, _label_of(key, row), []))
        group.rows.append(_line_of(row, now))
    return list(groups.values())


def _line_of(row: work.Work, now: datetime) -> Line:
    late = row.due is not None and row.due < now
    soon = row.due is not None and row.due - now < SOON
    about = " · ".join(str(part) for part in (row.kind, row.subtitle) if part)
    waiting = gettext("waiting %(length)s") % {"length": formats.duration(now - row.since)}
    due = _until(row, late) if row.due is not None else ""
    tone = "ui-bad" if late else "ui-warn" if soon else ""
    return Line(row.link, row.icon, str(row.title), about, due, waiting, late, tone)


def _until(row: work.Work, late: bool) -> str:
    """The moment until which it is to be done, and what the moment is."""
    promise = gettext("was promised by %(moment)s") if late else gettext("promised by %(moment)s")
    return (str(row.until) or promise) % {"moment": formats.exact(row.due)}


def _key_of(row: work.Work, now: datetime, today: date) -> str:
    if row.due is None:
        return "open"
    if row.due < now:
        return "late"
    day = formats.local(row.due).date()
    near = {today: "today", today + timedelta(days=1): "tomorrow"}
    return near.get(day) or (f"day-{day}" if day < today + timedelta(days=7) else "later")


def _label_of(key: str, row: work.Work) -> str:
    """What stands above the group that `row` is the first of."""
    if row.due is None:
        return gettext("Without a deadline")
    if key in ("late", "later"):
        return gettext("Overdue") if key == "late" else gettext("Later")
    day = formats.long_day(formats.local(row.due).date())
    if key == "today":
        return gettext("Today, %(day)s") % {"day": day}
    return gettext("Tomorrow, %(day)s") % {"day": day} if key == "tomorrow" else day

"""The menu: apps say in `apps.py` which entries they have; the shell shows those that the person may open."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from prm.modules.registry import name_is_on

SECTIONS = {
    "": "",
    "Channel": _("Channel"),
    "Money": _("Money"),
    "Enable and measure": _("Enable and measure"),
    "Set-up": _("Set-up"),
    "Operation": _("Operation"),
}
# Badges say "999+" beyond 999, so that a menu costs the same however much waits.
COUNTED = 1000
AUDIENCES = ("staff", "partner", "both", "operator")


@dataclass(frozen=True)
class Entry:
    section: str
    label: Any
    icon: str
    url: str
    verb: str | None
    order: int
    count: Callable[[Any], int | None] | None
    audience: str
    hot: bool
    tab: int | None
    tab_label: Any
    key: str
    where: Callable[[Any], bool] | None


_entries: dict[tuple[str, str], Entry] = {}


def register(
    *, section: str, label, icon: str, url: str, verb: str | None = None, order: int = 100, count=None,
    audience: str = "staff", hot: bool = False, tab: int | None = None, tab_label=None, key: str = "",
    where: Callable[[Any], bool] | None = None,
) -> None:  # fmt: skip
    """Add an entry. Called from `AppConfig.ready()`; the same url and audience again replaces it.

    section  a key of SECTIONS; "" stands on top, without a heading
    url      a URL name that takes no arguments
    verb     the permission that opens it; None: everybody of the audience
    count    callable(actor) -> int or None: my open work there, counted to COUNTED; `hot` paints it in the accent
    audience "staff", "partner", "both" or "operator" (the public site)
    tab      place in the phone's bottom bar: 1, 2, 4, 5; 3 is the raised one in the middle
    key      second key of the shortcut `G …` ("R" for registrations)
    where    callable(actor) -> bool: whether there is anything for this person; None: for everybody
    """
    if section not in SECTIONS:
        raise ValueError(f"There is no menu section '{section}': {', '.join(SECTIONS)}.")
    if audience not in AUDIENCES:
        raise ValueError(f"There is no audience '{audience}': {', '.join(AUDIENCES)}.")
    _entries[url, audience] = Entry(
        section, label, icon, url, verb, order, count, audience, hot, tab, tab_label or label, key.lower(),
        where,
    )  # fmt: skip


def all_entries() -> list[Entry]:
    return list(_entries.values())


def audience_of(actor) -> str:
    """Which rail an actor gets on a tenant's site; a visitor gets none."""
    if actor is None or actor.kind == "nobody":
        return ""
    return "partner" if actor.is_partner else "staff"


@dataclass
class Item:
    """One entry as a page shows it."""

    label: Any
    tab_label: Any
    icon: str
    href: str
    tab: int | None
    current: bool
    count: int | None
    hot: bool
    key: str
    audience: str


@dataclass
class Section:
    label: Any
    items: list[Item]


_made: ContextVar[dict[str, int] | None] = ContextVar("numbers_of_one_menu", default=None)


def once(name: str, count: Callable[[], int]) -> int:
    """`count()`, asked once while a menu is made: a number that an entry shows and the inbox adds up as well."""
    made = _made.get()
    if made is None:
        return count()
    if name not in made:
        made[name] = count()
    return made[name]


def menu_for(actor, *, audience: str, path: str, counts: bool = True) -> list[Section]:
    """Sections with the entries that the actor may open; the longest address that begins `path` is current."""
    token = _made.set({})
    try:
        return _menu_for(actor, audience=audience, path=path, counts=counts)
    finally:
        _made.reset(token)


def _menu_for(actor, *, audience: str, path: str, counts: bool) -> list[Section]:
    places = list(SECTIONS)
    mine = [entry for entry in _entries.values() if _is_for(entry, audience, actor)]
    found = [
        (entry, _address(entry)) for entry in sorted(mine, key=lambda e: (places.index(e.section), e.order))
    ]
    found = [(entry, href) for entry, href in found if href]
    begins = [href for _entry, href in found if path == href or (href != "/" and path.startswith(href))]
    here = max(begins, key=len, default="")
    sections: dict[str, Section] = {}
    for entry, href in found:
        number = entry.count(actor) if counts and entry.count else None
        item = Item(
            label=entry.label, tab_label=entry.tab_label, icon=entry.icon, href=href, tab=entry.tab,
            current=href == here, count=number or None, hot=entry.hot, key=entry.key,
            audience=entry.audience,
        )  # fmt: skip
        sections.setdefault(entry.section, Section(SECTIONS[entry.section], [])).items.append(item)
    return list(sections.values())


def _is_for(entry: Entry, audience: str, actor) -> bool:
    if entry.audience != audience and not (entry.audience == "both" and audience in ("staff", "partner")):
        return False
    may = (entry.verb is None or entry.verb in actor.permissions) and name_is_on(entry.url)
    return may and (entry.where is None or entry.where(actor))


def _address(entry: Entry) -> str:
    try:
        return reverse(entry.url)
    except (
        NoReverseMatch
    ):  # the address belongs to the other site; tests/house checks that each name exists in one
        return ""

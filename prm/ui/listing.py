"""What the list's template shows: tabs, chips, controls, rows as cells, foot. Built once per request."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from prm.ui import formats, keyset, refine
from prm.ui.columns import Amount, Column, address_of
from prm.ui.filters import Control
from prm.ui.menu import COUNTED


@dataclass
class Tab:
    label: Any
    href: str
    current: bool
    count: int | None
    hot: bool


@dataclass
class Head:
    label: str
    num: bool
    href: str
    sort: str  # "", "ascending" or "descending"

    @property
    def is_long(self) -> bool:
        """Whether it stands on two lines rather than making its column wide."""
        return len(self.label) > LONG_HEAD


# Letters of a column's heading beyond which it breaks.
LONG_HEAD = 14
# Columns beyond which they stand closer.
MANY_HEADS = 9


@dataclass
class Line:
    pk: Any
    name: str
    label: str  # of its tick
    href: str
    cells: SafeString
    can: str
    amount: str


class Listing:
    """One list as the page shows it."""

    def __init__(self, page):
        self.page, self.actor, self.query = page, page.actor, page.query
        self.title, self.text, self.search_label = page.title, page.text, page.search_label
        if self.actor.is_partner and page.search_label_of_partners:
            self.search_label = page.search_label_of_partners
        self.can_search, self.empty, self.create = bool(page.search), page.empty, page.create
        self.create_address = page.create_address()
        self.columns: list[Column] = [column for column in page.shown_columns if not column.hidden]
        self.order = page.current_order()
        self.found = keyset.page_of(
            page.filtered, self.order,
            after=self.query.get("after", ""), before=self.query.get("before", ""), size=page.page_size,
        )  # fmt: skip
        self._count = page.count(page.filtered)
        self.bulk = [
            bulk for bulk in page.bulk if bulk.verb in self.actor.permissions and not self.actor.read_only
        ]
        self.exports = page.may_export()
        self.address = page.request.path
        self.refiner = refine.refiner_of(page)

    # ---- addresses ----

    def address_with(self, **changes) -> str:
        """This list with changes; a changed filter or order starts at the first page again."""
        query = self.query.copy()
        for name in [
            name for name in query if name in ("after", "before", "at", "export") or not query[name]
        ]:
            query.pop(name)
        for name, value in changes.items():
            query.pop(name, None)
            if value:
                query[name] = value
        return f"{self.address}?{query.urlencode()}" if query else self.address

    def _without(self, names: list[str]) -> str:
        return self.address_with(**dict.fromkeys(names, ""))

    @cached_property
    def tabs(self) -> list[Tab]:
        tabs = []
        for at, view in enumerate(self.page.get_views(self.actor)):
            # A list makes its views anew for each question: the name tells which is shown.
            current = view.name == self.page.shown_view.name and not self.open_saved
            count = self._counted_in(view, current) if view.counted else None
            name = view.name if at else ""
            # Who leaves a saved view leaves its filters too.
            href = self._plain(name) if self.open_saved else self.address_with(view=name, saved="")
            tabs.append(Tab(view.label, href, current, count, view.hot and bool(count)))
        if self.saved and not tabs:
            tabs.append(Tab(_("All"), self._plain(""), not self.open_saved, None, False))
        return tabs + [Tab(one.label, one.href, one is self.open_saved, None, False) for one in self.saved]

    def _counted_in(self, view: Any, current: bool) -> int:
        """How many a tab holds, counted to COUNTED. Without filters the list's own count is the current tab's."""
        if current and not self.filters_on:
            return self._count
        return self.page.count(self.page._narrowed(view), COUNTED)

    def _plain(self, view: str) -> str:
        return f"{self.address}?view={view}" if view else self.address

    @cached_property
    def saved(self) -> list[refine.SavedTab]:
        return self.refiner.saved(self.page) if self.refiner else []

    @cached_property
    def open_saved(self) -> refine.SavedTab | None:
        key = self.query.get(refine.SAVED)
        return next((one for one in self.saved if one.key == key), None) if key else None

    @cached_property
    def refine_address(self) -> str:
        """Where more filters are built, "" where there are none."""
        return self.refiner.address(self.page) if self.refiner else ""

    @cached_property
    def chips(self) -> list[dict[str, str]]:
        return [{"label": c.label, "text": c.text, "href": self._without(c.names)} for c in self.page.chips]

    @cached_property
    def controls(self) -> list[Control]:
        return [one.control(self.query, self.actor) for one in self.page.filters]

    @property
    def cleared(self) -> str:
        """The list without filters and search; the view and the order stay."""
        keep = {name: self.query[name] for name in ("view", "sort") if self.query.get(name)}
        return f"{self.address}?" + "&".join(f"{k}={v}" for k, v in keep.items()) if keep else self.address

    @cached_property
    def is_narrowed(self) -> bool:
        """Rows are there, but none in this view and these filters."""
        return bool(self.filters_on) or (
            self.page.shown_view is not None
            and self.page.shown_view.narrow is not None
            and self.page.scoped.exists()
        )

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the filter form hands on besides its own fields."""
        names = ("view", "sort", refine.CONDITION, refine.SAVED)
        kept = [(name, self.query[name]) for name in names if self.query.get(name)]
        return kept + [("columns", name) for name in self.query.getlist("columns")]

    @cached_property
    def optional(self) -> list[dict[str, Any]]:
        """The columns that people choose."""
        return [
            {"name": column.name, "label": column.label, "on": not column.hidden}
            for column in self.page.shown_columns
            if column.optional
        ]

    @property
    def kept_for_columns(self) -> list[tuple[str, str]]:
        """The whole address but the choice of columns and the page."""
        left_out = ("columns", "after", "before", "at", "export")
        return [
            (name, value)
            for name in self.query
            if name not in left_out
            for value in self.query.getlist(name)
            if value
        ]

    @property
    def export_csv(self) -> str:
        return self.address_with(export="csv")

    @property
    def export_xlsx(self) -> str:
        return self.address_with(export="xlsx")

    # ---- head and rows ----

    @property
    def is_wide(self) -> bool:
        """Whether so many columns are shown that they stand closer, as where a tenant added its own."""
        return len(self.heads) > MANY_HEADS

    @cached_property
    def heads(self) -> list[Head]:
        heads = []
        for column in self.columns:
            sort, href = "", ""
            if column.sort:
                here = self.order.field == column.sort
                sort = ("descending" if self.order.descending else "ascending") if here else ""
                down = not self.order.descending if here else column.num
                href = self.address_with(sort=("-" if down else "") + column.sort)
            heads.append(Head(column.heading, column.num, href, sort))
        return heads

    @cached_property
    def lines(self) -> list[Line]:
        return [self._line(row) for row in self.found.rows]

    def _line(self, row) -> Line:
        # Written here, not in the template: fifty rows of ten cells are most of what a list costs.
        shown = [(begin, column, conditional_escape(column.cell(row))) for begin, column in self._begins]
        below = " · ".join(html for _begin, column, html in shown if html and column.phone == "sub")
        cells = []
        for begin, column, html in shown:
            under = (
                f'<span class="ui-only-sm ui-xs ui-sub">{below}</span>'
                if below and column is self._named
                else ""
            )
            cells.append(f"{begin}{html}{under}</td>")
        worth = str(self._amount.value(row) or 0) if self._amount else ""
        can = " ".join(bulk.name for bulk in self.bulk if bulk.can(row, self.actor))
        href = address_of(row)
        name = str(row)
        label = self._select % {"name": name} if self.bulk else ""
        return Line(row.pk, name, label, href, SafeString("".join(cells)), can, worth)

    @cached_property
    def _begins(self) -> list[tuple[str, Any]]:
        """How the cells of each column begin, with the column."""
        return [(f'<td role="cell"{self._css(column)}>', column) for column in self.columns]

    def _css(self, column) -> str:
        place = "a" if column is self._named else column.phone if column.phone in ("b", "d") else ""
        names = ["ui-num" if column.num else "", column.css, f"ui-at-{place}" if place else ""]
        css = " ".join(filter(None, names))
        return f' class="{css}"' if css else ""

    @cached_property
    def _named(self) -> Any:
        """The column that names a row on a phone."""
        return next((column for column in self.columns if column.phone == "a"), None)

    @cached_property
    def _amount(self) -> Any:
        """The column whose total is shown for ticked rows."""
        return next((column for column in self.columns if isinstance(column, Amount) and column.total), None)

    @cached_property
    def _select(self) -> str:
        return str(_("Select %(name)s"))

    @property
    def sign(self) -> str:
        return self._amount.sign if self._amount else ""

    # ---- foot ----

    @property
    def is_empty(self) -> bool:
        return not self.found.rows

    @property
    def filters_on(self) -> int:
        return len(self.page.chips) + bool(self.text)

    @property
    def range(self) -> str:
        """1–50 of 1,284."""
        first, total = self._first(), _shown(self._count, self.page)
        if not self.found.rows:
            return ""
        last = first + len(self.found.rows) - 1
        bounds = f"{formats.number(first)}–{formats.number(last)}"
        return _("%(range)s of %(total)s") % {"range": bounds, "total": total}

    def _first(self) -> int:
        at = self.query.get("at", "")
        first = int(at) if at.isdecimal() and len(at) < 10 else 1
        return max(first, 1) if self.found.newer else 1

    @property
    def older(self) -> str:
        at = str(self._first() + len(self.found.rows))
        return self._paged("after", self.found.older, at) if self.found.older else ""

    @property
    def newer(self) -> str:
        at = str(max(self._first() - self.page.page_size, 1))
        return self._paged("before", self.found.newer, at) if self.found.newer else ""

    def _paged(self, name: str, cursor: str, at: str) -> str:
        return self.address_with() + ("&" if "?" in self.address_with() else "?") + f"{name}={cursor}&at={at}"

    @property
    def sums(self) -> list[dict[str, Any]]:
        """The page's totals of amounts."""
        found = []
        for column in self.columns:
            if isinstance(column, Amount) and column.total and self.found.rows:
                found.append({"label": column.label, "text": " + ".join(column.sums(self.found.rows))})
        return [one for one in found if one["text"]]


def _shown(count: int, page) -> str:
    from prm.ui.lists import MOST_COUNTED

    if count > MOST_COUNTED:
        return _("over %(count)s") % {"count": formats.number(MOST_COUNTED)}
    return formats.number(count)

"""Lists by declaration: columns that sort, filter and export; views as tabs; pages by key; verbs for many rows.

    class RegistrationList(ListPage):
        title = _("Deal registrations")
        verb = "dealreg.view"                                   # required to enter
        rows = DealRegistration.objects.for_list()              # the page adds visible_to(actor)
        columns = [
            Link("number", sort=True, quiet=True, phone=None),
            Link("customer_name", label=_("End customer"), sort=True),
            Ref("partner", filter=True),
            Amount("value", currency="currency", sort=True, filter=Between),
            Choice("status", filter=True, tones={"approved": "ok", "in_review": "live"}),
            Day("protected_to", sort=True, filter=Between, ends=True),
        ]
        order = "-number"                                       # a column's sort path, "-" for descending
        search = ("number", "customer_name", "tax_number")      # icontains; or override find(rows, text)
        search_label = _("Customer, number, tax number")
        views = [
            View("all", _("All")),
            View("decide", _("Needs my decision"), lambda rows, actor: rows.in_review(), hot=True),
        ]
        create = Create(_("Register a deal"), "dealreg:new", "dealreg.register")
        empty = Empty(_("No registration yet"), _("It holds a customer for a partner."), icon="target-arrow")
        bulk = [Bulk("approve", _("Approve"), "dealreg.approve", run=approve_one, can=lambda row, actor: row.is_open)]

    urlpatterns = [path("deals/", RegistrationList.as_view(), name="list")]

With `subject = "deal"` (a subject of prm.conditions) the list has "More filters", saved views and what belongs to them.
`approve_one(row, actor)` calls one service; a DomainError becomes that row's line in the answer. Rows of models that
belong to no partner need `open_because = "users of one tenant; the page needs accounts.view_users"`.
Override `get_columns(actor)`, `get_rows(actor)`, `get_views(actor)` where the role decides, `context(actor)` for more.
A template of its own: `template = "dealreg/list.html"` which extends "ui/list.html" (blocks `head_extra`, `above`).
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import FieldDoesNotExist, ImproperlyConfigured, ValidationError
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from prm.access.decorators import requires
from prm.access.rules import require
from prm.ui import export, keyset, refine, said
from prm.ui.columns import (
    Amount,
    Between,
    Choice,
    Column,
    Count,
    Day,
    Flag,
    Link,
    Number,
    Ref,
    Text,
    When,
    joined,
)
from prm.ui.filters import Chip
from prm.ui.listing import Listing
from prm.values.actor import Actor
from prm.values.errors import DomainError, NotAllowed

__all__ = [
    "Amount", "Between", "Bulk", "Choice", "Column", "Count", "Create", "Day", "Empty", "Flag", "Link", "ListPage",
    "Number", "Ref", "Text", "View", "When",
]  # fmt: skip

MOST_COUNTED = 10_000
# What adds columns to lists, or finds rows by more than a list's own search: prm.customfields registers here.
# columns(model, actor) gives columns, finds(the list's columns, text) a Q or None.
more_columns: list[Callable[[Any, Actor], list[Column]]] = []
more_found: list[Callable[[list[Column], str], Q | None]] = []
MOST_AT_ONCE = 200
# In an address, the word that its choice is of all columns, not of the tenant's own only.
ALL_CHOSEN = "*"


@dataclass(frozen=True)
class View:
    """A tab: `narrow(rows, actor)` picks its rows; the first view of a list is its default."""

    name: str
    label: Any
    narrow: Callable[[QuerySet, Actor], QuerySet] | None = None
    hot: bool = False
    counted: bool = True


@dataclass(frozen=True)
class Create:
    """The list's one primary button, shown to those who may `verb`."""

    label: Any
    url: str
    verb: str


@dataclass(frozen=True)
class Empty:
    """What stands where no row has ever been: what this is for, and how to import."""

    title: Any
    text: Any = ""
    icon: str = "list"
    import_url: str = ""


@dataclass(frozen=True)
class Bulk:
    """A verb for many rows: `run(row, actor)` calls one service, `can(row, actor)` greys it out beforehand.

    `told(count)` says afterwards what was done with how many, where "done" would say too much.
    """

    name: str
    label: Any
    verb: str
    run: Callable[[Any, Actor], Any]
    can: Callable[[Any, Actor], bool] = lambda row, actor: True
    told: Callable[[int], str] | None = None


class ListPage:
    """See the module's text; `as_view()` gives the view for the URL."""

    title: ClassVar[Any] = ""
    verb: ClassVar[str | tuple[str, ...]] = ()
    rows: ClassVar[QuerySet | None] = None
    columns: ClassVar[list[Column]] = []
    order: ClassVar[str] = "-pk"
    search: ClassVar[tuple[str, ...]] = ()
    search_label: ClassVar[Any] = gettext_lazy("Search in this list")
    search_label_of_partners: ClassVar[Any] = (
        None  # where a partner's own list has fewer columns to search by
    )
    views: ClassVar[list[View]] = []
    create: ClassVar[Create | None] = None
    empty: ClassVar[Empty] = Empty(gettext_lazy("Nothing here yet"))
    bulk: ClassVar[list[Bulk]] = []
    export_verb: ClassVar[str] = ""
    exports: ClassVar[bool] = True
    open_because: ClassVar[str] = ""
    subject: ClassVar[str] = ""
    template: ClassVar[str] = "ui/list.html"
    page_size: ClassVar[int] = keyset.PAGE

    @classmethod
    def as_view(cls, url_name: str = ""):
        """The view; `url_name` is for the reader only."""
        verbs = (cls.verb,) if isinstance(cls.verb, str) else tuple(cls.verb)
        if not verbs:
            raise ImproperlyConfigured(f"{cls.__name__}.verb says who may open the list.")

        def view(request, **kwargs):
            return cls(request, **kwargs).answer()

        view.__name__, view.__doc__ = cls.__name__, cls.__doc__
        checked = requires(*verbs)(require_http_methods(["GET", "HEAD", "POST"])(view))
        checked.list_page = cls
        return checked

    def __init__(self, request, **kwargs):
        self.request, self.actor, self.query, self.kwargs = request, request.actor, request.GET, kwargs

    # ---- what a subclass may say by role ----

    def get_rows(self, actor: Actor) -> QuerySet:
        """The rows before scoping."""
        if self.rows is None:
            raise ImproperlyConfigured(f"{type(self).__name__}.rows is missing.")
        return self.rows._chain()

    def get_columns(self, actor: Actor) -> list[Column]:
        return self.columns

    def get_views(self, actor: Actor) -> list[View]:
        return self.views

    def find(self, rows: QuerySet, text: str) -> QuerySet:
        """Rows in which the typed text occurs."""
        found = Q()
        for path in self.search:
            found |= Q(**{f"{path}__icontains": text})
        return rows.filter(found)

    def context(self, actor: Actor) -> dict[str, Any]:
        """More for a template of its own."""
        return {}

    # ---- the request ----

    def answer(self) -> HttpResponseBase:
        self.scoped = self.scope(self.get_rows(self.actor))
        model = self.scoped.model
        self.shown_columns = [*self.get_columns(self.actor)]
        for more in more_columns:
            self.shown_columns += more(model, self.actor)
        self._choose_columns()
        for column in self.shown_columns:
            column.bind(model)
            self.scoped = column.prepare(self.scoped)
        related = joined(self.scoped.model, self.shown_columns)
        if related and self.scoped.query.select_related is not True:
            self.scoped = self.scoped.select_related(*related)
        if self.request.method == "POST":
            return self.act()
        self.chips: list[Chip] = []
        self.shown_view = self._view()
        self.filtered = self._filtered(self._narrowed(self.shown_view))
        if self.query.get("export") in export.FORMATS and self.exports:
            return self.export()
        listing = Listing(self)
        template = (
            "ui/list_part.html" if self._wants_part() and self.template == "ui/list.html" else self.template
        )
        return render(
            self.request, template, {"list": listing, "page_title": self.title, **self.context(self.actor)}
        )

    def _choose_columns(self) -> None:
        """Show of the columns those that the address names, and the one that leads to the row; else each as it says.

        An address without ALL_CHOSEN was made, or saved, when only the tenant's own columns could be chosen.
        """
        naming = self._naming()
        wanted = self.query.getlist("columns")
        every = ALL_CHOSEN in wanted
        for at, column in enumerate(self.shown_columns):
            built_in = not column.optional
            if built_in and (column is naming or (column.hidden and not column.export)):
                continue
            # A list declares its columns once for all requests: this one's choice is its own.
            chosen = self.shown_columns[at] = copy(column)
            chosen.optional = True
            if wanted and (every or not built_in):
                chosen.hidden = column.name not in wanted

    def _naming(self) -> Column | None:
        """The column that leads to the row, which always stays: the one that names it on a phone, else the first."""
        columns = [column for column in self.shown_columns if not column.hidden]
        named = [column for column in columns if column.phone == "a"]
        links = [column for column in columns if isinstance(column, Link)]
        return next(iter(named + links + columns), None)

    def scope(self, rows: QuerySet) -> QuerySet:
        """Only what the actor may see; a model without owner must be open on purpose."""
        if hasattr(rows, "visible_to"):
            return rows.visible_to(self.actor)
        if not self.open_because:
            raise ImproperlyConfigured(
                f"{type(self).__name__}: say open_because, or give the rows visible_to(actor)."
            )
        return rows

    def may_export(self) -> bool:
        """Whether this person may take the list away; never an operator who acts for somebody."""
        allowed = not self.export_verb or self.export_verb in self.actor.permissions
        return self.exports and allowed and not self.actor.acting_operator

    def export(self) -> HttpResponseBase:
        """The whole filter as a file."""
        if not self.may_export():
            raise NotAllowed()
        export.note(
            self.actor, self.title, kind=self.query["export"], narrowed=said.InEach(self.narrowed_in_words),
            rows=self.filtered.order_by().count(),
        )  # fmt: skip
        rows = self.current_order().sorted(self.filtered)
        return export.answer(self.query["export"], str(self.title), self.shown_columns, rows)

    def narrowed_in_words(self) -> str:
        """What the list is narrowed to, in the language now active: its view, its filters, what is searched for."""
        self.chips = []
        self._filtered(self._narrowed(self.shown_view))  # chips are words, so they are made anew
        view = [str(self.shown_view.label)] if self.shown_view and self.shown_view.narrow else []
        searched = [f"“{self.text}”"] if self.text and self.search else []
        parts = [*view, *(f"{chip.label} {chip.text}" for chip in self.chips), *searched]
        return "; ".join(parts) or str(gettext_lazy("the whole list"))

    def act(self) -> HttpResponse:
        """A bulk verb: each row by its own service call, refusals named after."""
        chosen = next((bulk for bulk in self.bulk if bulk.name == self.request.POST.get("bulk")), None)
        wanted = list(dict.fromkeys(self.request.POST.getlist("row")))[:MOST_AT_ONCE]
        if chosen is None or not wanted:
            raise Http404
        require(self.actor, chosen.verb)
        try:
            rows = {str(row.pk): row for row in self.scoped.filter(pk__in=wanted)}
        except (ValidationError, ValueError):
            raise Http404 from None
        if set(rows) != set(wanted):  # one that the actor may not see is as good as none
            raise Http404
        refused = []
        for key in wanted:
            try:
                chosen.run(rows[key], self.actor)
            except DomainError as error:
                refused.append(f"{rows[key]}: {error.text}")
        self._tell(chosen, len(wanted) - len(refused), refused)
        return HttpResponseRedirect(self.request.get_full_path())

    def _tell(self, chosen: Bulk, done: int, refused: list[str]) -> None:
        if done and chosen.told:
            messages.success(self.request, chosen.told(done))
        elif done:
            words = ngettext("%(verb)s: %(count)s done.", "%(verb)s: %(count)s done.", done)
            messages.success(self.request, words % {"verb": chosen.label, "count": done})
        for line in refused[:10]:
            messages.warning(self.request, line)
        if len(refused) > 10:
            rest = len(refused) - 10
            words = ngettext("and %(count)s more refused", "and %(count)s more refused", rest)
            messages.warning(self.request, words % {"count": rest})

    # ---- reading the address ----

    def _wants_part(self) -> bool:
        headers = self.request.headers
        return headers.get("HX-Target") == "list" and "HX-History-Restore-Request" not in headers

    def _view(self) -> View | None:
        views = self.get_views(self.actor)
        if not views:
            return None
        return next((view for view in views if view.name == self.query.get("view")), views[0])

    def _narrowed(self, view: View | None) -> QuerySet:
        return view.narrow(self.scoped, self.actor) if view and view.narrow else self.scoped

    def _filtered(self, rows: QuerySet) -> QuerySet:
        self.filters = [found for column in self.shown_columns if (found := column.make_filter(rows.model))]
        for one in self.filters:
            rows, chip = one.apply(rows, self.query, self.actor)
            if chip:
                self.chips.append(chip)
        refiner = refine.refiner_of(self)
        if refiner and self.query.get(refine.CONDITION):
            rows, chip = refiner.narrow(self, rows)
            if chip:
                self.chips.append(chip)
        self.text = self.query.get("q", "").strip()[:100].replace("\x00", "")
        if not (self.text and self.search):
            return rows
        found = self.find(rows, self.text)
        more = [q for find in more_found if (q := find(self.shown_columns, self.text)) is not None]
        if not more:
            return found
        # By parts, so that an index serves each: no index serves "found so or so" as a whole.
        parts = [rows.order_by().filter(wanted).values("pk") for wanted in more]
        return rows.filter(pk__in=found.order_by().values("pk").union(*parts))

    def current_order(self) -> keyset.Order:
        """The order asked for when a column declares it, else the list's own."""
        wanted = self.query.get("sort") or self.order
        field = wanted.removeprefix("-")
        sorts = {column.sort: column.sort_nullable for column in self.shown_columns if column.sort}
        if field not in sorts:
            wanted, field = self.order, self.order.removeprefix("-")
        nullable = sorts.get(field)
        if nullable is None:
            nullable = field != "pk" and _may_be_empty(self.scoped.model, field)
        return keyset.Order(field, wanted.startswith("-"), nullable)

    def count(self, rows: QuerySet, most: int = MOST_COUNTED + 1) -> int:
        """How many, counted no further than `most`: 10,001 reads "over 10,000"."""
        return rows.order_by().values("pk")[:most].count()

    def create_address(self) -> str:
        if self.create is None or self.create.verb not in self.actor.permissions:
            return ""
        return reverse(self.create.url)


def _may_be_empty(model, field: str) -> bool:
    try:
        return model._meta.get_field(field).null
    except FieldDoesNotExist:
        return True

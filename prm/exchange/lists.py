"""Exchange rates in a list: what counts, what waits, and who stood for each."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.exchange.models import Rate
from prm.ui import filters, formats
from prm.ui.lists import Between, Choice, Column, Create, Day, Empty, Link, ListPage, Text, View

OF_THE_TENANT = "rates belong to no partner; staff with exchange.view read them"


class Value(Column):
    """A rate with every digit that matters."""

    num = True

    def cell(self, row: Any) -> str:
        return formats.all_digits(row.value)

    def for_export(self, row: Any) -> Any:
        return row.value


class Source(Text):
    """The source; filters by those of which there are rates."""

    def make_filter(self, model: Any) -> Any:
        return filters.ChoiceFilter(self.name, self.label, [(one, one) for one in Rate.objects.sources()])


class State(Choice):
    """The state that the read annotates."""

    def make_filter(self, model: Any) -> Any:
        return filters.ChoiceFilter(self.name, self.label, self.choices)


class RateList(ListPage):
    """What was a currency worth, who says so, and did a second person look?"""

    title = _("Exchange rates")
    verb = "exchange.view"
    export_verb = "exchange.export"
    open_because = OF_THE_TENANT
    template = "exchange/rates.html"
    columns = [
        Link("pair", label=_("Pair"), value=lambda row: f"{row.base}/{row.quote}"),
        Text("base", label=_("Currency"), filter=True, hidden=True, export=False),
        Text("quote", label=_("In"), filter=True, hidden=True, export=False),
        Value("value", label=_("One is worth"), phone="b"),
        Day("day", filter=Between, phone="sub"),
        Source("source", filter=True),
        State("state", label=_("State"), choices=list(Rate.STATES), filter=True, tag=True),
        Text("proposer", label=_("Entered by"), value=lambda row: row.batch.proposer),
        Text("decider", label=_("Confirmed by"), value=lambda row: _decider(row)),
    ]
    order = "-day"
    search = ("base", "quote", "source")
    search_label = _("Currency, source")
    views = [
        View("counts", _("In force"), lambda rows, actor: rows.in_force()),
        View("waiting", _("To be confirmed"), lambda rows, actor: rows.waiting(), hot=True),
        View("all", _("All")),
    ]
    create = Create(_("Enter a rate"), "exchange:new", "exchange.propose")
    empty = Empty(
        _("No exchange rate yet"),
        _("Programmes that count sales in several currencies need them. Enter one, or import a file."),
        icon="coin",
        import_url="/imports/new/?kind=exchange-rates",
    )

    def get_rows(self, actor: Any) -> Any:
        return Rate.objects.for_list()

    def context(self, actor: Any) -> dict[str, Any]:
        from prm.exchange.book import policy_of_tenant

        return {"policy": policy_of_tenant(), "may_configure": "exchange.configure" in actor.permissions}


def _decider(row: Any) -> str:
    return row.batch.decision.decided_by_label if hasattr(row.batch, "decision") else ""

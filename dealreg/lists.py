"""The list of deal registrations, as staff and as partners read it."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dealreg import services, words
from dealreg.models import DealRegistration
from dealreg.registrations import TONES
from dealreg.waiting import general_deciders
from prm.ui import filters, formats
from prm.ui.lists import (
    Amount,
    Between,
    Bulk,
    Choice,
    Column,
    Create,
    Day,
    Empty,
    Link,
    ListPage,
    Ref,
    Text,
    View,
    When,
)
from prm.values import clock
from prm.values.actor import Actor

# States that a partner reads as "in review", beside that itself.
TOLD_AS_IN_REVIEW = ("submitted", "disputed")


def lines_of(row: Any) -> str:
    """The first product line and how many more: "Branch routing +1"."""
    names = [str(line.product_line) for line in row.lines.all()]
    return names[0] + (f" +{len(names) - 1}" if len(names) > 1 else "") if names else ""


class ProductLines(Text):
    """On the page the first and how many more; in the export all of them."""

    def for_export(self, row: Any) -> str:
        return ", ".join(str(line.product_line) for line in row.lines.all())


class Check(Choice):
    """The conflict check's verdict, and how many records it found."""

    def cell(self, row: Any) -> Any:
        if not row.verdict:
            return ""
        if row.verdict == "clear":
            return format_html('<span class="ui-sub">{}</span>', row.get_verdict_display())
        label, tone = row.get_verdict_display(), words.VERDICTS[row.verdict][1]
        count = f" · {row.match_count}" if row.verdict == "possible" else ""
        return format_html('<span class="ui-tag is-{} ui-fig">{}{}</span>', tone, label, count)


class Waiting(Column):
    """For whom it waits, and for how long. `name_of(row)` tells who."""

    css = "ui-clip"

    def __init__(self, name: str, *, name_of: Any, **options: Any):
        super().__init__(name, **options)
        self.name_of = name_of

    def cell(self, row: Any) -> Any:
        if row.waiting_since is None:
            return ""
        since = row.waiting_since if row.waits_for_partner else row.turn_since or row.waiting_since
        ago, exact = formats.coarse(clock.now() - since), formats.exact(since)
        return format_html(
            '{} <span class="ui-dim ui-fig" title="{}">{}</span>', self.name_of(row), exact, ago
        )

    def for_export(self, row: Any) -> str:
        return self.name_of(row) if row.waiting_since else ""


class State(Choice):
    """The state; a partner reads "in review" for everything that staff have before them."""

    def __init__(self, *, partner_reads: bool, **options: Any):
        super().__init__("state", tones=TONES, **options)
        self.partner_reads = partner_reads

    def word(self, row: Any) -> str:
        return str(words.partner_state(row, TONES)[0]) if self.partner_reads else super().word(row)

    @property
    def choices(self) -> list[tuple[Any, Any]]:
        if not self.partner_reads:
            return super().choices
        told = {state: words.PARTNER_STATES.get(state, (label, ""))[0] for state, label in super().choices}
        return [(state, label) for state, label in told.items() if state not in TOLD_AS_IN_REVIEW]

    def make_filter(self, model: Any) -> Any:
        made = super().make_filter(model)
        if made is None or not self.partner_reads:
            return made
        return UnderReview(self.name, self.label, self.choices)


class UnderReview(filters.ChoiceFilter):
    """A partner's filter by state: whoever asks for "in review" gets every state that reads so."""

    def apply(self, rows: Any, query: Any, actor: Actor) -> Any:
        _rows, chip = super().apply(rows.none(), query, actor)
        chosen = [state for state, _label in self.chosen(query)]
        if not chosen:
            return rows, None
        also = TOLD_AS_IN_REVIEW if "in_review" in chosen else ()
        return rows.filter(state__in=[*chosen, *also]), chip


class RegistrationList(ListPage):
    """Which need me?"""

    title = _("Deal registrations")
    verb = "dealreg.view"
    subject = "deal"
    export_verb = "dealreg.export"
    order = "-pk"
    search = ("customer_name", "number", "tax_number")
    search_label = _("Customer, number, tax number")
    empty = Empty(
        _("No registration yet"),
        _("A registration holds an end customer for one partner. Ask first whether it is free."),
        icon="target-arrow",
    )
    bulk = [
        Bulk(
            "approve",
            _("Approve"),
            "dealreg.approve",
            run=lambda row, actor: services.approve_registration(registration=row, by=actor),
            can=lambda row, actor: may_approve(row, actor),
        )
    ]

    @property
    def create(self) -> Create:  # type: ignore[override]
        label = _("Register a deal") if self.actor.is_partner else _("Register for a partner")
        return Create(label, "dealreg:new", "dealreg.register")

    @cached_property
    def general(self) -> str:
        """Who decides where no manager is assigned to the partner."""
        return formats.names(general_deciders())

    def name_of(self, row: Any) -> str:
        if row.waits_for_partner:
            return gettext("you") if self.actor.is_partner else row.partner.name
        return formats.names(row.turn_names or row.manager_names) or self.general

    def get_rows(self, actor: Actor) -> QuerySet:
        return DealRegistration.objects.for_list().with_manager().readable_by(actor)

    def get_columns(self, actor: Actor) -> list[Column]:
        several = actor.partner_ids is None or len(actor.partner_ids) > 1
        partner_reads = actor.is_partner
        waits_on_phone = "sub" if partner_reads else None
        return [
            Link(
                "customer_name",
                label=_("End customer"),
                value=lambda row: row.customer_name or row.number,
                css="ui-clip ui-clip-wide",
            ),
            Text("number", css="ui-fig ui-sub", phone="sub" if partner_reads else None),
            *([Ref("partner", filter=True, css="ui-clip")] if several else []),
            ProductLines("lines", label=_("Product lines"), value=lines_of, css="ui-nowrap ui-sub"),
            Amount("estimated_value", label=_("Value"), currency="currency", places=0, sort=True, filter=Between),
            State(partner_reads=partner_reads, filter=True),
            *([] if partner_reads else [Check("verdict", label=_("Check"), filter=True, phone=None)]),
            Waiting("waiting_since", label=_("Waiting for"), name_of=self.name_of, phone=waits_on_phone),
            Day("expected_close", sort=True, filter=Between, hidden=True),
            When("submitted_at", filter=Between, hidden=True),
            Day("protected_until", sort=True, filter=Between, ends=True, phone="sub"),
        ]  # fmt: skip

    def get_views(self, actor: Actor) -> list[View]:
        if actor.is_partner:
            return [
                View("all", _("All")),
                View(
                    "mine",
                    _("Your answer is needed"),
                    lambda rows, actor: rows.waiting_for_partner(),
                    hot=True,
                ),
                View("review", _("In review"), lambda rows, actor: rows.in_review()),
                View("protected", _("Protected"), lambda rows, actor: rows.filter(state="approved")),
                View("ending", _("Ends in 14 days"), lambda rows, actor: rows.ending_soon()),
                View("drafts", _("Drafts"), lambda rows, actor: rows.filter(state="draft")),
            ]
        return [
            View("all", _("All")),
            View("decide", _("Needs my decision"), lambda rows, actor: rows.to_decide(actor), hot=True),
            View("conflicts", _("In conflict"), lambda rows, actor: rows.in_conflict()),
            View("ending", _("Protection ends in 14 days"), lambda rows, actor: rows.ending_soon()),
        ]

    def find(self, rows: QuerySet, text: str) -> QuerySet:
        return rows.found_by(text)


def may_approve(row: Any, actor: Actor) -> bool:
    """Whether approving it now has a chance; the service decides for certain."""
    own = actor.user_id in (row.created_by_id, row.submitted_by_id)
    return row.state == "in_review" and row.verdict != "blocked" and not own

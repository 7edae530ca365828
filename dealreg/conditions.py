"""What rules may ask about a deal registration. Partners ask only for what they are told anyway."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, F, Value, When
from django.utils.translation import gettext_lazy as _

from dealreg import words
from dealreg.models import DealRegistration
from prm.conditions import Field, Relation, registry

State = DealRegistration.State


def register() -> None:
    registry.register_subject(
        "deal",
        model="dealreg.DealRegistration",
        label=_("Deal registration"),
        partner="partner",
        verb="dealreg.view",
        rows=lambda actor: DealRegistration.objects.visible_to(actor).readable_by(actor),
        fields=[
            Field("estimated_value", "money", label=_("Estimated value"), currency="currency"),
            Field("expected_close", "date", label=_("Expected close")),
            Field("product_lines", "many", label=_("Product lines"), path="lines__product_line",
                  to="catalogue.ProductLine", key="code"),
            Field("type", "reference", label=_("Type"), to="dealreg.RegistrationType", key="code"),
            Field("state", "choice", label=_("State"), choices=State.choices, staff=True),
            Field("partner_state", "choice", label=_("State as the partner reads it"), choices=told_states,
                  expression=told_state_sql, read=told_state),
            Field("partner", "reference", label=_("Partner"), to="partners.Partner", key="number"),
            Field("customer_name", "text", label=_("End customer’s name")),
            Field("tax_number", "text", label=_("Tax number")),
            Field("region", "text", label=_("End customer’s region")),
            Field("number", "text", label=_("Number")),
            Field("note", "text", label=_("What the deal is about")),
            Field("verdict", "choice", label=_("Conflict check"), choices=DealRegistration.Verdict.choices, staff=True),
            Field("match_count", "number", label=_("Matches found"), staff=True),
            Field("protected_until", "date", label=_("Protected to")),
            Field("created_at", "moment", label=_("Date of creation")),
            Field("submitted_at", "moment", label=_("Date of submission")),
            Field("waiting_since", "moment", label=_("Waiting since")),
            Field("decided_at", "moment", label=_("Date of decision")),
            Field("closed_at", "moment", label=_("Date of the end")),
            Field("submitted_by", "reference", label=_("Submitted by"), to="accounts.User", key="email", staff=True),
            Field("decided_by", "reference", label=_("Decided by"), to="accounts.User", key="email", staff=True),
        ],
        relations=[
            Relation("partner", "partner", label=_("Partner")),
            Relation("end_customer", "customer", label=_("End customer"), staff=True),
        ],
    )  # fmt: skip


def told_states() -> list[tuple[str, Any]]:
    """A partner reads one word for everything that staff have before them."""
    hidden = (State.SUBMITTED, State.DISPUTED)
    return [
        (state.value, words.PARTNER_STATES.get(state.value, (state.label, ""))[0])
        for state in State
        if state not in hidden
    ]


def told_state_sql(prefix: str, currency: str) -> Case:
    asked = {f"{prefix}state__in": (State.SUBMITTED, State.DISPUTED)}
    return Case(When(**asked, then=Value(State.IN_REVIEW.value)), default=F(f"{prefix}state"))


def told_state(row: Any) -> str:
    return State.IN_REVIEW if row.state in (State.SUBMITTED, State.DISPUTED) else row.state

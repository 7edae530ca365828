"""Deal registration as a subject of approval flows: who handed it in, who looks after it, what its end does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dealreg import errors
from dealreg.models import DealRegistration, RegistrationLine
from partners.models import Partner
from prm.access.roles import STAFF_ROLES
from prm.approvals import subjects
from prm.approvals.subjects import Settable, Subject
from prm.customers.models import EndCustomer
from prm.customfields.showing import facts_of
from prm.ui import formats, said
from prm.ui.parts import Fact
from prm.values.actor import Actor

CODE = "deal"


def register() -> None:
    subjects.register(
        Subject(
            code=CODE,
            label=_("Deal registration"),
            model="dealreg.DealRegistration",
            verb="dealreg.approve",
            mandate=("dealreg.reject", "dealreg.ask"),
            title=lambda deal: deal.customer_name or deal.number,
            submitter=lambda deal: deal.submitted_by_id or deal.created_by_id,
            own=lambda deal: (deal.created_by_id, deal.submitted_by_id),
            managers=managers,
            facts=facts,
            brief=brief,
            warnings=warnings,
            approvable=lambda deal: not blocked([deal]),
            stuck=stuck,
            approve=approve,
            reject=reject,
            hand_back=hand_back,
            check=check,
            deciders=STAFF_ROLES,
            conditions="deal",
            people_fields={"created_by": (_("Who began the draft"), lambda deal: [deal.created_by])},
            fields={"type": Settable(_("Registration type"), set_type, choices=type_choices)},
            notice=notice,
            icon="target-arrow",
        )
    )


def managers(deal: DealRegistration) -> list[Any]:
    """The channel managers of the partner; without one, those who see all partners, then the administrators."""
    from dealreg.waiting import deciders_by_partner

    return deciders_by_partner([deal.partner_id])[deal.partner_id]


def check(deal: DealRegistration, *, by: Actor) -> None:
    """Nobody decides about what they registered, whatever a flow says."""
    from dealreg.services.rules import must_not_be_own

    must_not_be_own(deal, by)


def approve(deal: DealRegistration, *, by: Actor, text: str, says: Mapping[str, Any]) -> None:
    from dealreg.services.decisions import grant_protection

    chosen = None
    if "product_lines" in says:
        lines = deal.lines.select_related("product_line").filter(product_line_id__in=says["product_lines"])
        chosen = [line.product_line for line in lines]
    grant_protection(registration=deal, by=by, product_lines=chosen, note=text)


def reject(deal: DealRegistration, *, by: Actor, text: str, says: Mapping[str, Any]) -> None:
    from dealreg.services.decisions import refuse_registration

    refuse_registration(registration=deal, by=by, reason=text)


def hand_back(deal: DealRegistration, *, by: Actor, text: str, says: Mapping[str, Any]) -> None:
    from dealreg.services.decisions import ask_partner

    ask_partner(registration=deal, by=by, text=text)


def facts(deal: DealRegistration, actor: Actor) -> Iterable[Fact]:
    """What a decider reads first."""
    lines = ", ".join(map(str, _product_lines(deal)))
    return [
        Fact(_("Partner"), deal.partner.name),
        Fact(_("End customer"), deal.customer_name),
        Fact(_("Product lines"), lines),
        Fact(_("Value"), formats.money(deal.estimated_value, deal.currency, 0)),
        Fact(_("Expected close"), formats.day(deal.expected_close)),
        Fact(_("Conflict check"), deal.get_verdict_display(), strong=deal.verdict != "clear"),
        Fact(_("Number"), deal.number),
        *facts_of("deal", deal, actor),
    ]


def brief(deal: DealRegistration) -> Iterable[Any]:
    found = [deal.partner.name, formats.money(deal.estimated_value, deal.currency, 0)]
    return found + ([deal.get_verdict_display()] if deal.verdict != "clear" else [])


def warnings(deal: DealRegistration) -> list[str]:
    """What stands against approving it whole; the record's page can leave out product lines that somebody holds."""
    return list(stuck([deal]).values())


def _product_lines(deal: DealRegistration) -> list[Any]:
    """A page shows and judges them in several places: they are read once for each object."""
    prefetch_related_objects(
        [deal], Prefetch("lines", RegistrationLine.objects.select_related("product_line"))
    )
    return [line.product_line for line in deal.lines.all()]


def stuck(deals: list[DealRegistration]) -> dict[int, str]:
    """Those that cannot be approved whole, and why: blocked, or a product line of it is held by somebody."""
    held = _held_lines(deals)
    found = _blocked(deals, held)
    for deal in deals:
        taken = [line for line in _product_lines(deal) if (deal.pk, line.pk) in held]
        if taken and deal.pk not in found:
            words = gettext(
                "Held for this customer already: %(lines)s. The record’s page approves the others only."
            )
            found[deal.pk] = words % {"lines": ", ".join(map(str, taken))}
    return found


def blocked(deals: list[DealRegistration]) -> dict[int, str]:
    """Those of which nobody could approve any part now, and why."""
    return _blocked(deals, _held_lines(deals))


def _blocked(deals: list[DealRegistration], held: set[tuple[int, int]]) -> dict[int, str]:
    customers = {pk for deal in deals for pk in _customers_of(deal)}
    direct = dict(EndCustomer.objects.filter(pk__in=customers, direct_only=True).values_list("pk", "name"))
    found: dict[int, str] = {}
    for deal in deals:
        lines = {(deal.pk, line.pk) for line in _product_lines(deal)}
        if deal.partner.status != Partner.Status.ACTIVE:
            found[deal.pk] = gettext("%(partner)s is not active: nothing can be approved for it now.") % {
                "partner": deal.partner.name
            }
        elif name := next((direct[pk] for pk in _customers_of(deal) if pk in direct), None):
            found[deal.pk] = errors.DirectOnly(name=name).text
        elif lines and held >= lines:
            found[deal.pk] = gettext(
                "Every product line is held for this customer already, so it can only be rejected."
            )
    return found


def _held_lines(deals: list[DealRegistration]) -> set[tuple[int, int]]:
    """(deal, product line) of what somebody holds by now for the customer of each; a fixed number of queries."""
    from dealreg.models import Protection

    prefetch_related_objects(
        deals, Prefetch("lines", RegistrationLine.objects.select_related("product_line"))
    )
    customers = {pk for deal in deals for pk in _customers_of(deal)}
    held = set(Protection.objects.held_for(customers).values_list("end_customer_id", "product_line_id"))
    return {
        (deal.pk, line.pk) for deal in deals for line in _product_lines(deal)
        for pk in _customers_of(deal) if (pk, line.pk) in held
    }  # fmt: skip


def _customers_of(deal: DealRegistration) -> set[int]:
    """Its end customer, and whom the conflict check found to be certainly the same."""
    same = [one["customer_id"] for one in (deal.check_result or {}).get("matches", []) if one.get("same")]
    return {pk for pk in (deal.end_customer_id, *same) if pk}


def notice(run: Any, deal: DealRegistration) -> tuple[str, dict[str, Any]]:
    """How its deciders are told."""
    value = said.Money(deal.estimated_value, deal.currency, 0)
    values = {
        "number": deal.number, "customer": deal.customer_name, "partner": deal.partner.name, "value": value,
        "check": said.InEach(deal.get_verdict_display), "who": "",
    }  # fmt: skip
    return "dealreg.submitted", values


def type_choices() -> list[tuple[str, str]]:
    from dealreg.models import RegistrationType

    return [(kind.code, str(kind)) for kind in RegistrationType.objects.order_by("code")]


def set_type(deal: DealRegistration, value: Any, *, by: Actor) -> None:
    """Another registration type, and so another length of protection."""
    from dealreg.services.decisions import change_type

    change_type(registration=deal, code=str(value), by=by)

"""Figures about rebates for the first page and for a partner's page."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from prm.ui import formats
from prm.ui.parts import Figure
from rebates import pages
from rebates.accruals import accruals, sums
from rebates.models import ManualAdjustment, SettlementRun, Statement
from rebates.run_totals import settled_sums

ZERO = Decimal("0.00")


def accrued(actor: Any) -> Figure | None:
    """What open periods would pay, of the partners that the actor sees."""
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for (_programme, _period, currency), amount in sums(by=actor).items():
        found[currency] += amount
    if not found:
        return None
    currency, amount = max(found.items(), key=lambda pair: pair[1])
    return Figure(
        label=_("Rebates accrued"),
        value=formats.money(amount, currency, 0),
        note=_("open periods, as of now"),
        href="/accruals/",
    )


def own_unpaid(actor: Any) -> Figure | None:
    owed = pages.owed_to(actor)
    several = len(owed) > 1
    held = " · ".join(formats.money(one.held, one.currency, iso=several) for one in owed if one.held)
    note = (
        _("besides %(money)s that is disputed") % {"money": held} if held else _("settled and not paid yet")
    )
    return _own(_("Rebate to be paid"), owed, "unpaid", note)


def own_accrued(actor: Any) -> Figure | None:
    owed = pages.owed_to(actor)
    return _own(_("Rebate accrued"), owed, "accrued", _("if the period ended now"))


def _own(label: str, owed: list[pages.Owed], name: str, note: str) -> Figure | None:
    if not owed:
        return None
    several = len(owed) > 1
    text = " · ".join(formats.money(getattr(money, name), money.currency, iso=several) for money in owed)
    return Figure(label=label, value=text, note=note, href="/rebates/")


def runs(actor: Any) -> dict[str, Any]:
    """The newest runs: what each waits for and has still to pay. And the months that nobody has begun to settle."""
    found = list(SettlementRun.objects.visible_to(actor).for_list()[:5])
    closed = [run for run in found if run.state == SettlementRun.State.CLOSED]
    decided = ManualAdjustment.objects.visible_to(actor).posted_sums()
    unpaid = Statement.objects.visible_to(actor).unpaid_by_run(closed) if closed else {}
    rows = [
        {
            "run": run,
            "waiting": pages.waiting_line(run),
            "open": unpaid.get(run.pk, []),
            "sums": settled_sums(run, decided.get(run.pk, {})),
        }
        for run in found
    ]
    return {"runs": rows, "months": pages.months_to_settle(3)}


def of_partner(partner: Any, actor: Any) -> dict[str, Any] | None:
    """A partner's accruals and newest statements."""
    found = accruals(by=actor, partners=[partner.pk])
    statements = list(Statement.objects.visible_to(actor).filter(partner=partner).for_list()[:6])
    return {"accruals": found, "statements": statements} if found or statements else None

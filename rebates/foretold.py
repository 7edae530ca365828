"""What the statements of a settlement would pay if its close began now, and why some pay less than was earned.

Guarantee: `to_pay` is what `Statement.unpaid` says right after the close, as long as nothing is booked in between: both
are the least of what the statement pays and of what the ledger then owes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Sum
from django.utils.translation import gettext as _

from partners.models import Partner
from prm.ledger.models import Entry
from prm.ui import formats
from rebates.minimums import kept_sql
from rebates.models import PaymentHold, SettlementRun
from rebates.services.golive import EVENTS

WHY = "of the partners of the caller's results"
ZERO = Decimal("0.00")
Whose = tuple[int, str]  # partner and currency
FORETOLD = (SettlementRun.State.COMPUTED, SettlementRun.State.IN_REVIEW, SettlementRun.State.APPROVED)


@dataclass(frozen=True)
class Foretold:
    """Of one partner in one currency: `own`, what the close would post; `balance`, what the ledger owes before it, of
    which `brought` came in at go-live and `kept_before` waited for a minimum payout; `kept`, what then waits for it.
    """

    currency: str
    own: Decimal
    balance: Decimal
    brought: Decimal
    kept_before: Decimal
    kept: Decimal
    blocked: str = ""  # why nothing is paid for now

    @property
    def payable(self) -> Decimal:
        """The statement's own figure, as `Statement.payable`."""
        return self.own + self.brought + self.kept_before - self.kept

    @property
    def to_pay(self) -> Decimal:
        """What the statement then has to pay; while the partner is blocked it waits."""
        return max(ZERO, min(self.payable, self.balance + self.own - self.kept))

    @property
    def amount(self) -> Decimal:
        """What can be paid of it at once."""
        return ZERO if self.blocked else self.to_pay

    @property
    def set_off(self) -> Decimal:
        """What of the statement's own figure fills a negative balance."""
        return max(ZERO, self.payable) - self.to_pay

    @property
    def not_taken(self) -> Decimal:
        """What the statement's own figure lies below zero: nothing is paid, and nobody pays it in."""
        return max(ZERO, -self.payable)

    @property
    def below_zero(self) -> Decimal:
        """What the partner then owes: the next statement begins with it."""
        return max(ZERO, -(self.balance + self.own))

    @property
    def why(self) -> list[str]:
        """Why that is not what the partner earned, a sentence for each part."""
        earlier = self.balance - self.brought - self.kept_before
        lowered = max(ZERO, min(self.not_taken, earlier))
        parts = (
            (_("%(money)s came in at go-live and is paid with it"), self.brought),
            (
                _("%(money)s carried forward before is paid with it"),
                self.kept_before if not self.kept else ZERO,
            ),
            (_("%(money)s is set off against a negative balance"), self.set_off),
            (_("%(money)s is below the minimum payout and carried forward"), max(ZERO, self.kept)),
            (_("%(money)s is taken off what earlier statements still owe"), lowered),
            (
                _("%(money)s below zero is carried to the next statement"),
                self.not_taken - lowered + max(ZERO, -self.kept),
            ),
        )
        said = [words % {"money": formats.money(money, self.currency)} for words, money in parts if money > 0]
        if self.blocked and self.to_pay:
            waits = _("%(money)s waits: %(why)s")
            said.append(waits % {"money": formats.money(self.to_pay, self.currency), "why": self.blocked})
        return said


def foretold(run: SettlementRun, own: Mapping[Whose, Decimal]) -> dict[Whose, Foretold]:
    """By partner and currency, of what the close would post to each (`own`); nothing once the close began."""
    if run.state not in FORETOLD or not own:
        return {}
    partners = {partner for partner, _currency in own}
    balances, brought = _ledger(partners), _ledger(partners, since_close=True)
    kept, blocked = _kept(run, partners), _blocked(run, partners)
    return {
        whose: Foretold(
            whose[1], amount, balances.get(whose, ZERO), brought.get(whose, ZERO), *kept.get(whose, (ZERO, ZERO)),
            blocked.get(whose[0], ""),
        )
        for whose, amount in own.items()
    }  # fmt: skip


@dataclass(frozen=True)
class Part:
    """So many partners, and their sum in one currency."""

    count: int
    amount: Decimal
    label: str = ""


@dataclass(frozen=True)
class Summary:
    """Of one currency, how what the close posts becomes what is paid.

    Guarantee: `posted` and the `steps` add up to `due`, and `due` less `waits` is `now`.
    """

    currency: str
    posted: Part
    steps: list[Part]  # signed; a partner can stand in several
    due: Part  # what the statements have to pay
    waits: Part  # of it: held, or the partner is on hold
    now: Part
    owed: Part  # what partners then owe, with which their next statements begin


def summed_up(run: SettlementRun, own: Mapping[Whose, Decimal]) -> list[Summary]:
    """What the close would leave to be paid in each currency. `own` names all partners that the close posts for;
    whoever has only a balance gets a statement too. A fixed number of queries.
    """
    if run.state not in FORETOLD:
        return []
    nothing = {whose: ZERO for whose, owed in _ledger(None).items() if owed}
    found = foretold(run, nothing | dict(own)).values()
    currencies = sorted({one.currency for one in found})
    return [_summary(code, [one for one in found if one.currency == code]) for code in currencies]


def _summary(currency: str, found: list[Foretold]) -> Summary:
    steps = [
        _part((one.brought for one in found), _("Came in at go-live, is paid with it")),
        _part((one.kept_before for one in found), _("Carried forward before, is looked at again")),
        _part((-one.kept for one in found), _("Below the minimum payout, carried forward")),
        _part((-one.set_off for one in found), _("Set off against negative balances")),
        _part(
            (one.not_taken for one in found),
            _("Below zero: taken off what earlier statements still owe, or carried to the next statement"),
        ),
    ]
    return Summary(
        currency,
        posted=_part(one.own for one in found),
        steps=[step for step in steps if step.count],
        due=_part(one.to_pay for one in found),
        waits=_part(one.to_pay for one in found if one.blocked),
        now=_part(one.amount for one in found),
        owed=_part(one.below_zero for one in found),
    )


def _part(amounts: Iterable[Decimal], label: str = "") -> Part:
    there = [amount for amount in amounts if amount]
    return Part(len(there), sum(there, ZERO), label)


def _ledger(partners: Iterable[int] | None, *, since_close: bool = False) -> dict[Whose, Decimal]:
    """What the ledger owes for rebates, to all where `partners` is None; `since_close`: what of it came in at go-live
    since the close before.
    """
    entries = Entry.objects.for_everyone(because=WHY).filter(
        account__partner_id__isnull=False, purpose__kind="rebate"
    )
    if partners is not None:
        entries = entries.filter(account__partner_id__in=list(partners))
    if since_close:
        last = SettlementRun.objects.closed().order_by("-closed_at").first()
        entries = entries.filter(
            account__kind="payable", transaction__event__in=EVENTS,
            transaction_id__gt=last.ledger_cut if last else 0,
        )  # fmt: skip
    else:
        entries = entries.filter(account__kind__in=("payable", "approved"))
    rows = entries.order_by().values_list("account__partner_id", "account__currency")
    return {(partner, code): owed for partner, code, owed in rows.annotate(owed=-Sum("amount"))}


def _kept(run: SettlementRun, partners: set[int]) -> dict[Whose, tuple[Decimal, Decimal]]:
    """What waited and what would wait for a minimum payout, as the close reckons it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {kept_sql(run)} SELECT partner_id, currency, sum(before), sum(now) FROM kept"
            " WHERE partner_id = ANY(%(partners)s) GROUP BY partner_id, currency",
            {"run": run.pk, "first": min(partners), "last": max(partners), "partners": list(partners)},
        )
        return {(partner, code): (before, now) for partner, code, before, now in cursor.fetchall()}


def _blocked(run: SettlementRun, partners: Iterable[int]) -> dict[int, str]:
    """Why a partner's payment waits: somebody holds it, or the partner is on hold."""
    found: dict[int, str] = {}
    for partner in Partner.objects.for_everyone(because=WHY).filter(pk__in=list(partners)):
        if partner.is_on_hold:
            found[partner.pk] = _("the partner is “%(state)s”") % {"state": partner.get_status_display()}
    holds: Any = PaymentHold.objects.for_everyone(because=WHY).filter(run=run, partner__in=list(partners))
    for partner_id, reason in holds.open().values_list("partner_id", "reason"):
        found[partner_id] = _("its payment is held: %(reason)s") % {"reason": reason}
    return found

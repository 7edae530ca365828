"""What of a closed settlement can be paid by a file now, to which account, and what is left out: each with its reason.

Guarantee: what is due and what is left out are together all that the settlement's statements still owe. A figure that
is not above zero, or that a later negative one took up, owes nothing; they are counted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from payouts.models import BankAccount, BatchLine, PayingAccount
from prm.modules import registry
from prm.ui import formats
from prm.values import clock
from prm.values.actor import Actor
from rebates.models import Dispute, Payment, PaymentReturn, SettlementRun, Statement
from rebates.payout_methods import WORDS
from rebates.services.payments import Open, open_on
from rebates.services.unconfirmed import Owed

# Why a statement that owes something is left out, in the order in which it is asked.
REASONS = {
    "elsewhere": _("It is in payout %(detail)s."),
    "on_hold": _("The partner is on hold: “%(detail)s”."),
    "stopped": _("Its payment is held: %(detail)s"),
    "disputed": _("It is disputed in %(detail)s: held back until the decision."),
    "not_by_bank": _("Its programmes do not pay by transfer: %(detail)s"),
    "no_account": _("The partner has no bank account in this currency."),
    "account_stopped": _("The partner's bank account was stopped: %(detail)s"),
    "unconfirmed": _("The partner's bank account is not confirmed yet."),
    "bounced": _("The bank returned a payment to this account, and the account was found wrong: %(detail)s"),
    "held": _("The partner's bank account is held until %(detail)s."),
    "no_paying_account": _("You have no paying account in this currency."),
}


@dataclass(frozen=True)
class Due:
    """A statement that can be paid now: how much, and to which account."""

    found: Open
    account: BankAccount

    @property
    def amount(self) -> Decimal:
        return self.found.amount

    @property
    def statement(self) -> Statement:
        return self.found.statement


@dataclass(frozen=True)
class LeftOut:
    """A statement that owes something and cannot be paid now: one of REASONS, with what fills its sentence."""

    found: Open
    reason: str
    detail: str = ""

    @property
    def statement(self) -> Statement:
        return self.found.statement

    @property
    def amount(self) -> Decimal:
        """What of it is left out for that reason."""
        if self.reason == "disputed":
            return self.found.disputed
        return self.found.rest if self.found.is_blocked else self.found.amount

    @property
    def text(self) -> str:
        return reason_text(self.reason, self.detail)


@dataclass(frozen=True)
class Sum:
    currency: str
    count: int
    amount: Decimal


@dataclass
class Prospect:
    due: list[Due] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    settled: int = 0  # statements that are paid, or whose figure a later negative one took up
    carried: int = 0  # which have nothing to pay: not above zero, or below a minimum payout

    @property
    def sums(self) -> list[Sum]:
        """What would be paid, by currency."""
        return sums_of((one.statement.currency, one.amount) for one in self.due)


def sums_of(amounts: Iterable[tuple[str, Decimal]]) -> list[Sum]:
    found: dict[str, list[Decimal]] = defaultdict(list)
    for currency, amount in amounts:
        found[currency].append(amount)
    return [Sum(code, len(some), sum(some, Decimal("0.00"))) for code, some in sorted(found.items())]


def reason_text(reason: str, detail: Any) -> str:
    shown = formats.day(date.fromisoformat(detail)) if reason == "held" else detail
    if reason == "on_hold" and detail in Partner.Status.values:
        shown = Partner.Status(detail).label
    return str(REASONS[reason]) % {"detail": shown}


def prospect(run: SettlementRun, *, by: Actor, currency: str = "") -> Prospect:
    """What can be paid of `run` now; of one currency where one is named."""
    rows = Statement.objects.visible_to(by).of_run(run).for_payment()
    statements = list(rows.filter(currency=currency) if currency else rows)
    owing = open_on([row for row in statements if row.unpaid > 0])
    carried = sum(1 for row in statements if row.payable <= 0)
    made = Prospect(settled=len(statements) - len(owing) - carried, carried=carried)
    world = Known([one.statement for one in owing])
    for one in owing:
        for judged in world.parts(one):
            if isinstance(judged, Due):
                made.due.append(judged)
            else:
                made.left_out.append(judged)
    return made


class Accounts:
    """To which account each of some partners is paid now, or why to none; read in a few queries for all."""

    def __init__(self, partners: Iterable[int]):
        partners = set(partners)
        accounts = BankAccount.objects.for_everyone(because="of the partners that the caller pays")
        accounts = accounts.filter(partner__in=partners)
        today = clock.today()
        self.in_force = {(row.partner_id, row.currency): row for row in accounts.in_force(today)}
        self.held = {(row.partner_id, row.currency): row for row in accounts.held(today).order_by("-starts")}
        self.asked = {(row.partner_id, row.currency) for row in accounts.waiting()}
        self.stopped = {
            (row.partner_id, row.currency): row.decision for row in accounts.stopped().order_by("decided_at")
        }
        self.bounced = bounced_accounts(partners)

    def of(self, owed: Owed) -> BankAccount | tuple[str, str]:
        """The account that is paid to now, or why none is: one of REASONS with its detail."""
        whose = (owed.partner_id, owed.currency)
        account = self.in_force.get(whose)
        if account is None and whose in self.held:
            return "held", self.held[whose].starts.isoformat()
        if account is None:
            if whose not in self.asked and whose in self.stopped:
                return "account_stopped", self.stopped[whose]
            return "unconfirmed" if whose in self.asked else "no_account", ""
        return ("bounced", self.bounced[account.pk]) if account.pk in self.bounced else account


class Known:
    """What must be known to judge some open statements, read in a fixed number of queries for all."""

    def __init__(self, statements: Sequence[Statement]):
        self.accounts = Accounts(one.partner_id for one in statements)
        self.paying = set(PayingAccount.objects.values_list("currency", flat=True))
        self.taken = taken_by_batches(one.pk for one in statements)
        self.disputes = Dispute.objects.all().numbers_of(statements)

    def parts(self, one: Open) -> list[Due | LeftOut]:
        """What is open on a statement, a part for each thing that is to be said of it: what is disputed waits for the
        decision, whatever becomes of the rest. Where all of it is blocked that is what is said.
        """
        if one.is_blocked or not one.disputed:
            return [self.judge(one)]
        disputed = LeftOut(one, "disputed", self.disputes[one.statement.pk])
        return [self.judge(one), disputed] if one.amount else [disputed]

    def judge(self, one: Open, *, own: bool = False) -> Due | LeftOut:
        """`own`: it stands in the payout that asks, and is therefore not taken by another."""
        statement = one.statement
        if not own and statement.pk in self.taken:
            return LeftOut(one, "elsewhere", self.taken[statement.pk])
        if statement.partner.is_on_hold:
            return LeftOut(one, "on_hold", statement.partner.status)
        if one.stopped:
            return LeftOut(one, "stopped", one.stopped)
        if one.method != Payment.Method.TRANSFER:
            return LeftOut(one, "not_by_bank", str(WORDS[one.method]))
        account = self.accounts.of(statement)
        if isinstance(account, tuple):
            return LeftOut(one, *account)
        if statement.currency not in self.paying:
            return LeftOut(one, "no_paying_account")
        return Due(one, account)


def doubts_about_accounts(owed: Sequence[Owed]) -> dict[int, str]:
    """By id what is owed to partners that no confirmed account is in force for, and why; "" where none is kept here.

    None while the tenant keeps no accounts here at all.
    """
    if not registry.is_on("payouts"):
        return {}
    accounts, found = Accounts(one.partner_id for one in owed), dict[int, str]()
    for one in owed:
        account = accounts.of(one)
        if isinstance(account, tuple):
            found[one.pk] = "" if account[0] == "no_account" else reason_text(*account)
    return found


def bounced_accounts(partners: Iterable[int]) -> dict[int, str]:
    """By the id of each account of these partners that a returned payment showed to be wrong: the bank's reason.

    A payment without a file went to the account in force on its day. The same number stays wrong under another name.
    """
    why, partners = "of the partners of the caller's statements", list(partners)
    rows = PaymentReturn.objects.for_everyone(because=why).filter(
        state="confirmed", wrong_account=True, payment__statement__partner__in=partners
    )
    returns = list(rows.select_related("payment__statement"))
    if not returns:
        return {}
    accounts = list(BankAccount.objects.for_everyone(because=why).filter(partner__in=partners))
    lines = BatchLine.objects.for_everyone(because=why).filter(
        payment__in=[one.payment_id for one in returns]
    )
    by_file = dict(lines.values_list("payment_id", "account_id"))
    wrong: dict[tuple[int, str], str] = {}
    for one in returns:
        payment, whose = one.payment, one.payment.statement.partner_id
        for account in accounts:
            used = by_file.get(payment.pk)
            was_it = account.pk == used if used else account.is_in_force(payment.paid_on)
            if was_it and (account.partner_id, account.currency) == (whose, payment.statement.currency):
                wrong[whose, account.details.number] = one.reason
    return {
        account.pk: wrong[account.partner_id, account.details.number]
        for account in accounts
        if (account.partner_id, account.details.number) in wrong
    }


def taken_by_batches(statement_ids: Iterable[int]) -> dict[int, str]:
    """By the id of each of these statements that stands in an open payout: that payout's number."""
    rows = BatchLine.objects.for_everyone(because="of the statements that the caller has").waiting()
    return dict(rows.filter(statement__in=list(statement_ids)).values_list("statement_id", "batch__number"))

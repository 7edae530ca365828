"""Releasing the payments of a whole run: a background job whose steps pay some statements each.

A step asks the rules again with the rights that whoever pressed has by then, and pays what is open by then: a kill
between steps, or a step run twice, pays nothing twice.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from prm.access.rules import require
from prm.audit.services import record
from prm.jobs.models import Job
from prm.jobs.services import run_to_end, start_job
from prm.ui import said
from prm.values.actor import Actor
from rebates.errors import NotInThisState
from rebates.errors_of_payouts import AccountsNotChecked, NothingToRelease
from rebates.models import Payment, SettlementRun, Statement
from rebates.services.closing import hold_balances
from rebates.services.payments import (
    SOME,
    Open,
    finish_run,
    open_on,
    payment_day,
    refuse_release,
    write_payments,
)
from rebates.services.pressed import Pressed
from rebates.services.reserved import reserved
from rebates.services.unconfirmed import NOT_KEPT, doubts

JOB = "rebates.release"


@transaction.atomic
def start_release(
    *,
    run: SettlementRun,
    by: Actor,
    paid_on: date | None = None,
    reference: str = "",
    account_checked: str = "",
    chunk: int = SOME,
) -> Job:
    """Pay every open statement of a closed run in full, as a background job. Pressed twice it is one job.

    `account_checked`: how the accounts were checked that are not kept here; without it such transfers are left out.
    """
    require(by, "rebates.pay")
    run = SettlementRun.objects.select_for_update().get(pk=run.pk)
    refuse_release(run, by)
    if run.state != SettlementRun.State.CLOSED:
        raise NotInThisState(number=run.number, state=run.get_state_display())
    paid_on = payment_day(run, paid_on)
    known = _open_job(run)
    if known is not None:
        return known
    _refuse_without_any(run, by, account_checked)
    params: dict[str, Any] = {
        "run": run.pk,
        "bounds": _bounds(run, chunk),
        "paid_on": paid_on.isoformat(),
        "reference": reference,
        "account_checked": account_checked.strip(),
        "by": asdict(Pressed.of(by)),
    }
    record(run, "release started", by=by)
    return start_job(
        kind=JOB, key=run.number, title=said.Sentence(_("Payments of settlement %(number)s"), number=run.number),
        link=run.get_absolute_url(), params=params, by=by,
    )  # fmt: skip


def _refuse_without_any(run: SettlementRun, by: Actor, account_checked: str) -> None:
    """Raise where nothing would be paid: all is paid by now, or what is open is left out."""
    found = outlook(run=run, by=by)
    if found.due or (found.not_kept and account_checked.strip()):
        return
    if found.not_kept:
        raise AccountsNotChecked()
    raise NothingToRelease(number=run.number)


# What needs no words of anybody; goods are named, payment by payment.
AT_ONCE = (Payment.Method.TRANSFER, Payment.Method.WALLET, Payment.Method.CREDIT_NOTE)


@dataclass(frozen=True)
class Total:
    """So many statements and their sum in one currency."""

    currency: str
    count: int
    amount: Decimal


@dataclass(frozen=True)
class Outlook:
    """What releasing a run would pay now, and what it would leave out: why each."""

    due: list[Total]
    blocked: list[Open]  # their partners are on hold, or somebody holds the payment
    blocked_totals: list[Total]
    disputed: list[Open]  # of which a dispute under way holds something back
    settled: int  # statements that are paid, or whose figure a later negative one took up
    carried: int  # which have nothing to pay: not above zero, or below a minimum payout
    elsewhere: int = 0  # that are being paid elsewhere
    by_hand: list[Open] = field(default_factory=list)  # in goods, or in several ways: paid one by one
    # Transfers to partners of which no account is kept here: paid only with words about how it was checked.
    not_kept: list[Open] = field(default_factory=list)
    doubtful: list[tuple[Open, str]] = field(default_factory=list)  # whose account is in doubt, and why

    @property
    def due_count(self) -> int:
        return sum(total.count for total in self.due)

    @property
    def not_kept_totals(self) -> list[Total]:
        return _totals(self.not_kept)


def outlook(*, run: SettlementRun, by: Actor) -> Outlook:
    """What `start_release` would do as things stand; raises what it would raise."""
    require(by, "rebates.pay")
    refuse_release(run, by)
    if run.state != SettlementRun.State.CLOSED:
        raise NotInThisState(number=run.number, state=run.get_state_display())
    statements = list(Statement.objects.visible_to(by).of_run(run).for_payment())
    owing = open_on([row for row in statements if row.unpaid > 0])
    taken = reserved(one.statement.pk for one in owing)
    free = [one for one in owing if one.statement.pk not in taken]
    blocked = [one for one in free if one.is_blocked]
    carried = sum(1 for row in statements if row.payable <= 0)
    payable = [one for one in free if one.amount > 0 and not one.is_blocked and not by_hand(one)]
    known, not_kept, doubtful = _by_account(payable)
    return Outlook(
        due=_totals(known),
        not_kept=not_kept,
        doubtful=doubtful,
        by_hand=[one for one in free if one.amount > 0 and not one.is_blocked and by_hand(one)],
        blocked=blocked,
        blocked_totals=_totals(blocked, lambda one: one.rest),
        disputed=[one for one in owing if one.held and not one.is_blocked],
        settled=len(statements) - len(owing) - carried,
        carried=carried,
        elsewhere=len(taken),
    )


def _by_account(payable: list[Open]) -> tuple[list[Open], list[Open], list[tuple[Open, str]]]:
    """What can be paid, transfers to accounts that are not kept here, and those in doubt with the reason."""
    found = doubts([one.statement for one in payable if one.method == Payment.Method.TRANSFER])
    why = {one.statement.pk: found.get(one.statement.pk) for one in payable}
    known = [one for one in payable if why[one.statement.pk] is None]
    not_kept = [one for one in payable if why[one.statement.pk] == NOT_KEPT]
    return known, not_kept, [(one, text) for one in payable if (text := why[one.statement.pk])]


def by_hand(one: Open) -> bool:
    """Whether somebody has to say how it is paid: in goods, or in several ways."""
    return one.method not in AT_ONCE


def _totals(some: list[Open], of: Callable[[Open], Decimal] = lambda one: one.amount) -> list[Total]:
    amounts: dict[str, list[Decimal]] = defaultdict(list)
    for one in some:
        amounts[one.statement.currency].append(of(one))
    return [Total(code, len(found), sum(found, Decimal("0.00"))) for code, found in sorted(amounts.items())]


def is_releasing(run: SettlementRun) -> bool:
    return _open_job(run) is not None


def release_run(
    *,
    run: SettlementRun,
    by: Actor,
    paid_on: date | None = None,
    reference: str = "",
    account_checked: str = "",
) -> int:
    """Release in this process and wait for the end, for commands. Returns how many statements were paid."""
    job = run_to_end(
        start_release(run=run, by=by, paid_on=paid_on, reference=reference, account_checked=account_checked)
    )
    return job.counts.get("paid", 0)


def _open_job(run: SettlementRun) -> Job | None:
    return Job.objects.open().filter(kind=JOB, key=run.number).first()


def _bounds(run: SettlementRun, chunk: int) -> list[list[int]]:
    """Ranges of statement ids, each with `chunk` statements of the run; no statement is added to a closed run."""
    rows = Statement.objects.for_everyone(because="whoever is not seen is left out by the step").of_run(run)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    return [[some[0], some[-1]] for some in (ids[at : at + chunk] for at in range(0, len(ids), chunk))]


# The job's steps


def release_some(
    run_id: int,
    first: int,
    last: int,
    *,
    paid_on: date,
    reference: str,
    by: Actor,
    account_checked: str = "",
) -> tuple[int, int]:
    """Pay what is open on the run's statements `first` to `last`. Returns how many were paid, how many are blocked."""
    require(by, "rebates.pay")
    rows = Statement.objects.visible_to(by).filter(run_id=run_id, pk__gte=first, pk__lte=last)
    held = {partner.pk: partner for partner in Partner.objects.hold(rows.values("partner_id"))}
    run = SettlementRun.objects.select_for_update().get(pk=run_id)
    refuse_release(run, by)
    hold_balances()
    found = [one for one in open_on(list(rows.order_by("pk"))) if one.rest > 0]
    taken = reserved(one.statement.pk for one in found)
    found = [one for one in found if one.statement.pk not in taken]
    payable = [
        one
        for one in found
        if one.amount > 0
        and not one.stopped
        and not by_hand(one)
        and not held[one.statement.partner_id].is_on_hold
    ]
    known, not_kept, _doubtful = _by_account(payable)
    paid = list(known)
    for method in AT_ONCE:
        of_kind = [(one, one.amount) for one in known if one.method == method]
        write_payments(of_kind, paid_on=paid_on, reference=reference, by=by, method=method)
    if account_checked:
        write_payments(
            [(one, one.amount) for one in not_kept],
            paid_on=paid_on, reference=reference, account_checked=account_checked, by=by,
        )  # fmt: skip
        paid += not_kept
    return len(paid), len(found) - len(paid)


def finish(run_id: int, *, by: Actor, paid: int, left_out: int, account_checked: str = "") -> None:
    """With the last step: what came of it stands in the history; is the whole run paid?"""
    run = SettlementRun.objects.select_for_update().get(pk=run_id)
    changes: dict[str, list[Any]] = {"statements_paid": [None, paid], "left_out": [None, left_out]}
    if account_checked:
        changes["account_checked"] = [None, account_checked]
    record(run, "release ended", by=by, changes=changes)
    finish_run(run, by)

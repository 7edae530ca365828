"""Month-end accruals in the ledger: what open periods would pay, booked as expense against accrued at each month's end.

Guarantees
- After a month's posting a partner's accrued balance of a programme's period is what it would have paid by then:
  each month books the difference to the months before. Booked on the month's last day; run twice it books nothing.
- The close of a period takes back all that was accrued for it, in the same transaction as the close's own posting, so
  that earned money is an expense once. A period that is closed, or being closed, accrues nothing more.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from prm.access.rules import require
from prm.audit.services import record
from prm.jobs.models import Job
from prm.jobs.services import start_job
from prm.ledger.models import Account, Entry
from prm.ledger.services import Move, Posting, post_batch, post_many
from prm.outbox.services import emit
from prm.ui import formats, said
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates.accrual_events import AccrualsBooked
from rebates.accruals import accruals
from rebates.models import Programme, RunScope, SettlementRun
from rebates.services.closing import hold_balances

JOB = "rebates.accrue"
EVENT, RELEASED = "rebates.accrue", "rebates.accrual_released"
SOME = 500  # partners that are posted together
ZERO = Decimal("0.00")
WHY = "the books of the whole channel"
# A partner's accrual: programme, currency, its period as text, partner.
Key = tuple[int, str, str, int]


@transaction.atomic
def start_accruing(*, month: Period, by: Actor) -> Job | None:
    """Book the accruals of a month that is over, as a background job; None where it is done. Twice it is one job."""
    require(by, "rebates.settle")
    if month.end > clock.today() or Job.objects.filter(kind=JOB, key=str(month), state="done").exists():
        return None
    return start_job(
        kind=JOB, key=str(month), by=by, params={"month": str(month)},
        title=said.Sentence(_("Accruals of %(month)s"), month=said.InEach(lambda: formats.month(month.start))),
    )  # fmt: skip


# The job's step


@transaction.atomic
def post_accruals(month: Period, *, by: Actor) -> int:
    """Book what the month adds to each partner's accruals. Returns how many postings were written."""
    programmes = Programme.objects.select_related("purpose").in_bulk()
    wanted = _would_pay(month.last_day)
    hold_balances()  # only now: nobody's payment waits for the computation. What began to close meanwhile is left out.
    taken, closed = _accrued(), _closing()
    postings = []
    for key in sorted({*wanted, *taken}):
        programme_id, currency, period, partner_id = key
        amount = wanted.get(key, ZERO) - taken.get(key, ZERO)
        if amount and (programme_id, period) not in closed and _has_begun(period, month):
            programme = programmes[programme_id]
            postings.append(
                Posting(
                    key=f"{EVENT}:{month}:{programme.code}:{period}:{currency}:{partner_id}",
                    moves=[Move("expense", "accrued", programme.purpose, amount)], currency=currency,
                    booked_on=month.last_day, partner_id=partner_id, memo=period,
                )
            )  # fmt: skip
    written = 0
    for at in range(0, len(postings), SOME):
        written += post_many(event=EVENT, postings=postings[at : at + SOME], by=by)
    for programme_id in {key[0] for key in wanted} if written else ():
        record(programmes[programme_id], "accruals booked", by=by, changes={"month": [None, str(month)]})
    if written:
        emit(AccrualsBooked(month=str(month), postings=written), object_key=f"month:{month}")
    return written


def _would_pay(day: date) -> dict[Key, Decimal]:
    found: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for one in accruals(by=Actor.job(JOB), on=day):
        found[one.programme.pk, one.currency, str(one.period), one.partner_id] += one.amount
    return found


def _accrued() -> dict[Key, Decimal]:
    """What is booked as accrued and not taken back, by programme, currency, period and partner."""
    rows = (
        Entry.objects.for_everyone(because=WHY)
        .filter(account__kind=Account.Kind.ACCRUED)
        .order_by()
        .values_list("purpose__programme", "account__currency", "transaction__memo", "account__partner_id")
        .annotate(sum=Sum("amount"))
    )
    return {row[:4]: -row[4] for row in rows if row[4]}


def _closing() -> set[tuple[int, str]]:
    """The periods that are closed or being closed: their accrual is taken back there."""
    scopes = RunScope.objects.filter(run__state__in=("closing", "closed", "paid"))
    return {
        (programme, str(Period(starts, ends)))
        for programme, starts, ends in scopes.values_list("programme_id", "starts", "ends")
    }


def _has_begun(period: str, month: Period) -> bool:
    """Whether the period had begun by the month's end: a month that is booked late says nothing about later ones."""
    return Period.parse(period).start < month.end


# At the close


def take_back(run: SettlementRun, partners: dict[str, int], by: Actor) -> int:
    """Reverse what was accrued for the periods that `run` closes, of the partners `first` to `last`."""
    if not Account.objects.for_everyone(because=WHY).filter(kind=Account.Kind.ACCRUED).exists():
        return 0
    written = 0
    for scope in run.scopes.select_related("programme__purpose", "version"):
        currency, period = scope.version.paid_in, str(scope.period)
        for day in _days_accrued(scope.programme, currency, period):
            written += post_batch(
                key=f"{RELEASED}:{run.number}:{scope.programme.code}:{currency}:{day}", event=RELEASED,
                debit="accrued", credit="expense", currency=currency, booked_on=day, rows=_BOOKED, by=by,
                memo=period, params=partners | {
                    "purpose": scope.programme.purpose_id, "currency": currency, "period": period, "day": day,
                },
            )  # fmt: skip
    return written


def _days_accrued(programme: Programme, currency: str, period: str) -> list[date]:
    """The month-ends on which the period's accruals were booked: on each of them what it booked is taken back."""
    rows = Entry.objects.for_everyone(because=WHY).filter(
        purpose=programme.purpose_id, account__kind=Account.Kind.ACCRUED, account__currency=currency,
        transaction__memo=period, transaction__event=EVENT,
    )  # fmt: skip
    days = rows.order_by("transaction__booked_on").values_list("transaction__booked_on", flat=True)
    return list(days.distinct())


_BOOKED = """
SELECT account.partner_id, entry.purpose_id, -sum(entry.amount) AS amount
FROM ledger_account account
JOIN ledger_entry entry ON entry.account_id = account.id AND entry.purpose_id = %(purpose)s
JOIN ledger_transaction done ON done.id = entry.transaction_id AND done.memo = %(period)s
WHERE account.kind = 'accrued' AND account.currency = %(currency)s AND done.booked_on = %(day)s
    AND account.partner_id BETWEEN %(first)s AND %(last)s
GROUP BY account.partner_id, entry.purpose_id HAVING sum(entry.amount) <> 0
"""

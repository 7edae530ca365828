"""Manual adjustments at the close: taken up when it begins, posted with each range of partners.

Guarantee: each confirmed adjustment is posted once, by the first close that begins after its confirmation, and stands
on that close's statements, whatever is killed: it is bound to the run before anything is written, and has a key.
"""

from __future__ import annotations

from prm.ledger.services import open_accounts, post_batch
from prm.values.actor import Actor
from rebates.models import ManualAdjustment, SettlementRun

EVENT = "rebates.correct"


def take_up(run: SettlementRun) -> int:
    """Bind to `run` what waits for a close; the caller holds balances, so only one close begins. Returns how many."""
    waiting = ManualAdjustment.objects.for_everyone(because="close").waiting()
    count = waiting.update(run=run, state=ManualAdjustment.State.POSTED)
    if count:
        for currency, purposes in _purposes(run).items():
            open_accounts(kind="expense", purpose_ids=purposes, currency=currency)
    return count


def post(run: SettlementRun, partners: dict[str, int], by: Actor) -> int:
    """Expense to payable for the partners `first` to `last`. Returns the number of entries."""
    written = 0
    for currency in _purposes(run):
        written += post_batch(
            key=f"{EVENT}:{run.number}:{currency}",
            event=EVENT,
            debit="expense",
            credit="payable",
            currency=currency,
            booked_on=run.period.last_day,
            rows=(
                "SELECT manual.partner_id, programme.purpose_id, manual.amount FROM rebates_manualadjustment manual"
                " JOIN rebates_programme programme ON programme.id = manual.programme_id"
                " WHERE manual.run_id = %(run)s AND manual.currency = %(currency)s"
                " AND manual.partner_id BETWEEN %(first)s AND %(last)s ORDER BY manual.id"
            ),
            params={"run": run.pk, "currency": currency} | partners,
            by=by,
            memo=run.number,
        )
    return written


def _purposes(run: SettlementRun) -> dict[str, set[int]]:
    """The ledger's purposes of what `run` posts, by currency."""
    found: dict[str, set[int]] = {}
    rows = ManualAdjustment.objects.for_everyone(because="close").filter(run=run).order_by("currency")
    for currency, purpose in rows.values_list("currency", "programme__purpose_id"):
        found.setdefault(currency, set()).add(purpose)
    return found

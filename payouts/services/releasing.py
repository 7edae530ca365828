"""Releasing a payout: a second person, who neither prepared it nor approved the settlement. Then its file is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from django.db import transaction

from payouts import files
from payouts.errors import (
    AnotherPersonReleases,
    NoLongerPayable,
    NoPayingAccount,
    NothingPayable,
    PersonNeeded,
)
from payouts.events import PayoutReleased
from payouts.models import Batch, BatchLine, PayingAccount
from payouts.prospect import Due, Known, reason_text
from payouts.services.preparing import locked, move
from prm.access.rules import require
from prm.audit.services import record
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from rebates.services.closing import hold_balances
from rebates.services.payments import SOME, open_on, refuse_release


@transaction.atomic
def release_batch(*, batch: Batch, by: Actor) -> Batch:
    """Release a prepared payout and freeze its file. Pressed twice, the second hears that it is released."""
    require(by, "payouts.release")
    batch = locked(batch)
    refuse_releaser(batch, by)
    move(batch, Batch.State.RELEASED)
    batch.pay_on = max(batch.pay_on, clock.today())  # no bank executes in the past
    hold_balances()
    lines = list(
        BatchLine.objects.for_everyone(because="the payout's own").filter(batch=batch).waiting().for_list()
    )
    if not lines:
        raise NothingPayable(number=batch.run.number)
    _refuse_what_changed(lines)
    batch.debtors = _debtors({line.currency for line in lines})
    batch.released_by_id, batch.released_by_label, batch.released_at = by.user_id, by.label, clock.now()
    batch.csv_digest = files.digest(files.csv_file(batch, lines))
    batch.xml_digest = files.digest(files.xml_file(batch, lines))
    batch.save()
    record(
        batch, "payout released", by=by,
        changes={"csv_digest": [None, batch.csv_digest], "xml_digest": [None, batch.xml_digest]},
    )  # fmt: skip
    emit(PayoutReleased(batch_id=batch.pk), object_key=f"payout:{batch.pk}")
    return batch


def refuse_releaser(batch: Batch, by: Actor) -> None:
    """Raise unless `by` may release: a person who did not prepare it, and whom the settlement does not rule out."""
    if by.user_id is None:
        raise PersonNeeded()
    if by.user_id == batch.created_by_id:
        raise AnotherPersonReleases(person=batch.preparer)
    refuse_release(batch.run, by)


def _refuse_what_changed(lines: list[BatchLine]) -> None:
    """What was payable when it was prepared must be so now: partner, account, and what is open."""
    for at in range(0, len(lines), SOME):
        some = lines[at : at + SOME]
        opens = open_on([line.statement for line in some])
        known = Known([one.statement for one in opens])
        for line, found in zip(some, opens, strict=True):
            judged = known.judge(found, own=True)
            if not isinstance(judged, Due):
                reason = reason_text(judged.reason, judged.detail)
                raise NoLongerPayable(number=line.statement.number, reason=reason)
            if judged.account.pk != line.account_id:
                raise NoLongerPayable(number=line.statement.number, reason=str(files.OTHER_ACCOUNT))
            if line.amount > found.amount:
                raise NoLongerPayable(number=line.statement.number, reason=str(files.LESS_IS_OPEN))


def _debtors(currencies: Iterable[str]) -> dict[str, dict[str, str]]:
    known = {row.currency: asdict(row.details) for row in PayingAccount.objects.all()}
    for currency in sorted(currencies):
        if currency not in known:
            raise NoPayingAccount(currency=currency)
    return {currency: known[currency] for currency in sorted(currencies)}

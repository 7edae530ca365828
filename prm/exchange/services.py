"""Entering and confirming exchange rates: two people for each, whatever way they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, connection, transaction

from prm.access.rules import require
from prm.audit.services import differences, record
from prm.exchange.errors import (
    AlreadyDecided,
    NothingEntered,
    OtherDirection,
    RateExists,
    RateFarOff,
    RateInTheFuture,
    RateOutOfRange,
    RateWaits,
    SameCurrency,
    SecondPersonDecides,
    UnknownCurrency,
)
from prm.exchange.events import RatesConfirmed, RatesProposed, RatesRejected
from prm.exchange.models import PLACES, Batch, Decision, Policy, Rate
from prm.exchange.unlikely import Quote, far_off
from prm.outbox.services import emit
from prm.ui import formats
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import Stale
from prm.values.money import is_known_currency

LARGEST = Decimal(10) ** 10


@dataclass(frozen=True)
class Quoted:
    """1 `base` = `value` `quote` on `day`."""

    base: str
    quote: str
    day: date
    value: Decimal

    @property
    def pair(self) -> str:
        return f"{self.base}/{self.quote}"


@transaction.atomic
def propose_rate(
    *, source: str, base: str, quote: str, day: date, value: Decimal, by: Actor, correct: bool = False,
    note: str = "", anyway: bool = False,
) -> Batch:  # fmt: skip
    """Enter one rate. It counts when somebody else has confirmed it."""
    rates = [Quoted(base, quote, day, value)]
    return propose_rates(source=source, rates=rates, by=by, correct=correct, note=note, anyway=anyway)


@transaction.atomic
def propose_rates(
    *, source: str, rates: Sequence[Quoted], by: Actor, correct: bool = False, note: str = "",
    kind: str = Batch.Kind.ENTRY, anyway: bool = False,
) -> Batch:  # fmt: skip
    """Enter rates of one source together. `correct`: those that are on file already are corrected. `anyway`: also such
    as are far from the last one known of their pair.

    Raises RateExists and what else a rate can be refused for; then nothing is entered.
    """
    require(by, "exchange.propose")
    hold_source(source)
    if not rates:
        raise NothingEntered()
    for one in rates:
        refuse_impossible(one)
    if not anyway:
        refuse_far_off(rates)
    heads = Rate.objects.heads((source, one.base, one.quote, one.day) for one in rates)
    batch = Batch.objects.create(
        kind=kind, source=source, note=note, proposed_by_id=by.user_id, proposed_by_label=by.label[:200],
        proposed_at=clock.now(),
    )  # fmt: skip
    rows = []
    for one in rates:
        head = heads.get((source, frozenset((one.base, one.quote)), one.day))
        if head is not None:
            refuse_known(head, one, correct=correct)
        rows.append(
            Rate(
                batch=batch, source=source, base=one.base, quote=one.quote, day=one.day, value=one.value,
                replaces=head,
            )
        )  # fmt: skip
    try:
        Rate.objects.bulk_create(rows)
    except IntegrityError as clash:  # the same pair and day twice among `rates`
        raise Stale() from clash
    record(batch, "rates_proposed", by=by, changes={"source": [None, source], "rates": [None, len(rows)]})
    emit(RatesProposed(batch_id=batch.pk, source=source, count=len(rows)), object_key=f"rates:{batch.pk}")
    return batch


def hold_source(source: str) -> None:
    """Entries of one source go one after the other: what is on file then stays until the end."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 4))",
            [f"{connection.schema_name}:exchange:{source}"],
        )


def refuse_impossible(one: Quoted) -> None:
    for field in ("base", "quote"):
        code = getattr(one, field)
        if not is_known_currency(code):
            raise UnknownCurrency(code=code, field=field)
    if one.base == one.quote:
        raise SameCurrency()
    fits = 0 < one.value < LARGEST and one.value == round(one.value, PLACES)
    if not fits:
        raise RateOutOfRange()
    if one.day > clock.today():
        raise RateInTheFuture(today=clock.today())


def refuse_far_off(rates: Sequence[Quote], *, without: Sequence[int] = ()) -> None:
    """Raise an Unusual with the first of them that is far from the last one known of its pair."""
    for one in far_off(rates, without=without):
        raise RateFarOff(**one.said)


def refuse_known(head: Rate, one: Quoted, *, correct: bool) -> None:
    """What stands in the way of entering `one` where `head` is the last of its source, pair and day."""
    if head.batch.state == "waiting":
        raise RateWaits(pair=one.pair, day=one.day)
    if (head.base, head.quote) != (one.base, one.quote):
        raise OtherDirection(pair=f"{head.base}/{head.quote}")
    if head.batch.state == "confirmed" and not correct:
        raise RateExists(pair=one.pair, day=one.day, value=formats.all_digits(head.value))


@transaction.atomic
def confirm_rates(*, batch: Batch, by: Actor) -> Batch:
    """The second person's word: from now on these rates count."""
    require(by, "exchange.confirm")
    batch = _decide(batch, Decision.Verdict.CONFIRMED, "", by)
    record(batch, "rates_confirmed", by=by)
    fact = RatesConfirmed(batch_id=batch.pk, source=batch.source, count=batch.rates.count())
    emit(fact, object_key=f"rates:{batch.pk}")
    return batch


@transaction.atomic
def reject_rates(*, batch: Batch, reason: str, by: Actor) -> Batch:
    """The second person's refusal: these rates never count, and what they were to correct stays."""
    require(by, "exchange.confirm")
    batch = _decide(batch, Decision.Verdict.REJECTED, reason, by)
    record(batch, "rates_rejected", by=by, reason=reason)
    emit(RatesRejected(batch_id=batch.pk, reason=reason), object_key=f"rates:{batch.pk}")
    return batch


def _decide(batch: Batch, verdict: str, reason: str, by: Actor) -> Batch:
    batch = Batch.objects.select_for_update().get(pk=batch.pk)
    known = Decision.objects.filter(batch=batch).first()
    if known is not None:
        raise AlreadyDecided(person=known.decided_by_label)
    if by.user_id is None or by.user_id == batch.proposed_by_id:
        raise SecondPersonDecides(person=batch.proposer)
    Decision.objects.create(
        batch=batch, verdict=verdict, reason=reason, decided_by_id=by.user_id,
        decided_by_label=by.label[:200], decided_at=clock.now(),
    )  # fmt: skip
    return batch


@transaction.atomic
def set_exchange(*, source: str, most_days: int, through: str = "", by: Actor) -> Policy:
    """Say whose rates count, how old they may be, and through which currency two others meet."""
    require(by, "exchange.configure")
    if through and not is_known_currency(through):
        raise UnknownCurrency(code=through, field="through")
    row = Policy.objects.select_for_update().first() or Policy()
    wanted = {"source": source, "most_days": most_days, "through": through}
    changes = differences({name: getattr(row, name) for name in wanted}, wanted)
    for name, value in wanted.items():
        setattr(row, name, value)
    if changes:
        row.save()
        record(row, "exchange_configured", by=by, changes=changes)
    return row

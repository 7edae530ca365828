"""Posting. Everything else about the ledger is reading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from prm.ledger import postings as table
from prm.ledger.errors import AlreadyReversed
from prm.ledger.models import Account, Entry, Purpose, Transaction
from prm.values import clock
from prm.values.actor import Actor


@dataclass(frozen=True, slots=True)
class Move:
    """`amount` goes from the debit account to the credit account; below zero it goes back."""

    debit: str
    credit: str
    purpose: Purpose
    amount: Decimal


def purpose_for(*, kind: str, code: str, name: str, name_zh: str = "") -> Purpose:
    """The purpose with this code, made when there is none; its name follows."""
    made, _ = Purpose.objects.update_or_create(
        kind=kind, code=code, defaults={"name": name, "name_zh": name_zh}
    )
    return made


@dataclass(frozen=True, slots=True)
class Posting:
    """One transaction to write: what `post` takes, for many at once."""

    key: str
    moves: Sequence[Move]
    currency: str
    booked_on: date
    partner_id: int | None = None
    memo: str = ""


@transaction.atomic
def post(
    *,
    key: str,
    event: str,
    moves: Sequence[Move],
    currency: str,
    booked_on: date,
    by: Actor,
    partner_id: int | None = None,
    memo: str = "",
) -> Transaction:
    """Write one balanced transaction; with a key that was used before, return that one and write nothing."""
    posting = Posting(key, moves, currency, booked_on, partner_id, memo)
    post_many(event=event, postings=[posting], by=by)
    return Transaction.objects.for_everyone(because="posting by key").get(key=key)


@transaction.atomic
def post_many(*, event: str, postings: Sequence[Posting], by: Actor) -> int:
    """Write a balanced transaction each, in few queries for all. Returns how many: a used key writes nothing."""
    postings = list({posting.key: posting for posting in postings}.values())
    for posting in postings:
        for move in posting.moves:
            table.check(event, move.debit, move.credit)
    values: dict[str, Any] = {
        "event": event,
        "by": by.label,
        "now": clock.now(),
        "keys": [posting.key for posting in postings],
        "partners": [posting.partner_id for posting in postings],
        "currencies": [posting.currency for posting in postings],
        "days": [posting.booked_on for posting in postings],
        "memos": [posting.memo for posting in postings],
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_TRANSACTIONS, values)
        made = dict(cursor.fetchall())
    new = [posting for posting in postings if posting.key in made]
    accounts = _accounts(new)
    Entry.objects.bulk_create(
        Entry(
            transaction_id=made[posting.key],
            account_id=accounts[_owned(kind, move, posting)],
            purpose=move.purpose,
            amount=amount,
        )
        for posting in new
        for move in posting.moves
        for kind, amount in ((move.debit, move.amount), (move.credit, -move.amount))
    )
    return len(new)


_OPEN_TRANSACTIONS = """
INSERT INTO ledger_transaction (key, event, partner_id, currency, booked_on, memo, posted_by, posted_at)
SELECT key, %(event)s, partner_id, currency, booked_on, memo, %(by)s, %(now)s
FROM unnest(%(keys)s::text[], %(partners)s::bigint[], %(currencies)s::text[], %(days)s::date[], %(memos)s::text[])
     AS wanted (key, partner_id, currency, booked_on, memo)
ON CONFLICT (key) DO NOTHING RETURNING key, id
"""

# An account by what makes it one: kind, partner, purpose, currency.
Owned = tuple[str, int | None, int | None, str]


def _owned(kind: str, move: Move, posting: Posting) -> Owned:
    of_partner = kind in Account.OF_PARTNERS
    purpose_id = None if of_partner else move.purpose.pk
    return kind, posting.partner_id if of_partner else None, purpose_id, posting.currency


def _accounts(postings: Sequence[Posting]) -> dict[Owned, int]:
    """The ids of the accounts that the postings name; those that nobody used before are opened."""
    wanted = {
        _owned(kind, move, posting)
        for posting in postings
        for move in posting.moves
        for kind in (move.debit, move.credit)
    }
    names = ("kind", "partner_id", "purpose_id", "currency")
    some = {name: {owned[at] for owned in wanted} - {None} for at, name in enumerate(names)}
    rows = (
        Account.objects.for_everyone(because="posting names the account exactly")
        .filter(Q(partner_id__in=some["partner_id"]) | Q(purpose_id__in=some["purpose_id"]))
        .filter(kind__in=some["kind"], currency__in=some["currency"])
    )
    found = {row[:4]: row[4] for row in rows.values_list(*names, "pk")}
    if missing := wanted - set(found):
        Account.objects.bulk_create(
            (Account(**dict(zip(names, owned, strict=True))) for owned in sorted(missing, key=str)),
            ignore_conflicts=True,
        )
        found = {row[:4]: row[4] for row in rows.values_list(*names, "pk")}
    return found


# New tables have no statistics yet, and a nested loop over all partners would never end. Batches are posted side by
# side, a worker a core: a plan that takes further processes would keep the others waiting.
_BATCH_SETTINGS = (
    "SET LOCAL enable_nestloop = off; SET LOCAL work_mem = '64MB';"
    " SET LOCAL max_parallel_workers_per_gather = 0"
)
_BATCH_SETTINGS_END = (
    "SET LOCAL enable_nestloop = DEFAULT; SET LOCAL work_mem = DEFAULT;"
    " SET LOCAL max_parallel_workers_per_gather = DEFAULT"
)


@transaction.atomic
def post_batch(
    *,
    key: str,
    event: str,
    debit: str,
    credit: str,
    currency: str,
    booked_on: date,
    rows: str,
    params: dict[str, Any],
    by: Actor,
    memo: str = "",
) -> int:
    """Write a transaction per partner for all `rows`, set-based. Returns the number of entries written.

    `rows` is a SELECT of (partner_id, purpose_id, amount); each row moves its amount from the debit to the credit
    account. A partner's key is `key:partner_id`: partners posted under that key before are left out, so a repeated
    batch writes nothing.
    """
    table.check(event, debit, credit)
    values = params | {
        "ledger_key": key,
        "ledger_event": event,
        "ledger_debit": debit,
        "ledger_credit": credit,
        "ledger_currency": currency,
        "ledger_day": booked_on,
        "ledger_memo": memo,
        "ledger_by": by.label,
        "ledger_now": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_BATCH_SETTINGS)
        cursor.execute(f"CREATE TEMP TABLE ledger_posting ON COMMIT DROP AS {rows}", values)
        for kind in (debit, credit):
            cursor.execute(_OPEN_ACCOUNTS.format(owner=_owner(kind)), values | {"ledger_kind": kind})
        cursor.execute(_POST.format(debit_owner=_owner(debit), credit_owner=_owner(credit)), values)
        written = cursor.rowcount
        cursor.execute("DROP TABLE pg_temp.ledger_posting")
        cursor.execute(_BATCH_SETTINGS_END)
        return written


@transaction.atomic
def open_accounts(*, kind: str, purpose_ids: Iterable[int], currency: str) -> None:
    """Open the purposes' accounts ahead of batches that post to them side by side; those that exist stay."""
    Account.objects.bulk_create(
        [Account(kind=kind, purpose_id=purpose, currency=currency) for purpose in sorted(purpose_ids)],
        ignore_conflicts=True,
    )


def _owner(kind: str) -> str:
    return "partner_id" if kind in Account.OF_PARTNERS else "purpose_id"


_OPEN_ACCOUNTS = """
INSERT INTO ledger_account (kind, {owner}, currency)
SELECT %(ledger_kind)s, wanted.{owner}, %(ledger_currency)s
FROM (SELECT DISTINCT {owner} FROM ledger_posting) wanted
WHERE NOT EXISTS (
    SELECT FROM ledger_account a
    WHERE a.kind = %(ledger_kind)s AND a.currency = %(ledger_currency)s AND a.{owner} = wanted.{owner}
)
ORDER BY wanted.{owner}
ON CONFLICT DO NOTHING
"""

_POST = """
WITH posting AS MATERIALIZED (SELECT * FROM ledger_posting), made AS (
    INSERT INTO ledger_transaction (key, event, partner_id, currency, booked_on, memo, posted_by, posted_at)
    SELECT %(ledger_key)s || ':' || partner_id, %(ledger_event)s, partner_id, %(ledger_currency)s,
           %(ledger_day)s, %(ledger_memo)s, %(ledger_by)s, %(ledger_now)s
    FROM (SELECT DISTINCT partner_id FROM posting WHERE amount <> 0 ORDER BY partner_id) p
    ON CONFLICT (key) DO NOTHING
    RETURNING id, partner_id
), account AS MATERIALIZED (
    SELECT id, kind, partner_id, purpose_id FROM ledger_account
    WHERE currency = %(ledger_currency)s AND kind IN (%(ledger_debit)s, %(ledger_credit)s)
)
INSERT INTO ledger_entry (transaction_id, account_id, purpose_id, amount)
SELECT made.id, CASE side.sign WHEN 1 THEN debit.id ELSE credit.id END, posting.purpose_id,
       side.sign * posting.amount
FROM posting
JOIN made ON made.partner_id = posting.partner_id
LEFT JOIN account debit ON debit.kind = %(ledger_debit)s AND debit.{debit_owner} = posting.{debit_owner}
LEFT JOIN account credit ON credit.kind = %(ledger_credit)s AND credit.{credit_owner} = posting.{credit_owner}
CROSS JOIN (VALUES (1), (-1)) side(sign)
WHERE posting.amount <> 0
"""


@transaction.atomic
def reverse(*, original: Transaction, booked_on: date, by: Actor, memo: str = "") -> Transaction:
    """Take a posting back by its mirror image, which names it."""
    original = Transaction.objects.locked(original)
    earlier = Transaction.objects.for_everyone(because="same posting").filter(reverses=original).first()
    if earlier:
        raise AlreadyReversed(key=earlier.key)
    made = Transaction.objects.create(
        key=f"{original.key}:reversed",
        event=original.event,
        partner_id=original.partner_id,
        currency=original.currency,
        booked_on=booked_on,
        memo=memo,
        reverses=original,
        posted_by=by.label,
    )
    Entry.objects.bulk_create(
        Entry(
            transaction=made, account_id=entry.account_id, purpose_id=entry.purpose_id, amount=-entry.amount
        )
        for entry in original.entries.all()
    )
    return made

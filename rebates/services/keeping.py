"""Keeping accruals: what changed is computed anew, partner by partner, and each night all is held against the lines.

Guarantee: a kept figure that holds (kept.py) is what computing from all sales lines gives. One process keeps at a time,
under a lock that dies with it; marks are taken before the figures are computed, in one transaction with them, so that
whatever comes in meanwhile marks the partner again, and a kill leaves the marks.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

from partners.models import Partner
from prm.access.rules import who_may
from prm.audit.services import record
from prm.jobs.models import Job
from prm.jobs.services import start_job
from prm.notices.services import notify
from prm.values import clock
from prm.values.actor import Actor
from rebates import kept, rollup
from rebates.accrual_figures import Figures, Pair, figures, figures_of
from rebates.kept import Basis
from rebates.models import AccrualCheck
from rebates.services.computing import bounds_of_partners

KEEP, CHECK = "rebates.keep_accruals", "rebates.check_accruals"
CHUNK = 500  # partners that are kept in one transaction
CHECKED = 1_000  # and checked
AT_ONCE = 50  # partners that an event's listener keeps by itself; more are a job
TOLD = 50  # differences that a check names


def keep_up() -> Job | None:
    """Compute anew what changed: a few partners at once, more as a background job, of which there is one."""
    done = keep_some(AT_ONCE, wait=False)
    left = kept.waiting(Basis.remembered(), None).partners
    if 0 < len(left) <= AT_ONCE - done:  # beside those who were marked
        keep_some(AT_ONCE - done, wait=False)
        left = kept.waiting(Basis.remembered(), None).partners
    if left:
        return start_job(kind=KEEP, key="all", link="/accruals/", by=Actor.job("accruals"))
    return None


@transaction.atomic
def keep_some(limit: int = CHUNK, *, wait: bool = True) -> int:
    """Compute and keep the figures of at most `limit` partners that wait. Returns of how many.

    Those who are marked come first, and alone: somebody bought something just now, and to look whose figures rest on
    another basis is to look at everybody. Without `wait` of none where somebody else keeps: the marks stay, and events
    go on being delivered.
    """
    if not hold_kept(wait=wait):
        return 0
    basis = Basis.remembered()
    with connection.cursor() as cursor:
        partners: list[int] = []
        for query in (_MARKED, _OUTDATED):
            cursor.execute(query, {"basis": basis.code, "limit": limit})
            partners = [row[0] for row in cursor.fetchall()]
            if partners:
                _keep(cursor, partners, basis)
                break
    return len(partners)


_MARKED = """
SELECT partner.id FROM (
    SELECT DISTINCT partner_id FROM rebates_accrualmark ORDER BY partner_id LIMIT %(limit)s
) marked JOIN partners_partner partner ON partner.id = marked.partner_id ORDER BY partner.id
"""
_OUTDATED = """
SELECT partner.id FROM partners_partner partner LEFT JOIN rebates_keptpartner kept ON kept.partner_id = partner.id
WHERE kept.basis IS DISTINCT FROM %(basis)s ORDER BY partner.id LIMIT %(limit)s
"""


def hold_kept(*, wait: bool = True) -> bool:
    """Until the end of the transaction nobody else keeps. Without `wait` False where somebody does."""
    lock = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {lock}(hashtextextended(%s, 4))::text", [f"{connection.schema_name}:accruals"]
        )
        return cursor.fetchone()[0] != "false"


def _keep(cursor: Any, partners: list[int], basis: Basis, *, from_sums: bool = True) -> None:
    cursor.execute("DELETE FROM rebates_accrualmark WHERE partner_id = ANY(%s)", [partners])
    rollup.fold(cursor, partners)
    cursor.execute("DELETE FROM rebates_keptaccrual WHERE partner_id = ANY(%s)", [partners])
    found = (
        figures_of(basis.code, basis.kept, partners)
        if from_sums
        else figures(basis.kept, partners, kept=False)
    )
    _write(cursor, "rebates_keptaccrual", found)
    cursor.execute(
        "INSERT INTO rebates_keptpartner (partner_id, basis, kept_at) SELECT id, %s, %s FROM unnest(%s::bigint[]) id"
        " ON CONFLICT (partner_id) DO UPDATE SET basis = excluded.basis, kept_at = excluded.kept_at",
        [basis.code, clock.now(), partners],
    )


def _write(cursor: Any, table: str, found: list[Figures]) -> None:
    for one in found:
        cursor.execute(
            f"INSERT INTO {table} ({_COLUMNS}) SELECT partner_id, version_id, starts, ends, currency, tier, qualifier,"
            f" base, reference, band, lines, earned, explanation FROM ({one.sql.text}) computed",
            one.sql.params,
        )


_COLUMNS = (
    "partner_id, version_id, starts, ends, currency, tier, qualifier, base, reference, band, lines, amount,"
    " explanation"
)


# The nightly check


def start_check() -> Job:
    """Hold all that is kept against the sales lines, as a background job; pressed twice, it is one."""
    with transaction.atomic():
        known = Job.objects.open().filter(kind=CHECK).first()
        if known:
            return known
        check = AccrualCheck.objects.create()
        return start_job(
            kind=CHECK, key="all", link="/accruals/", by=Actor.job("accruals"),
            params={"check": check.pk, "bounds": bounds_of_partners(CHECKED)},
        )  # fmt: skip


def check_sums(check_id: int, first: int, last: int) -> int:
    """A part: the kept sums of a range of partners against the lines. Returns of how many partners they were mended."""
    hold_kept()
    with connection.cursor() as cursor:
        partners = rollup.mend(cursor, first, last)
        if partners:
            rollup.fold(cursor, partners)
            cursor.execute(
                "INSERT INTO rebates_accrualmark (partner_id) SELECT id FROM unnest(%s::bigint[]) id",
                [partners],
            )
            _note(
                check_id,
                [{"partner": number, "programme": "", "period": ""} for number in _numbers(partners)],
            )
    return len(partners)


def check_figures(check_id: int, first: int, last: int) -> dict[str, int]:
    """A part: the kept figures of a range of partners against figures from all lines; what differs is mended.

    What waits is kept first: it is late, not wrong. Of whom something changes meanwhile nothing is said.
    """
    hold_kept()
    basis = Basis.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM partners_partner WHERE id BETWEEN %s AND %s ORDER BY id", [first, last]
        )
        partners = [row[0] for row in cursor.fetchall()]
        if not partners:
            return {}
        late = kept.waiting(basis, partners).partners
        if late:
            _keep(cursor, late, basis)
        cursor.execute(
            "CREATE TEMP TABLE full_accrual ON COMMIT DROP AS SELECT * FROM rebates_keptaccrual WHERE false"
        )
        _write(cursor, "full_accrual", figures(basis.kept, partners, kept=False))
        cursor.execute(_DIFFERENT, {"partners": partners})
        rows = cursor.fetchall()
        cursor.execute("SELECT count(*) FROM full_accrual")
        count = cursor.fetchone()[0]
        cursor.execute("DROP TABLE full_accrual")
        if rows:
            _keep(cursor, sorted({row[0] for row in rows}), basis, from_sums=False)
            _note(check_id, _said(rows, [pair for _day, pair in basis.kept]))
    return {"partners": len(partners), "figures": count, "wrong_figures": len(rows)}


_COMPARED = "tier, qualifier, base, reference, band, lines, amount, currency, explanation"
_DIFFERENT = f"""
SELECT COALESCE(was.partner_id, new.partner_id), COALESCE(was.version_id, new.version_id),
       COALESCE(was.starts, new.starts), was.amount, new.amount
FROM (SELECT * FROM rebates_keptaccrual WHERE partner_id = ANY(%(partners)s)) was
FULL JOIN full_accrual new
    ON new.partner_id = was.partner_id AND new.version_id = was.version_id AND new.starts = was.starts
WHERE ({", ".join(f"was.{name}" for name in _COMPARED.split(", "))})
        IS DISTINCT FROM ({", ".join(f"new.{name}" for name in _COMPARED.split(", "))})
    AND NOT EXISTS (SELECT FROM rebates_accrualmark mark
                    WHERE mark.partner_id = COALESCE(was.partner_id, new.partner_id))
ORDER BY 1, 2, 3
"""


def _said(rows: list[Any], pairs: list[Pair]) -> list[dict[str, str]]:
    known = {(version.pk, period.start): (version, period) for version, period in pairs}
    numbers = dict(zip([row[0] for row in rows], _numbers([row[0] for row in rows]), strict=True))
    found = []
    for partner_id, version_id, starts, was, new in rows[:TOLD]:
        version, period = known.get((version_id, starts), (None, None))
        found.append({
            "partner": numbers[partner_id], "programme": version.programme.code if version else "",
            "period": str(period or starts), "currency": version.paid_in if version else "",
            "kept": str(was if was is not None else Decimal(0)), "full": str(new if new is not None else Decimal(0)),
        })  # fmt: skip
    return found


def _numbers(partners: list[int]) -> list[str]:
    rows = Partner.objects.for_everyone(because="a check is about all")
    known = dict(rows.filter(pk__in=partners).values_list("pk", "number"))
    return [known.get(partner, str(partner)) for partner in partners]


def _note(check_id: int, rows: list[dict[str, str]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE rebates_accrualcheck SET differences = differences || %s::jsonb"
            " WHERE id = %s AND jsonb_array_length(differences) < %s",
            [json.dumps(rows[:TOLD]), check_id, TOLD],
        )


def finish_check(check_id: int, counts: dict[str, int]) -> AccrualCheck:
    """The last step: what came of it is recorded, and finance is told where something differed."""
    check = AccrualCheck.objects.select_for_update().get(pk=check_id)
    check.partners, check.figures = counts.get("partners", 0), counts.get("figures", 0)
    check.wrong_sums, check.wrong_figures = counts.get("wrong_sums", 0), counts.get("wrong_figures", 0)
    check.finished_at = clock.now()
    check.save()
    if not check.agrees:
        found = {"wrong_sums": [None, check.wrong_sums], "wrong_figures": [None, check.wrong_figures]}
        record(check, "accruals mended", by=Actor.job("accruals"), changes=found)
        notify(
            users=who_may("rebates.settle"), kind="rebates.accruals_differed", fact=f"rebates.accruals:{check.pk}",
            values={"sums": check.wrong_sums, "figures": check.wrong_figures}, link="/accruals/",
        )  # fmt: skip
    return check

"""Statements in the sealed audit trail: a digest of each, and one over all of a close.

Guarantee: a statement, or a result behind it, that is changed after the close is named when the chain is verified.
docs/explanation/sealing.md states the bytes; a test computes them in Python.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from prm.audit.models import AuditEntry
from prm.sealing import proof, tree
from rebates import verifier_chain
from rebates.models import SettlementRun, Statement

ISSUED = "statements_issued"

# Needs the parameter run, and READ_SETTINGS: the days are written as the session writes days. `results` has a row a
# partner and currency: its results and then its manual adjustments as lines of text, and the sums of both.
_RESULTS = """computed AS (
    SELECT result.partner_id, result.currency, sum(result.accrued) AS accrued, sum(result.earned) AS earned,
           sum(result.adjusted) AS adjusted, string_agg(concat_ws(
        ' ', result.kind, programme.code, result.starts, result.ends, result.qualifier::numeric(20, 3),
        result.base::numeric(20, 3), result.band, result.computed::numeric(18, 2), result.settled::numeric(18, 2),
        result.earned::numeric(18, 2), result.adjusted::numeric(18, 2), result.line_count,
        'of ' || result.reference::numeric(20, 3)) || E'\\n', ''
        ORDER BY programme.code COLLATE "C", result.ends, result.kind) AS text
    FROM rebates_result result JOIN rebates_programme programme ON programme.id = result.programme_id
    WHERE result.run_id = %(run)s AND result.partner_id {which} GROUP BY result.partner_id, result.currency
), manual AS (
    SELECT manual.partner_id, manual.currency, sum(manual.amount) AS adjusted, string_agg(concat_ws(
        ' ', 'manual', programme.code, manual.number, manual.amount::numeric(18, 2)) || E'\\n', ''
        ORDER BY manual.number COLLATE "C") AS text
    FROM rebates_manualadjustment manual JOIN rebates_programme programme ON programme.id = manual.programme_id
    WHERE manual.run_id = %(run)s AND manual.partner_id {which} GROUP BY manual.partner_id, manual.currency
), results AS (
    SELECT partner_id, currency, COALESCE(computed.text, '') || COALESCE(manual.text, '') AS text,
           computed.accrued, computed.earned, COALESCE(computed.adjusted, 0) + COALESCE(manual.adjusted, 0) AS adjusted
    FROM computed FULL JOIN manual USING (partner_id, currency)
)"""
# What was just written has no statistics yet: the planner would loop over all of it.
READ_SETTINGS = "SET LOCAL datestyle = 'ISO'; SET LOCAL enable_nestloop = off"


def results_of(which: str = "IS NOT NULL") -> str:
    """The text for the partners whose id is `which`, a condition."""
    return _RESULTS.replace("{which}", which)


_AMOUNTS = " || ".join(
    f"'{name} ' || statement.{name}::numeric(18, 2) || E'\\n'"
    for name in ("opening", "accrued", "earned", "adjusted", "approved", "paid", "closing")
)
# Of a row `statement` beside its `partner`; `text` is that of its results.
DIGEST = f"""encode(sha256(convert_to(
    E'qudao.statement.1\\nnumber ' || statement.number || E'\\npartner ' || partner.number
    || E'\\nperiod ' || statement.starts || ' ' || statement.ends || E'\\ncurrency ' || statement.currency || E'\\n'
    || {_AMOUNTS} || 'issued '
    || to_char(statement.issued_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    || E'\\ncarried ' || statement.carried::text || E'\\n' || COALESCE(text, ''), 'UTF8')), 'hex')"""
_CHANGED = f"""
WITH {results_of()} SELECT statement.number FROM rebates_statement statement
JOIN partners_partner partner ON partner.id = statement.partner_id
LEFT JOIN results ON results.partner_id = statement.partner_id AND results.currency = statement.currency
WHERE statement.run_id = %(run)s AND statement.digest <> {DIGEST}
ORDER BY statement.number LIMIT 1
"""


def issued(run: SettlementRun) -> dict[str, list[Any]]:
    """What the trail keeps of the statements that `run` has just issued. The row that holds it is of the product's own
    work: whoever recomputes a statement reads its bytes.
    """
    leaves = _leaves(run.pk)
    known: dict[str, list[Any]] = {
        "statements": [None, len(leaves)],
        "sha256": [None, _sum(leaves)],
        "root": [None, tree.root(leaves)],
    }
    return known | ({"audit_head": [None, run.audit_head]} if run.audit_head else {})


def complaint(row: dict[str, Any]) -> str:
    """What no longer agrees with the sealed row of a close; empty when all does."""
    run, kept = int(row["object_id"]), row["changes"]
    changed = _changed(run)
    if changed:
        return _("statement %(number)s, or a result behind it, was changed after it was issued.") % {
            "number": changed[0]
        }
    leaves = _leaves(run)
    same = [len(leaves), _sum(leaves)] == [kept["statements"][1], kept["sha256"][1]]
    if not same or ("root" in kept and kept["root"][1] != tree.root(leaves)):
        return _("the statements of %(run)s are not those that were issued.") % {"run": row["object_label"]}
    return ""


def proof_of(statement: Statement) -> dict[str, Any] | None:
    """The sealed chain from the head on a statement to the batch that seals it, and the statement's way into that.

    Hashes only, but for the row of the close itself; None while that waits for its seal, and for statements without a
    digest. Closes of before roots were kept have the chain and no way into it.
    """
    rows = AuditEntry.objects.of(statement.run).filter(verb=ISSUED)
    row = rows.first() if statement.digest else None
    found = proof.proof(row.pk, since=statement.run.audit_head) if row else None
    if row is None or found is None:
        return None
    found["shortened"] = found["from"] != (statement.run.audit_head or verifier_chain.FIRST_HEAD)
    if "root" in row.changes:
        leaves = _leaves(statement.run_id)
        found["row"] = proof.bytes_of(row.pk)
        found["path"] = tree.path(leaves, leaves.index(f"{statement.number} {statement.digest}"))
    return found


def _leaves(run: int) -> list[str]:
    """What the root of a close stands for: number and digest of each statement, in the order of numbers."""
    rows = Statement.objects.for_everyone(because="the seal of a close is over all of its statements").filter(
        run=run
    )
    return sorted(f"{number} {digest}" for number, digest in rows.values_list("number", "digest"))


def _sum(leaves: list[str]) -> str:
    return hashlib.sha256("".join(f"{leaf}\n" for leaf in leaves).encode()).hexdigest()


def _changed(run: int) -> Any:
    """The first statement of the run that no longer has the digest of its bytes; None when all have."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(READ_SETTINGS)
        cursor.execute(_CHANGED, {"run": run})
        found = cursor.fetchone()
        cursor.execute("SET LOCAL enable_nestloop = DEFAULT")
        return found

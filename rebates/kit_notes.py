"""What the figures of a recompute kit hang on beside lines and policies."""

from __future__ import annotations

from typing import Any

from rebates.links import BEST_OF, NET_OF, linked_with
from rebates.memberships import frozen_spans
from rebates.models import Result, Statement
from rebates.ties import CAP, stated

GROUP_SUMS = (
    "qualifier", "base", "reference", "counted_in", "paid_on_in", "sum", "parts", "counting", "decimals",
)  # fmt: skip


def of(statement: Statement, rows: list[Result], ends: Any) -> dict[str, Any]:
    """What a period's figures hang on beside its lines; of the results of one programme the newest comes last."""
    return {
        # What the periods paid of which something came back at the original rate.
        "settled": {
            row.programme.code: row.explanation["returned"] for row in rows if "returned" in row.explanation
        },
        # Of cumulative programmes the first day that counts, and what the year's earlier periods posted.
        "since": {code: year["first"] for code, year in _years(rows)},
        "before": {code: year["before"] for code, year in _years(rows)},
        # Where all partners share a cap: the sum of all figures, and no other partner's; of a few no sum.
        "pools": {
            row.programme.code: {
                **{
                    name: row.explanation["pooled"][name]
                    for name in ("amount", "sum", "parts", "decimals", "lowered")
                    if name in row.explanation["pooled"]
                },
                "paid": _paid(row),
            }
            for row in rows
            if "pooled" in row.explanation
        },
        # Where partners count as one group: the sums of all, and no other partner's; of a small group no sums.
        "groups": {
            row.programme.code: {
                name: row.explanation["grouped"][name]
                for name in GROUP_SUMS
                if name in row.explanation["grouped"]
            }
            | {"paid": _paid(row)}
            for row in rows
            if "grouped" in row.explanation
        },
        # Caps that programmes share and groups of which the best pays, where the one that states it paid nothing.
        "ties": _ties(rows),
        # The partner's tiers day by day, as far as a policy asks for them.
        "tiers": frozen_spans(statement.partner_id, ends) or [],
        # What the gates of each found on the day or over the period, and what its formula read.
        "found": {row.programme.code: found_by for row in rows if (found_by := _found(row.explanation))},
    }


def settled_together(statement: Statement, rows: list[Result]) -> list[Result]:
    """What is paid on the statement, and what that is settled together with, whatever it is paid in."""
    versions = {row.version_id: row.version for row in rows}
    wanted = {row.version_id for row in rows if row.currency == statement.currency}
    left = list(wanted)
    while left:
        pk = left.pop()
        more = {one.pk for one in linked_with(versions[pk], list(versions.values()))}
        # Also by way of one that states the link and has no figure here.
        tied = {code for row in rows if row.version_id == pk for tie in _said(row) for code in tie["codes"]}
        more |= {row.version_id for row in rows if row.programme.code in tied}
        left += more - wanted
        wanted |= more
    return [row for row in rows if row.version_id in wanted]


def _ties(rows: list[Result]) -> list[dict[str, Any]]:
    """What programmes without a figure here state of those that have one; they themselves are not told."""
    stating = {
        (tie.kind, row.programme.code) for row in rows for tie in stated(row.version) if tie.kind != NET_OF
    }
    newest = {row.programme.code: row for row in rows}
    found: list[dict[str, Any]] = []
    for row in newest.values():
        for tie in _said(row):
            if tie not in found and not any((tie["kind"], code) in stating for code in tie["codes"]):
                found.append(tie)
    return found


def _said(row: Result) -> list[dict[str, Any]]:
    """The shared cap and the best-of that stand behind a figure."""
    shared, best = (row.explanation.get(name) for name in ("shared", "best"))
    found: list[dict[str, Any]] = []
    if shared:
        found.append({"kind": CAP, "codes": shared["codes"], "amount": shared["amount"]})
    if best:
        found.append({"kind": BEST_OF, "codes": best["codes"]})
    return found


def _paid(row: Result) -> str:
    """A figure in the currency in which it is measured, before the best of several pays; of a year that of all of it so
    far.
    """
    if "best" in row.explanation:
        return str(row.explanation["best"]["own"])
    if "cumulative" in row.explanation:
        return str(row.explanation["cumulative"]["total"])
    return str(row.explanation.get("payout", {}).get("measured", f"{row.computed:.2f}"))


def _years(rows: Any) -> list[tuple[str, dict[str, str]]]:
    """Newest last: an adjustment of a closed year takes off what its last period posted too."""
    return [
        (row.programme.code, row.explanation["cumulative"]) for row in rows if "cumulative" in row.explanation
    ]


def _found(notes: dict[str, Any]) -> dict[str, str]:
    gates = {gate["code"]: gate["found"] for gate in notes.get("gates", [])}
    gates |= {factor["code"]: factor["found"] for factor in notes.get("factors", [])}
    return gates | notes.get("formula", {}).get("read", {})

"""The recompute kit of a statement: the partner's own lines, the policies, and a program that computes it all anew.

Numbers of lines run per partner: what a rival sells cannot be told from them.
"""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Min
from django.template.loader import render_to_string
from django.utils import translation

from orders.models import SalesLine
from prm.sealing.canonical import moment
from prm.values import clock
from prm.values.money import minor_unit
from prm.values.periods import Period
from rebates import verifier
from rebates.models import ManualAdjustment, Result, SettlementRun, Statement

COLUMNS = (
    "line", "day", "document", "product_line", "product", "quantity", "amount", "currency", "recorded"
)  # fmt: skip


def recompute_kit(statement: Statement) -> bytes:
    """A ZIP file: kit.json, lines.csv, verify.py and how to use them in both languages.

    The caller loaded the statement, with run and partner, through `visible_to`.
    """
    lines = _lines(statement)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for language, name in (("en", "README.txt"), ("zh-hans", "说明.txt")):
            with translation.override(language):
                said = {"statement": statement, "manual": _manual(statement)}
                file.writestr(name, render_to_string("rebates/kit_readme.txt", said))
        file.writestr(
            "kit.json",
            json.dumps(_facts(statement, [line.pk for line in lines]), ensure_ascii=False, indent=1),
        )
        file.writestr("lines.csv", _as_csv(lines))
        file.writestr("verify.py", Path(verifier.__file__).read_text(encoding="utf-8"))
    return made.getvalue()


def _lines(statement: Statement) -> list[SalesLine]:
    return list(_rows(statement).select_related("product", "product_line"))


def _rows(statement: Statement) -> Any:
    """The partner's lines that the run had read, of its periods and the year before, as they were recorded."""
    starts = _results(statement).aggregate(first=Min("starts"))["first"] or statement.starts
    rows = SalesLine.objects.for_everyone(because="the statement names the partner").filter(
        partner_id=statement.partner_id, id__lte=statement.run.watermark,
        booking_date__gte=Period.of("month", starts).year_before.start,
    )  # fmt: skip
    return rows.order_by("id")


def _as_csv(lines: list[SalesLine]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    zone = clock.tenant_zone()
    for number, line in enumerate(lines, start=1):
        recorded = line.recorded_at.astimezone(zone).date()
        writer.writerow(
            [
                number, line.booking_date, line.document, line.product_line.code, line.product.code, line.quantity,
                line.net_amount, line.currency, recorded,
            ]
        )  # fmt: skip
    return out.getvalue()


def _results(statement: Statement) -> Any:
    return Result.objects.for_everyone(because="of the statement's own partner").filter(
        run_id=statement.run_id, partner_id=statement.partner_id, currency=statement.currency
    )


def _manual(statement: Statement) -> list[ManualAdjustment]:
    rows = ManualAdjustment.objects.for_everyone(because="of the statement's own partner")
    return list(rows.on(statement))


def facts_of(statement: Statement) -> dict[str, Any]:
    """The statement as `kit.json` holds it."""
    return _facts(statement, list(_rows(statement).values_list("pk", flat=True)))


def _facts(statement: Statement, ids: list[int]) -> dict[str, Any]:
    rows = (
        _results(statement).select_related("programme", "version").order_by("programme__code", "ends", "kind")
    )
    return {
        "schema": 1,
        "statement": {
            "number": statement.number,
            "partner": statement.partner.number,
            "starts": str(statement.starts),
            "ends": str(statement.ends),
            "currency": statement.currency,
            "digits": len(str(minor_unit(statement.currency)).partition(".")[2]),
            **{name: f"{getattr(statement, name):.2f}" for name in verifier.AMOUNTS},
            "issued": moment(statement.issued_at),
            "carried": _as_the_database_writes_it(statement),
            "digest": statement.digest,
            "audit_head": statement.run.audit_head,
        },
        "results": [_result(row) for row in rows],
        # What decided disputes give or take: agreed between people, not computed.
        "manual": [
            {
                "programme": row.programme.code,
                "dispute": row.dispute.number,
                "amount": f"{row.amount:.2f}",
                "reason": row.reason,
            }
            for row in _manual(statement)
        ],
        "periods": _periods(statement, ids),
    }


def _periods(statement: Statement, ids: list[int]) -> list[dict[str, Any]]:
    """For each period: the policies in force for the partner, and how many of the lines were on file.

    Also of programmes whose figure stays: others may share a cap with them or be paid net of them.
    """
    own = Result.objects.for_everyone(because="of the statement's own partner").filter(
        partner_id=statement.partner_id,
        currency=statement.currency,
        run__watermark__lte=statement.run.watermark,
    )
    found: dict[tuple[Any, Any], dict[str, Any]] = {}
    for starts, ends in (
        _results(statement).order_by("ends", "starts").values_list("starts", "ends").distinct()
    ):
        rows = own.filter(starts=starts, ends=ends).select_related("programme", "version").order_by("run_id")
        closed = SettlementRun.objects.filter(ends=ends, watermark__lt=statement.run.watermark).first()
        found[starts, ends] = {
            "starts": str(starts),
            "ends": str(ends),
            # Of a closed period also how many its close had read: what came later is late.
            "lines_to": len(ids),
            "closed_with": sum(1 for pk in ids if pk <= closed.watermark) if closed else None,
            "policies": {row.programme.code: row.version.policy for row in rows},
        }
    return list(found.values())


def _result(row: Result) -> dict[str, Any]:
    return {
        "programme": row.programme.code,
        "version": row.version.number,
        "kind": row.kind,
        "starts": str(row.starts),
        "ends": str(row.ends),
        "tier": row.tier,
        "qualifier": f"{row.qualifier:.3f}",
        "base": f"{row.base:.3f}",
        "reference": None if row.reference is None else f"{row.reference:.3f}",
        "band": row.band,
        **{name: f"{getattr(row, name):.2f}" for name in ("computed", "settled", "earned", "adjusted")},
        "line_count": row.line_count,
    }


def _as_the_database_writes_it(statement: Statement) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT carried::text FROM rebates_statement WHERE id = %s", [statement.pk])
        return str(cursor.fetchone()[0])

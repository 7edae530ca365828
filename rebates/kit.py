"""The recompute kit of a statement: the partner's own lines, the policies, and a program that computes it all anew.

Numbers of lines run per partner: what a rival sells cannot be told from them.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import zipfile
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from django.db import connection
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import translation

from orders.models import CreditedLine, PaymentReceived, SalesLine, SerialMoved
from prm.exchange.book import Book
from prm.sealing.canonical import moment
from prm.values import clock
from prm.values.money import minor_unit
from prm.values.periods import Period
from rebates import (
    kit_notes,
    outside,
    sealing,
    verifier,
    verifier_chain,
    verifier_days,
    verifier_files,
    verifier_formula,
    verifier_mechanisms,
    verifier_results,
    verifier_terms,
    verifier_verdict,
    verifier_words,
)
from rebates.balances import paid_before
from rebates.credited import is_credited
from rebates.currencies import days_of, needs_rates
from rebates.frozen_rates import books_after, books_of
from rebates.kit_credits import as_csv, credits_of, factors_of
from rebates.minimums import kept_on
from rebates.models import ManualAdjustment, Programme, Result, SettlementRun, Statement, Version
from rebates.own_targets import policy_of
from rebates.plans import plans_for
from rebates.policy import as_partners_read
from rebates.traits import SIGNATURE, SIGNATURE_GATE

COLUMNS = (
    "line", "day", "document", "product_line", "product", "quantity", "amount", "currency", "recorded",
    "reverses", "gross", "tax", "ordered", "shipped",
)  # fmt: skip


PARTS = (
    verifier_chain,
    verifier_days,
    verifier_files,
    verifier_formula,
    verifier_mechanisms,
    verifier_results,
    verifier_terms,
    verifier_verdict,
    verifier_words,
)
Read = dict[tuple[date, date], list[Result]]
PAYMENT_COLUMNS = ("day", "document", "amount", "total", "currency")


def recompute_kit(statement: Statement) -> bytes:
    """A ZIP file: kit.json, the CSV files of lines, credits, payments and serials, verify.py, how to use them, and the
    SHA-256 of each.

    The caller loaded the statement, with run and partner, through `visible_to`.
    """
    read = _read(statement)
    lines, credits = _lines(statement, read), credits_of(statement, _each(read))
    facts = _facts(statement, read, _ids(lines), credits) | {"sealed": sealing.proof_of(statement)}
    files = {
        **_readmes(statement, credits),
        "kit.json": json.dumps(facts, ensure_ascii=False, indent=1),
        "lines.csv": _as_csv(lines),
        "credits.csv": as_csv(credits),
        "payments.csv": _payments_as_csv(statement),
        "serials.csv": _serials_as_csv(statement, lines),
        "verify.py": stand_alone(),
    }
    packed = [(name, text.encode()) for name, text in files.items()]
    packed.append((verifier_files.MANIFEST, verifier_files.manifest_of(packed).encode()))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in packed:
            file.writestr(name, content)
    return made.getvalue()


def _readmes(statement: Statement, credits: list[Any]) -> dict[str, str]:
    """How to use the kit, in both languages, by the file's name."""
    said = {"statement": statement, "manual": _manual(statement), "credits": credits}
    found: dict[str, str] = {}
    for language, name in (("en", "README.txt"), ("zh-hans", "说明.txt")):
        with translation.override(language):
            found[name] = render_to_string("rebates/kit_readme.txt", said)
    return found


def stand_alone() -> str:
    """The verifier as one file: its further parts stand where they are imported."""
    text = Path(verifier.__file__).read_text(encoding="utf-8")
    for module in PARTS:
        name = module.__name__.replace(".", r"\.")
        taken = re.search(rf"^from {name} import .*?\n(?=\n|from )", text, re.MULTILINE | re.DOTALL)
        if taken is None:
            raise ValueError(f"the verifier does not import {module.__name__}")
        part = Path(str(module.__file__)).read_text(encoding="utf-8")
        needs = [
            line for line in re.findall(r"^import \w+$", part, re.MULTILINE) if f"\n{line}\n" not in text
        ]
        text = f"{text[: taken.start()]}{body_of(part)}\n\n{text[taken.end() :]}"
        text = text.replace("import sys\n", "".join(f"{line}\n" for line in ("import sys", *needs)), 1)
    return text


def body_of(source: str) -> str:
    """A module without its docstring and imports: from its first other statement on, with what decorates it."""
    rest = ast.parse(source).body
    is_documented = bool(rest) and isinstance(rest[0], ast.Expr) and isinstance(rest[0].value, ast.Constant)
    for statement in rest[1:] if is_documented else rest:
        if not isinstance(statement, ast.Import | ast.ImportFrom):
            decorated = getattr(statement, "decorator_list", [])
            first = min([statement.lineno, *(one.lineno for one in decorated)])
            return "".join(source.splitlines(keepends=True)[first - 1 :])
    raise ValueError("a part of the verifier holds nothing but imports")


def _payments_as_csv(statement: Statement) -> str:
    """What the partner paid of its invoices, as far as the run had read it."""
    rows = PaymentReceived.objects.for_everyone(because="the statement names the partner").filter(
        partner_id=statement.partner_id, id__lte=statement.run.paid_watermark or 0
    )
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(PAYMENT_COLUMNS)
    for row in rows.order_by("id"):
        writer.writerow([row.received_on, row.document, row.amount, row.invoice_total, row.currency])
    return out.getvalue()


def _serials_as_csv(statement: Statement, lines: list[SalesLine]) -> str:
    """The serial numbers of the partner's lines, as far as the run had read them."""
    numbers = {line.pk: number for number, line in enumerate(lines, start=1)}
    rows = SerialMoved.objects.for_everyone(because="the statement names the partner").filter(
        line__in=lines, id__lte=statement.run.serial_watermark or 0
    )
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("line", "serial"))
    writer.writerows([numbers[row.line_id], row.serial] for row in rows.order_by("id"))
    return out.getvalue()


def _ids(rows: Iterable[Any]) -> list[int]:
    return [row.pk for row in rows]


def _lines(statement: Statement, read: Read) -> list[SalesLine]:
    return list(_rows(statement, read).select_related("product", "product_line"))


def _rows(statement: Statement, read: Read) -> Any:
    """The partner's lines that the run had read, of what the statement hangs on and the year before, as they were
    recorded; with those that their returns reverse. All where a programme counts by another day than that of booking.
    """
    results = _each(read)
    own = [row for row in results if not is_credited(row.version.policy)]
    if results and not own:  # all of it is paid on what the partner is credited with
        return SalesLine.objects.none()
    starts = min(map(_counted_from, own), default=statement.starts)
    rows = SalesLine.objects.for_everyone(because="the statement names the partner").filter(
        partner_id=statement.partner_id, id__lte=statement.run.watermark
    )
    if any("date_basis" in row.version.policy for row in own):
        return rows.order_by("id")
    recent = rows.filter(booking_date__gte=Period.of("month", starts).year_before.start)
    reversed_ = recent.filter(reverses__isnull=False).order_by().values("reverses")
    return rows.filter(Q(pk__in=recent.order_by().values("pk")) | Q(pk__in=reversed_)).order_by("id")


def _counted_from(row: Result) -> date:
    """The first day that counts: of a cumulative programme the year's."""
    year = row.explanation.get("cumulative")
    return date.fromisoformat(year["first"]) if year else row.starts


def _as_csv(lines: list[SalesLine]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    zone, numbers = clock.tenant_zone(), {line.pk: number for number, line in enumerate(lines, start=1)}
    for number, line in enumerate(lines, start=1):
        recorded = line.recorded_at.astimezone(zone).date()
        writer.writerow(
            [
                number, line.booking_date, line.document, line.product_line.code, line.product.code, line.quantity,
                line.net_amount, line.currency, recorded, numbers.get(line.reverses_id, ""),
                line.gross_amount, line.tax_rate, line.order_date, line.ship_date,
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
    read = _read(statement)
    lines = list(_rows(statement, read).values_list("pk", flat=True))
    return _facts(statement, read, lines, credits_of(statement, _each(read)))


def _facts(statement: Statement, read: Read, lines: list[int], credits: list[CreditedLine]) -> dict[str, Any]:
    rows = (
        _results(statement).select_related("programme", "version").order_by("programme__code", "ends", "kind")
    )
    return {
        "schema": 3,
        "statement": {
            "number": statement.number,
            "partner": statement.partner.number,
            "starts": str(statement.starts),
            "ends": str(statement.ends),
            "currency": statement.currency,
            "digits": len(str(minor_unit(statement.currency)).partition(".")[2]),
            **{name: f"{getattr(statement, name):.2f}" for name in verifier.AMOUNTS},
            "issued": moment(statement.issued_at),
            "brought": f"{statement.brought:.2f}",
            "payable": f"{statement.payable:.2f}",
            "carried": _carried(statement),
            "carried_as_sealed": _as_the_database_writes_it(statement),
            "digest": statement.digest,
            "audit_head": statement.run.audit_head,
        },
        "results": [_result(row) for row in rows],
        "kept": [
            {
                "programme": kept.programme.code,
                "before": f"{kept.before:.2f}",
                "kept": f"{kept.now:.2f}",
                "minimum": None if kept.minimum is None else f"{kept.minimum:.2f}",
            }
            for kept in kept_on(statement)
        ],
        # What decided disputes and corrections give or take: agreed between people, not computed.
        "manual": [
            {
                "programme": row.programme.code,
                "number": row.number,
                "amount": f"{row.amount:.2f}",
                "reason": row.reason,
            }
            for row in _manual(statement)
        ],
        "paid_before": paid_before(statement),
        "payments": _payments(statement),
        "periods": _periods(statement, read, lines, credits),
    }


def _payments(statement: Statement) -> list[dict[str, str]]:
    """What was paid of it so far, and as what; what the bank sent back is left out."""
    return [
        {"number": row.number, "amount": f"{row.amount:.2f}", "paid_on": str(row.paid_on), "as": row.method}
        for row in statement.payments.kept().order_by("pk")
    ]


def _read(statement: Statement) -> Read:
    """By period (first day, day after the last): the results that the statement's own hang on.

    Also of programmes whose figure stays: others may share a cap with them or be paid net of them.
    """
    run = statement.run
    # A payment or a serial that came later moves a period without a new line.
    known = Q(run__watermark__lt=run.watermark) | Q(
        run__watermark=run.watermark, run__frozen_at__lte=run.frozen_at
    )
    own = Result.objects.for_everyone(because="of the statement's own partner").filter(
        known, partner_id=statement.partner_id
    )
    periods = _results(statement).order_by("ends", "starts").values_list("starts", "ends").distinct()
    found = {}
    for starts, ends in periods:
        then = (
            own.filter(starts=starts, ends=ends)
            .select_related("version__programme", "partner")
            .order_by("run_id")
        )
        found[starts, ends] = kit_notes.settled_together(statement, list(then))
    return found


def _each(read: Read) -> list[Result]:
    return [row for rows in read.values() for row in rows]


def _periods(
    statement: Statement, read: Read, lines: list[int], credits: list[CreditedLine]
) -> list[dict[str, Any]]:
    """For each period: the policies in force for the partner, and how many of the lines and credits were on file."""
    found: dict[tuple[Any, Any], dict[str, Any]] = {}
    for (starts, ends), rows in read.items():
        seen = _closed_to(statement, rows, ends)
        found[starts, ends] = {
            "starts": str(starts),
            "ends": str(ends),
            # Of a closed period also how many its close had read: what came later is late.
            "lines_to": len(lines),
            "closed_with": None if seen is None else sum(1 for pk in lines if pk <= seen),
            "credits_to": len(credits),
            "credits_closed_with": None if seen is None else sum(1 for one in credits if one.pk <= seen),
            "policies": {row.programme.code: _policy_of(row) for row in rows},
            **kit_notes.of(statement, rows, ends),
            # Where credits count by days to payment: what of each invoice counts. The payments are the buyers'.
            "collected": factors_of(statement, rows, credits),
        }
        rates = _rates(statement, [row.version for row in rows], Period(starts, ends))
        if rates:
            found[starts, ends]["rates"] = rates
    return list(found.values())


def _policy_of(row: Result) -> dict[str, Any]:
    """What the verifier computes: the partner's own policy, with the signature that it waited for as a gate."""
    policy = as_partners_read(policy_of(row.version.policy, row.partner.number))
    waited = any(gate["code"] == SIGNATURE for gate in row.explanation.get("gates", []))
    return policy | {"gates": [*policy.get("gates", []), SIGNATURE_GATE]} if waited else policy


def _rates(statement: Statement, versions: list[Version], period: Period) -> dict[str, Any]:
    """The exchange rates that a period was computed with; empty where no programme has any."""
    plans = [plan for plan in plans_for((one, period) for one in versions) if needs_rates(plan.policy)]
    if not plans:
        return {}
    closed = SettlementRun.objects.filter(ends=period.end, watermark__lt=statement.run.watermark).first()
    books = books_after(closed) if closed else books_of(statement.run)
    if period.end != statement.run.ends and closed is None:  # settled before go-live
        books = Book.between
    book = books(*days_of(plans))
    codes = {version.currency for version in versions}
    codes |= {code for plan in plans for code in (plan.version.currency, plan.version.paid_in)}
    return {
        "source": book.source,
        "most_days": book.most_days,
        "through": book.through,
        "digits": {code: len(str(minor_unit(code)).partition(".")[2]) for code in sorted(codes)},
        "stored": [
            [rate.base, rate.quote, str(rate.day), f"{rate.value:f}"]
            for _pair, (_days, rates) in sorted(book.by_pair.items(), key=lambda one: sorted(one[0]))
            for rate in rates
        ],
    }


def _closed_to(statement: Statement, rows: Any, ends: Any) -> int | None:
    """Up to which line a closed period was settled, by its run or before go-live; None for the statement's own."""
    closed = SettlementRun.objects.filter(ends=ends, watermark__lt=statement.run.watermark).first()
    if closed:
        return closed.watermark
    found = [outside.watermark_of(row.programme_id, ends) for row in rows]
    return next((known for known in found if known is not None), None)


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


def _carried(statement: Statement) -> dict[str, dict[str, str]]:
    """What came over and went on, by programme code."""
    codes = dict(Programme.objects.filter(pk__in=statement.carried).values_list("pk", "code"))
    found = {codes[int(programme)]: money for programme, money in statement.carried.items()}
    return dict(sorted(found.items()))


def _as_the_database_writes_it(statement: Statement) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT carried::text FROM rebates_statement WHERE id = %s", [statement.pk])
        return str(cursor.fetchone()[0])

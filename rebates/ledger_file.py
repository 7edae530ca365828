"""A partner's own ledger as a file: its columns found by their headings, its rows read, what is wrong named by row."""

from __future__ import annotations

import tempfile
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from prm.spreadsheets import cells, reasons
from prm.spreadsheets.matching import matched
from prm.spreadsheets.reading import open_table
from prm.spreadsheets.registry import BadValue, Column, ImportKind
from prm.ui import formats
from rebates.errors_of_disputes import LedgerColumnMissing, LedgerRowsBad, LedgerTooLarge
from rebates.own_ledger import Line, signs_differ

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 50_000
MOST_TOLD = 5  # rows whose faults are named


class OwnLedger(ImportKind):
    """Read here only, staged nowhere: it is no kind of import, and its columns are found as theirs are."""

    name = "own-ledger"
    title = _("Own ledger")
    columns = (
        Column("document", _("document"), cells.code(60), True,
               ("document number", "invoice", "invoice number", "invoice no", "voucher", "credit note"),
               "INV-261001-003", _("The number of the invoice or credit note that you got.")),
        Column("booking_date", _("booking date"), cells.day(), True, ("date", "invoice date", "day"), "2026-10-01",
               _("The day of the invoice.")),
        Column("product_code", _("product code"), cells.code(60), False,
               ("product", "sku", "item", "product number", "article"), "MR-2200", _("May be missing.")),
        Column("quantity", _("quantity"), cells.amount(places=3), False, ("qty", "units"), "14", _("May be missing.")),
        Column("net_amount", _("net amount"), cells.amount(places=2), True, ("net", "amount", "value"), "16100.00",
               _("Without tax; below zero for a return.")),
    )  # fmt: skip
    chinese = {
        "document": "单据 单据号 单据编号 发票 发票号 发票号码 发票编号 凭证号 来源单据",
        "booking_date": "日期 入账日期 记账日期 过账日期 开票日期 发票日期",
        "product_code": "产品 产品编码 产品编号 产品代码 商品编码 物料编码 料号 型号",
        "quantity": "数量 销售数量 采购数量 件数",
        "net_amount": "净额 金额 未税金额 不含税金额 净金额",
    }


def read(upload: Any) -> list[Line]:
    """The lines of an uploaded .csv or .xlsx, each with its row as key. Raises a DomainError of the field `file`."""
    if upload.size > MOST_BYTES:
        raise LedgerTooLarge(most=MOST_BYTES // 1024**2, rows=MOST_ROWS)
    with tempfile.NamedTemporaryFile(prefix="ledger-") as kept:
        for chunk in upload.chunks():
            kept.write(chunk)
        kept.flush()
        with open_table(kept.name, str(getattr(upload, "name", ""))) as table:
            kind = OwnLedger()
            places = matched(kind, table.header)
            missing = [column for column in kind.columns if column.required and column.name not in places]
            if missing:
                raise LedgerColumnMissing(
                    columns=", ".join(capfirst(str(column.label)) for column in missing)
                )
            return _lines(kind, places, table.rows)


def _lines(kind: ImportKind, places: dict[str, int], rows: Any) -> list[Line]:
    lines, faults = [], []
    for number, cells_of_row in rows:
        if len(lines) + len(faults) >= MOST_ROWS:
            raise LedgerTooLarge(most=MOST_BYTES // 1024**2, rows=MOST_ROWS)
        values, problems = _values(kind, places, cells_of_row)
        if problems:
            faults.append((number, problems[0]))
        else:
            lines.append(_line(number, values))
    if faults:
        told = " ".join(
            str(_("Row %(row)s: %(why)s")) % {"row": row, "why": why} for row, why in faults[:MOST_TOLD]
        )
        raise LedgerRowsBad(count=len(faults), told=told)
    return lines


def _values(kind: ImportKind, places: dict[str, int], row: list[str]) -> tuple[dict[str, str], list[str]]:
    values, problems = {}, []
    for column in kind.columns:
        place = places.get(column.name)
        text = row[place].strip() if place is not None and place < len(row) else ""
        if not text:
            if column.required:
                problems.append(_said(column, "missing", {}))
            continue
        try:
            values[column.name] = column.parse(text)
        except BadValue as bad:
            problems.append(_said(column, bad.code, bad.values))
    quantity, amount = (
        Decimal(values[name]) if name in values else None for name in ("quantity", "net_amount")
    )
    if signs_differ(quantity, amount):
        problems.append(_said(kind.columns[-1], "signs_differ", {}))
    return values, problems


def _said(column: Column, code: str, values: dict[str, Any]) -> str:
    return f"{capfirst(str(column.label))}{formats.colon()}{reasons.why({'code': code, 'values': values})}"


def _line(number: int, values: dict[str, str]) -> Line:
    return Line(
        key=number,
        document=values["document"],
        day=date.fromisoformat(values["booking_date"]),
        product=values.get("product_code", ""),
        quantity=Decimal(values["quantity"]) if "quantity" in values else None,
        amount=Decimal(values["net_amount"]),
    )

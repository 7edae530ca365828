"""Payments received from a spreadsheet, written set-based and append-only as sales lines are."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from prm.spreadsheets import cells, reasons
from prm.spreadsheets.registry import Column, ImportKind, import_kind
from prm.spreadsheets.staging import Staged
from prm.values import clock
from prm.values.actor import Actor
from prm.values.money import minor_unit

reasons.register(
    payment_is_zero=_("Amount is 0."),
    total_not_above_zero=_("What an invoice asks for is above zero."),
    payment_differs=_(
        "This payment is on file already and differs. Take it back by a negative one, and enter a new one."
    ),
    another_total=_("Another payment of this invoice says that the invoice asks for %(total)s."),
    received_later=_("This day is not over yet."),
)

RESOLVED = """
    SELECT r.number AS row_number, r.values->>'payment_number' AS payment_number, partner.id AS partner_id,
        r.values->>'document' AS document, (r.values->>'invoice_total')::numeric(18, 2) AS invoice_total,
        (r.values->>'amount')::numeric(18, 2) AS amount, coalesce(r.values->>'currency', %(currency)s) AS currency,
        (r.values->>'received_on')::date AS received_on
    FROM spreadsheets_importrow r
    JOIN partners_partner partner ON partner.number = r.values->>'partner_number'
    WHERE r.upload_id = %(upload)s AND r.problems IS NULL AND r.verdict = 'good'
"""
COLUMNS = "payment_number, partner_id, document, invoice_total, amount, currency, received_on"
ON_FILE = f"""
    SELECT n.row_number FROM ({RESOLVED}) n JOIN orders_paymentreceived p ON p.payment_number = n.payment_number
    WHERE ({", ".join(f"n.{name}" for name in COLUMNS.split(", "))})
        {{is}} ({", ".join(f"p.{name}" for name in COLUMNS.split(", "))})
"""
# What other rows say of an invoice: on file, or earlier in the file.
TOTALS = f"""
    WITH n AS MATERIALIZED ({RESOLVED})
    SELECT n.row_number, coalesce(known.total, first_value(n.invoice_total) OVER invoice) AS total, n.invoice_total
    FROM n LEFT JOIN (
        SELECT partner_id, document, currency, max(invoice_total) AS total FROM orders_paymentreceived GROUP BY 1, 2, 3
    ) known USING (partner_id, document, currency)
    WINDOW invoice AS (PARTITION BY partner_id, document, currency ORDER BY n.row_number)
"""
APPEND = f"""
    INSERT INTO orders_paymentreceived ({COLUMNS}, source, recorded_at)
    SELECT {COLUMNS}, 'import', %(now)s FROM ({RESOLVED}) n ORDER BY row_number
"""


@import_kind
class PaymentsReceived(ImportKind):
    """Append-only: a payment that is on file is skipped when it is the same, and refused when it differs."""

    name = "payments-received"
    title = _("Invoice payments")
    verb = "orders.pay"
    key = "payment_number"
    columns = (
        Column("payment_number", _("payment number"), cells.code(80), True, ("payment", "receipt"),
               "RC-261105-01", _("Names the payment for ever; importing it again changes nothing.")),
        Column("partner_number", _("partner number"), cells.code(40), True, ("partner", "partner no", "partner code"),
               "P-0001", _("Number of a partner on file.")),
        Column("document", _("document"), cells.code(60), True, ("invoice", "invoice number"),
               "INV-261001-003", _("The invoice, as its sales lines name it.")),
        Column("invoice_total", _("invoice total"), cells.amount(places=2), True, ("total",),
               "18193.00", _("What the invoice asks for; with tax where the amounts are with tax.")),
        Column("amount", _("amount"), cells.amount(places=2), True, ("paid", "received"),
               "9000.00", _("Not zero. Below zero it takes a payment back, with that payment's day.")),
        Column("received_on", _("received on"), cells.day(), True, ("date", "payment date"),
               "2026-11-05", _("The day that counts, until today.")),
        Column("currency", _("currency"), cells.currency, False, (),
               "CNY", _("ISO code. Empty: the tenant's currency.")),
    )  # fmt: skip
    chinese = {
        "payment_number": "回款编号 收款编号 收款单号 付款编号",
        "partner_number": "伙伴 伙伴编号 伙伴编码 合作伙伴 合作伙伴编号 经销商 经销商编号 代理商编号",
        "document": "单据 单据号 单据编号 发票号 发票号码",
        "invoice_total": "发票金额 发票总额 应收金额",
        "amount": "金额 回款金额 收款金额 到账金额",
        "received_on": "日期 回款日期 收款日期 到账日期",
        "currency": "币种 币别 货币",
    }
    shown = ("payment_number", "received_on", "document", "partner_number", "amount")

    def check_row(self, values: dict[str, str]) -> Iterable[tuple[str, str, dict[str, Any]]]:
        currency = values.get("currency") or _tenant_currency()
        for name in ("amount", "invoice_total"):
            if Decimal(values[name]) % minor_unit(currency):
                yield name, "finer_than_currency", {"currency": currency}
        if not Decimal(values["amount"]):
            yield "amount", "payment_is_zero", {}
        if Decimal(values["invoice_total"]) <= 0:
            yield "invoice_total", "total_not_above_zero", {}
        if values["received_on"] > clock.today().isoformat():
            yield "received_on", "received_later", {}

    def compare(self, staged: Staged, *, by: Actor) -> None:
        known = "SELECT number FROM partners_partner" + (
            " WHERE id = ANY(%(ids)s)" if by.partner_ids is not None else ""
        )
        staged.complain_if_unknown(
            field="partner_number", code="unknown_partner", known=known, ids=sorted(by.partner_ids or ())
        )
        staged.complain(
            field="payment_number", code="payment_differs", currency=_tenant_currency(),
            where=f"r.number IN ({ON_FILE.replace('{is}', 'IS DISTINCT FROM')})",
        )  # fmt: skip
        staged.same(where=f"r.number IN ({ON_FILE.replace('{is}', '=')})", currency=_tenant_currency())
        staged.execute("DROP TABLE IF EXISTS invoice_totals")
        staged.execute(
            f"CREATE TEMPORARY TABLE invoice_totals ON COMMIT DROP AS {TOTALS}",
            {"currency": _tenant_currency()},
        )
        staged.complain(
            field="invoice_total", code="another_total",
            values="SELECT jsonb_build_object('total', t.total::text) FROM invoice_totals t"
            " WHERE t.row_number = r.number",
            where="r.number IN (SELECT row_number FROM invoice_totals WHERE total <> invoice_total)",
        )  # fmt: skip

    def write(self, staged: Staged, *, by: Actor) -> int:
        count = staged.execute(
            "SELECT count(*) FROM spreadsheets_importrow r WHERE r.upload_id = %(upload)s AND r.verdict = 'good'"
        )[0][0]
        if count:
            staged.execute(APPEND, {"currency": _tenant_currency(), "now": clock.now()})
        return int(count)


def _tenant_currency() -> str:
    return getattr(connection.tenant, "currency", None) or "CNY"

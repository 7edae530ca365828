"""Sales lines from a spreadsheet. Set-based from the check to the write: half a million lines take about a minute."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from babel.core import get_global
from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from orders import credited_imports, received_imports, serials_imports  # noqa: F401  declared with this one
from orders.events import SalesLinesRecorded
from prm.outbox.services import emit
from prm.spreadsheets import cells, reasons
from prm.spreadsheets.registry import Column, ImportKind, import_kind
from prm.spreadsheets.staging import Staged
from prm.ui import formats
from prm.values import clock
from prm.values.actor import Actor
from prm.values.money import minor_unit

reasons.register(
    unknown_partner=_("No partner has this number."),
    unknown_product=_("No product has this code."),
    unknown_customer=_("No end customer has this number."),
    unknown_reversed_line=_("A return must name a line that exists, here or on file."),
    reverses_itself=_("A line cannot reverse itself."),
    reversed_is_return=_("The line named is itself a return."),
    reversed_other_partner=_("The line named is of another partner."),
    reversed_other_product=_("The line named is of another product."),
    reversed_other_currency=_("The line named is in another currency."),
    reversed_too_much=_("More is returned than the line named had: %(left)s are left."),
    quantity_is_zero=_("Quantity is 0."),
    signs_differ=_("Quantity and amount have different signs."),
    no_amount=_("Neither a net nor a gross amount is given."),
    only_returns_reverse=_("Only a return, with quantity below zero, names a line that it reverses."),
    finer_than_currency=_("More decimals than %(currency)s has."),
    line_differs=_("This line is on file already and differs in: %(fields)s. Book a return and a new line."),
)

SOURCES = {
    "import": "导入", "invoice": "发票", "credit_note": "credit note|红字发票",
    "pos": "point of sale|point-of-sale report|销售点",
}  # fmt: skip

TAX_RATE = "coalesce((r.values->>'tax_rate')::numeric(6, 4), product.tax_rate)"
# The net amount of a row that has only a gross one; most currencies have two decimals.
WITHOUT_DECIMALS = ", ".join(
    f"'{code}'" for code, (digits, *_rest) in sorted(get_global("currency_fractions").items()) if digits == 0
)
NET_OF_GROSS = f"""round((r.values->>'gross_amount')::numeric / (1 + {TAX_RATE}),
            CASE WHEN coalesce(r.values->>'currency', %(currency)s) IN ({WITHOUT_DECIMALS}) THEN 0 ELSE 2 END)"""
# One staged row with what its texts mean; rows with unknown references fall out.
RESOLVED = f"""
    SELECT r.number AS row_number, r.values->>'line_number' AS line_number,
        partner.id AS partner_id, product.id AS product_id, product.product_line_id,
        (r.values->>'booking_date')::date AS booking_date,
        (r.values->>'order_date')::date AS order_date, (r.values->>'ship_date')::date AS ship_date,
        (r.values->>'quantity')::numeric(18, 3) AS quantity,
        coalesce((r.values->>'net_amount')::numeric(18, 2), {NET_OF_GROSS}) AS net_amount,
        (r.values->>'gross_amount')::numeric(18, 2) AS gross_amount,
        {TAX_RATE} AS tax_rate,
        coalesce(r.values->>'currency', %(currency)s) AS currency,
        coalesce(r.values->>'source', 'import') AS source,
        coalesce(r.values->>'document', r.values->>'line_number') AS document,
        coalesce(r.values->>'document_line', '') AS document_line,
        coalesce(customer.merged_into_id, customer.id) AS end_customer_id,
        coalesce(r.values->>'reverses', '') AS reverses
    FROM spreadsheets_importrow r
    JOIN partners_partner partner ON partner.number = r.values->>'partner_number'
    JOIN catalogue_product product ON product.code = r.values->>'product_code'
    LEFT JOIN customers_endcustomer customer ON customer.number = r.values->>'customer_number'
    WHERE r.upload_id = %(upload)s AND r.problems IS NULL AND r.verdict = 'good'
"""

# What is compared with a line on file, and how it is called in the file.
COMPARED = {
    "partner_number": "s.partner_id <> n.partner_id",
    "product_code": "s.product_id <> n.product_id",
    "booking_date": "s.booking_date <> n.booking_date",
    "quantity": "s.quantity <> n.quantity",
    "net_amount": "s.net_amount <> n.net_amount",
    "gross_amount": "n.gross_amount IS NOT NULL AND s.gross_amount IS DISTINCT FROM n.gross_amount",
    "currency": "s.currency <> n.currency",
    "order_date": "n.order_date IS NOT NULL AND s.order_date IS DISTINCT FROM n.order_date",
    "ship_date": "n.ship_date IS NOT NULL AND s.ship_date IS DISTINCT FROM n.ship_date",
    "reverses": "coalesce(reversed.line_number, '') <> n.reverses",
    "document": "n.has_document AND s.document <> n.document",
    "customer_number": "n.end_customer_id IS NOT NULL AND s.end_customer_id IS DISTINCT FROM n.end_customer_id",
}

ON_FILE = f"""
    CREATE TEMPORARY TABLE lines_on_file ON COMMIT DROP AS
    SELECT n.row_number, array_to_string(ARRAY[
        {", ".join(f"CASE WHEN {test} THEN '{name}' END" for name, test in COMPARED.items())}
    ], ', ') AS fields
    FROM (SELECT resolved.*, resolved.document <> resolved.line_number AS has_document FROM ({RESOLVED}) resolved) n
    JOIN orders_salesline s ON s.line_number = n.line_number
    LEFT JOIN orders_salesline reversed ON reversed.id = s.reverses_id
"""

# Every return of the file beside the line that it names, on file or in the file.
RETURNS = f"""
    CREATE TEMPORARY TABLE returns_in_file ON COMMIT DROP AS
    WITH n AS MATERIALIZED ({RESOLVED}), back AS (SELECT * FROM n WHERE reverses <> '')
    SELECT back.row_number, back.reverses, back.partner_id, back.product_id, back.currency, -back.quantity AS quantity,
        coalesce(s.partner_id, o.partner_id) AS o_partner_id, coalesce(s.product_id, o.product_id) AS o_product_id,
        coalesce(s.currency, o.currency) AS o_currency, coalesce(s.quantity, o.quantity) AS o_quantity,
        coalesce(s.quantity, o.quantity) + coalesce(
            (SELECT sum(earlier.quantity) FROM orders_salesline earlier WHERE earlier.reverses_id = s.id), 0
        ) AS unreturned,
        sum(-back.quantity) OVER (PARTITION BY back.reverses ORDER BY back.row_number) AS returned_so_far
    FROM back
    LEFT JOIN orders_salesline s ON s.line_number = back.reverses
    LEFT JOIN n o ON o.line_number = back.reverses
"""

APPEND = f"""
    INSERT INTO orders_salesline (line_number, partner_id, product_id, product_line_id, booking_date, order_date,
        ship_date, quantity, net_amount, gross_amount, tax_rate, currency, source, document, document_line,
        end_customer_id, reverses_id, recorded_at)
    SELECT n.line_number, n.partner_id, n.product_id, n.product_line_id, n.booking_date, n.order_date,
        n.ship_date, n.quantity, n.net_amount, n.gross_amount, n.tax_rate, n.currency, n.source, n.document,
        n.document_line,
        n.end_customer_id, reversed.id, %(now)s
    FROM ({RESOLVED}) n
    LEFT JOIN orders_salesline reversed ON n.reverses <> '' AND reversed.line_number = n.reverses
    WHERE (n.reverses <> '') = %(returns)s
    ORDER BY n.row_number
"""


@import_kind
class SalesLines(ImportKind):
    """Append-only: a line that is on file is skipped when it is the same, and refused when it differs."""

    name = "sales-lines"
    title = _("Sales lines")
    verb = "sales.import"
    key = "line_number"
    columns = (
        Column("line_number", _("line number"), cells.code(80), True, ("line no", "sales line"),
               "INV-261001-003/1", _("Names the line for ever; importing it again changes nothing.")),
        Column("partner_number", _("partner number"), cells.code(40), True, ("partner", "partner no", "partner code"),
               "P-0001", _("Number of a partner on file.")),
        Column("product_code", _("product code"), cells.code(60), True, ("product", "sku", "item", "product number"),
               "MR-2200", _("Code of a product on file.")),
        Column("booking_date", _("booking date"), cells.day(), True, ("date", "invoice date"),
               "2026-10-01", _("The day that counts for rebates and reports.")),
        Column("quantity", _("quantity"), cells.amount(places=3), True, ("qty", "units"),
               "14", _("Not zero; below zero for a return. At most three decimals.")),
        Column("net_amount", _("net amount"), cells.amount(places=2), False, ("net", "amount"),
               "16100.00", _("Without tax, in the line's currency; its sign is that of the quantity, or it is 0. "
               "Empty: taken from the gross amount.")),
        Column("gross_amount", _("gross amount"), cells.amount(places=2), False, ("gross", "amount with tax"),
               "18193.00", _("With tax. Programmes on gross amounts take the tax out of it.")),
        Column("currency", _("currency"), cells.currency, False, (),
               "CNY", _("ISO code. Empty: the tenant's currency.")),
        Column("tax_rate", _("tax rate"), cells.rate, False, ("vat",),
               "0.13", _("0.13 or 13%. Empty: the product's rate.")),
        Column("document", _("document"), cells.code(60), False, ("invoice", "invoice number"),
               "INV-261001-003", _("Invoice, credit note or report. Empty: the line number.")),
        Column("document_line", _("document line"), cells.code(20), False, ("position",),
               "1", _("Position in the document.")),
        Column("source", _("source"), cells.choice(SOURCES), False, (),
               "pos", _("import, invoice, credit_note or pos. Empty: import.")),
        Column("customer_number", _("customer number"), cells.code(40), False, ("customer", "end customer"),
               "EC-10482", _("Number of an end customer on file.")),
        Column("order_date", _("order date"), cells.day(), False, (),
               "2026-09-28", _("When it was ordered.")),
        Column("ship_date", _("ship date"), cells.day(), False, (), "2026-09-30", _("When it was shipped.")),
        Column("reverses", _("reverses"), cells.code(80), False, ("reversed line", "return of"),
               "INV-260901-001/2", _("For a return: the line number of the sale that it takes back, on file or in the "
               "same file. A return without it counts by its booking date only.")),
    )  # fmt: skip
    chinese = {
        "line_number": "行号 行编号 明细编号 明细行号 销售明细编号 流水号",
        "partner_number": "伙伴 伙伴编号 伙伴编码 合作伙伴 合作伙伴编号 合作伙伴编码 经销商 经销商编号 代理商编号",
        "product_code": "产品 产品编码 产品编号 产品代码 商品编码 物料编码 料号 型号",
        "booking_date": "日期 入账日期 记账日期 过账日期 开票日期 发票日期",
        "quantity": "数量 销售数量 件数",
        "net_amount": "未税金额 不含税金额 净额 净金额 金额 销售额",
        "gross_amount": "含税金额 价税合计 含税销售额",
        "currency": "币种 币别 货币",
        "tax_rate": "税率",
        "document": "单据 单据号 单据编号 凭证号 发票号 发票号码",
        "document_line": "单据行 单据行号",
        "source": "来源",
        "customer_number": "客户 客户编号 客户编码 最终客户 最终客户编号",
        "order_date": "下单日期 订单日期",
        "ship_date": "发货日期 出货日期",
        "reverses": "冲销行号 冲销 原行号 退货原行号",
    }
    shown = (
        "line_number",
        "booking_date",
        "document",
        "partner_number",
        "product_code",
        "quantity",
        "net_amount",
    )

    def check_row(self, values: dict[str, str]) -> Iterable[tuple[str, str, dict[str, Any]]]:
        quantity, currency = Decimal(values["quantity"]), values.get("currency") or _tenant_currency()
        if not quantity:
            yield "quantity", "quantity_is_zero", {}
        amounts = {name: Decimal(values[name]) for name in ("net_amount", "gross_amount") if values.get(name)}
        if not amounts:
            yield "net_amount", "no_amount", {}
        for name, amount in amounts.items():
            if quantity and amount and (quantity < 0) != (amount < 0):
                yield name, "signs_differ", {}
            if amount % minor_unit(currency):
                yield name, "finer_than_currency", {"currency": currency}
        if values.get("reverses"):
            if quantity > 0:
                yield "reverses", "only_returns_reverse", {}
            if values["reverses"] == values["line_number"]:
                yield "reverses", "reverses_itself", {}

    def compare(self, staged: Staged, *, by: Actor) -> None:
        known = "SELECT number FROM partners_partner" + (
            " WHERE id = ANY(%(ids)s)" if by.partner_ids is not None else ""
        )
        staged.complain_if_unknown(
            field="partner_number", code="unknown_partner", known=known, ids=sorted(by.partner_ids or ())
        )
        staged.complain_if_unknown(
            field="product_code", code="unknown_product", known="SELECT code FROM catalogue_product"
        )
        staged.complain_if_unknown(
            field="customer_number", code="unknown_customer", known="SELECT number FROM customers_endcustomer"
        )
        self._compare_with_file(staged)
        self._compare_returns(staged)

    def _compare_with_file(self, staged: Staged) -> None:
        staged.execute("DROP TABLE IF EXISTS lines_on_file")
        staged.execute(ON_FILE, {"currency": _tenant_currency()})
        staged.same(where="r.number IN (SELECT row_number FROM lines_on_file WHERE fields = '')")
        staged.complain(
            field="line_number", code="line_differs",
            values="SELECT jsonb_build_object('fields', f.fields) FROM lines_on_file f WHERE f.row_number = r.number",
            where="r.number IN (SELECT row_number FROM lines_on_file WHERE fields <> '')",
        )  # fmt: skip

    def _compare_returns(self, staged: Staged) -> None:
        has_returns = staged.execute(
            "SELECT EXISTS (SELECT 1 FROM spreadsheets_importrow r WHERE r.upload_id = %(upload)s"
            " AND r.verdict = 'good' AND r.values->>'reverses' <> '')"
        )
        if not has_returns[0][0]:
            return
        staged.execute("DROP TABLE IF EXISTS returns_in_file")
        staged.execute(RETURNS, {"currency": _tenant_currency()})
        for code, test in {
            "unknown_reversed_line": "o_quantity IS NULL",
            "reversed_is_return": "o_quantity < 0",
            "reversed_other_partner": "o_partner_id <> partner_id",
            "reversed_other_product": "o_product_id <> product_id",
            "reversed_other_currency": "o_currency <> currency",
        }.items():
            staged.complain(
                field="reverses", code=code,
                where=f"r.number IN (SELECT row_number FROM returns_in_file WHERE {test})",
            )  # fmt: skip
        staged.complain(
            field="quantity", code="reversed_too_much",
            values="SELECT jsonb_build_object('left',"
            " trim_scale(greatest(f.unreturned - f.returned_so_far + f.quantity, 0))::text)"
            " FROM returns_in_file f WHERE f.row_number = r.number",
            where="""r.number IN (SELECT row_number FROM returns_in_file
                WHERE o_quantity > 0 AND o_partner_id = partner_id AND returned_so_far > unreturned)""",
        )  # fmt: skip

    def facts(self, staged: Staged) -> list[dict[str, Any]]:
        rows = staged.execute(
            f"""
            SELECT currency, sum(net_amount)::text, count(DISTINCT partner_id) FROM ({RESOLVED}) n
            GROUP BY currency ORDER BY currency
            """,
            {"currency": _tenant_currency()},
        )
        return [{"code": "net", "values": {"currency": c, "net": net, "partners": p}} for c, net, p in rows]

    def fact_text(self, code: str, values: dict[str, Any]) -> str:
        partners = ngettext("%(count)s partner", "%(count)s partners", values["partners"]) % {
            "count": values["partners"]
        }
        net = formats.money(Decimal(values["net"]), values["currency"])
        return _("%(amount)s net · %(partners)s") % {"amount": net, "partners": partners}

    def write(self, staged: Staged, *, by: Actor) -> int:
        parameters = {"currency": _tenant_currency(), "now": clock.now()}
        first, last, count = staged.execute(
            """
            SELECT min(r.values->>'booking_date'), max(r.values->>'booking_date'), count(*)
            FROM spreadsheets_importrow r WHERE r.upload_id = %(upload)s AND r.verdict = 'good'
            """
        )[0]
        if not count:
            return 0
        # Sales first: a return may name a line of the same file.
        staged.execute(APPEND, {**parameters, "returns": False})
        staged.execute(APPEND, {**parameters, "returns": True})
        emit(SalesLinesRecorded(count=count, first_day=first, last_day=last, source="import"))
        return count


def _tenant_currency() -> str:
    return getattr(connection.tenant, "currency", None) or "CNY"

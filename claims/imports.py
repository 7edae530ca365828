"""Sell-through and stock reports, and agreements, from a spreadsheet. Reports are append-only, written set-based."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from claims.errors import NumberNotPossible
from claims.models import Agreement, AgreementItem
from claims.services import add_item, create_agreement, submit_agreement
from partners.models import Partner
from prm.catalogue.models import Product
from prm.spreadsheets import cells, reasons
from prm.spreadsheets.registry import Column, ImportKind, RowRefused, import_kind
from prm.spreadsheets.staging import Staged
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import DomainError

reasons.register(
    sold_later=_("This day is not over yet."),
    report_differs=_(
        "This line is on file already and differs. Take it back by a return, and report a new one."
    ),
    stock_differs=_("Stock of this product on this day is on file already, and differs."),
    unknown_agreement=_("The partner has no approved agreement with this number."),
    return_names_no_sale=_("A return, below zero, names the line that it takes back."),
    sale_names_a_sale=_("Only a return, below zero, names a line that it takes back."),
    unknown_sale=_("The partner has reported no such sale of this product, here or earlier in the file."),
    agreement_of_the_sale=_("The sale that it takes back is under another agreement. Leave this empty."),
    returned_too_much=_("More comes back than was sold: %(left)s are left."),
    agreement_number_not_possible=NumberNotPossible.message,
    agreement_differs=_("Rows of one number are one agreement: this differs from another row of it."),
    agreement_on_file=_("This agreement is on file already. Make a new version of it."),
)
PARTNER = Column(
    "partner_number", _("partner number"), cells.code(40), True, ("partner", "partner no", "partner code"),
    "P-0001", _("Number of a partner on file."),
)  # fmt: skip
REPORTING = replace(
    PARTNER,
    required=False,
    help=_("Number of a partner on file. Partners may leave it out: it is their own."),
)
PRODUCT = Column(
    "product_code", _("product code"), cells.code(60), True, ("product", "sku", "part number"), "RT-100",
    _("Code of a product on file."),
)  # fmt: skip
CHINESE = {
    "partner_number": "伙伴 伙伴编号 伙伴编码 合作伙伴 合作伙伴编号 经销商 经销商编号 代理商编号",
    "product_code": "产品 产品编码 产品代码 料号 物料号 型号",
}
SALES = """
    SELECT r.number AS row_number, r.values->>'line_number' AS line_number, partner.id AS partner_id,
        product.id AS product_id, (r.values->>'day')::date AS day, (r.values->>'quantity')::numeric(18, 3) AS quantity,
        coalesce(r.values->>'customer_name', '') AS customer_name, coalesce(r.values->>'document', '') AS document,
        coalesce(r.values->>'agreement_number', '') AS agreement_number,
        coalesce(r.values->>'reverses', '') AS reverses
    FROM spreadsheets_importrow r
    JOIN partners_partner partner ON partner.number = r.values->>'partner_number'
    JOIN catalogue_product product ON product.code = r.values->>'product_code'
    WHERE r.upload_id = %(upload)s AND r.problems IS NULL AND r.verdict = 'good'
"""
SALES_ON_FILE = f"""
    SELECT n.row_number FROM ({SALES}) n
    JOIN claims_sellthroughline s ON s.partner_id = n.partner_id AND s.line_number = n.line_number
    LEFT JOIN claims_sellthroughline o ON o.id = s.reverses_id
    WHERE (n.product_id, n.day, n.quantity, n.customer_name, n.document,
           -- a return that names no agreement is under that of its sale
           CASE WHEN n.reverses <> '' AND n.agreement_number = '' THEN s.agreement_number ELSE n.agreement_number END,
           n.reverses) {{is}}
        (s.product_id, s.day, s.quantity, s.customer_name, s.document, s.agreement_number,
         coalesce(o.line_number, ''))
"""
# Every return beside the sale that it names, on file or in the file, and what of that was left before this file.
RETURNS = f"""
    WITH n AS MATERIALIZED ({SALES})
    SELECT back.row_number, coalesce(s.quantity, o.quantity) AS sold, back.agreement_number,
        coalesce(s.agreement_number, o.agreement_number) AS agreement_of_sale,
        coalesce(s.product_id, o.product_id) = back.product_id AS same_product,
        coalesce(s.quantity, o.quantity) + coalesce(
            (SELECT sum(earlier.quantity) FROM claims_sellthroughline earlier WHERE earlier.reverses_id = s.id), 0
        ) AS unreturned,
        sum(-back.quantity) OVER (PARTITION BY back.partner_id, back.reverses ORDER BY back.row_number) AS so_far
    FROM n back
    LEFT JOIN claims_sellthroughline s ON s.partner_id = back.partner_id AND s.line_number = back.reverses
    LEFT JOIN n o ON o.partner_id = back.partner_id AND o.line_number = back.reverses
    WHERE back.reverses <> ''
"""
# Sales first: a return may name a line of the same file. It is always under the agreement of its sale.
APPEND_SALES = f"""
    INSERT INTO claims_sellthroughline (line_number, partner_id, product_id, day, quantity, customer_name, document,
        agreement_number, reverses_id, recorded_by, recorded_at)
    SELECT n.line_number, n.partner_id, n.product_id, n.day, n.quantity, n.customer_name, n.document,
        coalesce(s.agreement_number, n.agreement_number), s.id, %(by)s, %(now)s
    FROM ({SALES}) n
    LEFT JOIN claims_sellthroughline s ON s.partner_id = n.partner_id AND s.line_number = n.reverses
    WHERE (n.quantity < 0) = %(returns)s ORDER BY n.row_number
"""


OWN_NUMBER = """
    UPDATE spreadsheets_importrow r SET values = r.values || jsonb_build_object('partner_number', p.number)
    FROM partners_partner p
    WHERE p.id = %(own)s AND r.upload_id = %(upload)s AND coalesce(r.values->>'partner_number', '') = ''
"""


def compare_partners(staged: Staged, by: Actor) -> None:
    """Known partners whose reports the importer may bring in, and known products.

    A partner's person brings in reports of the own company: any other number is unknown, whether it exists or not.
    """
    known, ids = "SELECT number FROM partners_partner", by.partner_ids
    if by.is_partner:
        ids = frozenset({by.partner_id} - {None})
    staged.complain(
        field="partner_number", code="missing", where="coalesce(r.values->>'partner_number', '') = ''"
    )
    if ids is not None:
        known += " WHERE id = ANY(%(ids)s)"
    staged.complain_if_unknown(
        field="partner_number", code="unknown_partner", known=known, ids=sorted(ids or ())
    )
    staged.complain_if_unknown(
        field="product_code", code="unknown_product", known="SELECT code FROM catalogue_product"
    )


def fill_own_number(staged: Staged, by: Actor) -> None:
    """Rows of a partner's person are the own company's where they name none."""
    if by.is_partner:
        staged.execute(OWN_NUMBER, {"own": by.partner_id})


def count_good(staged: Staged) -> int:
    rows = staged.execute(
        "SELECT count(*) FROM spreadsheets_importrow r WHERE r.upload_id = %(upload)s AND r.verdict = 'good'"
    )
    return int(rows[0][0])


@import_kind
class SellThrough(ImportKind):
    """Append-only: a line that is on file is skipped when it is the same, and refused when it differs."""

    name = "sell-through"
    title = _("Sell-through (point of sale)")
    verb = "claims.report"
    for_partners = True
    key = "line_number"
    key_within = ("partner_number",)
    columns = (
        Column("line_number", _("line number"), cells.code(80), True, ("line", "id"),
               "POS-261105-01", _("Names the sale for ever; importing it again changes nothing.")),
        REPORTING,
        Column("day", _("sold on"), cells.day(), True, ("date", "sale date"), "2026-11-05", _("Until today.")),
        PRODUCT,
        Column("quantity", _("quantity"), cells.amount(places=3), True, ("qty",),
               "10", _("Not zero. Below zero it is a return.")),
        Column("customer_name", _("end customer"), cells.words(200), False, ("customer", "end user"),
               "Meridian Mills Ltd", _("Name of the buyer; needed where the agreement is for one.")),
        Column("document", _("invoice number"), cells.code(60), False, ("invoice",), "INV-88",
               _("Of the sale to the end customer.")),
        Column("agreement_number", _("agreement number"), cells.code(40), False, ("agreement", "spa"),
               "SP-2611-7K3Q9", _("The special-price agreement under which it was sold.")),
        Column("reverses", _("takes back line"), cells.code(80), False, ("return of",),
               "", _("Of a return: the number of the line that it takes back.")),
    )  # fmt: skip
    chinese = {
        **CHINESE,
        "line_number": "行号 明细行号 流水号",
        "day": "日期 销售日期",
        "quantity": "数量 销售数量",
        "customer_name": "客户 最终客户 客户名称",
        "document": "发票号 发票号码 单据号",
        "agreement_number": "特价协议 特价协议号 协议号 特价单号",
        "reverses": "退货原行号 冲销行号 原行号",
    }
    shown = ("line_number", "day", "product_code", "quantity", "customer_name", "agreement_number")

    def check_row(self, values: dict[str, str]) -> Iterable[tuple[str, str, dict[str, Any]]]:
        quantity = Decimal(values["quantity"])
        if not quantity:
            yield "quantity", "quantity_is_zero", {}
        if quantity < 0 and not values.get("reverses"):
            yield "reverses", "return_names_no_sale", {}
        if quantity > 0 and values.get("reverses"):
            yield "reverses", "sale_names_a_sale", {}
        if values["day"] > clock.today().isoformat():
            yield "day", "sold_later", {}

    def prepare(self, staged: Staged, *, by: Actor) -> None:
        fill_own_number(staged, by)

    def compare(self, staged: Staged, *, by: Actor) -> None:
        compare_partners(staged, by)
        staged.complain(
            field="line_number", code="report_differs",
            where=f"r.number IN ({SALES_ON_FILE.replace('{is}', 'IS DISTINCT FROM')})",
        )  # fmt: skip
        staged.same(where=f"r.number IN ({SALES_ON_FILE.replace('{is}', '=')})")
        staged.complain(
            field="agreement_number", code="unknown_agreement",
            where=f"""r.number IN (SELECT n.row_number FROM ({SALES}) n WHERE n.agreement_number <> ''
                AND NOT EXISTS (SELECT FROM claims_agreement a WHERE a.number = n.agreement_number
                    AND a.partner_id = n.partner_id AND a.state IN ('in_force', 'ended')))""",
        )  # fmt: skip
        staged.complain(
            field="reverses", code="unknown_sale",
            where=f"""r.number IN (SELECT f.row_number FROM ({RETURNS}) f
                WHERE coalesce(f.sold, 0) <= 0 OR NOT f.same_product)""",
        )  # fmt: skip
        staged.complain(
            field="agreement_number", code="agreement_of_the_sale",
            where=f"""r.number IN (SELECT f.row_number FROM ({RETURNS}) f
                WHERE f.agreement_number <> '' AND f.agreement_number <> f.agreement_of_sale)""",
        )  # fmt: skip
        staged.complain(
            field="quantity", code="returned_too_much",
            values=f"""SELECT jsonb_build_object('left', trim_scale(greatest(
                f.unreturned - f.so_far - (r.values->>'quantity')::numeric, 0))::text)
                FROM ({RETURNS}) f WHERE f.row_number = r.number""",
            where=f"r.number IN (SELECT f.row_number FROM ({RETURNS}) f WHERE f.so_far > f.unreturned)",
        )  # fmt: skip

    def write(self, staged: Staged, *, by: Actor) -> int:
        count = count_good(staged)
        for returns in (False, True):
            staged.execute(APPEND_SALES, {"by": by.label, "now": clock.now(), "returns": returns})
        return count


STOCK = """
    SELECT r.number AS row_number, partner.id AS partner_id, product.id AS product_id,
        (r.values->>'day')::date AS day, (r.values->>'quantity')::numeric(18, 3) AS quantity
    FROM spreadsheets_importrow r
    JOIN partners_partner partner ON partner.number = r.values->>'partner_number'
    JOIN catalogue_product product ON product.code = r.values->>'product_code'
    WHERE r.upload_id = %(upload)s AND r.problems IS NULL AND r.verdict = 'good'
"""
STOCK_ON_FILE = f"""
    SELECT n.row_number FROM ({STOCK}) n
    JOIN claims_stockline s USING (partner_id, product_id, day) WHERE n.quantity {{is}} s.quantity
"""


@import_kind
class Stock(ImportKind):
    """Append-only: one figure for a product, a partner and a day."""

    name = "stock"
    title = _("Stock reports")
    verb = "claims.report"
    for_partners = True
    key = "report"
    columns = (
        Column("report", _("line number"), cells.code(80), True, ("line", "id"), "1", _("Unlike in each row.")),
        REPORTING,
        Column("day", _("day"), cells.day(), True, ("date", "stock date"), "2026-11-05",
               _("The stock at the end of this day.")),
        PRODUCT,
        Column("quantity", _("quantity"), cells.amount(places=3, positive=True), True, ("qty", "stock"), "120",
               _("Zero or more.")),
    )  # fmt: skip
    chinese = {
        **CHINESE, "report": "行号 序号", "day": "日期 库存日期", "quantity": "数量 库存 库存数量",
    }  # fmt: skip
    shown = ("report", "day", "partner_number", "product_code", "quantity")

    def check_row(self, values: dict[str, str]) -> Iterable[tuple[str, str, dict[str, Any]]]:
        if values["day"] > clock.today().isoformat():
            yield "day", "sold_later", {}

    def prepare(self, staged: Staged, *, by: Actor) -> None:
        fill_own_number(staged, by)

    def compare(self, staged: Staged, *, by: Actor) -> None:
        compare_partners(staged, by)
        staged.same(where=f"r.number IN ({STOCK_ON_FILE.replace('{is}', '=')})")
        staged.complain(
            field="quantity",
            code="stock_differs",
            where=f"r.number IN ({STOCK_ON_FILE.replace('{is}', '<>')})",
        )
        staged.complain(
            field="quantity", code="stock_differs",
            where=f"""r.number IN (SELECT row_number FROM (SELECT n.row_number, row_number() OVER (
                PARTITION BY partner_id, product_id, day ORDER BY n.row_number) AS turn FROM ({STOCK}) n) t
                WHERE turn > 1)""",
        )  # fmt: skip

    def write(self, staged: Staged, *, by: Actor) -> int:
        count = count_good(staged)
        staged.execute(
            f"""INSERT INTO claims_stockline (partner_id, product_id, day, quantity, recorded_by, recorded_at)
            SELECT partner_id, product_id, day, quantity, %(by)s, %(now)s FROM ({STOCK}) n ORDER BY row_number""",
            {"by": by.label, "now": clock.now()},
        )
        return count


# What an agreement has once, so that every row of its number says the same; and how that is compared.
OF_ALL_ROWS = {
    **{name: f"coalesce(o.values->>'{name}', '')"
       for name in ("partner_number", "starts", "last_day", "amount_limit")},
    "currency": "coalesce(nullif(o.values->>'currency', ''), %(tenant)s)",
}  # fmt: skip


@import_kind
class Agreements(ImportKind):
    """A row a product: rows of one number make one agreement, submitted for the approval of a second person."""

    name = "agreements"
    title = _("Special-price agreements")
    verb = "claims.enter_agreement"
    key = "line"
    columns = (
        Column("line", _("line number"), cells.code(80), True, ("id",), "1", _("Unlike in each row.")),
        Column("number", _("agreement number"), cells.code(40), True, ("agreement", "spa"), "SP-88",
               _("Rows with the same number are one agreement.")),
        PARTNER,
        Column("starts", _("valid from"), cells.day(), True, ("from",), "2026-11-01",
               _("The first day whose sales count.")),
        Column("last_day", _("last day"), cells.day(), True, ("until", "to"), "2026-12-31",
               _("The last day whose sales count.")),
        Column("currency", _("currency"), cells.currency, False, (), "CNY",
               _("ISO code. Empty: the tenant's currency.")),
        Column("amount_limit", _("amount limit"), cells.amount(places=2, positive=True), False, (), "50000.00",
               _("The most that claims on it may come to. Empty: no limit.")),
        PRODUCT,
        Column("basis_price", _("basis price"), cells.amount(places=4, positive=True), False, ("basis",), "",
               _("Empty: the list price on the day of approval.")),
        Column("agreed_price", _("agreed price"), cells.amount(places=4, positive=True), True, ("price",), "80.00",
               _("Below the basis price.")),
        Column("quantity_limit", _("quantity limit"), cells.amount(places=3, positive=True), False, (), "500",
               _("The most that is claimed of the product. Empty: no limit.")),
    )  # fmt: skip
    chinese = {
        **CHINESE,
        "line": "行号 序号",
        "number": "协议号 特价协议号 特价单号",
        "starts": "生效日期 开始日期",
        "last_day": "截止日期 结束日期",
        "currency": "币种 币别",
        "amount_limit": "金额上限",
        "basis_price": "基准价",
        "agreed_price": "协议价 特价",
        "quantity_limit": "数量上限",
    }
    shown = ("number", "partner_number", "product_code", "agreed_price", "starts", "last_day")

    def check_row(self, values: dict[str, str]) -> Iterable[tuple[str, str, dict[str, Any]]]:
        if not Agreement.NUMBER.fullmatch(values["number"]):
            yield "number", NumberNotPossible.code, {}

    def compare(self, staged: Staged, *, by: Actor) -> None:
        compare_partners(staged, by)
        staged.complain(
            field="number", code="agreement_on_file",
            where="r.values->>'number' IN (SELECT number FROM claims_agreement)",
        )  # fmt: skip
        tenant = connection.tenant.currency
        for name, spelt in OF_ALL_ROWS.items():
            staged.complain(
                field=name, code="agreement_differs", tenant=tenant,
                where=f"""r.values->>'number' IN (SELECT o.values->>'number' FROM spreadsheets_importrow o
                    WHERE o.upload_id = %(upload)s GROUP BY 1 HAVING count(DISTINCT {spelt}) > 1)""",
            )  # fmt: skip

    def write(self, staged: Staged, *, by: Actor) -> int:
        made: dict[str, Agreement] = {}
        count = 0
        for row in staged.good_rows():
            values = row.values
            try:
                if values["number"] not in made:
                    made[values["number"]] = _begin(values, by)
                _add(made[values["number"]], values, by)
            except DomainError as error:
                raise RowRefused.by(error, row.number) from error
            count += 1
        for agreement in made.values():
            submit_agreement(agreement=agreement, by=by)
        return count


def _begin(values: dict[str, str], by: Actor) -> Agreement:
    limit = values.get("amount_limit")
    return create_agreement(
        partner=Partner.objects.visible_to(by).get(number=values["partner_number"]), number=values["number"],
        currency=values.get("currency") or connection.tenant.currency, starts=date.fromisoformat(values["starts"]),
        last_day=date.fromisoformat(values["last_day"]), amount_limit=Decimal(limit) if limit else None, by=by,
    )  # fmt: skip


def _add(agreement: Agreement, values: dict[str, str], by: Actor) -> None:
    stated, limit = values.get("basis_price"), values.get("quantity_limit")
    add_item(
        agreement=agreement, product=Product.objects.get(code=values["product_code"]),
        agreed_price=Decimal(values["agreed_price"]), by=by,
        basis=AgreementItem.Basis.STATED if stated else AgreementItem.Basis.LIST,
        basis_price=Decimal(stated) if stated else None, quantity_limit=Decimal(limit) if limit else None,
    )  # fmt: skip

"""The platform's own kinds: products and end customers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from prm.audit.services import record
from prm.catalogue.models import Product, ProductLine
from prm.customers.bulk import import_customers
from prm.customers.identifiers import clean_domain, clean_tax_number
from prm.customers.models import EndCustomer
from prm.customers.services import FIELDS
from prm.customfields.errors import ValueRefused
from prm.customfields.values import apply as apply_custom
from prm.spreadsheets import cells, own, reasons
from prm.spreadsheets.registry import BadValue, Column, ImportKind, RowRefused, import_kind
from prm.spreadsheets.staging import Staged
from prm.ui import said
from prm.values.actor import Actor
from prm.values.errors import DomainError

reasons.register(
    tax_number_on_file=_("Customer %(number)s on file has this tax number."),
    customer_merged=_("This customer was merged into %(number)s. Use that number."),
    tax_number_twice=_("Row %(row)s has the same tax number."),
    not_a_country=_("Not a country code of two letters such as CN."),
)


@import_kind
class Products(ImportKind):
    """Creates products and changes those on file; a product line that is not known yet is created with them."""

    name = "products"
    target = "product"
    title = _("Products")
    verb = "products.import"
    key = "product_code"
    columns = (
        Column("product_code", _("product code"), cells.code(60), True, ("code", "sku", "item"),
               "MR-2200", _("Names the product; importing it again changes it.")),
        Column("name", _("name"), cells.words(200), True, ("product name",), "Branch router 2200",
               _("As English readers see it.")),
        Column("name_zh", _("Chinese name"), cells.words(200), False, (), "分支路由器 2200",
               _("As Chinese readers see it. Empty: the name.")),
        Column("product_line", _("product line"), cells.code(40), True, ("line", "group"), "branch-routing",
               _("Code of the product line; one that is not known yet is created.")),
        Column("product_line_name", _("product line name"), cells.words(120), False, (), "Branch routing",
               _("Name of a product line that is created. Empty: its code.")),
        Column("unit", _("unit"), cells.words(20), False, (), "piece", _("Empty: piece.")),
        Column("list_price", _("list price"), cells.amount(places=4, positive=True), True, ("price",),
               "1200.00", _("Without tax; zero or more, at most four decimals.")),
        Column("currency", _("currency"), cells.currency, False, (), "CNY",
               _("ISO code. Empty: the tenant's currency.")),
        Column("tax_rate", _("tax rate"), cells.rate, False, ("vat",), "0.13", _("0.13 or 13%. Empty: 0.")),
        Column("active", _("active"), cells.YES_NO, False, ("is active",), "yes",
               _("yes or no; what is not active cannot be ordered. Empty: yes.")),
        Column("description", _("description"), cells.words(2000), False, (), "", _("Free text.")),
    )  # fmt: skip
    chinese = {
        "product_code": "编码 产品编码 产品编号 产品代码 商品编码 物料编码 料号 型号",
        "name": "名称 品名 产品 产品名称 英文名称",
        "name_zh": "中文名 中文名称",
        "product_line": "产品线 产品线编码 产品组",
        "product_line_name": "产品线名称",
        "unit": "单位 计量单位",
        "list_price": "目录价 列表价 标价 单价 价格",
        "currency": "币种 币别 货币",
        "tax_rate": "税率",
        "active": "有效 启用 在售",
        "description": "描述 说明",
    }
    shown = ("product_code", "name", "product_line", "list_price", "currency")
    FIELDS = ("name", "name_zh", "unit", "list_price", "currency", "tax_rate", "is_active", "description")

    def compare(self, staged: Staged, *, by: Actor) -> None:
        known = {product.code: product for product in Product.objects.select_related("product_line")}
        own_fields = own.fields_of(self.target)
        same = [
            row.number
            for row in staged.good_rows()
            if (product := known.get(row.values["product_code"]))
            and product.product_line.code == row.values["product_line"]
            and all(
                getattr(product, field) == value for field, value in self._fields(row.values, product).items()
            )
            and own.is_same(own_fields, row.values, product.custom)
        ]
        staged.same(where="r.number = ANY(%(same)s)", same=same)

    def facts(self, staged: Staged) -> list[dict[str, Any]]:
        wanted = {values["product_line"] for values in staged.good_values()}
        new = sorted(wanted - set(ProductLine.objects.values_list("code", flat=True)))
        return (
            [{"code": "new_lines", "values": {"count": len(new), "codes": ", ".join(new[:5])}}] if new else []
        )

    def fact_text(self, code: str, values: dict[str, Any]) -> str:
        words = ngettext(
            "%(count)s new product line: %(codes)s", "%(count)s new product lines: %(codes)s", values["count"]
        )
        return words % values

    def write(self, staged: Staged, *, by: Actor) -> int:
        rows = list(staged.good_rows())
        lines = self._lines([row.values for row in rows], by=by)
        known = {product.code: product for product in Product.objects.select_for_update()}
        new, changed = [], []
        has_own = bool(own.fields_of(self.target))
        for number, values in ((row.number, row.values) for row in rows):
            product = known.get(values["product_code"])
            (changed if product else new).append(product := product or Product(code=values["product_code"]))
            product.product_line = lines[values["product_line"]]
            for field, value in self._fields(values, product if product.pk else None).items():
                setattr(product, field, value)
            if has_own:
                _apply_own(self.target, product, number, values, by=by)
        Product.objects.bulk_create(new, batch_size=1000)
        Product.objects.bulk_update(changed, ["product_line", "custom", *self.FIELDS], batch_size=500)
        return len(rows)

    def _lines(self, rows: list[dict[str, str]], *, by: Actor) -> dict[str, ProductLine]:
        known = {line.code: line for line in ProductLine.objects.all()}
        for values in rows:
            if (code := values["product_line"]) not in known:
                known[code] = ProductLine.objects.create(
                    code=code, name=values.get("product_line_name") or code
                )
                record(known[code], "created", by=by)
        return known

    def _fields(self, values: dict[str, str], product: Product | None) -> dict[str, Any]:
        """What the row says of the product; a column that the file lacks leaves what is on file."""
        given: dict[str, Any] = {
            name: values[name]
            for name in ("name", "name_zh", "unit", "currency", "description")
            if name in values
        }
        given["list_price"] = Decimal(values["list_price"])
        if "tax_rate" in values:
            given["tax_rate"] = Decimal(values["tax_rate"])
        if "active" in values:
            given["is_active"] = values["active"] == "yes"
        if product is None:
            given.setdefault("currency", getattr(connection.tenant, "currency", "CNY"))
        return given


def _apply_own(target: str, row: Any, number: int, values: dict[str, str], *, by: Actor) -> None:
    """Put what a row says of the tenant's own fields into the object that is written; refused naming the row."""
    try:
        apply_custom(target, row, own.given(values), by=by)
    except ValueRefused as refused:
        raise RowRefused.by(refused, number, field=_column_of(refused)) from None


def _column_of(refused: ValueRefused) -> str:
    field = refused.field or ""
    return own.PREFIX + field.removeprefix("custom_") if field.startswith("custom_") else field


def tax_number(cell: str) -> str:
    """A tax number with its check digit, in capitals."""
    return _by_rule(clean_tax_number, cell)


def domain(cell: str) -> str:
    """The registrable web domain."""
    return _by_rule(clean_domain, cell)


def country(cell: str) -> str:
    text = cell.strip().upper()
    if len(text) != 2 or not text.isascii() or not text.isalpha():
        raise BadValue("not_a_country")
    return text


def _by_rule(clean: Any, cell: str) -> str:
    try:
        return clean(cell)
    except DomainError as refused:
        raise BadValue("refused", text=said.of_error(refused)) from None


@import_kind
class EndCustomers(ImportKind):
    """Creates end customers and changes those on file, by the customer master's own rules."""

    name = "customers"
    target = "customer"
    title = _("End customers")
    verb = "customers.import"
    key = "customer_number"
    columns = (
        Column("customer_number", _("customer number"), cells.code(40), True, ("number", "customer", "customer code"),
               "EC-10482", _("Names the customer; importing it again changes it.")),
        Column("name", _("name"), cells.words(200), True, ("customer name", "company"),
               "Hangzhou Xunda Logistics Co., Ltd.", _("The full registered name.")),
        Column("region", _("region"), cells.words(80), False, ("city",), "Hangzhou", _("Province or city.")),
        Column("country", _("country"), country, False, (), "CN", _("Two letters.")),
        Column("tax_number", _("tax number"), tax_number, False, ("uscc",),
               "91330106MA27X0C16R", _("Unique; a Unified Social Credit Code must have its check digit.")),
        Column("domain", _("web domain"), domain, False, ("website", "web"), "xunda56.com",
               _("Host name, address or e-mail; the registrable domain is kept.")),
        Column("phone", _("phone"), cells.words(40), False, ("telephone",), "0571 8283 6601", ""),
        Column("named_account", _("named account"), cells.YES_NO, False, (), "no", _("yes or no.")),
        Column("direct_only", _("direct sales only"), cells.YES_NO, False, (), "no", _("yes or no.")),
    )  # fmt: skip
    chinese = {
        "customer_number": "编号 客户编号 客户编码 客户代码 最终客户编号",
        "name": "名称 客户 客户名称 最终客户 最终客户名称 公司 公司名称",
        "region": "地区 区域 省份 城市",
        "country": "国家 国别 国家代码",
        "tax_number": "税号 统一社会信用代码",
        "domain": "网站 网址 域名",
        "phone": "电话 联系电话",
        "named_account": "重点客户",
        "direct_only": "仅直销",
    }
    shown = ("customer_number", "name", "region", "tax_number", "domain")

    def compare(self, staged: Staged, *, by: Actor) -> None:
        staged.complain(
            field="customer_number", code="customer_merged",
            values="SELECT jsonb_build_object('number', into_.number) FROM customers_endcustomer c"
            " JOIN customers_endcustomer into_ ON into_.id = c.merged_into_id"
            " WHERE c.number = r.values->>'customer_number'",
            where="""EXISTS (SELECT 1 FROM customers_endcustomer c
                WHERE c.number = r.values->>'customer_number' AND c.merged_into_id IS NOT NULL)""",
        )  # fmt: skip
        staged.complain(
            field="tax_number", code="tax_number_on_file",
            values="SELECT jsonb_build_object('number', c.number) FROM customers_endcustomer c"
            " WHERE c.tax_number = r.values->>'tax_number'",
            where="""r.problems IS NULL AND r.values->>'tax_number' <> '' AND EXISTS (
                SELECT 1 FROM customers_endcustomer c WHERE c.tax_number = r.values->>'tax_number'
                AND c.number <> r.values->>'customer_number')""",
        )  # fmt: skip
        staged.complain(
            field="tax_number", code="tax_number_twice",
            values="SELECT jsonb_build_object('row', min(f.number)) FROM spreadsheets_importrow f"
            " WHERE f.upload_id = %(upload)s AND f.values->>'tax_number' = r.values->>'tax_number'",
            where="""r.number IN (SELECT number FROM (
                SELECT number, row_number() OVER (PARTITION BY values->>'tax_number' ORDER BY number) AS turn
                FROM spreadsheets_importrow WHERE upload_id = %(upload)s AND problems IS NULL
                    AND values->>'tax_number' <> '') AS turns WHERE turn > 1)""",
        )  # fmt: skip
        staged.same(
            where=f"""EXISTS (SELECT 1 FROM customers_endcustomer c WHERE c.number = r.values->>'customer_number'
                AND NOT c.provisional
                AND to_jsonb(c) @> (SELECT coalesce(jsonb_object_agg(k, v), '{{}}') FROM jsonb_each(r.values) AS e(k, v)
                    WHERE k NOT IN ('customer_number', 'phone', 'named_account', 'direct_only')
                    AND NOT starts_with(k, 'custom.'))
                AND {own.same_in_sql(self.target, "c")})
                AND NOT r.values ?| array['phone', 'named_account', 'direct_only']"""
        )

    def write(self, staged: Staged, *, by: Actor) -> int:
        if not own.fields_of(self.target):
            return import_customers(rows=(self._row(row.values) for row in staged.good_rows()), by=by)
        return import_customers(rows=self._with_own(staged, by=by), by=by)

    def _with_own(self, staged: Staged, *, by: Actor) -> Iterator[dict[str, Any]]:
        """The rows with what `custom` is to hold: checked against the row that is on file, or a new one."""
        numbers = [values["customer_number"] for values in staged.good_values()]
        known = {row.number: row for row in EndCustomer.objects.filter(number__in=numbers)}
        for row in list(staged.good_rows()):
            facts = self._row(row.values)
            customer = known.get(facts["number"]) or EndCustomer(number=facts["number"])
            for name in FIELDS:
                if name in facts:
                    setattr(customer, name, facts[name])
            _apply_own(self.target, customer, row.number, row.values, by=by)
            yield {**facts, "custom": customer.custom}

    def _row(self, values: dict[str, str]) -> dict[str, Any]:
        flags: dict[str, Any] = {
            name: values[name] == "yes" for name in ("named_account", "direct_only") if name in values
        }
        return {**values, **flags, "number": values["customer_number"]}

"""Deal registrations from a spreadsheet, when a tenant goes live: each row by the services of this app."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dealreg.models import DealRegistration, RegistrationType
from dealreg.services import take_over_registration
from partners.models import Partner
from prm.access import permissions
from prm.access.roles import Role
from prm.catalogue.models import ProductLine
from prm.spreadsheets import cells, own, reasons
from prm.spreadsheets.registry import BadValue, Column, ImportKind, RowRefused, import_kind
from prm.spreadsheets.staging import Staged
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import DomainError

# A file says who protects whom, among all partners, and needs no flow's yes for it.
permissions.register(
    "dealreg.import", label=_("Import deal registrations"), roles=[Role.ADMINISTRATOR], sensitive=True
)
reasons.register(
    unknown_partner=_("No partner has this number."),
    unknown_product_line=_("No product line that is sold has the code %(code)s."),
    unknown_deal_type=_("No registration type has this code."),
    protection_needs_end=_("An approved registration needs the last day of its protection."),
    only_approved_protect=_("Only an approved registration has a last day of protection."),
    deal_differs=_(
        "This registration is on file already and differs in: %(fields)s. It is changed on its page."
    ),
    not_a_moment=_("Not a day or moment. Write 2026-10-31 or 2026-10-31 14:05."),
)
STATES = {"submitted": "in review|已提交|审核中", "approved": "protected|已批准|已通过|已保护"}
TIME = re.compile(r"^(.+?)[T ]+(\d{1,2}):(\d{2})(?::\d{2})?$")
DAY = cells.day()
SEPARATORS = re.compile(r"[;；|、\n]")


def moment(cell: str) -> str:
    """A day, or a day with the time of it, in the tenant's zone: 2026-10-31 or 2026-10-31T14:05."""
    text = unicodedata.normalize("NFKC", cell).strip()
    found = TIME.match(text)
    if not found:
        return DAY(text)
    if not (int(found[2]) < 24 and int(found[3]) < 60):
        raise BadValue("not_a_moment")
    day, hours, minutes = DAY(found[1]), int(found[2]), found[3]
    return f"{day}T{hours:02}:{minutes}" if (hours, minutes) != (0, "00") else day


def codes(cell: str) -> str:
    """Codes of product lines, each once, separated by "; "."""
    parse = cells.code(40)
    found = [parse(part) for part in SEPARATORS.split(cell) if part.strip()]
    return "; ".join(sorted(set(found)))


@dataclass
class Known:
    """What rows name, by what names it."""

    partners: dict[str, Partner]
    lines: dict[str, ProductLine] = field(
        default_factory=lambda: {line.code: line for line in ProductLine.objects.filter(is_active=True)}
    )
    types: dict[str, RegistrationType] = field(
        default_factory=lambda: {kind.code: kind for kind in RegistrationType.objects.all()}
    )


@import_kind
class Deals(ImportKind):
    """Brings in registrations that are in review or protect a customer; one that is on file stays as it is."""

    name = "deals"
    target = "deal"
    title = _("Deal registrations")
    verb = "dealreg.import"
    key = "deal_number"
    columns = (
        Column("deal_number", _("registration number"), cells.code(40), True, ("number", "registration", "deal"),
               "DR-2026-0417", _("Names the registration; importing it again changes nothing.")),
        Column("partner_number", _("partner number"), cells.code(40), True, ("partner", "partner no", "partner code"),
               "P-0001", _("Number of an active partner on file.")),
        Column("customer_name", _("end customer"), cells.words(200), True, ("customer", "end customer name"),
               "Hangzhou Xunda Logistics Co., Ltd.", _("The full registered name.")),
        Column("product_lines", _("product lines"), codes, True, ("product line", "lines"),
               "branch-routing; wifi", _("Codes of product lines on file, separated by ;.")),
        Column("estimated_value", _("estimated value"), cells.amount(places=2, positive=True), True, ("value",),
               "486000.00", _("In the tenant's currency.")),
        Column("expected_close", _("expected close"), cells.day(), True, ("close date",), "2027-01-29",
               _("Today or later.")),
        Column("state", _("state"), cells.choice(STATES), False, ("status",), "approved",
               _("submitted or approved. Empty: submitted.")),
        Column("protected_to", _("protected to"), cells.day(), False, ("protection end",), "2027-02-28",
               _("Last day of the protection, for an approved one.")),
        Column("registered_at", _("registered on"), moment, False, ("registered", "submitted"), "2026-10-31 14:05",
               _("When the partner registered it, in your time zone. Empty: now.")),
        Column("type", _("registration type"), cells.code(40), False, (), "resale",
               _("Code of a registration type. Empty: the usual one.")),
        Column("tax_number", _("tax number"), cells.words(40), False, ("uscc",), "91330106MA27X0C16R",
               _("Of the end customer.")),
        Column("domain", _("web domain"), cells.words(120), False, ("website", "web"), "xunda56.com", ""),
        Column("region", _("region"), cells.words(80), False, ("city",), "Hangzhou", ""),
        Column("contact", _("contact at the customer"), cells.words(200), False, (), "Ms Lin", ""),
        Column("phone", _("phone"), cells.words(40), False, ("telephone",), "0571 8283 6601", ""),
        Column("note", _("note"), cells.words(4000), False, (), "", _("What they need.")),
    )  # fmt: skip
    chinese = {
        "deal_number": "编号 报备编号 报备单号 登记编号 商机编号 项目编号",
        "partner_number": "伙伴 伙伴编号 伙伴编码 合作伙伴 合作伙伴编号 合作伙伴编码 经销商编号 代理商编号",
        "customer_name": "客户 客户名称 最终客户名称 最终用户",
        "product_lines": "产品线 产品线编码",
        "estimated_value": "金额 预估金额 预计金额 项目金额",
        "expected_close": "预计成交日期 预计签约日期 预计结单日期",
        "state": "状态 报备状态",
        "protected_to": "保护截止 保护截止日 保护到期日",
        "registered_at": "报备日期 报备时间 登记日期 提交日期",
        "type": "类型 报备类型",
        "tax_number": "税号 统一社会信用代码",
        "domain": "网站 网址 域名",
        "region": "地区 区域 省份 城市",
        "contact": "联系人 客户联系人",
        "phone": "电话 联系电话",
        "note": "备注 说明 需求",
    }
    shown = ("deal_number", "partner_number", "customer_name", "product_lines", "estimated_value", "state")
    WORDS = ("customer_name", "tax_number", "domain", "region", "contact", "phone", "note")

    def check_row(self, values: dict[str, str]) -> Iterable[tuple[str, str, dict[str, Any]]]:
        approved = values.get("state") == "approved"
        if approved and not values.get("protected_to"):
            yield "protected_to", "protection_needs_end", {}
        if not approved and values.get("protected_to"):
            yield "protected_to", "only_approved_protect", {}

    def compare(self, staged: Staged, *, by: Actor) -> None:
        staged.complain_if_unknown(
            field="partner_number", code="unknown_partner", known="SELECT number FROM partners_partner"
        )
        staged.complain_if_unknown(
            field="type", code="unknown_deal_type", known="SELECT code FROM dealreg_registrationtype"
        )
        unknown = """SELECT min(code) FROM unnest(string_to_array(r.values->>'product_lines', '; ')) AS code
            WHERE code NOT IN (SELECT code FROM catalogue_productline WHERE is_active)"""
        staged.complain(
            field="product_lines", code="unknown_product_line",
            values=f"SELECT jsonb_build_object('code', ({unknown}))", where=f"({unknown}) IS NOT NULL",
        )  # fmt: skip
        self._compare_with_file(staged)
        # What is written next says itself what is refused; where nothing will be, all is to be told.
        if not staged.will_write or staged.upload.rows.filter(verdict="bad").exists():
            self._try(staged, by=by)

    def _compare_with_file(self, staged: Staged) -> None:
        same, own_fields = [], own.fields_of(self.target)
        rows = DealRegistration.objects.for_everyone(because="importers see every registration")
        numbers = [values["deal_number"] for values in staged.good_values()]
        rows = rows.filter(number__in=numbers).select_related("partner", "type")
        known = {row.number: row for row in rows.prefetch_related("lines__product_line")}
        for row in staged.good_rows() if known else ():
            deal = known.get(row.values["deal_number"])
            if deal is None:
                continue
            held = _held(deal)
            differing = [name for name, value in row.values.items() if held.get(name, value) != value]
            if not own.is_same(own_fields, row.values, deal.custom):
                differing += [name for name in row.values if name.startswith(own.PREFIX)]
            if not differing:
                same.append(row.number)
                continue
            staged.complain(
                field="deal_number", code="deal_differs", where="r.number = %(row)s", row=row.number,
                values="jsonb_build_object('fields', %(fields)s::text)", fields=", ".join(differing),
            )  # fmt: skip
        staged.same(where="r.number = ANY(%(same)s)", same=same)

    def _try(self, staged: Staged, *, by: Actor) -> None:
        """Write the rows and take them back: what the services refuse, each by each other too, is told row by row."""
        with transaction.atomic():
            refused, _count = self._write_all(staged, by=by)
            transaction.set_rollback(True)
        for error in refused:
            staged.refuse(error)

    def write(self, staged: Staged, *, by: Actor) -> int:
        refused, count = self._write_all(staged, by=by)
        if refused:
            refused[0].further = refused[1:]
            raise refused[0]
        return count

    def _write_all(self, staged: Staged, *, by: Actor) -> tuple[list[RowRefused], int]:
        """The rows that were refused, and how many there are; what is refused leaves nothing."""
        known, rows, refused = _known(staged), list(staged.good_rows()), []
        for row in rows:
            try:
                with transaction.atomic():
                    self._write(row.number, row.values, known, by=by)
            except RowRefused as error:
                refused.append(error)
        return refused, len(rows)

    def _write(self, number: int, values: Mapping[str, str], known: Known, *, by: Actor) -> None:
        facts: dict[str, Any] = {name: values[name] for name in self.WORDS if name in values}
        if custom := own.given(values):
            facts["custom"] = custom
        end = values.get("protected_to")
        try:
            take_over_registration(
                number=values["deal_number"], partner=known.partners[values["partner_number"]],
                product_lines=[known.lines[code] for code in values["product_lines"].split("; ")],
                estimated_value=Decimal(values["estimated_value"]),
                expected_close=date.fromisoformat(values["expected_close"]),
                type=known.types[values["type"]] if values.get("type") else None,
                registered_at=_at(values.get("registered_at")), protected_to=date.fromisoformat(end) if end else None,
                by=by, **facts,
            )  # fmt: skip
        except DomainError as error:
            raise RowRefused.by(error, number, field=_column(error.field or "")) from None


def _column(place: str) -> str:
    """The column of a form's field: an own one is `custom_…` there."""
    return own.PREFIX + place.removeprefix("custom_") if place.startswith("custom_") else place


def _at(text: str | None) -> datetime | None:
    if not text:
        return None
    if "T" not in text:
        return clock.start_of_day(date.fromisoformat(text))
    return datetime.fromisoformat(text).replace(tzinfo=clock.tenant_zone())


def _held(deal: DealRegistration) -> dict[str, str]:
    """A registration as a file spells it: what a row may say again. How it went on since is not compared."""
    return {
        **{name: getattr(deal, name) for name in Deals.WORDS},
        "partner_number": deal.partner.number,
        "product_lines": "; ".join(sorted(line.product_line.code for line in deal.lines.all())),
        "estimated_value": format(deal.estimated_value or 0, "f"),
        "expected_close": deal.expected_close.isoformat() if deal.expected_close else "",
        "type": deal.type.code,
    }


def _known(staged: Staged) -> Known:
    numbers = {values["partner_number"] for values in staged.good_values()}
    rows = Partner.objects.for_everyone(because="importers see every partner").filter(number__in=numbers)
    return Known({partner.number: partner for partner in rows})

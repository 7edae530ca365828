"""Partners from a spreadsheet, by the services of this app."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from partners.asking_ahead import refused_rows
from partners.errors import ChangeNeedsApproval, ChangeRefused
from partners.models import Partner, Tier, TierMembership
from partners.services import create_partner, save_contact, set_tier, update_partner
from prm.access import permissions
from prm.access.roles import Role
from prm.spreadsheets import cells, own, reasons
from prm.spreadsheets.registry import Column, ImportKind, RowRefused, import_kind
from prm.spreadsheets.staging import Staged
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import DomainError

# Numbers of all partners show through what an import refuses, so it is for those who see them all.
permissions.register("partners.import", label=_("Import partners"), roles=[Role.ADMINISTRATOR])
reasons.register(
    unknown_tier=_("No tier has this code."),
    unknown_parent=_("No partner has this number, here or on file."),
    own_parent=_("A partner cannot be its own parent."),
    contact_needs_name=_("A contact needs a name."),
    status_not_by_import=_("The state of a partner on file is changed on its page, with a reason."),
    partner_tax_number_on_file=_("Partner %(number)s on file has this tax number."),
)
# A new partner may be brought in at these states; later moves are decisions with a reason.
STATES = {"active": "有效|合作中", "onboarding": "入驻中", "prospect": "潜在"}
TYPES = {
    "distributor": "分销商|总代", "reseller": "经销商|代理商", "integrator": "system integrator|系统集成商",
    "agent": "代理", "referral": "referral partner|推荐伙伴",
}  # fmt: skip


@import_kind
class Partners(ImportKind):
    """Creates partners and changes those on file."""

    name = "partners"
    target = "partner"
    title = _("Partners")
    verb = "partners.import"
    key = "partner_number"
    columns = (
        Column("partner_number", _("partner number"), cells.code(40), True, ("number", "partner no", "partner code"),
               "P-0001", _("Names the partner; importing it again changes it.")),
        Column("name", _("name"), cells.words(200), True, ("partner name", "company"),
               "Lanqiao Digital", ""),
        Column("type", _("type"), cells.choice(TYPES), False, (), "reseller",
               _("distributor, reseller, integrator, agent or referral. Empty: reseller.")),
        Column("status", _("state"), cells.choice(STATES), False, ("status",), "active",
               _("For a new partner: active, onboarding or prospect. Empty: active.")),
        Column("tier", _("tier"), cells.code(40), False, ("level",), "gold", _("Code of a tier on file.")),
        Column("tier_since", _("tier since"), cells.day(), False, (), "2026-01-01",
               _("First day of the tier. Empty: today.")),
        Column("parent_number", _("parent partner"), cells.code(40), False, ("parent",), "P-0007",
               _("Number of the distributor above it, on file or in the same file.")),
        Column("region", _("region"), cells.words(80), False, (), "East China", ""),
        Column("tax_number", _("tax number"), cells.code(30), False, (),
               "91330106MA27X0C16R", _("Unique among partners.")),
        Column("website", _("website"), cells.words(200), False, (), "lanqiao.example", ""),
        Column("phone", _("phone"), cells.words(40), False, (), "021 5888 0100", ""),
        Column("address", _("address"), cells.words(300), False, (), "", ""),
        Column("contact_name", _("contact"), cells.words(120), False, ("contact",), "Zhou Wen",
               _("The main contact.")),
        Column("contact_email", _("contact's e-mail"), cells.email, False, ("email",),
               "zhou.wen@lanqiao.example", ""),
        Column("contact_phone", _("contact's phone"), cells.words(40), False, (), "138 0013 8000", ""),
        Column("note", _("internal note"), cells.words(2000), False, (), "", _("Staff only.")),
    )  # fmt: skip
    chinese = {
        "partner_number": "编号 伙伴编号 伙伴编码 合作伙伴编号 合作伙伴编码",
        "name": "名称 公司 公司名称 伙伴 伙伴名称 合作伙伴 合作伙伴名称",
        "type": "类型 伙伴类型 合作伙伴类型",
        "status": "状态",
        "tier": "等级 级别 层级",
        "tier_since": "等级起始 等级起始日 等级生效日期",
        "parent_number": "上级 上级编号 上级伙伴 上级合作伙伴 总代编号",
        "region": "地区 区域 省份",
        "tax_number": "税号 统一社会信用代码",
        "website": "网站 网址",
        "phone": "电话 公司电话",
        "address": "地址 公司地址",
        "contact_name": "联系人 联系人姓名",
        "contact_email": "邮箱 电子邮箱 联系人邮箱",
        "contact_phone": "联系电话 联系人电话 手机 手机号",
        "note": "备注 内部备注",
    }
    shown = ("partner_number", "name", "type", "tier", "region")
    FIELDS = ("name", "type", "region", "tax_number", "website", "phone", "address", "note")

    def check_row(self, values: dict[str, str]) -> Iterable[tuple[str, str, dict[str, Any]]]:
        if values.get("parent_number") == values["partner_number"]:
            yield "parent_number", "own_parent", {}
        if (values.get("contact_email") or values.get("contact_phone")) and not values.get("contact_name"):
            yield "contact_name", "contact_needs_name", {}

    def compare(self, staged: Staged, *, by: Actor) -> None:
        staged.complain_if_unknown(field="tier", code="unknown_tier", known="SELECT code FROM partners_tier")
        self._complain_of_parents(staged)
        staged.complain(
            field="tax_number", code="partner_tax_number_on_file",
            values="SELECT jsonb_build_object('number', p.number) FROM partners_partner p"
            " WHERE p.tax_number = r.values->>'tax_number'",
            where="""r.values->>'tax_number' <> '' AND EXISTS (SELECT 1 FROM partners_partner p
                WHERE p.tax_number = r.values->>'tax_number' AND p.number <> r.values->>'partner_number')""",
        )  # fmt: skip
        staged.complain(
            field="status", code="status_not_by_import",
            where="""r.values->>'status' <> '' AND EXISTS (SELECT 1 FROM partners_partner p
                WHERE p.number = r.values->>'partner_number' AND p.status <> r.values->>'status')""",
        )  # fmt: skip
        for refused in refused_rows(staged.good_rows(), _with_parents(staged), self.FIELDS, by=by):
            staged.refuse(refused)
        self._complain_of_parents(staged, of="r.verdict = 'good'")  # those whose parent was refused just now
        staged.same(where="r.number = ANY(%(same)s)", same=self._same(staged))

    @staticmethod
    def _complain_of_parents(staged: Staged, of: str = "r.problems IS NULL") -> None:
        staged.complain(
            field="parent_number", code="unknown_parent",
            where=of + """ AND r.values->>'parent_number' <> '' AND r.values->>'parent_number' NOT IN (
                SELECT number FROM partners_partner UNION SELECT f.values->>'partner_number'
                FROM spreadsheets_importrow f WHERE f.upload_id = %(upload)s AND f.verdict = 'good')""",
        )  # fmt: skip

    def _same(self, staged: Staged) -> list[int]:
        known = _known(staged, related=("parent",))
        tiers = {
            membership.partner_id: membership.tier.code
            for membership in TierMembership.objects.for_everyone(because="an import compares all")
            .on(clock.today())
            .select_related("tier")
        }
        found, own_fields = [], own.fields_of(self.target)
        for row in staged.good_rows():
            partner = known.get(row.values["partner_number"])
            if partner is None or row.values.get("contact_name"):
                continue
            fits = all(
                getattr(partner, field) == row.values[field] for field in self.FIELDS if field in row.values
            )
            fits &= own.is_same(own_fields, row.values, partner.custom)
            fits &= row.values.get("tier") in (None, tiers.get(partner.pk))
            fits &= row.values.get("parent_number") in (
                None,
                partner.parent.number if partner.parent else None,
            )
            if fits:
                found.append(row.number)
        return found

    def write(self, staged: Staged, *, by: Actor) -> int:
        known = _known(staged)
        tiers = {tier.code: tier for tier in Tier.objects.all()}
        rows = list(staged.good_rows())
        for row in rows:
            try:
                known[row.values["partner_number"]] = self._write(row.values, known, tiers, by=by)
            except DomainError as refused:
                raise RowRefused.by(refused, row.number) from None
        self._set_parents(rows, by=by)
        return len(rows)

    def _write(
        self, values: dict[str, str], known: dict[str, Partner], tiers: dict[str, Tier], *, by: Actor
    ) -> Partner:
        facts: dict[str, Any] = {field: values[field] for field in self.FIELDS if field in values}
        if custom := own.given(values):
            facts["custom"] = custom
        partner = known.get(values["partner_number"])
        if partner is None:
            status = values.get("status", "active")
            partner = create_partner(number=values["partner_number"], status=status, by=by, **facts)
        else:
            partner = _written(update_partner(partner=partner, by=by, from_file=True, **facts))
        if values.get("tier"):
            self._set_tier(partner, tiers[values["tier"]], values.get("tier_since"), by=by)
        if values.get("contact_name"):
            self._save_contact(partner, values, by=by)
        return partner

    def _set_tier(self, partner: Partner, tier: Tier, since: str | None, *, by: Actor) -> None:
        first_day = date.fromisoformat(since) if since else clock.today()
        memberships = TierMembership.objects.for_everyone(because="of this partner").filter(partner=partner)
        if not memberships.on(first_day).filter(tier=tier).exists():
            _written(set_tier(partner=partner, tier=tier, first_day=first_day, reason="", by=by))

    def _save_contact(self, partner: Partner, values: dict[str, str], *, by: Actor) -> None:
        contact = partner.contacts.filter(name=values["contact_name"]).first()
        email, phone = values.get("contact_email", ""), values.get("contact_phone", "")
        if contact and (contact.email, contact.phone) == (email, phone):
            return
        save_contact(
            partner=partner, name=values["contact_name"], email=email, phone=phone, contact=contact,
            title=contact.title if contact else "", is_primary=True, by=by,
        )  # fmt: skip

    def _set_parents(self, rows: list[Any], *, by: Actor) -> None:
        """After all partners are there: a parent may stand further down in the file."""
        for row in (row for row in rows if row.values.get("parent_number")):
            # Read anew each time: a loop shows only in what the rows before have set.
            known = _of_numbers([row.values["partner_number"], row.values["parent_number"]])
            partner, parent = known[row.values["partner_number"]], known.get(row.values["parent_number"])
            if parent is None:
                raise RowRefused(row.number, field="parent_number", code="unknown_parent")
            try:
                _written(update_partner(partner=partner, parent=parent, from_file=True, by=by))
            except DomainError as refused:
                raise RowRefused.by(refused, row.number, field="parent_number") from None


def _written(partner: Partner) -> Partner:
    """The partner, changed; a file is written as a whole or not at all, so that nothing of it may wait or be left."""
    if partner.refused_change is not None:
        raise ChangeRefused(partner=partner.name)
    if partner.asked_change is not None:
        raise ChangeNeedsApproval(partner=partner.name)
    return partner


def _known(staged: Staged, related: tuple[str, ...] = ()) -> dict[str, Partner]:
    return _of_numbers({values["partner_number"] for values in staged.good_values()}, related)


def _with_parents(staged: Staged) -> dict[str, Partner]:
    """The partners on file that the rows name, as their own or as their parent."""
    names = ("partner_number", "parent_number")
    numbers = {values[name] for values in staged.good_values() for name in names if values.get(name)}
    return _of_numbers(numbers, ("parent",))


def _of_numbers(numbers: Iterable[str], related: tuple[str, ...] = ()) -> dict[str, Partner]:
    rows = Partner.objects.for_everyone(because="importers see every partner").filter(
        number__in=list(numbers)
    )
    return {partner.number: partner for partner in rows.select_related(*related)}

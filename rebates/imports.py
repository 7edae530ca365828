"""Figures of before go-live from files: periods that another system settled, and what partners were owed."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from prm.spreadsheets import cells, reasons
from prm.spreadsheets.registry import BadValue, Column, ImportKind, RowRefused, import_kind
from prm.spreadsheets.staging import Staged
from prm.ui import formats
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates.golive_checks import BalanceChecks, Checks, SettledChecks
from rebates.services.golive import bring_balances, bring_settled

reasons.register(
    unknown_programme=_("No published programme has this code."),
    not_a_period=_("Not a period. Write 2026-09, 2026-Q3 or 2026."),
    period_is_not_over=_("This period is not over."),
    other_period_length=_("The programme is not settled for such a period."),
    no_version_then=_(
        "No published version of the programme was in force for the whole period. Publish it from the first period"
        " that is brought over."
    ),
    closed_without_it=_(
        "No published version of the programme was in force for the whole period, and a settlement that ended then or"
        " later is closed here. Bring in what is owed of it as the programme's balance."
    ),
    settled_here_already=_(
        "The programme was settled here already, by %(run)s. What came before stands; correct it by a sum that two"
        " people agree on, as after a dispute."
    ),
    period_in_a_run=_("%(run)s has computed this period. Throw that computation away first."),
    settled_differs=_("This partner's period is on file already with other figures."),
    balance_differs=_("This partner's balance is on file already: %(known)s."),
    row_twice=_("Row %(row)s says the same of this partner."),
    measured_is_missing=_(
        "The programme pays in %(paid_in)s and goes by what it settled in %(currency)s before: say that too."
    ),
    measured_as_paid=_("The programme measures in %(currency)s as it pays: leave this empty."),
    paid_below_zero=_("What was paid is zero or more."),
    not_paid_in=_("The programme pays in %(currency)s."),
)


def period(cell: str) -> str:
    """A month, quarter or year in its one spelling."""
    text = cell.strip().upper().replace(" ", "").replace("/", "-")
    try:
        return str(Period.parse(text))
    except ValueError:
        raise BadValue("not_a_period") from None


def paid_too_much(values: dict[str, str]) -> bool:
    """Whether more was paid than earned; a partner that owes something and was paid nothing is no such case."""
    paid = Decimal(values.get("paid", "0"))
    return paid > 0 and paid > Decimal(values["earned"])


class GoLive(ImportKind):
    """What both kinds do with a row; what they ask of it stands in golive_checks.py."""

    verb = "rebates.bring_in"
    two_people = True  # what it says is owed and paid
    checker: type[Checks]

    def compare(self, staged: Staged, *, by: Actor) -> None:
        rows = list(staged.good_rows())
        checks = self.checker(rows, by)
        seen: dict[Any, int] = {}
        same = []
        for row in rows:
            refusal = checks.refusal(row.values)
            place = checks.place(row.values) if refusal is None else None
            if place in seen:
                refusal = ("partner_number", "row_twice", {"row": seen[place]})
            if refusal is None:
                seen[place] = row.number
                if checks.is_on_file(row.values):
                    same.append(row.number)
                    continue
                refusal = checks.clash(row.values)
            if refusal is not None:
                field, code, told = refusal
                staged.refuse(RowRefused(row.number, field=field, code=code, **told))
        staged.same(where="r.number = ANY(%(same)s)", same=same)


PARTNER = Column("partner_number", _("partner number"), cells.code(40), True, ("partner", "partner no", "partner code"),
                 "P-0001", _("Number of a partner on file."))  # fmt: skip
PROGRAMME = Column("programme", _("programme"), cells.code(60), True, ("programme code", "program"),
                   "core", _("Code of a published programme that was not closed here yet."))  # fmt: skip
CHINESE = {
    "partner_number": "伙伴 伙伴编号 伙伴编码 合作伙伴 合作伙伴编号 合作伙伴编码 经销商 经销商编号 代理商编号",
    "programme": "政策 政策编码 政策编号 返利政策 返利政策编码",
}


@import_kind
class SettledPeriods(GoLive):
    """Periods that another system settled; each counts as settled here."""

    name = "settled"
    checker = SettledChecks
    title = _("Rebates settled before go-live")
    columns = (
        PARTNER,
        PROGRAMME,
        Column("period", _("period"), period, True, ("month",), "2026-08",
               _("2026-08, 2026-Q3 or 2026, as the programme is settled; it is over.")),
        Column("base", _("base"), cells.amount(places=3), True, ("paid base", "net sales"),
               "180000.00", _("On what it was paid.")),
        Column("earned", _("earned"), cells.amount(places=2), True, ("rebate",),
               "4400.00", _("What was settled, in the currency in which the programme pays.")),
        Column("paid", _("paid"), cells.amount(places=2), False, ("paid out",),
               "4400.00", _("What of it was paid; it is not paid again. Empty: nothing.")),
        Column("measured", _("measured"), cells.amount(places=2), False, ("earned in measure currency",),
               "", _("What was settled, in the currency in which the programme measures, where it pays in another.")),
    )  # fmt: skip
    chinese = CHINESE | {
        "period": "期间 结算期间 月份",
        "base": "基数 返利基数 计算基数",
        "earned": "已结算 应得 应得返利 返利金额 结算金额",
        "paid": "已付 已付金额 已支付",
        "measured": "计量币种金额 计量金额",
    }
    shown = ("partner_number", "programme", "period", "base", "earned", "paid", "measured")

    def check_row(self, values: dict[str, str]) -> Iterable[tuple[str, str, dict[str, Any]]]:
        if Decimal(values.get("paid", "0")) < 0:
            yield "paid", "paid_below_zero", {}
        if Period.parse(values["period"]).end > clock.today():
            yield "period", "period_is_not_over", {}

    def facts(self, staged: Staged) -> list[dict[str, Any]]:
        rows = list(staged.good_rows())
        if not rows:
            return []
        periods = sorted({row.values["period"] for row in rows}, key=lambda text: Period.parse(text).start)
        partners = len({row.values["partner_number"] for row in rows})
        found: list[dict[str, Any]] = [
            {"code": "settled", "values": {"first": periods[0], "last": periods[-1], "partners": partners}}
        ]
        overpaid = [row.number for row in rows if paid_too_much(row.values)]
        if overpaid:
            told = {"count": len(overpaid), "row": overpaid[0]}
            found.append({"code": "paid_too_much", "values": told, "warns": True})
        return found

    def fact_text(self, code: str, values: dict[str, Any]) -> str:
        if code == "paid_too_much":
            return (
                ngettext(
                    "Row %(row)s says that more was paid than earned.",
                    "%(count)s rows say that more was paid than earned, the first of them row %(row)s.",
                    values["count"],
                )
                + " "
                + gettext(
                    "What is over is held against what the partner earns next, unless its balance says otherwise."
                )
            ) % values
        words = ngettext(
            "%(count)s partner, %(first)s to %(last)s",
            "%(count)s partners, %(first)s to %(last)s",
            values["partners"],
        )
        spans = {name: formats.period(Period.parse(values[name])) for name in ("first", "last")}
        return words % (spans | {"count": values["partners"]})

    def write(self, staged: Staged, *, by: Actor) -> int:
        rows = list(staged.good_rows())
        checks = SettledChecks(rows, by)
        return bring_settled(rows=[checks.settled(row.values) for row in rows], by=by, upload=staged.upload)


@import_kind
class Balances(GoLive):
    """What partners were owed at go-live; the first statement opens with it."""

    name = "balances"
    checker = BalanceChecks
    title = _("Rebate balances at go-live")
    columns = (
        PARTNER,
        PROGRAMME,
        Column("balance", _("balance"), cells.amount(places=2), True, ("amount", "opening", "opening balance"),
               "1250.00", _("All that is owed at go-live, also of settled periods; below zero, what it owes.")),
        Column("currency", _("currency"), cells.currency, False, (),
               "CNY", _("ISO code. Empty: the currency in which the programme pays.")),
    )  # fmt: skip
    chinese = CHINESE | {"balance": "余额 期初余额 应付余额", "currency": "币种 币别 货币"}
    shown = ("partner_number", "programme", "balance", "currency")

    def facts(self, staged: Staged) -> list[dict[str, Any]]:
        rows = list(staged.good_rows())
        checks = BalanceChecks(rows, Actor.job("imports"))
        sums: dict[str, Decimal] = {}
        for row in rows:
            currency = checks.currency(row.values)
            sums[currency] = sums.get(currency, Decimal(0)) + Decimal(row.values["balance"])
        return [
            {"code": "owed", "values": {"currency": code, "sum": str(sums[code])}} for code in sorted(sums)
        ]

    def fact_text(self, code: str, values: dict[str, Any]) -> str:
        owed = formats.money(Decimal(values["sum"]), values["currency"])
        return _("%(amount)s owed to partners") % {"amount": owed}

    def write(self, staged: Staged, *, by: Actor) -> int:
        rows = list(staged.good_rows())
        checks = BalanceChecks(rows, by)
        return bring_balances(rows=[checks.balance(row.values) for row in rows], by=by, upload=staged.upload)

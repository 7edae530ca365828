"""What orders show on the first pages: sales, open orders, what waits."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from orders import figures
from orders.models import Order
from orders.registrations import TONES
from prm.files import charts
from prm.ui import formats, home
from prm.ui.parts import Figure


def register() -> None:
    home.figure("staff", order=10, verb="sales.view")(net_sales)
    home.figure("staff", order=40, verb="orders.view")(open_orders)
    home.section("staff", template="orders/home_sales.html", order=30, width=7, verb="sales.view")(sales)
    home.section("staff", template="orders/home_partners.html", order=35, width=5, verb="sales.view")(
        partners
    )
    home.figure("partner", order=20, verb="orders.view")(unpaid)
    home.section("partner", template="orders/home_orders.html", order=30, width=7, verb="orders.view")(
        own_orders
    )


def _currency() -> str:
    return getattr(connection.tenant, "currency", "CNY")


def net_sales(actor: Any) -> Figure:
    month = figures.sales_this_month(actor)
    growth = month.growth
    if growth is None:
        note, tone = _("nothing in the month before to compare with"), ""
    else:
        note, tone = _compared(growth)
    return Figure(
        label=_("Net sales, %(month)s") % {"month": formats.month(month.month)},
        value=formats.money(month.net, _currency(), 0), note=note, tone=tone,
        href=f"/sales/?booking_date_from={month.month}",
    )  # fmt: skip


def _compared(growth: Decimal) -> tuple[str, str]:
    """The growth in words, as it is shown: what rounds to 0% is neither more nor less."""
    share = formats.percent(abs(growth))
    if share == formats.percent(0):
        return _("as much as on this day last month"), ""
    if growth > 0:
        return _("%(share)s more than on this day last month") % {"share": share}, "ok"
    return _("%(share)s less than on this day last month") % {"share": share}, "warn"


def open_orders(actor: Any) -> Figure:
    counts = figures.open_orders_by_state(actor)
    waiting, approved = counts.get(Order.State.SUBMITTED, 0), counts.get(Order.State.APPROVED, 0)
    notes = []
    if waiting or not approved:
        notes.append(ngettext("%(count)s waits for approval", "%(count)s wait for approval", waiting))
        notes[-1] %= {"count": waiting}
    if approved:
        notes.append(ngettext("%(count)s to be confirmed", "%(count)s to be confirmed", approved))
        notes[-1] %= {"count": approved}
    return Figure(
        label=_("Open orders"), value=formats.number(sum(counts.values())), href="/orders/?view=open",
        note=" · ".join(notes), tone="warn" if waiting or approved else "",
    )  # fmt: skip


def sales(actor: Any) -> dict[str, Any]:
    """Net sales by month, and by product line below."""
    months = figures.net_sales_by_month(actor)
    now = months[-1][0]
    points = [charts.Point(_month(month), net, unfinished=month == now) for month, net in months]
    label = _("Net sales by month, %(currency)s") % {"currency": _currency()}
    lines = figures.sales_by_product_line(actor)
    chart = charts.bars(points, label=label, heads=(_("Month"), _("Net sales")), shown=_short)
    return {
        "chart": chart if any(net for _month, net in months) else None, "lines": lines,
        "most": max((net for _line, net in lines), default=0), "currency": _currency(),
    }  # fmt: skip


def _month(day: date) -> str:
    return f"{day.month}月" if formats.is_chinese() else f"{day:%b}"


def _short(value: Any) -> str:
    digits, unit = formats.short_number(value)
    return digits + unit


def partners(actor: Any) -> dict[str, Any]:
    rows = figures.top_partners(actor)
    return {"partners": rows, "most": rows[0][2] if rows else 0, "currency": _currency()}


def unpaid(actor: Any) -> Figure | None:
    owed = figures.unpaid_invoices(actor)
    if not owed:
        return None
    several = len(owed) > 1
    value = " + ".join(formats.money(amount, code, iso=several) for code, amount in sorted(owed.items()))
    return Figure(label=_("Invoices to pay"), value=value, note=_("with tax"), href="/invoices/?view=open")


def own_orders(actor: Any) -> dict[str, Any]:
    return {"orders": figures.newest_orders(actor), "tones": TONES}

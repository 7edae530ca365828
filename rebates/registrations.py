"""What the rebates app tells the platform: menu, work that waits, parts of the first page, search."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, pgettext_lazy

from partners import pages as partner_pages
from prm.access.roles import Role
from prm.audit import words
from prm.notices import kinds, work
from prm.outbox import objects, told
from prm.ui import formats, home, menu
from prm.values.actor import Actor


def register() -> None:
    from rebates import figures, finding

    told.register(
        "settlement", "rebates.SettlementRun", run_number="str", state="str", first_day="str", day_after_last="str",
        read=lambda run: {
            "run_number": run.number, "state": run.state, "first_day": run.starts.isoformat(),
            "day_after_last": run.ends.isoformat(),
        },
    )  # fmt: skip
    told.register(
        "statement", "rebates.Statement", related=("partner",), statement_number="str", partner_id="int",
        partner_number="str", partner_name="str", amount="str", currency="str",
        read=lambda row: {
            "statement_number": row.number, "partner_id": row.partner_id, "partner_number": row.partner.number,
            "partner_name": row.partner.name, "amount": str(row.approved), "currency": row.currency,
        },
    )  # fmt: skip
    _register_objects()
    _register_words()
    _register_names()
    _register_notices()
    work.register(open_work, count=count_open_work, verb="rebates.view_runs")
    for order, label, icon, url, verb in (
        (10, _("Rebate programmes"), "percentage", "rebates:programmes", "rebates.view_programmes"),
        (15, _("Budgets"), "scale", "rebates:budgets", "rebates.view_runs"),
        (20, _("Accruals"), "trending-up", "rebates:accruals", "rebates.view_programmes"),
        (30, _("Settlements"), "calculator", "rebates:runs", "rebates.view_runs"),
        (40, _("Statements"), "receipt", "rebates:statements", "rebates.view"),
        (50, _("Rebate payments"), "cash", "rebates:payments", "rebates.view_runs"),
        (60, _("Ledger"), "book", "rebates:ledger", "ledger.view"),
    ):
        menu.register(section="Money", label=label, icon=icon, url=url, verb=verb, order=order)
    menu.register(
        section="", label=_("Rebates"), icon="receipt", url="rebates:overview", verb="rebates.view", order=50,
        audience="partner", tab=5,
    )  # fmt: skip
    finding.register()
    home.figure("staff", order=40, verb="rebates.view_programmes")(figures.accrued)
    home.figure("partner", order=20, verb="rebates.view")(figures.own_unpaid)
    home.figure("partner", order=30, verb="rebates.view")(figures.own_accrued)
    home.section("staff", template="rebates/home_runs.html", order=30, width=5, verb="rebates.view_runs")(
        figures.runs
    )
    partner_pages.add_section(
        template="rebates/partner_part.html", verb="rebates.view", order=40, build=figures.of_partner
    )


def _register_objects() -> None:
    """What the keys of events name."""
    objects.register(
        "programme", "rebates.Programme", verb="rebates.view_programmes", find=("name", "name_zh", "code")
    )
    objects.register("run", "rebates.SettlementRun", verb="rebates.view_runs", find=("number",))
    objects.register("statement", "rebates.Statement", verb="rebates.view", find=("number",))


def _register_notices() -> None:
    for name, label, title, body in (
        (
            "budget_reached", _("A rebate budget has reached a level"),
            _("%(programme)s has used %(level)s %% of its budget"),
            _("%(time)s: %(amount)s of %(budget)s are earned or accrued."),
        ),
        (
            "budget_expected", _("A rebate budget will reach a level by the forecast"),
            _("%(programme)s is expected to use %(level)s %% of its budget"),
            _("%(time)s: the forecast is %(amount)s, the budget %(budget)s."),
        ),
        (
            "accruals_differed", _("Accruals differed from the sales lines"),
            _("Accruals that were kept differed from the sales lines"),
            _("The nightly check found and mended the sums of %(sums)s partners and %(figures)s figures."),
        ),
    ):  # fmt: skip
        roles = [Role.FINANCE, Role.ADMINISTRATOR]
        kinds.register(f"rebates.{name}", icon="scale", roles=roles, label=label, title=title, body=body)


def _register_words() -> None:
    words.register(
        {
            "opened": _("opened"),
            "drafted": _("draft saved"),
            "draft deleted": _("draft deleted"),
            "start moved": _("start moved"),
            "published": pgettext_lazy("done", "published"),
            "published_by_command": _("published by the operator’s command, which stands for the approval"),
            "publication_asked": _("publication asked for"),
            "computation started": _("computation started"),
            "thrown away": _("computation thrown away"),
            "submitted for review": _("handed over for approval"),
            "approval withdrawn": _("approval withdrawn"),
            "approval lapsed": _("approval lapsed: sales lines came in since it was computed"),
            "close began": _("close began"),
            "release started": _("release of payments started"),
            "release ended": _("release of payments ended"),
            "paid": _("paid"),
            "statements_issued": _("statements issued"),
            "statements printed": _("all statements made as PDF"),
            "accruals booked": _("accruals of a month booked"),
            "brought in": _("figures of before go-live brought in"),
            "accruals mended": _("kept accruals mended"),
        }
    )
    words.register_types(
        {
            "rebates.programme": _("Rebate programme"),
            "rebates.version": _("Version of a programme"),
            "rebates.settlementrun": _("Settlement"),
            "rebates.statement": _("Statement"),
            "rebates.accrualcheck": _("Check of the accruals"),
        }
    )


def _register_names() -> None:
    words.register_names(
        {
            "policy": pgettext_lazy("change", "rules"),
            "lines_since": pgettext_lazy("change", "sales lines since"),
            "file": pgettext_lazy("change", "file"),
            "rows": pgettext_lazy("change", "rows"),
            "wrong_sums": pgettext_lazy("change", "partners whose sums differed"),
            "wrong_figures": pgettext_lazy("change", "figures that differed"),
            "month": pgettext_lazy("change", "month"),
            "paid_on": pgettext_lazy("change", "paid on"),
            "reference": pgettext_lazy("change", "reference"),
            "method": pgettext_lazy("change", "way of payment"),
            "statements_paid": pgettext_lazy("change", "statements paid"),
            "left_out": pgettext_lazy("change", "statements left out"),
            "account_checked": pgettext_lazy("change", "how the account was checked"),
        }
    )


def open_work(actor: Actor) -> Iterable[work.Work]:
    """Approved settlements that wait for their close, and those in review about which no flow asks anybody, or asks
    others in whose place the actor may decide.
    """
    from rebates import pages

    for run in _waiting_runs(actor):
        approved = run.state == "approved"
        yield work.Work(
            title=formats.month(run.starts), link=run.get_absolute_url(), since=run.state_since,
            subtitle=run.number, kind=_("Settlement to close") if approved else _("Settlement to approve"),
            icon="lock" if approved else "calculator",
        )  # fmt: skip
    for run, asked, due in pages.to_take_over(actor):
        yield work.Work(
            title=formats.month(run.starts), link=run.get_absolute_url(), since=run.state_since,
            subtitle=_("%(number)s; %(people)s is asked, you may decide instead") % {
                "number": run.number, "people": asked,
            },
            kind=_("Settlement to approve"), icon="calculator", due=due,
        )  # fmt: skip


def count_open_work(actor: Actor) -> int:
    from rebates import pages

    return len(_waiting_runs(actor)) + len(pages.to_take_over(actor))


def _waiting_runs(actor: Actor) -> list[Any]:
    from rebates.models import SettlementRun
    from rebates.services.closing import authors_beyond_limit

    states = [state for state, verb in (("approved", "close"), ("in_review", "approve"))
              if f"rebates.{verb}" in actor.permissions]  # fmt: skip
    if not states:
        return []
    rows = SettlementRun.objects.visible_to(actor).awaiting(states).order_by("ends")[:50]
    return [run for run in rows if run.state == "approved" or actor.user_id not in authors_beyond_limit(run)]


def open_work_when_off() -> list[str]:
    """What stays undone in the tenant while rebates are off."""
    from rebates.models import SettlementRun

    count = SettlementRun.objects.exclude(state__in=["closed", "paid"]).count()
    if not count:
        return []
    text = ngettext(
        "%(count)s settlement is not closed and waits.",
        "%(count)s settlements are not closed and wait.",
        count,
    )
    return [text % {"count": count}]

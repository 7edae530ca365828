"""What the payouts app tells the platform: menu, work that waits, words of the trail, kinds of notices."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from partners import pages as partner_pages
from prm.access.roles import Role
from prm.audit import words
from prm.notices import kinds, work
from prm.outbox import objects
from prm.ui import menu
from prm.values import clock
from prm.values.actor import Actor

MONEY = (Role.FINANCE, Role.ADMINISTRATOR)


def register() -> None:
    from payouts import finding

    finding.register()
    objects.register("bank_account", "payouts.BankAccount", verb="payouts.view_accounts", find=("number",))
    objects.register("payout", "payouts.Batch", verb="payouts.view", find=("number",))
    objects.register("journal", "payouts.Journal", verb="payouts.view_journals", find=("number",))
    _register_words()
    _register_kinds()
    partner_pages.add_section(
        template="payouts/partner_part.html", verb="payouts.view_accounts", order=45, build=of_partner
    )
    work.register(open_work, count=count_open_work)
    for order, label, icon, url, verb in (
        (5, _("Money in rebates"), "report-money", "payouts:overview", "payouts.view_overview"),
        (52, _("Payout files"), "file-export", "payouts:batches", "payouts.view"),
        (54, _("Bank accounts"), "building-bank", "payouts:accounts", "payouts.view_accounts"),
        (65, _("Journal export"), "file-spreadsheet", "payouts:journals", "payouts.view_journals"),
    ):
        menu.register(section="Money", label=label, icon=icon, url=url, verb=verb, order=order)
    menu.register(
        section="", label=_("Bank accounts"), icon="building-bank", url="payouts:accounts",
        verb="payouts.view_accounts", order=55, audience="partner",
    )  # fmt: skip
    menu.register(
        section="Set-up", label=_("Paying accounts"), icon="building-bank", url="payouts:paying_accounts",
        verb="payouts.set_paying_account", order=66,
    )  # fmt: skip
    menu.register(
        section="Set-up", label=_("Account codes"), icon="list", url="payouts:codes",
        verb="payouts.set_codes", order=67,
    )  # fmt: skip


def _register_words() -> None:
    words.register(
        {
            "account asked for": _("bank account asked for"),
            "account confirmed": _("bank account confirmed by a second person"),
            "account refused": _("bank account refused"),
            "account withdrawn": _("bank account withdrawn"),
            "account stopped": _("bank account stopped"),
            "paying account set": _("paying account set"),
            "payout prepared": _("payout prepared"),
            "payout line changed": _("amount of a payment changed"),
            "payout line left out": _("statement left out of the payout"),
            "payout cancelled": _("payout cancelled"),
            "payout released": _("payout released, file made"),
            "payout booking started": _("payout reported as executed"),
            "payout executed": _("payout executed and booked"),
            "payout failed": _("payout refused by the bank as a whole"),
            "payment failed": _("payment refused by the bank"),
            "journal exported": _("journal exported"),
            "account code set": _("account code set"),
        }
    )
    words.register_types(
        {
            "payouts.bankaccount": _("Bank account"),
            "payouts.payingaccount": _("Paying account"),
            "payouts.batch": _("Payout"),
            "payouts.journal": _("Journal"),
            "payouts.accountcode": _("Account code"),
        }
    )
    words.register_names({"account": _("account"), "sums": _("sums"), "statement": _("statement")})


def _register_kinds() -> None:
    partner = (Role.PARTNER_ADMIN,)
    for name, roles, title, body in (
        (
            "account_asked",
            partner,
            _("%(partner)s: another bank account was asked for"),
            _(
                "%(person)s asked that payments in %(currency)s go to %(account)s. If nobody of yours wanted this, "
                "tell your finance contact at once."
            ),
        ),
        (
            "account_to_confirm",
            MONEY,
            _("%(partner)s: confirm a bank account"),
            _(
                "%(person)s asked that payments in %(currency)s go to %(account)s. Compare it with the bank's paper, "
                "and call the partner under a number that you knew before."
            ),
        ),
        (
            "account_confirmed",
            partner,
            _("%(partner)s: another bank account from %(day)s on"),
            _(
                "Payments in %(currency)s go to %(account)s from that day on. Until then you can stop it: open it "
                "and say why."
            ),
        ),
        (
            "account_refused",
            partner,
            _("%(partner)s: the bank account was not confirmed"),
            _("Payments in %(currency)s do not go to %(account)s. %(reason)s"),
        ),
        (
            "account_stopped",
            (*partner, *MONEY),
            _("%(partner)s: a bank account was stopped"),
            _("Payments in %(currency)s do not go to %(account)s; the account before stays. %(reason)s"),
        ),
    ):
        kinds.register(
            f"payouts.{name}", icon="building-bank", roles=roles, label=_("Bank accounts"), title=title,
            body=body, optional=False,
        )  # fmt: skip


def of_partner(partner: Any, actor: Actor) -> dict[str, Any] | None:
    """A partner's bank accounts: those in force, held or asked for."""
    from payouts.models import BankAccount

    accounts = BankAccount.objects.visible_to(actor).filter(partner=partner, state__in=("asked", "confirmed"))
    rows = accounts.exclude(ends__lte=clock.today()).order_by("currency", "-asked_at")[:12]
    may_ask = "payouts.ask_account" in actor.permissions
    return {"accounts": list(rows), "may_ask": may_ask}


def open_work(actor: Actor) -> Iterable[work.Work]:
    """Accounts that a second person has to confirm, and payouts that one has to release."""
    for account in _accounts(actor):
        yield work.Work(
            title=account.partner.name, link=account.get_absolute_url(), since=account.asked_at,
            subtitle=account.number, kind=_("Bank account to confirm"), icon="building-bank",
        )  # fmt: skip
    for batch in _batches(actor):
        yield work.Work(
            title=batch.number, link=batch.get_absolute_url(), since=batch.state_since,
            subtitle=batch.run.number, kind=_("Payout to release"), icon="cash",
        )  # fmt: skip


def count_open_work(actor: Actor) -> int:
    return len(_accounts(actor)) + len(_batches(actor))


def _accounts(actor: Actor) -> list[Any]:
    from payouts.models import BankAccount

    if "payouts.confirm_account" not in actor.permissions:
        return []
    rows = BankAccount.objects.visible_to(actor).waiting().select_related("partner").order_by("asked_at")
    return list(rows.exclude(asked_by_id=actor.user_id)[:50])


def _batches(actor: Actor) -> list[Any]:
    from payouts.models import Batch

    if "payouts.release" not in actor.permissions:
        return []
    rows = Batch.objects.visible_to(actor).awaiting(["prepared"]).select_related("run")
    return [
        batch for batch in rows[:50] if actor.user_id not in (batch.created_by_id, batch.run.approved_by_id)
    ]


def open_work_when_off() -> list[str]:
    """What stays undone in the current tenant while payouts are off."""
    from payouts.models import Batch

    count = Batch.objects.filter(state__in=["prepared", "released", "booking"]).count()
    if not count:
        return []
    text = ngettext(
        "%(count)s payout is not executed; its statements cannot be paid otherwise.",
        "%(count)s payouts are not executed; their statements cannot be paid otherwise.",
        count,
    )
    return [text % {"count": count}]

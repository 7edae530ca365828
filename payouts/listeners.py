"""Who is told about bank accounts. A listener may run again: a notice is stored once per fact."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model

from partners.models import Member
from payouts.events import BankAccountAsked, BankAccountConfirmed, BankAccountRefused, BankAccountStopped
from payouts.models import BankAccount
from prm.access.roles import Role
from prm.access.rules import who_may
from prm.notices.services import notify
from prm.outbox.events import listens_to
from prm.ui import said
from prm.values import clock


@listens_to(BankAccountAsked)
def tell_of_the_wish(fact: BankAccountAsked) -> None:
    """The partner's administrators hear that somebody wants their account changed; finance, that it waits for them."""
    account = _account(fact.account_id)
    _tell(administrators_of(account), account, "payouts.account_asked")
    second = [user for user in who_may("payouts.confirm_account", account) if user.pk != account.asked_by_id]
    _tell(second, account, "payouts.account_to_confirm")


@listens_to(BankAccountConfirmed)
def tell_of_the_confirmation(fact: BankAccountConfirmed) -> None:
    """The partner's administrators hear from when on another account is paid to, while they can still stop it."""
    account = _account(fact.account_id)
    _tell(administrators_of(account), account, "payouts.account_confirmed", day=said.Day(account.starts))


@listens_to(BankAccountRefused)
def tell_of_the_refusal(fact: BankAccountRefused) -> None:
    account = _account(fact.account_id)
    _tell(administrators_of(account), account, "payouts.account_refused", reason=account.decision)


@listens_to(BankAccountStopped)
def tell_of_the_stop(fact: BankAccountStopped) -> None:
    """Both sides hear: somebody did not want an account that two people wanted."""
    account = _account(fact.account_id)
    people = [*administrators_of(account), *who_may("payouts.confirm_account", account)]
    _tell(people, account, "payouts.account_stopped", reason=account.decision)


def administrators_of(account: BankAccount) -> list[Any]:
    """The partner's administrators of now and of when the account was asked for: who left since hears as well."""
    members = Member.objects.for_everyone(because="people of the partner that the event names")
    days = {clock.today(), account.asked_at.astimezone(clock.tenant_zone()).date()}
    ids = {
        user_id
        for day in days
        for user_id in members.on(day).filter(partner_id=account.partner_id).values_list("user_id", flat=True)
    }
    return list(get_user_model().objects.filter(pk__in=ids, role=Role.PARTNER_ADMIN))


def _account(pk: int) -> BankAccount:
    rows = BankAccount.objects.for_everyone(because="an event names it")
    return rows.select_related("partner").get(pk=pk)


def _tell(people: list[Any], account: BankAccount, kind: str, **more: Any) -> None:
    notify(
        users=people, kind=kind, fact=f"{kind}:{account.pk}", link=account.get_absolute_url(),
        values={
            "partner": account.partner.name, "currency": account.currency, "account": account.masked,
            "person": account.asked_by_label, **more,
        },
    )  # fmt: skip

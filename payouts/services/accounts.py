"""Bank accounts: asked for, confirmed by a second person, told to the partner, held, then paid to.

Guarantee: no account is paid to that one person alone wrote, none before five working days have passed since its
confirmation, and the partner's administrators hear of each step while it can still be stopped.
"""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from payouts.banking import NAMES, Details, checked
from payouts.errors import (
    AccountDecided,
    AccountIsTheSame,
    AnotherChangeWaits,
    AnotherPartnersAccount,
    AnotherPersonConfirms,
    HoldIsOver,
    PersonNeeded,
)
from payouts.events import (
    BankAccountAsked,
    BankAccountConfirmed,
    BankAccountRefused,
    BankAccountStopped,
)
from payouts.holding import first_payable_day
from payouts.models import BankAccount, PayingAccount
from prm.access.rules import require
from prm.approvals.working import calendar
from prm.audit.services import record
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from prm.values.numbers import new_number

State = BankAccount.State


@transaction.atomic
def ask_for_account(*, partner: Partner, by: Actor, reason: str = "", **details: str) -> BankAccount:
    """Ask that `partner` is paid to another account; nothing is paid to it before a second person confirms it."""
    require(by, "payouts.ask_account", partner)
    person = _person(by)
    found = checked(Details(**details))
    Partner.objects.hold([partner.pk])
    accounts = BankAccount.objects.for_everyone(because="the partner's own, which it locked").filter(
        partner=partner, currency=found.currency
    )
    waiting = accounts.waiting().first()
    if waiting is not None:
        raise AnotherChangeWaits(currency=found.currency, number=waiting.number)
    newest = accounts.filter(state=State.CONFIRMED, ends__isnull=True).first()
    if newest is not None and newest.details == found:
        raise AccountIsTheSame()
    account = BankAccount.objects.create(
        partner=partner,
        number=new_number("BA", BankAccount, on=clock.today()),
        reason=reason,
        asked_by_id=person,
        asked_by_label=by.label,
        **{name: getattr(found, name) for name in NAMES},
    )
    record(account, "account asked for", by=by, reason=reason, changes={"account": [None, account.masked]})
    emit(BankAccountAsked(account_id=account.pk), object_key=f"bank_account:{account.pk}")
    return account


@transaction.atomic
def confirm_account(*, account: BankAccount, by: Actor, anyway: bool = False) -> BankAccount:
    """Confirm an account as a second person; it is paid to once the hold is over, the one before until then.

    `anyway`: also one that another partner has, a common sign of fraud.
    """
    require(by, "payouts.confirm_account", account)
    person = _person(by)
    account = _asked(account)
    if person == account.asked_by_id:
        raise AnotherPersonConfirms(person=account.asker)
    others = BankAccount.objects.for_everyone(because="that there is another is told, not whose it is")
    is_shared = others.same_number(account).exists()
    if is_shared and not anyway:
        raise AnotherPartnersAccount()
    before = _chain(account).last()
    starts = first_payable_day(clock.today(), calendar())
    if before is not None:
        starts = max(starts, before.starts)
        if before.ends is None:  # else one that was wrong took over from it, and it stays ended
            before.ends = starts
            before.save(update_fields=["ends"])
    account.starts = starts
    _decide(account, State.CONFIRMED, by)
    record(
        account, "account confirmed", by=by,
        reason=_("Another partner has the same account; who confirmed knew it.") if is_shared else "",
        changes={"state": [State.ASKED, State.CONFIRMED], "starts": [None, account.starts]},
    )  # fmt: skip
    emit(BankAccountConfirmed(account_id=account.pk), object_key=f"bank_account:{account.pk}")
    return account


@transaction.atomic
def refuse_account(*, account: BankAccount, reason: str, by: Actor) -> BankAccount:
    """Do not confirm an account: the one in force stays."""
    require(by, "payouts.confirm_account", account)
    _person(by)
    account = _asked(account)
    _decide(account, State.REFUSED, by, reason)
    record(account, "account refused", by=by, reason=reason)
    emit(BankAccountRefused(account_id=account.pk), object_key=f"bank_account:{account.pk}")
    return account


@transaction.atomic
def withdraw_account(*, account: BankAccount, by: Actor) -> BankAccount:
    """Take back what was asked for, before anybody confirmed it."""
    require(by, "payouts.ask_account", account)
    _person(by)
    account = _asked(account)
    _decide(account, State.WITHDRAWN, by)
    record(account, "account withdrawn", by=by)
    return account


@transaction.atomic
def stop_account(*, account: BankAccount, reason: str, by: Actor) -> BankAccount:
    """Stop a confirmed account while it is held: nothing was paid to it, and the one before stays in force."""
    require(by, "payouts.ask_account", account)
    _person(by)
    Partner.objects.hold([account.partner_id])
    account = BankAccount.objects.locked(account)
    if account.state != State.CONFIRMED:
        raise AccountDecided(number=account.number, state=account.get_state_display())
    if not account.is_held(clock.today()):
        raise HoldIsOver(number=account.number, day=account.starts)
    ends, before = account.ends, _before(account)
    _stop(account, reason, by)
    if before is not None and before.ends == account.starts:
        before.ends = ends
        before.save(update_fields=["ends"])
    return account


@transaction.atomic
def stop_wrong_account(*, account: BankAccount, reason: str, by: Actor) -> BankAccount:
    """Stop an account that was paid to and that the bank says is wrong. None before it comes back: the next one is.

    The caller asked whether `by` may say what the bank said, and holds the partner. One that is stopped stays so.
    """
    account = BankAccount.objects.locked(account)
    return _stop(account, reason, by) if account.state == State.CONFIRMED else account


def _stop(account: BankAccount, reason: str, by: Actor) -> BankAccount:
    account.state, account.decision = State.STOPPED, reason
    account.save(update_fields=["state", "decision"])
    record(account, "account stopped", by=by, reason=reason)
    emit(BankAccountStopped(account_id=account.pk), object_key=f"bank_account:{account.pk}")
    return account


@transaction.atomic
def set_paying_account(*, by: Actor, **details: str) -> PayingAccount:
    """Say from which account of the tenant payouts in a currency leave."""
    require(by, "payouts.set_paying_account")
    found = checked(Details(**details))
    known = PayingAccount.objects.select_for_update().filter(currency=found.currency).first()
    if known is not None and known.details == found:
        return known
    account = known or PayingAccount(currency=found.currency)
    before = known.masked if known is not None else None
    for name in NAMES:
        setattr(account, name, getattr(found, name))
    account.changed_by_label, account.changed_at = by.label, clock.now()
    account.save()
    record(account, "paying account set", by=by, changes={"account": [before, account.masked]})
    return account


def _person(by: Actor) -> int:
    """Whose word it is; jobs and commands have none in this."""
    if by.user_id is None:
        raise PersonNeeded()
    return by.user_id


def _asked(account: BankAccount) -> BankAccount:
    Partner.objects.hold([account.partner_id])
    account = BankAccount.objects.locked(account)
    if account.state != State.ASKED:
        raise AccountDecided(number=account.number, state=account.get_state_display())
    return account


def _decide(account: BankAccount, state: str, by: Actor, reason: str = "") -> None:
    account.state, account.decision = state, reason
    account.decided_by_id, account.decided_by_label, account.decided_at = by.user_id, by.label, clock.now()
    account.save()


def _chain(account: BankAccount) -> Any:
    """The confirmed accounts of its partner and currency, in the order in which each takes over from the one before."""
    rows = BankAccount.objects.for_everyone(because="the partner's own, which the caller locked")
    return rows.filter(
        partner_id=account.partner_id, currency=account.currency, state=State.CONFIRMED
    ).order_by("starts", "decided_at", "pk")


def _before(account: BankAccount) -> BankAccount | None:
    """The one that it took over from."""
    found = None
    for one in _chain(account):
        if one.pk == account.pk:
            return found
        found = one
    return found

"""What pages of bank accounts and payouts show: stages, facts, and the verbs that are open to whoever looks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from payouts.banking import grouped
from payouts.lists import number_for
from payouts.models import BankAccount, Batch
from payouts.services.executing import open_job
from payouts.services.releasing import refuse_releaser
from prm.access.rules import allowed
from prm.ui import formats, refusals
from prm.ui.parts import Fact, Stage, Verb
from prm.values import clock
from prm.values.actor import Actor

State = Batch.State


def account_facts(account: BankAccount, actor: Actor) -> list[Fact]:
    found = [
        Fact(_("Account holder"), account.holder, strong=True),
        Fact(_("Account"), number_for(account, actor), strong=True),
        Fact(_("Currency"), account.currency),
        Fact(_("BIC"), account.bic),
        Fact(_("Bank and branch"), account.bank_name),
        Fact(_("CNAPS code"), grouped(account.cnaps)),
        Fact(_("Asked for by"), f"{account.asker}{formats.comma()}{formats.exact(account.asked_at)}"),
        Fact(_("Reason"), account.reason),
    ]
    if account.decided_at is not None:
        found.append(
            Fact(_("Decided by"), f"{account.decider}{formats.comma()}{formats.exact(account.decided_at)}")
        )
    if account.decision:
        found.append(Fact(_("Why"), account.decision))
    if account.paid_from is not None:
        found.append(Fact(_("Paid to from"), formats.day(account.paid_from)))
    if account.paid_before is not None:
        found.append(Fact(_("Paid to before"), formats.day(account.paid_before)))
    return [fact for fact in found if fact.value]


def replaced_facts(account: BankAccount, actor: Actor) -> list[Fact]:
    """The account that is paid to before one that waits or is held: who decides compares the two. Of others nothing."""
    before = BankAccount.objects.visible_to(actor).replaced_by(account, clock.today())
    if before is None:
        return []
    found = [
        Fact(_("Account holder"), before.holder, strong=True),
        Fact(_("Account"), number_for(before, actor), strong=True),
        Fact(_("BIC"), before.bic),
        Fact(_("Bank and branch"), before.bank_name),
        Fact(_("CNAPS code"), grouped(before.cnaps)),
        Fact(_("Paid to from"), formats.day(before.starts)),
        Fact(_("Number"), before.number, href=before.get_absolute_url()),
    ]
    return [fact for fact in found if fact.value]


def is_open(account: BankAccount) -> bool:
    """Whether it may still take over from another: it waits for its second person, or is held."""
    return account.state == BankAccount.State.ASKED or account.is_held(clock.today())


def also_of(account: BankAccount, actor: Actor) -> list[str]:
    """Other partners that have the same account, for those who decide about it; a common sign of fraud.

    Who does not see one of them learns that there is one, not which.
    """
    if not allowed(actor, "payouts.confirm_account", account):
        return []
    rows = BankAccount.objects.visible_to(actor).same_number(account)
    seen = sorted({f"{row.partner.name} ({row.partner.number}, {row.number})" for row in rows})
    hidden = BankAccount.objects.for_everyone(because="that there is another is told, not whose it is")
    others = {row.partner_id for row in hidden.same_number(account)} - {row.partner_id for row in rows}
    return [*seen, _("a partner that you do not see")] if others else seen


def standing(account: BankAccount) -> dict[str, Any]:
    """In one sentence: is it paid to, and if not, why; with a tone."""
    today = clock.today()
    if account.state == BankAccount.State.ASKED:
        text = _("Nothing is paid to it until somebody else than %(person)s confirms it.") % {
            "person": account.asker
        }
        return {"text": text, "tone": "live"}
    if account.is_held(today):
        text = _("Held until %(day)s: nothing is paid to it before, and it can still be stopped.")
        return {"text": text % {"day": formats.day(account.starts)}, "tone": "warn"}
    if account.is_in_force(today):
        return {
            "text": _("Payments in %(currency)s go to this account.") % {"currency": account.currency},
            "tone": "ok",
        }
    if account.state == BankAccount.State.CONFIRMED:
        text = _("Paid to before %(day)s; another account is in force since.")
        return {"text": text % {"day": formats.day(account.ends)}, "tone": "note"}
    return {"text": _("Nothing is paid to it."), "tone": "bad"}


def account_verbs(account: BankAccount, actor: Actor) -> list[Verb]:
    def to(name: str) -> str:
        return reverse(f"payouts:{name}", args=[account.number])

    asks, confirms = (
        allowed(actor, f"payouts.{verb}", account) for verb in ("ask_account", "confirm_account")
    )
    verbs = []
    if account.state == BankAccount.State.ASKED:
        own = account.asked_by_id == actor.user_id
        if confirms:
            why = _("You asked for it: somebody else confirms.") if own else ""
            ask = _(
                "Payments go there once five working days are over. All administrators of the partner are told."
            )
            confirm = Verb(
                _("Confirm"), post=to("account_confirm"), primary=True, icon="check", ask=ask, why_not=why
            )
            if also_of(account, actor):  # asked about on a page of its own, with a box to tick
                confirm = replace(confirm, label=_("Confirm…"), post="", ask="", href=to("account_confirm"))
            verbs.append(confirm)
            verbs.append(Verb(_("Refuse"), href=to("account_refuse"), icon="ban"))
        if asks:
            ask = _("What was asked for is taken back. The account in force stays.")
            verbs.append(
                Verb(_("Withdraw"), post=to("account_withdraw"), final=True, icon="arrow-back-up", ask=ask)
            )
    if asks and account.is_held(clock.today()):
        verbs.append(Verb(_("Stop this account"), href=to("account_stop"), final=True, icon="ban"))
    return verbs


def batch_stages(batch: Batch) -> list[Stage]:
    order = [State.PREPARED, State.RELEASED, State.BOOKING, State.EXECUTED]
    if batch.state not in order:
        return []
    at = order.index(State(batch.state))
    last = at == len(order) - 1
    return [
        Stage(state.label, "done" if place < at or last else "now" if place == at else "later")
        for place, state in enumerate(order)
    ]


def batch_facts(batch: Batch) -> list[Fact]:
    found = [
        Fact(_("Settlement"), batch.run.number, href=batch.run.get_absolute_url()),
        Fact(_("To be executed on"), formats.day(batch.pay_on)),
        Fact(_("Prepared by"), f"{batch.preparer}{formats.comma()}{formats.exact(batch.created_at)}"),
    ]
    if batch.released_at is not None:
        found.append(
            Fact(_("Released by"), f"{batch.releaser}{formats.comma()}{formats.exact(batch.released_at)}")
        )
    if batch.executed_on is not None:
        found.append(Fact(_("Executed on"), formats.day(batch.executed_on)))
        found.append(Fact(_("Bank reference"), batch.reference))
        found.append(Fact(_("Booked by"), batch.booked_by_label))
    return [fact for fact in found if fact.value]


def batch_verbs(batch: Batch, actor: Actor) -> list[Verb]:
    """The buttons of the decision line: one primary, the one that gives it up last."""

    def to(name: str) -> str:
        return reverse(f"payouts:{name}", args=[batch.number])

    may = {verb: allowed(actor, f"payouts.{verb}") for verb in ("prepare", "release", "execute")}
    verbs = []
    if batch.state == State.PREPARED and may["release"]:
        ask = _(
            "The file for the bank is made and never changes. Its statements are paid by it and nowhere else."
        )
        why = refusals.why_not(refuse_releaser, batch, actor)
        verbs.append(
            Verb(_("Release"), post=to("batch_release"), primary=True, icon="lock", ask=ask, why_not=why)
        )
    if batch.state == State.RELEASED and may["execute"]:
        verbs.append(Verb(_("Book as executed…"), href=to("batch_execute"), primary=True, icon="cash"))
    if batch.state == State.BOOKING and may["execute"] and open_job(batch) is None:
        verbs.append(Verb(_("Go on booking"), post=to("batch_resume"), primary=True, icon="cash"))
    if batch.state in (State.PREPARED, State.RELEASED) and may["prepare"]:
        verbs.append(Verb(_("Give up this payout"), href=to("batch_cancel"), final=True, icon="ban"))
    return verbs

"""Bank accounts: where is money paid to, and who agreed?"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from payouts import pages, reads, services
from payouts.forms import AccountForm, PayingAccountForm, ReasonForm, SharedAccountForm
from payouts.models import BankAccount
from prm.access.decorators import requires
from prm.audit.history import history_of
from prm.ui import formats, refusals


def _account(request: Any, number: str) -> BankAccount:
    rows = BankAccount.objects.visible_to(request.actor).select_related("partner")
    return get_object_or_404(rows, number=number)


@requires("payouts.view_accounts")
def detail(request: Any, number: str) -> HttpResponse:
    account = _account(request, number)
    context = {
        "account": account,
        "facts": pages.account_facts(account, request.actor),
        "is_open": pages.is_open(account),
        "replaced": pages.replaced_facts(account, request.actor) if pages.is_open(account) else [],
        "also_of": pages.also_of(account, request.actor),
        "standing": pages.standing(account),
        "verbs": pages.account_verbs(account, request.actor),
        "history": history_of(account, request.actor),
    }
    return render(request, "payouts/account.html", context)


@requires("payouts.ask_account")
def ask(request: Any) -> HttpResponse:
    """Ask for another account; a second person of the tenant confirms it."""
    form = AccountForm(
        request.POST or None, actor=request.actor, initial={"partner": request.GET.get("partner")}
    )
    if form.is_valid() and form.run(services.ask_for_account, by=request.actor):
        messages.success(
            request, _("Asked for. Somebody of finance confirms it; until then nothing changes.")
        )
        return redirect(form.result)
    return render(request, "payouts/account_form.html", {"form": form}, status=form.status)


@requires("payouts.confirm_account")
def confirm(request: Any, number: str) -> HttpResponse:
    """Confirm as the second person; an account that another partner has asks once more, with a box to tick."""
    account = _account(request, number)
    also_of = pages.also_of(account, request.actor)
    if request.method != "POST" and not also_of:
        return redirect(account)
    form = SharedAccountForm(request.POST if request.method == "POST" else None, actor=request.actor)
    if form.is_valid() and form.run(services.confirm_account, account=account, by=request.actor):
        words = _("Confirmed. It is paid to from %(day)s on; until then it can be stopped.")
        messages.success(request, words % {"day": formats.day(form.result.starts)})
        return redirect(account)
    if form.is_bound and not also_of:  # refused for another reason, which stands at no field
        for problem in form.problems:
            messages.error(request, problem["text"])
        return redirect(account)
    context = {
        "form": form, "title": _("Confirm bank account"), "cancel": account.get_absolute_url(), "crumb": account.number,
        "effect": _("The same account is that of %(names)s. Find out why before anything is paid to it.")
        % {"names": ", ".join(also_of)},
    }  # fmt: skip
    return render(request, "payouts/verb.html", context, status=form.status)


@require_POST
@requires("payouts.ask_account")
def withdraw(request: Any, number: str) -> HttpResponse:
    account = _account(request, number)
    with refusals.told(request):
        services.withdraw_account(account=account, by=request.actor)
        messages.success(request, _("Withdrawn. The account in force stays."))
    return redirect(account)


@requires("payouts.confirm_account")
def refuse(request: Any, number: str) -> HttpResponse:
    account = _account(request, number)
    form = ReasonForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.refuse_account, account=account, by=request.actor):
        messages.success(
            request, _("Refused. The account in force stays, and the partner's administrators are told.")
        )
        return redirect(account)
    context = {
        "form": form, "title": _("Refuse bank account"), "cancel": account.get_absolute_url(), "crumb": account.number,
        "effect": _("Nothing is paid to it. The partner's administrators read your reason."),
    }  # fmt: skip
    return render(request, "payouts/verb.html", context, status=form.status)


@requires("payouts.ask_account")
def stop(request: Any, number: str) -> HttpResponse:
    """Not us: during the hold a confirmed account can be stopped."""
    account = _account(request, number)
    form = ReasonForm(request.POST or None, actor=request.actor)
    if form.is_valid() and form.run(services.stop_account, account=account, by=request.actor):
        messages.success(request, _("Stopped. Nothing was paid to it; the account before stays in force."))
        return redirect(account)
    context = {
        "form": form, "title": _("Stop bank account"), "cancel": account.get_absolute_url(), "crumb": account.number,
        "effect": _("Nothing is paid to it, and the account before stays. Both sides read your reason."),
    }  # fmt: skip
    return render(request, "payouts/verb.html", context, status=form.status)


@requires("payouts.set_paying_account")
def paying_accounts(request: Any) -> HttpResponse:
    """From which account is each currency paid?"""
    known = reads.paying_accounts()
    chosen = next((row for row in known if row.currency == request.GET.get("currency")), None)
    form = PayingAccountForm(request.POST or None, actor=request.actor, account=chosen)
    if form.is_valid() and form.run(services.set_paying_account, by=request.actor):
        messages.success(request, _("Saved. Payouts that are released from now on leave this account."))
        return redirect("payouts:paying_accounts")
    context = {"form": form, "accounts": known}
    return render(request, "payouts/paying_accounts.html", context, status=form.status)

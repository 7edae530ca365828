"""What people fill in about bank accounts, payouts and journals."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partners.models import Partner
from payouts.banking import NAMES
from payouts.models.accounts import BankDetails
from prm.ledger.models import Account
from prm.ui.forms import MoneyField, ServiceForm, VisibleChoice
from prm.values import clock
from prm.values.money import is_known_currency
from rebates.models import SettlementRun


def currency_of(text: str) -> str:
    """The currency's code; a ValidationError where there is none such."""
    code = text.strip().upper()
    if not is_known_currency(code):
        raise forms.ValidationError(_("Write a currency's code of three letters, such as EUR or CNY."))
    return code


class SharedAccountForm(ServiceForm):
    """Confirms an account that another partner has too."""

    anyway = forms.BooleanField(
        label=_("I know why both have this account, and it is right"), required=False,
        help_text=_("Your name stays in the history with it."),
    )  # fmt: skip


class DetailsForm(ServiceForm):
    """An account as the bank knows it."""

    holder = forms.CharField(
        label=_("Account holder"), max_length=140, help_text=_("Exactly as the bank knows the company.")
    )
    currency = forms.CharField(label=_("Currency"), max_length=3)
    iban = forms.CharField(label=_("IBAN"), max_length=60, required=False)
    bic = forms.CharField(label=_("BIC"), max_length=20, required=False)
    account_number = forms.CharField(
        label=_("Account number"), max_length=60, required=False, help_text=_("Where the bank has no IBAN.")
    )
    bank_name = forms.CharField(
        label=_("Bank and branch"), max_length=140, required=False, help_text=_("Needed without an IBAN.")
    )
    cnaps = forms.CharField(
        label=_("CNAPS code"),
        max_length=20,
        required=False,
        help_text=_("Twelve digits; for accounts in CNY."),
    )
    pairs: tuple[tuple[str, str], ...] = (("iban", "bic"), ("account_number", "cnaps"))

    def clean_currency(self) -> str:
        return currency_of(self.cleaned_data["currency"])


class AccountForm(DetailsForm):
    """A partner's account; staff say whose."""

    partner = VisibleChoice(Partner, label=_("Partner"))
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("Why it changes, and on which paper it stands.")
    )
    field_order = ("partner", *NAMES, "reason")

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.actor is not None and self.actor.is_partner:  # there is nothing to choose
            self.initial["partner"] = self.actor.partner_id
            self.fields["partner"].disabled = True
            self.fields["partner"].widget = forms.HiddenInput()


class PayingAccountForm(DetailsForm):
    """The tenant's own account in a currency."""

    def __init__(self, *args: Any, account: BankDetails | None = None, **kwargs: Any):
        if account is not None:
            kwargs["initial"] = {name: getattr(account, name) for name in NAMES}
        super().__init__(*args, **kwargs)


class ReasonForm(ServiceForm):
    """Why."""

    reason = forms.CharField(
        label=_("Reason"), widget=forms.Textarea, max_length=300, help_text=_("Kept in the history.")
    )


class RefusedByBankForm(ReasonForm):
    """Why the bank refused a payment, and whether the account is to blame."""

    wrong_account = forms.BooleanField(
        label=_("The account is wrong"), required=False,
        help_text=_(
            "It is stopped: nothing more is paid to it, the partner reads the reason, and its next account goes"
            " through its hold first."
        ),
    )  # fmt: skip


class PrepareForm(ServiceForm):
    """Which settlement is paid, in which currency, and when."""

    settlement = VisibleChoice(SettlementRun, label=_("Settlement"), narrow=lambda rows: rows.closed())
    currency = forms.CharField(
        label=_("Currency"), max_length=3, required=False, help_text=_("All, where it is empty.")
    )
    pay_on = forms.DateField(label=_("To be executed on"))
    pairs: tuple[tuple[str, str], ...] = (("currency", "pay_on"),)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["pay_on"].initial = clock.today()

    def clean_currency(self) -> str:
        text = self.cleaned_data["currency"]
        return currency_of(text) if text else ""

    def fields_for_service(self) -> dict[str, Any]:
        said = dict(self.cleaned_data)
        return {"run": said.pop("settlement"), **said}


class AmountForm(ServiceForm):
    """How much of a statement a payout pays."""

    amount = MoneyField(label=_("Amount"), min_value=Decimal("0.01"), help_text=_("The rest stays open."))


class ExecutedForm(ServiceForm):
    """When the bank executed a payout, and under which reference."""

    executed_on = forms.DateField(
        label=_("Executed on"), help_text=_("As on the bank's statement; not after today.")
    )
    reference = forms.CharField(
        label=_("Bank reference"), max_length=100, required=False,
        help_text=_("As on the bank's slip; partners read it."),
    )  # fmt: skip
    pairs: tuple[tuple[str, str], ...] = (("executed_on", "reference"),)

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["executed_on"].initial = clock.today()


class JournalForm(ServiceForm):
    """Until when."""

    last_day = forms.DateField(label=_("Booked until"), help_text=_("Begins after what was exported before."))

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["last_day"].initial = clock.today()


class CodesForm(ServiceForm):
    """The finance system's code and name of each kind of account; a kind that is `used` needs its code."""

    def __init__(
        self, *args: Any, known: dict[str, tuple[str, str]], used: Collection[str] = (), **kwargs: Any
    ):
        self.base_fields = {}
        super().__init__(*args, **kwargs)
        for kind in Account.Kind:
            code, name = known.get(kind.value, ("", ""))
            self.fields[f"code_{kind.value}"] = forms.CharField(
                label=kind.label, max_length=40, required=kind.value in used, initial=code,
                help_text=_("In use: exports need its code.") if kind.value in used else _("Not used yet."),
            )  # fmt: skip
            self.fields[f"name_{kind.value}"] = forms.CharField(
                label=_("Name there"),
                max_length=120,
                required=False,
                initial=name,
                help_text=_("Stands in the journal beside the code. Empty: as here."),
            )
        self.pairs = tuple((f"code_{kind.value}", f"name_{kind.value}") for kind in Account.Kind)
        for field in self.fields.values():
            field.widget.attrs["class"] = "ui-input"

    def fields_for_service(self) -> dict[str, Any]:
        said = self.cleaned_data
        return {"codes": {kind: (said[f"code_{kind}"], said[f"name_{kind}"]) for kind in Account.Kind.values}}

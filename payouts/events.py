from django.utils.translation import gettext_lazy as _

from prm.outbox.events import event


@event("payouts.bank_account_asked", version=1, label=_("Change of a bank account asked for"))
class BankAccountAsked:
    account_id: int


@event("payouts.bank_account_confirmed", version=1, label=_("Bank account confirmed"))
class BankAccountConfirmed:
    account_id: int


@event("payouts.bank_account_refused", version=1, label=_("Bank account not confirmed"))
class BankAccountRefused:
    account_id: int


@event("payouts.bank_account_stopped", version=1, label=_("Bank account stopped"))
class BankAccountStopped:
    account_id: int


@event("payouts.released", version=1, label=_("Payout released"))
class PayoutReleased:
    batch_id: int


@event("payouts.executed", version=1, label=_("Payout executed"))
class PayoutExecuted:
    batch_id: int


@event("payouts.payment_failed", version=1, label=_("Payment refused by the bank"))
class PaymentFailed:
    line_id: int


@event("payouts.journal_exported", version=1, label=_("Journal exported"))
class JournalExported:
    journal_id: int

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError, Unusual


class HolderMissing(DomainError):
    code = "holder_missing"
    message = _("Whose account is it? Write the holder as the bank knows it.")
    field = "holder"


class NumberMissing(DomainError):
    code = "number_missing"
    message = _("Write the IBAN, or the account number where the bank has no IBAN.")
    field = "account_number"


class OneNumberOnly(DomainError):
    code = "one_number_only"
    message = _("An account has either an IBAN or an account number. Leave one of them empty.")
    field = "account_number"


class IbanNeeded(DomainError):
    code = "iban_needed"
    message = _("Payments in this currency go to an IBAN. Write it.")
    field = "iban"


class IbanWrong(DomainError):
    code = "iban_wrong"
    message = _(
        "This is no IBAN: its check digits or its length are wrong. Compare it with the bank's paper."
    )
    field = "iban"


class BicWrong(DomainError):
    code = "bic_wrong"
    message = _("This is no BIC: it has 8 or 11 letters and digits, such as COBADEFF.")
    field = "bic"


class AccountNumberWrong(DomainError):
    code = "account_number_wrong"
    message = _("An account number has 5 to 34 digits or letters. Compare it with the bank's paper.")
    field = "account_number"


class BankMissing(DomainError):
    code = "bank_missing"
    message = _("Write the name of the bank and its branch.")
    field = "bank_name"


class CnapsWrong(DomainError):
    code = "cnaps_wrong"
    message = _("A CNAPS code has 12 digits. The bank's branch says it.")
    field = "cnaps"


class AccountIsTheSame(DomainError):
    code = "account_is_the_same"
    message = _("This account is already in force or waits for its confirmation. Nothing was changed.")


class AnotherChangeWaits(DomainError):
    code = "another_change_waits"
    message = _("A change of the account in %(currency)s waits already: %(number)s. Decide about it first.")


class AccountDecided(DomainError):
    code = "account_decided"
    message = _("%(number)s is “%(state)s”. This is not possible any more.")


class AnotherPersonConfirms(DomainError):
    code = "another_person_confirms"
    message = _("%(person)s asked for this account. Somebody else confirms it.")


class AnotherPartnersAccount(Unusual):
    code = "account_of_another_partner"
    message = _(
        "Another partner has the same account. Find out why; where it is meant so, tick the box and confirm again."
    )
    field = "anyway"


class PersonNeeded(DomainError):
    code = "person_needed"
    message = _("This takes a person who is signed in. No job or command does it.")


class HoldIsOver(DomainError):
    code = "hold_is_over"
    message = _("%(number)s is paid to since %(day)s. Ask for another account instead.")


class NotPrepared(DomainError):
    code = "batch_not_in_this_state"
    message = _("Payout %(number)s is “%(state)s”. This is not possible any more, or not yet.")


class SettlementNotClosed(DomainError):
    code = "settlement_not_closed"
    message = _("Settlement %(number)s is not closed. Its statements can be paid afterwards.")


class NothingPayable(DomainError):
    code = "nothing_payable"
    message = _("Nothing of settlement %(number)s can be paid now. The page says what is left out and why.")


class AnotherPersonReleases(DomainError):
    code = "another_person_releases"
    message = _("%(person)s prepared this payout. Somebody else releases it.")


class NoPayingAccount(DomainError):
    code = "no_paying_account"
    message = _("Say first from which account of yours %(currency)s is paid: Set-up, Paying accounts.")


class NoLongerPayable(DomainError):
    code = "no_longer_payable"
    message = _("%(number)s: %(reason)s Leave it out, or prepare the payout anew.")


class MoreThanPayable(DomainError):
    code = "more_than_payable"
    message = _("At most %(open)s is open. Write an amount above zero and not above that.")
    field = "amount"


class ExecutedInTheFuture(DomainError):
    code = "executed_in_the_future"
    message = _("The bank executed it today at the latest. Choose %(today)s or a day before.")
    field = "executed_on"


class ExecutedBeforeRelease(DomainError):
    code = "executed_before_release"
    message = _("It was released on %(day)s. Choose that day or a later one.")
    field = "executed_on"


class DayIsPast(DomainError):
    code = "pay_day_is_past"
    message = _("The bank cannot execute it in the past. Choose %(today)s or a later day.")
    field = "pay_on"


class LineDecided(DomainError):
    code = "payout_line_decided"
    message = _("%(number)s is “%(state)s”. This is not possible any more.")


class FileDiffers(DomainError):
    """The file made again is not the file that was released: a defect, and nobody may pay by it."""

    code = "payout_file_differs"
    message = _("The file of %(number)s is not the one that was released. Do not use it; tell support.")


class NothingToExport(DomainError):
    code = "nothing_to_export"
    message = _("Nothing is booked until %(day)s that was not exported before.")


class PeriodHasNotEnded(DomainError):
    code = "journal_in_the_future"
    message = _("Choose today or a day before.")
    field = "last_day"


class CodeMissing(DomainError):
    code = "account_code_missing"
    message = _("Give each kind of account a code of your finance system first: %(kinds)s.")


class CodeLooksLikeAFormula(DomainError):
    """A spreadsheet would compute it; written as text it would no longer be the finance system's code."""

    code = "account_code_looks_like_a_formula"
    message = _(
        "“%(given)s” begins with “%(sign)s”, which spreadsheets take for a formula. Write the code without it."
    )

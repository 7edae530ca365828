"""Refusals about disputes of statements."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError, Unusual


class DisputeWindowOver(DomainError):
    code = "dispute_window_over"
    message = _("Statement %(number)s could be disputed until %(day)s. Write to your contact in finance.")


class NothingToDispute(DomainError):
    code = "nothing_to_dispute"
    message = _(
        "Statement %(number)s carries a balance only; nothing was computed in it that could be disputed."
    )


class DisputedAlready(DomainError):
    code = "disputed_already"
    message = _(
        "This statement is disputed already: %(number)s. “Add lines” there disputes more of its lines with it."
    )


class AllDisputedAlready(DomainError):
    code = "all_disputed_already"
    message = _("All that differs is disputed already, in %(number)s.")


class DisputeBeingDecided(DomainError):
    code = "dispute_being_decided"
    message = _(
        "Finance is deciding about %(number)s, so nothing can be added to it. What else is wrong can be disputed after"
        " the decision, until %(day)s; write it in a message to %(number)s now, and finance knows."
    )


class LineDisputedAlready(DomainError):
    code = "line_disputed_already"
    message = _("The line of %(document)s is disputed already, in %(number)s.")


class NothingMarked(DomainError):
    code = "nothing_marked"
    message = _("Mark at least one line, or name one that is missing.")


class SignsDiffer(DomainError):
    code = "signs_differ"
    message = _(
        "%(row)s: an amount of %(amount)s for a quantity of %(quantity)s. Both are above zero for a sale and below"
        " zero for a return."
    )


class NothingDiffers(DomainError):
    code = "nothing_differs"
    message = _(
        "%(row)s: what you say is right, %(right)s, is what we have. Enter another figure, or untick the line."
    )


class MissingInAnotherPeriod(DomainError):
    code = "missing_in_another_period"
    message = _(
        "%(document)s of %(day)s: this statement is about %(first)s to %(last)s. What is missing in another month is"
        " disputed with the statement of that month."
    )


class NotALineOfTheStatement(DomainError):
    code = "not_a_line_of_the_statement"
    message = _(
        "A line that you marked does not belong to the periods of this statement. Open the page again."
    )


class DisputeReasonMissing(DomainError):
    code = "dispute_reason_missing"
    message = _("Say why, in a sentence or two.")
    field = "reason"


class DisputeNotInThisState(DomainError):
    code = "dispute_not_in_this_state"
    message = _("Dispute %(number)s is “%(state)s”. This is not possible any more, or not yet.")


class LedgerTooLarge(DomainError):
    code = "ledger_too_large"
    message = _(
        "The file is larger than %(most)s MB or has more than %(rows)s rows. Send the statement’s period only."
    )
    field = "file"


class LedgerColumnMissing(DomainError):
    code = "ledger_column_missing"
    message = _(
        "These columns were not found by their headings: %(columns)s. Rename the headings in the file."
    )
    field = "file"


class LedgerRowsBad(DomainError):
    code = "ledger_rows_bad"
    message = _("Rows that cannot be read: %(count)s. %(told)s")
    field = "file"


class LedgerOfAnotherTime(DomainError):
    code = "ledger_of_another_time"
    message = _(
        "No row of the file lies between %(first)s and %(last)s, and no document in it is one of ours there."
    )
    field = "file"


class ProgrammeOfTheStatement(DomainError):
    code = "programme_of_the_statement"
    message = _("Choose a programme of the statement.")
    field = "programme"


class AdjustmentMovesNothing(DomainError):
    code = "adjustment_moves_nothing"
    message = _("An adjustment of 0 changes nothing. Enter the sum, or decide without one.")
    field = "amount"


class SumBeyondStatement(Unusual):
    code = "sum_beyond_statement"
    message = _("%(amount)s is more than the whole statement says, %(statement)s. Is it meant so?")
    field = "amount"


class SumBeyondLines(DomainError):
    code = "sum_beyond_lines"
    message = _(
        "%(amount)s is more than the disputed lines could change under %(programme)s: %(lines)s. That is the most by"
        " which what the partner earned there could move, with what other partners bought as it is. Say why it is more,"
        " or enter another sum."
    )
    field = "why_beyond"


class SecondPersonConfirms(DomainError):
    code = "second_person_confirms"
    message = _("%(person)s proposed this sum. Somebody else has to confirm it.")


class PaymentDisputed(DomainError):
    code = "payment_disputed"
    message = _(
        "The rest of this statement, %(held)s, is disputed and is not paid before the decision: %(number)s."
    )


class AdjustmentNotInThisState(DomainError):
    code = "adjustment_not_in_this_state"
    message = _("Adjustment %(number)s is “%(state)s”. This is not possible any more.")


class ProgrammePaysInAnotherCurrency(DomainError):
    code = "programme_pays_in_another_currency"
    message = _("%(programme)s does not pay in %(currency)s. Choose a programme that does.")
    field = "programme"

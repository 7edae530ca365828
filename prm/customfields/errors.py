"""What custom fields and forms refuse."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError


class ValueRefused(DomainError):
    """A value that its field does not take; `field` is the form's field, `label` names it in words."""

    code = "custom_value_refused"
    message = _("%(label)s: this value cannot be read.")


class ValueMissing(ValueRefused):
    code = "custom_value_missing"
    message = _("%(label)s is missing. Fill it in.")


class UnknownCustomField(ValueRefused):
    code = "custom_field_unknown"
    message = _("There is no field “%(code)s” here.")


class NotANumber(ValueRefused):
    code = "custom_not_a_number"
    message = _("%(label)s is not a number. Write digits, such as 12400.50.")


class TooManyPlaces(ValueRefused):
    code = "custom_too_many_places"
    message = _("%(label)s has more than %(most)s decimals.")


class NumberOutOfRange(ValueRefused):
    code = "custom_number_out_of_range"
    message = _("%(label)s is too large or too small.")


class NotADay(ValueRefused):
    code = "custom_not_a_day"
    message = _("%(label)s is not a day. Write 2026-10-31.")


class NotYesOrNo(ValueRefused):
    code = "custom_not_yes_or_no"
    message = _("%(label)s: write yes or no.")


class NotAChoice(ValueRefused):
    code = "custom_not_a_choice"
    message = _("%(label)s: “%(value)s” is none of the choices. Choose one of: %(choices)s.")


class TooLong(ValueRefused):
    code = "custom_too_long"
    message = _("%(label)s is longer than %(most)s characters.")


class NotALink(ValueRefused):
    code = "custom_not_a_link"
    message = _("%(label)s is not a web address. It begins with https:// or http://.")


class FileNotTaken(ValueRefused):
    code = "custom_file_not_taken"
    message = _("%(label)s: %(why)s")


class NobodyLikeThat(ValueRefused):
    code = "custom_nobody_like_that"
    message = _("%(label)s: nobody is known by “%(value)s”.")


class CodeTaken(DomainError):
    code = "custom_code_taken"
    message = _("The code %(code)s is in use here, or was deleted less than 30 days ago. Choose another.")
    field = "code"


class CodeUnfit(DomainError):
    code = "custom_code_unfit"
    message = _("A code begins with a letter and holds small letters, digits and _ only.")
    field = "code"


class CodeIsAWord(DomainError):
    code = "custom_code_is_a_word"
    message = _("“%(code)s” is a word of expressions and names no field. Choose another code.")
    field = "code"


class CodeOfTheProduct(DomainError):
    code = "custom_code_of_the_product"
    message = _("The product’s own field “%(field_label)s” has the code %(code)s. Choose another.")
    field = "code"


class LabelTaken(DomainError):
    code = "custom_label_taken"
    message = _(
        "“%(label)s” is what the field “%(other)s” is called already. Choose a label that tells them apart."
    )
    field = "label"


class LabelMissing(DomainError):
    code = "custom_label_missing"
    message = _("The label is missing. Write what people read.")
    field = "label"


class ChoicesMissing(DomainError):
    code = "custom_choices_missing"
    message = _("Write at least one choice, each on a line of its own.")
    field = "choices"


class ChoiceTwice(DomainError):
    code = "custom_choice_twice"
    message = _("The choice “%(code)s” stands there twice.")
    field = "choices"


class ChoiceInUse(DomainError):
    code = "custom_choice_in_use"
    message = _("%(count)s rows hold the choice “%(code)s”. Keep it, or change those rows first.")
    field = "choices"


class PatternUnfit(DomainError):
    code = "custom_pattern_unfit"
    message = _("The pattern needs {n} once, such as REF-{yyyy}-{n:4}. Also known: {yyyy}, {yy}, {mm}.")
    field = "pattern"


class DayAsMoney(DomainError):
    code = "custom_day_as_money"
    field = "shown_as"
    message = _("The expression gives a day, which cannot be shown as money. Choose “Number or date”.")


class ResultOfAnotherKind(DomainError):
    code = "custom_result_of_another_kind"
    message = _(
        "A computed field stays a number or a date, as it was made. Make another field for this expression."
    )
    field = "expression"


class TooManyFields(DomainError):
    code = "custom_too_many_fields"
    message = _("%(most)s fields are the most that one kind of record can have.")


class FieldNotDeleted(DomainError):
    code = "custom_field_not_deleted"
    message = _("This field is not deleted, or its 30 days are over.")


class FieldInUse(DomainError):
    code = "custom_field_in_use"
    message = _("“%(label)s” is used: %(where)s. Take it out there first.")


class UnsoundForm(DomainError):
    """A form that may not be published; `problems` are the sentences."""

    code = "form_unsound"
    message = _("The form is not sound: %(first)s")


class NothingToPublish(DomainError):
    code = "form_nothing_to_publish"
    message = _("There is no draft of this form.")

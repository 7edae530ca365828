"""What a form says is wrong, in plain words: for every form and model of the product, in the one place they come from.

The framework's own sentences ("Ensure that there are no more than …") speak to whoever wrote the form.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.core import validators
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy


def in_plain_words() -> None:
    """Give the framework's validators and fields our sentences; called once, when the product starts."""
    classes: Any = validators
    classes.MinValueValidator.message = _("Enter %(limit_value)s or more.")
    classes.MaxValueValidator.message = _("Enter %(limit_value)s or less.")
    classes.StepValueValidator.message = _("Enter a multiple of %(limit_value)s.")
    classes.MinLengthValidator.message = ngettext_lazy(
        "Write at least %(limit_value)d character; this has %(show_value)d.",
        "Write at least %(limit_value)d characters; this has %(show_value)d.",
        "limit_value",
    )
    classes.MaxLengthValidator.message = ngettext_lazy(
        "Write at most %(limit_value)d character; this has %(show_value)d.",
        "Write at most %(limit_value)d characters; this has %(show_value)d.",
        "limit_value",
    )
    classes.DecimalValidator.messages = classes.DecimalValidator.messages | {
        "max_digits": ngettext_lazy(
            "Write at most %(max)s digit in all.", "Write at most %(max)s digits in all.", "max"
        ),
        "max_decimal_places": ngettext_lazy(
            "Write at most %(max)s decimal place.", "Write at most %(max)s decimal places.", "max"
        ),
        "max_whole_digits": ngettext_lazy(
            "Write at most %(max)s digit before the decimal point.",
            "Write at most %(max)s digits before the decimal point.",
            "max",
        ),
    }
    fields: Any = forms
    for choice in (fields.ChoiceField, fields.MultipleChoiceField):
        choice.default_error_messages = choice.default_error_messages | {
            "invalid_choice": _("“%(value)s” is not offered here. Choose from the list.")
        }
    for choice in (fields.ModelChoiceField, fields.ModelMultipleChoiceField):
        choice.default_error_messages = choice.default_error_messages | {
            "invalid_choice": _("This is not offered here. Choose from the list.")
        }
    fields.FileField.default_error_messages = fields.FileField.default_error_messages | {
        "max_length": ngettext_lazy(
            "The file's name may have at most %(max)d character; it has %(length)d.",
            "The file's name may have at most %(max)d characters; it has %(length)d.",
            "max",
        ),
    }

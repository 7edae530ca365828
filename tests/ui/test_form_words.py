"""What a form says is wrong is said in plain words, whatever form it is."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django import forms
from django.core.validators import MinLengthValidator
from django.utils import translation


class Plain(forms.Form):
    """A form of the framework itself, not of the house."""

    amount = forms.DecimalField(
        required=False, max_digits=6, decimal_places=2, min_value=Decimal(0), max_value=5000
    )
    name = forms.CharField(required=False, max_length=3, validators=[MinLengthValidator(2)])
    way = forms.ChoiceField(required=False, choices=[("a", "A")])
    ways = forms.MultipleChoiceField(required=False, choices=[("a", "A")])


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"amount": "1.234"}, "Write at most 2 decimal places."),
        ({"amount": "12345.00"}, "Write at most 6 digits in all."),
        ({"amount": "-1"}, "Enter 0 or more."),
        ({"amount": "5001"}, "Enter 5000 or less."),
        ({"name": "long"}, "Write at most 3 characters; this has 4."),
        ({"name": "x"}, "Write at least 2 characters; this has 1."),
        ({"way": "b"}, "“b” is not offered here. Choose from the list."),
        ({"ways": ["b"]}, "“b” is not offered here. Choose from the list."),
    ],
)
def test_no_sentence_of_the_framework_is_left(typed, said):
    with translation.override("en"):
        (problems,) = Plain(typed).errors.values()
        assert said in problems
        assert not [one for one in problems if "Ensure" in one or "valid choice" in one]


def test_and_in_chinese():
    with translation.override("zh-hans"):
        assert Plain({"amount": "1.234"}).errors["amount"] == ["最多填写 2 位小数。"]

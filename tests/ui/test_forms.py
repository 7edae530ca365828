"""A form runs one service, shows a rule's refusal where it belongs, and offers only visible rows."""

from decimal import Decimal

import pytest
from django import forms
from django.template.loader import render_to_string

from partners.models import Partner
from prm.ui.forms import MoneyField, ServiceForm, VisibleChoice
from prm.values.actor import Actor
from prm.values.errors import DomainError, NotAllowed


class TooEarly(DomainError):
    message = "Expected close is before %(day)s. Choose a later date."
    field = "close"


class DealForm(ServiceForm):
    customer = forms.CharField(label="Customer", help_text="As on the licence.")
    value = MoneyField(label="Value", min_value=0)
    close = forms.DateField(label="Expected close")
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)
    pairs = (("value", "close"),)
    more = ("note",)
    draft = "deal"


FILLED = {"customer": "Taizhou", "value": "¥264,000.50", "close": "2027-02-26"}


def page(form):
    return render_to_string("components/form.html", {"form": form, "submit": "Send"})


def test_run_hands_the_fields_to_the_service_and_keeps_its_result():
    form = DealForm(FILLED)
    assert form.is_valid()
    assert form.run(lambda **given: given, by="me")
    assert form.result["value"] == Decimal("264000.50") and form.result["by"] == "me"


def test_a_refusal_stands_at_its_field_and_in_the_summary():
    def refuse(**given):
        raise TooEarly(day="today")

    form = DealForm(FILLED)
    assert form.is_valid() and not form.run(refuse)
    text = page(form)
    assert form.status == 422
    assert form.errors["close"] == ["Expected close is before today. Choose a later date."]
    assert '<a href="#id_close">Expected close is before today' in text
    assert 'id="id_close_error"' in text and 'aria-invalid="true"' in text


def test_a_missing_permission_is_not_a_form_error():
    def forbid(**given):
        raise NotAllowed()

    form = DealForm(FILLED)
    assert form.is_valid()
    with pytest.raises(NotAllowed):
        form.run(forbid)


@pytest.mark.parametrize("typed", ["264,000.50", "２６４，０００．５０", "¥264000.50", "264 000.50 元"])
def test_amounts_are_read_as_people_type_them(typed):
    form = DealForm({**FILLED, "value": typed})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["value"] == Decimal("264000.50")


@pytest.mark.parametrize(
    "typed", ["1,000,00", "264000,50", "1,00,000", "10,0000", "264.000,50", "12 34", "1,000,"]
)
def test_thousands_that_are_no_groups_of_three_digits_are_refused_and_not_read_as_another_amount(typed):
    form = DealForm({**FILLED, "value": typed})
    assert form.errors["value"] == [
        "Write thousands in groups of three digits, such as 264,000.50, or without commas."
    ]


@pytest.mark.parametrize("typed", ["NaN", "Infinity", "12a", "-1"])
def test_what_is_no_amount_is_said_in_a_sentence(typed):
    assert DealForm({**FILLED, "value": typed}).errors["value"]


def test_labels_help_and_marks_are_tied_to_their_control():
    text = page(DealForm())
    assert 'for="id_customer"' in text and 'aria-describedby="id_customer_helptext"' in text
    assert 'data-draft="deal"' in text and 'type="date"' in text


@pytest.mark.django_db
def test_a_choice_offers_only_visible_rows_and_takes_no_others(acme, rival):
    class Pick(ServiceForm):
        partner = VisibleChoice(Partner, label="Partner")

    assert list(Pick(actor=acme.sales).fields["partner"].queryset) == [acme.row]
    assert not Pick({"partner": rival.row.pk}, actor=acme.sales).is_valid()
    assert Pick({"partner": rival.row.pk}, actor=Actor.job("test")).is_valid()
    assert not Pick({"partner": acme.row.pk}).is_valid()

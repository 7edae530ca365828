"""Amounts in conditions: no finer than their currency, never too large, read as they stand; one word for each gap."""

from __future__ import annotations

import json
import re

import pytest

from prm.accounts.models import User
from prm.conditions import BadCondition, holds, sentence, validate
from prm.conditions.drafts import without_blanks
from prm.conditions.forms import ConditionField

SALES = {"measure": "orders.net_sales", "period": {"last": 4, "unit": "quarter"}, "op": "at_least"}


def value(amount, op="more_than", **more):
    return {"field": "estimated_value", "op": op, "value": amount, **more}


def said(condition):
    return [(one.path, one.message) for one in validate(condition, "deal")]


@pytest.mark.parametrize(("condition", "path", "words"), [
    (value("50000.123"), "value", "Estimated value: CNY has 2 decimal places; write no more."),
    (value({"from": "1", "to": "2.005"}, "between"), "value.to", "CNY has 2 decimal places"),
    (value("50000.5", currency="JPY"), "value", "JPY has no decimal places; write a whole amount."),
    (SALES | {"value": "0.001"}, "value", "CNY has 2 decimal places"),
])  # fmt: skip
def test_an_amount_finer_than_its_currency_is_refused_where_it_stands(db, condition, path, words):
    found = said({"all": [condition]})
    assert [where for where, _words in found] == [f"all[0].{path}"]
    assert words in found[0][1]
    with pytest.raises(Exception, match=words.rpartition(": ")[2]):
        ConditionField(subject="deal").clean(json.dumps(condition))


def test_zeros_at_the_end_and_the_currencys_own_places_are_taken(db):
    for amount, currency in (("50000.1200", "CNY"), ("50000", "JPY"), ("0.125", "KWD")):
        assert said(value(amount, currency=currency)) == []


def test_a_condition_that_stands_since_earlier_is_asked_and_never_rounded_in_words(db):
    """A flow in force must not stop because the rule is stricter now."""
    old = value("50000.125", "at_least")
    assert sentence(old, "deal") == "Estimated value is at least ¥50,000.125"
    assert not holds(old, "deal", {"estimated_value": "50000.12", "currency": "CNY"})


@pytest.mark.parametrize("amount", ["99999999999999999999", 10**18, "-1000000000000000000"])
def test_what_is_too_large_is_called_so(db, amount):
    for condition in (value(amount), SALES | {"value": amount}):
        ((path, words),) = said(condition)
        assert path == "value" and "too large; the largest is 999,999,999,999,999,999." in words


def test_too_many_digits_after_the_point_are_called_so(db):
    ((_path, words),) = said(value("0.123456789"))
    assert "at most 8 digits after the point" in words


def test_an_empty_value_is_missing_whatever_is_compared(db):
    for condition in (value(""), SALES | {"value": ""}, {"field": "customer_name", "op": "is", "value": ""}):
        ((_path, words),) = said(condition)
        assert words.endswith("the value is missing. Fill it in.")


def test_who_chose_no_field_in_a_group_asks_nothing_with_it():
    blank, big = {"field": ""}, value("5")
    assert without_blanks({"all": [big, {"any": [blank]}, {"not": {"any": [blank]}}]}) == {"all": [big]}
    assert without_blanks({"any": [blank]}) == {"all": []}
    assert without_blanks({"all": [{"any": []}]}) == {"all": [{"any": []}]}, (
        "a group emptied on purpose is told"
    )


def test_an_unknown_field_is_answered_with_each_name_once(db):
    with pytest.raises(BadCondition) as refused:
        sentence({"field": "zzz", "op": "is", "value": "x"}, "deal")
    names = str(refused.value).partition("There are: ")[2].rstrip(".").split(", ")
    assert "partner" in names and len(names) == len(set(names))


def test_only_who_can_be_a_channel_manager_is_offered_as_one(browse, acme, manager, finance):
    """A person who is named already stays, by name."""
    boss, named = (User.objects.get(pk=one.user_id) for one in (manager, finance))
    condition = {"field": "partner.manager", "op": "any_of", "value": [named.email]}
    sent = {"condition": json.dumps({"all": [condition]}), "name": "when"}
    page = browse(manager).post("/conditions/deal/builder/", sent).content.decode()
    offered = re.findall(r'data-one value="([^"]+)"( checked)?>([^<]+)', page)
    people = {email: name for email, _on, name in offered}
    assert people == {boss.email: str(boss), named.email: str(named)}
    assert [email for email, on, _name in offered if on] == [named.email]

"""Tax numbers, domains and telephone numbers: one spelling, or a sentence that says what is wrong."""

from __future__ import annotations

import pytest

from prm.customers import errors
from prm.customers.identifiers import (
    clean_domain,
    clean_phone,
    clean_tax_number,
    says_something,
    uscc_is_valid,
)

USCC = "91440300708461136T"


@pytest.mark.parametrize(
    "typed", [USCC, "9144 0300 7084 6113 6t", "９１４４０３００７０８４６１１３６Ｔ", "91440300-708461136-T"]
)
def test_a_uscc_in_any_spelling_is_one_number(typed):
    assert clean_tax_number(typed) == USCC
    assert uscc_is_valid(USCC)


@pytest.mark.parametrize("typed", ["91440300708461136A", "914403007084611360", "9I440300708461136T"])
def test_a_uscc_with_a_wrong_check_digit_is_refused_on_its_field(typed):
    with pytest.raises(errors.TaxNumberInvalid) as refused:
        clean_tax_number(typed)
    assert refused.value.field == "tax_number"
    assert "check digit" in refused.value.text


@pytest.mark.parametrize(
    ("typed", "kept"), [("DE 123 456 789", "DE123456789"), ("12-3456789", "123456789"), ("", "")]
)
def test_other_countries_numbers_are_kept_without_their_spaces(typed, kept):
    assert clean_tax_number(typed) == kept


@pytest.mark.parametrize("typed", ["123", "x" * 40, "税号税号税号"])
def test_what_is_no_tax_number_is_refused(typed):
    with pytest.raises(errors.TaxNumberUnreadable):
        clean_tax_number(typed)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://www.Xunda56.com/about?x=1", "xunda56.com"),
        ("mailto:zhou@sales.xunda56.com.cn", "xunda56.com.cn"),
        ("zhou@sales.xunda56.com.cn", "xunda56.com.cn"),
        ("shop.example.co.uk:8443", "example.co.uk"),
        ("中文.公司", "xn--fiq228c.xn--55qx5d"),
        ("", ""),
    ],
)
def test_a_domain_is_the_registrable_part(typed, kept):
    assert clean_domain(typed.removeprefix("mailto:")) == kept


@pytest.mark.parametrize("typed", ["xunda", "10.0.0.1", "http://", "com.cn", "a b.com", "x" * 300 + ".com"])
def test_what_is_no_domain_is_refused_on_its_field(typed):
    with pytest.raises(errors.DomainInvalid) as refused:
        clean_domain(typed)
    assert refused.value.field == "domain"


def test_mail_hosts_that_everybody_uses_say_nothing():
    assert says_something("xunda56.com")
    assert not says_something("qq.com")
    assert not says_something("")


@pytest.mark.parametrize(
    "typed", ["+86 571 8283 6601", "0571-82836601", "(0571) 8283 6601", "0086 571 82836601"]
)
def test_a_telephone_number_in_any_spelling_is_one(typed):
    assert clean_phone(typed) == "57182836601"


def test_a_short_number_tells_nothing():
    assert clean_phone("110") == ""

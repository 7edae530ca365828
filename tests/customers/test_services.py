"""Putting customers on file: typed by partners, kept by staff, merged, imported."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from prm.audit.models import AuditEntry
from prm.customers import errors
from prm.customers.bulk import import_customers
from prm.customers.models import EndCustomer, KeyFrequency
from prm.customers.services import (
    confirm_customer,
    create_customer,
    merge_customers,
    resolve_customer,
    update_customer,
)
from prm.values.actor import Actor
from prm.values.errors import NotAllowed

SHENGHONG = "深圳市盛弘电气股份有限公司"
USCC = "91440300708461136T"
OTHER_USCC = "91110000600037341L"


def test_a_new_typed_name_becomes_a_provisional_customer(acme):
    customer, created = resolve_customer(name=f"  {SHENGHONG} ", region="深圳", by=acme.sales)
    assert created
    assert (customer.name, customer.core, customer.provisional) == (SHENGHONG, "深圳盛弘电气", True)
    assert customer.number.startswith("EC-")


def test_all_spellings_that_normalise_alike_are_one_customer(acme, rival):
    first, _ = resolve_customer(name=SHENGHONG, by=acme.sales)
    for typed in ("深圳市盛弘電氣股份有限公司", "深圳 盛弘电气（有限公司）", "深圳市盛弘电气 Co., Ltd."):
        again, created = resolve_customer(name=typed, by=rival.sales)
        assert (again.pk, created) == (first.pk, False)
    assert EndCustomer.objects.count() == 1


def test_a_missing_tax_number_and_domain_are_filled_in_once(acme, rival):
    first, _ = resolve_customer(name=SHENGHONG, by=acme.sales)
    resolve_customer(name=SHENGHONG, tax_number=USCC, domain="www.sinexcel.com", by=rival.sales)
    resolve_customer(name=SHENGHONG, domain="other.com", by=rival.sales)
    first.refresh_from_db()
    assert (first.tax_number, first.domain) == (USCC, "sinexcel.com")
    assert AuditEntry.objects.filter(verb="completed", object_id=str(first.pk)).count() == 1


def test_a_different_tax_number_is_a_different_customer(acme):
    first, _ = resolve_customer(name=SHENGHONG, tax_number=USCC, by=acme.sales)
    second, created = resolve_customer(name=SHENGHONG, tax_number=OTHER_USCC, by=acme.sales)
    assert created
    first.refresh_from_db()
    assert (first.tax_number, second.tax_number) == (USCC, OTHER_USCC)


def test_the_tax_number_finds_the_customer_under_another_name(acme, on_file):
    customer = on_file(SHENGHONG, tax_number=USCC)
    assert resolve_customer(name="Sinexcel", tax_number=USCC, by=acme.sales).customer == customer


def test_what_a_partner_types_does_not_change_staffs_own_record(acme, on_file):
    customer = on_file(SHENGHONG)
    resolve_customer(name=SHENGHONG, tax_number=USCC, domain="evil.com", by=acme.sales)
    customer.refresh_from_db()
    assert (customer.tax_number, customer.domain) == ("", "")


def test_a_short_form_becomes_its_own_provisional_customer(acme, on_file):
    on_file(SHENGHONG)
    short, created = resolve_customer(name="盛弘电气", by=acme.sales)
    assert created
    assert short.provisional


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": SHENGHONG, "tax_number": "91440300708461136A"}, "tax_number"),
        ({"name": SHENGHONG, "domain": "not a domain"}, "domain"),
    ],
)
def test_what_cannot_be_is_refused_on_its_field_and_nothing_is_kept(acme, typed, field):
    with pytest.raises(errors.DomainError) as refused:
        resolve_customer(by=acme.sales, **typed)
    assert refused.value.field == field
    assert not EndCustomer.objects.exists()


def test_partners_resolve_but_never_see_or_edit_customers(acme, finance, on_file):
    customer = on_file(SHENGHONG)
    assert not EndCustomer.objects.visible_to(acme.sales).exists()
    assert EndCustomer.objects.visible_to(finance).exists()
    for work in (
        lambda by: update_customer(customer=customer, name="x", by=by),
        lambda by: create_customer(name="x", by=by),
        lambda by: merge_customers(customer=customer, into=customer, by=by),
        lambda by: import_customers(rows=[], by=by),
    ):
        for who in (acme.admin, finance):
            with pytest.raises(NotAllowed):
                work(who)


def test_staff_change_a_name_and_its_keys_follow(manager, on_file):
    customer = on_file("盛弘电气")
    update_customer(customer=customer, name=SHENGHONG, country="cn", by=manager)
    customer.refresh_from_db()
    assert (customer.core, customer.place, customer.country) == ("深圳盛弘电气", "深圳", "CN")
    entry = AuditEntry.objects.get(verb="changed")
    assert entry.changes["name"] == ["盛弘电气", SHENGHONG]


def test_a_tax_number_is_one_customers(manager, on_file):
    on_file(SHENGHONG, tax_number=USCC)
    other = on_file("合肥盛弘电气")
    with pytest.raises(errors.TaxNumberTaken):
        update_customer(customer=other, tax_number=USCC, by=manager)
    with pytest.raises(errors.TaxNumberTaken):
        on_file("Third", tax_number=USCC)
    with pytest.raises(IntegrityError), transaction.atomic():
        EndCustomer.objects.filter(pk=other.pk).update(tax_number=USCC)


def test_two_provisional_customers_of_one_name_are_refused_by_the_database(acme):
    resolve_customer(name=SHENGHONG, by=acme.sales)
    with pytest.raises(IntegrityError), transaction.atomic():
        EndCustomer.named(name="深圳盛弘电气", number="EC-X", provisional=True).save()


def test_confirming_makes_it_staffs_own(acme, manager):
    customer, _ = resolve_customer(name=SHENGHONG, by=acme.sales)
    assert not confirm_customer(customer=customer, by=manager).provisional


def test_merging_keeps_the_old_name_findable_and_completes_the_survivor(acme, manager, on_file):
    short, _ = resolve_customer(name="盛弘电气", tax_number=USCC, by=acme.sales)
    full = on_file(SHENGHONG, domain="sinexcel.com")
    merge_customers(customer=short, into=full, reason="one company", by=manager)
    full.refresh_from_db()
    assert (full.tax_number, full.domain, full.provisional) == (USCC, "sinexcel.com", False)
    assert resolve_customer(name="盛弘电气", by=acme.sales).customer == full
    with pytest.raises(errors.AlreadyMerged):
        merge_customers(customer=short, into=full, by=manager)


def test_two_tax_numbers_are_two_companies(manager, on_file):
    one, other = on_file("盛弘", tax_number=USCC), on_file(SHENGHONG, tax_number=OTHER_USCC)
    with pytest.raises(errors.TaxNumbersDiffer):
        merge_customers(customer=one, into=other, by=manager)
    with pytest.raises(errors.MergeIntoItself):
        merge_customers(customer=one, into=one, by=manager)


def test_an_import_does_what_the_services_do(manager, acme, on_file):
    typed, _ = resolve_customer(name="盛弘电气", by=acme.sales)
    rows = [
        {
            "number": typed.number,
            "name": SHENGHONG,
            "tax_number": USCC,
            "domain": "https://www.sinexcel.com/",
        },
        {"number": "EC-2", "name": "Apex\tSystems\\ Ltd", "named_account": True, "country": "us"},
    ]
    assert import_customers(rows=rows, by=manager) == 2
    typed.refresh_from_db()
    twin = EndCustomer.named(name=SHENGHONG)
    assert (typed.core, typed.brand, typed.place, sorted(typed.keys)) == (
        twin.core,
        twin.brand,
        twin.place,
        twin.keys,
    )
    assert (typed.tax_number, typed.domain, typed.provisional) == (USCC, "sinexcel.com", False)
    apex = EndCustomer.objects.get(number="EC-2")
    assert (apex.name, apex.named_account, apex.country) == ("Apex Systems\\ Ltd", True, "US")
    import_customers(rows=[{"number": "EC-2", "name": "Apex Systems Ltd"}], by=manager)
    apex.refresh_from_db()
    assert apex.named_account  # what a row does not give stays


def test_a_bad_row_leaves_nothing_of_an_import(manager, on_file):
    on_file(SHENGHONG, tax_number=USCC)
    with pytest.raises(errors.TaxNumberTaken):
        import_customers(
            rows=[{"number": "A", "name": "First"}, {"number": "B", "name": "Second", "tax_number": USCC}],
            by=manager,
        )
    assert EndCustomer.objects.count() == 1


def test_a_large_import_counts_which_keys_are_common(db):
    rows = [{"number": f"N-{i}", "name": f"{chr(0x4E00 + i)}丰科技有限公司"} for i in range(600)]
    import_customers(rows=rows, by=Actor.command("tests"))
    assert KeyFrequency.objects.filter(customers__gte=500).exists()

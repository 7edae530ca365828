"""10,000 rows are narrowed by an index where one exists, and a measure is summed once, not once a row."""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dealreg.models import DealRegistration
from partners.models import Partner
from prm.catalogue.models import Product
from prm.conditions import narrow
from prm.conditions.registry import Field, forget, register_subject
from prm.customers.models import EndCustomer
from prm.values import clock
from tests.factories.dealreg import registration_type

MANY = 10_000
FILL_DEALS = """
INSERT INTO dealreg_dealregistration (number, partner_id, type_id, state, customer_name, tax_number, domain, region,
    contact, phone, note, end_customer_id, estimated_value, currency, expected_close, created_at, saved_at,
    submitted_at, verdict, match_count, check_result, decision_reason, closed_reason, protected_until)
SELECT 'DR-' || n, %(partner)s + n %% 500, %(type)s,
    (ARRAY['won', 'lost', 'rejected', 'withdrawn', 'expired'])[1 + n %% 5], 'Customer ' || n, '', '', '',
    '', '', '', %(customer)s, n, 'CNY', DATE '2026-01-01' + n %% 3000, now(), now(), now(),
    '', 0, jsonb_build_object('competitor', 'C' || n), '', '', NULL
FROM generate_series(1, 10000) n
"""
FILL_PARTNERS = """
INSERT INTO partners_partner (number, name, type, status, status_reason, status_since, region, tax_number, website,
    phone, address, note, created_at)
SELECT 'P-' || n, 'Partner ' || n, 'reseller', (CASE WHEN n %% 1000 = 0 THEN 'suspended' ELSE 'active' END), '', now(),
    '', '', '', '', '', '', now()
FROM generate_series(1, %(count)s) n RETURNING id
"""


@pytest.fixture
def many(db):
    """10,000 partners and as many registrations, with the statistics of a database that lives."""
    kind = registration_type()
    customer = EndCustomer.named(name="Customer", number="C-1")
    customer.save()
    with connection.cursor() as cursor:
        cursor.execute(FILL_PARTNERS, {"count": MANY})
        first = cursor.fetchone()[0]
        cursor.execute(FILL_DEALS, {"partner": first, "type": kind.pk, "customer": customer.pk})
        cursor.execute(
            "SELECT gin_clean_pending_list('deal_words')"
        )  # what autovacuum does after a bulk load
        cursor.execute("SELECT gin_clean_pending_list('partner_name_words')")
        cursor.execute("ANALYZE partners_partner")
        cursor.execute("ANALYZE dealreg_dealregistration")
    return first


def plan(rows) -> str:
    return rows.order_by().explain(format="json")


def tables_read_through(rows) -> list[str]:
    """Tables that the plan reads from end to end."""

    def walk(node):
        if node["Node Type"] == "Seq Scan":
            yield node["Relation Name"]
        for below in node.get("Plans", []):
            yield from walk(below)

    return list(walk(json.loads(plan(rows))[0]["Plan"]))


def deals(condition):
    rows = DealRegistration.objects.for_everyone(because="a test")
    return narrow(rows, condition, "deal")


def between(low, high):
    return {"field": "estimated_value", "op": "between", "value": {"from": str(low), "to": str(high)}}


@pytest.mark.parametrize(("condition", "takes"), [
    (between(100, 120), 21),
    ({"field": "expected_close", "op": "is", "value": "2026-01-08"}, 4),
    ({"field": "number", "op": "is", "value": "DR-77"}, 1),
    ({"field": "number", "op": "one_of", "value": ["DR-77", "DR-78", "nothing"]}, 2),
    ({"field": "customer_name", "op": "contains", "value": "OMER 9999"}, 1),
    ({"field": "partner", "op": "is", "value": "P-7"}, 20),
    ({"all": [between(100, 5000), {"field": "number", "op": "is", "value": "DR-101"}]}, 1),
    ({"all": [{"field": "state", "op": "one_of", "value": ["won", "lost"]}, between(1, 10)]}, 4),
    ({"any": [{"field": "number", "op": "is", "value": "DR-5"}, between(8, 9)]}, 3),
])  # fmt: skip
def test_registrations_are_found_by_an_index(many, condition, takes):
    rows = deals(condition)
    assert "dealreg_dealregistration" not in tables_read_through(rows), plan(rows)
    assert rows.count() == takes


def test_partners_of_a_state_and_by_part_of_a_name_are_found_by_an_index(many):
    for condition, takes in (
        ({"field": "status", "op": "is", "value": "suspended"}, 10),
        ({"field": "name", "op": "contains", "value": "NER 9999"}, 1),
    ):
        rows = narrow(Partner.objects.for_everyone(because="a test"), condition, "partner")
        assert tables_read_through(rows) == [] and rows.count() == takes


def test_a_key_of_a_json_column_is_found_by_its_index(many):
    register_subject(
        "indexed", model="dealreg.DealRegistration", label="x",
        fields=[Field("custom.competitor", "text", label="x", path="check_result", json="competitor")],
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "CREATE INDEX gin_probe ON dealreg_dealregistration USING gin (check_result jsonb_path_ops)"
        )
        cursor.execute("ANALYZE dealreg_dealregistration")
    rows = DealRegistration.objects.for_everyone(because="a test")
    found = narrow(rows, {"field": "custom.competitor", "op": "is", "value": "C4711"}, "indexed")
    forget("indexed")
    assert tables_read_through(found) == [] and "gin_probe" in plan(found) and found.count() == 1


def test_a_measure_is_one_query_over_all_partners(many):
    condition = {"measure": "dealreg.won_count", "period": {"this": "year"}, "op": "at_least", "value": "3"}
    DealRegistration.objects.for_everyone(because="a test").filter(state="won").update(closed_at=clock.now())
    with CaptureQueriesContext(connection) as asked:
        found = set(
            narrow(Partner.objects.for_everyone(because="a test"), condition, "partner").values_list("pk")
        )
    [sql] = [one["sql"] for one in asked if "SELECT" in one["sql"] and "partners_partner" in one["sql"]]
    assert len(found) == 100  # each 500th deal is the same partner's; each 5th is won
    assert sql.count("GROUP BY") == 1


def test_many_rows_never_multiply_the_rows_found(many):
    condition = {"not": {"field": "product_lines", "op": "any_of", "value": ["routing"]}}
    assert deals(condition).count() == MANY
    assert Product.objects.count() == 0

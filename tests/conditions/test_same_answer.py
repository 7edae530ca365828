"""SQL and Python give the same answer to any condition over any rows, and opposites are exact."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prm.conditions import Relation, holds, narrow, operators, registry, sentence, validate
from prm.conditions.folding import folded
from prm.conditions.registry import subject
from tests.conditions.world import conditions, fill, fill_json, probe_fields

# Each example is a query and forty rows: some hundreds are a long count here.
MANY = settings(max_examples=min(settings.default.max_examples, 500))
SUBJECTS = ("deal", "order", "partner", "probe")


@pytest.fixture(autouse=True, scope="module")
def probe():
    """A subject whose fields lie in a JSON column, and orders that reach it over a relation that may be empty."""
    registry.register_subject(
        "probe", model="orders.Order", label="Probe", fields=[], partner="registration__partner",
        relations=[Relation("deal", "probe_json", label="Deal", path="registration")],
    )  # fmt: skip
    registry.register_subject(
        "probe_json", model="dealreg.DealRegistration", label="Deal", fields=probe_fields()
    )
    yield
    registry.forget("probe")
    registry.forget("probe_json")


@pytest.fixture
def rows(db):
    fill(seed=7)
    fill_json(seed=8)

    def of(code: str):
        return subject(code).model._base_manager.order_by("pk")

    return of


@pytest.mark.parametrize("code", SUBJECTS)
def test_a_set_is_narrowed_to_the_rows_for_which_the_condition_holds(rows, code):
    every = list(rows(code))

    @MANY
    @given(condition=conditions(code))
    def same(condition):
        by_sql = set(narrow(rows(code), condition, code).values_list("pk", flat=True))
        by_row = {row.pk for row in every if holds(condition, code, row)}
        assert by_sql == by_row, sentence(condition, code)

    same()


@pytest.mark.parametrize("code", SUBJECTS)
def test_not_takes_exactly_the_other_rows(rows, code):
    every = set(rows(code).values_list("pk", flat=True))

    @MANY
    @given(condition=conditions(code))
    def complete(condition):
        taken = set(narrow(rows(code), condition, code).values_list("pk", flat=True))
        others = set(narrow(rows(code), {"not": condition}, code).values_list("pk", flat=True))
        assert taken | others == every and not taken & others

    complete()


@MANY
@given(data=st.data())
def test_no_row_comes_twice_and_every_random_condition_is_sound_and_has_a_sentence(db, data):
    code = data.draw(st.sampled_from(SUBJECTS))
    condition = data.draw(conditions(code))
    assert [p for p in validate(condition, code) if p.code != "no_such_record"] == []
    assert sentence(condition, code)
    found = list(
        narrow(subject(code).model._base_manager.all(), condition, code).values_list("pk", flat=True)
    )
    assert len(found) == len(set(found))


def test_every_negative_operator_names_one_that_stands_beside_it():
    for table in operators.BY_TYPE.values():
        for operator in table.values():
            assert not operator.negates or operator.negates in table


def test_upper_case_is_the_databases(db):
    from django.db import connection

    letters = [chr(n) for n in range(1, 0x3000) if not 0xD800 <= n <= 0xDFFF]
    with connection.cursor() as cursor:
        cursor.execute("SELECT letter, upper(letter) FROM unnest(%s) letter", [letters])
        wrong = [(a, b, folded(a)) for a, b in cursor.fetchall() if folded(a) != b and a != b]
    assert [w for w in wrong if w[0].upper() != w[0]] == []

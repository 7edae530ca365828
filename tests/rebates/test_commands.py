"""The outer contract: `programmes apply`, `settle`, `statements`, their output and exit status."""

from __future__ import annotations

import csv
import io
import json

import pytest
import time_machine
from django.core.management import CommandError, call_command

from rebates.models import Programme, Version
from tests.factories.people import UserFactory
from tests.rebates.world import sell

pytestmark = pytest.mark.django_db
COLUMNS = "partner,programme,period,currency,base,qualifier,band,accrued,earned,adjusted,approved,paid,opening,closing"
FILE = """
schema: 1
programmes:
  - code: core
    name: Core
    name_zh: 核心
    from: 2026-01-01
    currency: CNY
    who: {tiers: [gold]}
    mechanism:
      kind: marginal
      bands:
        - {from: 0, rate: 2%}
        - {from: 100000, rate: 0.03}
        - {from: 250000, rate: "5%"}
"""


def run(*words: str) -> str:
    out = io.StringIO()
    call_command(*words, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def refused(*words: str) -> tuple[int, str]:
    with pytest.raises(CommandError) as refusal:
        run(*words)
    return refusal.value.returncode, str(refusal.value)


@pytest.fixture
def apply(tmp_path):
    def apply(text: str = FILE) -> list[dict]:
        path = tmp_path / "programmes.yaml"
        path.write_text(text, encoding="utf-8")
        return json.loads(run("programmes", "apply", "alpha", str(path), "--json"))["programmes"]

    return apply


@pytest.fixture
def finance_user(db, settings):
    settings.DEMO = True
    return UserFactory(finance=True, email="fin@example.com")


def rows(period: str) -> list[dict]:
    return json.loads(run("statements", "alpha", period, "--format", "json"))


def test_applying_creates_and_applying_again_changes_nothing(apply, acme):
    assert [row["outcome"] for row in apply()] == ["created"]
    assert [row["outcome"] for row in apply()] == ["unchanged"]
    assert Programme.objects.get().versions.count() == 1


def test_a_later_first_day_is_a_new_version_and_ends_the_one_before(apply, acme):
    apply()
    second = FILE.replace("2026-01-01", "2026-10-01").replace("rate: 2%", "rate: 2.5%")
    assert [row["outcome"] for row in apply(second)] == ["new version"]
    first, last = Version.objects.order_by("number")
    assert (str(first.ends), str(last.starts), last.ends) == ("2026-10-01", "2026-10-01", None)


@pytest.mark.parametrize(
    ("old", "new", "status", "says"),
    [
        ("schema: 1", "schema: 2", 1, "schema"),
        ("currency: CNY", "currency: CNY\n    measure: attainment", 3, "not computed yet: attainment"),
        ("currency: CNY", "currency: CNY\n    measure: growth", 3, "not computed yet: growth"),
        ("currency: CNY", "currency: CNY\n    measure: attainment", 3, "not computed yet: attainment"),
        (
            "currency: CNY",
            "currency: CNY\n    caps: [{on: payout, amount: 5, over: partners}]",
            3,
            "at least 4 have to",
        ),
        ("currency: CNY", "currency: CNY\n    surprise: 1", 1, "surprise"),
        ("currency: CNY", "currency: CNY\n    qualify: {product_lines: [nowhere]}", 1, "nowhere"),
        ("tiers: [gold]", "tiers: [platinum]", 1, "platinum"),
        ("from: 2026-01-01", "from: 2026-01-02", 3, "2026-01-02"),
        ("rate: 2%", "rate: 2", 1, "rate"),
        ("from: 100000", "from: 0", 1, "rise"),
    ],
)
def test_what_is_wrong_is_refused_by_name_and_nothing_is_written(
    apply, acme, tmp_path, old, new, status, says
):
    path = tmp_path / "programmes.yaml"
    path.write_text(FILE.replace(old, new, 1), encoding="utf-8")
    code, text = refused("programmes", "apply", "alpha", str(path))
    assert (code, says in text) == (status, True), text
    assert not Programme.objects.exists()


def test_settle_without_approval_says_who_approves_and_exits_3(apply, acme, finance_user):
    apply()
    sell(acme, 180_000)
    assert json.loads(run("settle", "alpha", "2026-09", "--json"))["state"] == "computed"
    code, text = refused("settle", "alpha", "2026-09", "--close")
    assert (code, "fin@example.com" in text) == (3, True)


def test_settle_approve_close_and_again(apply, acme, finance_user):
    apply()
    sell(acme, 180_000)
    words = ("settle", "alpha", "2026-09", "--approve-as", "fin@example.com", "--close", "--json")
    first = json.loads(run(*words))
    assert (first["state"], first["totals"][0]["earned"]) == ("closed", "4400.00")
    assert json.loads(run(*words)) == first


def test_approve_as_is_for_demo_and_tests_only(apply, acme, finance_user, settings):
    apply()
    settings.DEMO = False
    assert refused("settle", "alpha", "2026-09", "--approve-as", "fin@example.com")[0] == 3


def test_a_version_that_has_accrued_cannot_be_changed_by_file(apply, acme, finance_user, tmp_path):
    apply()
    sell(acme, 180_000)
    run("settle", "alpha", "2026-09", "--approve-as", "fin@example.com", "--close")
    path = tmp_path / "programmes.yaml"
    path.write_text(FILE.replace("2%", "2.5%"), encoding="utf-8")
    code, text = refused("programmes", "apply", "alpha", str(path))
    assert (code, "later first day" in text) == (3, True)


def test_statements_before_and_after_the_close(apply, acme, finance_user):
    apply()
    sell(acme, 300_000)
    before = rows("2026-09")[0]
    assert (before["accrued"], before["earned"], before["approved"]) == ("9000.00", "0.00", "0.00")
    run("settle", "alpha", "2026-09", "--approve-as", "fin@example.com", "--close")
    assert rows("2026-09") == [
        {
            "partner": acme.row.number, "programme": "core", "period": "2026-09", "currency": "CNY",
            "base": "300000.00", "qualifier": "300000.00", "band": "3", "accrued": "9000.00", "earned": "9000.00",
            "adjusted": "0.00", "approved": "9000.00", "paid": "0.00", "opening": "0.00", "closing": "9000.00",
        }
    ]  # fmt: skip


def test_statements_as_csv_have_exactly_the_columns_and_nothing_else(apply, acme, rival, finance_user):
    apply(FILE.replace("    who: {tiers: [gold]}\n", ""))
    sell(rival, 1000)
    sell(acme, 2000)
    text = run("statements", "alpha", "2026-09", "--format", "csv")
    assert text.splitlines()[0] == COLUMNS
    found = list(csv.DictReader(io.StringIO(text)))
    assert [row["partner"] for row in found] == sorted(row["partner"] for row in found)
    assert len(found) == 2


@pytest.mark.parametrize("words", [("settle", "alpha", "September"), ("statements", "alpha", "2026-13")])
def test_a_wrong_period_is_a_usage_error(words):
    assert refused(*words)[0] == 2


@pytest.mark.parametrize("words", [("settle", "nobody", "2026-09"), ("statements", "nobody", "2026-09")])
def test_an_unknown_tenant_is_a_usage_error(words):
    assert refused(*words)[0] == 2


def test_a_new_programme_from_a_closed_month_exits_3_and_names_the_first_day(apply, acme, finance_user):
    apply()
    sell(acme, 180_000)
    run("settle", "alpha", "2026-09", "--approve-as", "fin@example.com", "--close")
    with pytest.raises(CommandError) as refusal:
        apply(FILE.replace("code: core", "code: late"))
    assert refusal.value.returncode == 3
    assert "2026-09 is closed" in str(refusal.value) and "2026-10-01" in str(refusal.value)
    assert not Programme.objects.filter(code="late").exists()


def test_closing_a_month_that_runs_exits_3_and_computing_it_warns_in_a_sentence(apply, acme, finance_user):
    apply()
    sell(acme, 180_000, on="2026-11-10")
    errors = io.StringIO()
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        call_command("settle", "alpha", "2026-11", stdout=io.StringIO(), stderr=errors)
        code, text = refused("settle", "alpha", "2026-11", "--approve-as", "fin@example.com", "--close")
    assert "The month is not over; its last day is 2026-11-30." in errors.getvalue()
    assert code == 3 and "2026-12-01" in text


def test_without_anybody_who_may_approve_the_close_says_what_is_needed(apply, acme):
    apply(FILE.replace("    who: {tiers: [gold]}\n", ""))
    sell(acme, 50_000, on="2026-09-10")
    status, said = refused("settle", "alpha", "2026-09", "--close")
    assert status == 3
    assert "must be approved first, and nobody may: it needs a second person" in said


def test_a_period_of_which_nothing_is_to_be_said_is_told_apart_from_the_rows(apply, acme, capsys):
    apply(FILE.replace("    who: {tiers: [gold]}\n", ""))
    err = io.StringIO()
    call_command("statements", "alpha", "2026-Q3", "--format", "json", stdout=io.StringIO(), stderr=err)
    assert "2026-Q3. A quarter or a year shows only programmes of its own length" in err.getvalue()

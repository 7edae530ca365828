"""The programme's editor says what is wrong and where, holds as many rows as are needed, and warns of falling rates."""

from __future__ import annotations

import re
from typing import Any

import pytest
import time_machine

from rebates.models import Version
from rebates.programme_form import FIELDS_BY_PLACE, ProgrammeForm
from tests.factories.partners import PartnerFactory
from tests.rebates.reading_pages import words
from tests.rebates.test_programme_editor import FILLED, save
from tests.rebates.world import apply, policy, sell, settle

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


def read_back(client: Any, **changes: str) -> str:
    return words(client.post("/programmes/preview/", FILLED | changes))


def details(client: Any, **changes: str) -> str:
    return client.post("/programmes/details/", FILLED | changes).content.decode()


def test_days_for_disputes_are_a_field(finance, browse):
    client = browse(finance)
    assert save(client, dispute_days="12")[0] == 302
    assert Version.objects.get().policy["dispute_days"] == 12
    assert re.search(
        r'name="dispute_days"[^>]*value="12"', client.get("/programmes/core/amend/").content.decode()
    )


def test_a_new_programme_may_be_measured_in_another_currency(finance, browse):
    client = browse(finance)
    assert "From, EUR" in details(client, currency="EUR")
    assert "Measured in: This is not a currency." in save(client, currency="EUX")[1]
    assert save(client, currency="eur")[0] == 302
    assert Version.objects.get().policy["currency"] == "EUR"


def test_a_published_programme_stays_in_its_currency(finance, browse):
    apply(policy())
    client = browse(finance)
    page = client.get("/programmes/core/amend/").content.decode()
    assert re.search(r'<input[^>]*name="currency"[^>]*readonly', page)
    answer = client.post("/programmes/core/amend/", FILLED | {"currency": "EUR", "period": "month"})
    assert answer.status_code == 302
    assert Version.objects.get(number=2).policy["currency"] == "CNY"


@pytest.mark.parametrize(
    ("kind", "name", "label"),
    [
        ("per_unit", "amount", "Pays, CNY"),
        ("target", "target", "Target, CNY"),
        ("retroactive_from_floor", "floor", "Floor, CNY"),
        ("per_increment", "increment", "Each full, CNY"),
        ("formula", "expression", "Formula"),
    ],
)
def test_what_a_mechanism_needs_is_marked_and_has_its_unit(kind, name, label, finance, browse):
    shown = details(browse(finance), mechanism=kind)
    row = shown[shown.index(f">{label}") :]
    assert "optional" not in row[: row.index(f'name="{name}"')]
    assert "This mechanism needs it." in save(browse(finance), mechanism=kind)[1]
    by_units = details(browse(finance), mechanism="target", measure="quantity")
    assert "Target, units" in by_units


def test_a_flat_rate_has_one_row(finance, browse):
    shown = details(browse(finance), mechanism="flat")
    assert 'name="rate_0"' in shown and 'name="rate_1"' not in shown


def test_what_is_typed_reads_back_which_field_is_wrong_and_which_is_missing(finance, browse):
    client = browse(finance)
    shown = read_back(client, rate_0="two", name="")
    assert "Band 1, rate : Write a rate in per cent, such as 2.5." in shown.replace("rate:", "rate :")
    assert "Still missing: Name" in shown
    assert "Band 2, rate: Fill in both, or neither." in read_back(client, from_1="1000")


def test_both_languages_are_read_back(finance, browse):
    shown = read_back(browse(finance))
    assert "All partners earn each quarter" in shown and "所有合作伙伴每季获得" in shown


def test_an_error_on_the_form_does_not_begin_with_the_programmes_code(finance, browse):
    shown = save(browse(finance), starts="2027-02-01")[1]
    assert "In force from: 1 Feb 2027 does not begin" in shown and "core:" not in shown


@pytest.mark.parametrize(("typed", "rate"), [("2.5", "0.025"), ("2.5%", "0.025"), ("２．５％", "0.025")])
def test_a_rate_may_be_typed_with_its_sign(typed, rate, finance, browse):
    assert save(browse(finance), rate_0=typed)[0] == 302
    assert Version.objects.get().policy["mechanism"]["bands"][0]["rate"] == rate


def test_an_amount_of_a_band_answers_with_an_example_of_an_amount(finance, browse):
    shown = save(browse(finance), mechanism="lump_sum", rate_0="two")[1]
    assert "Band 1, amount: Write an amount in digits, such as 264,000.50." in shown


def test_who_sells_more_and_is_paid_less_is_warned_of(finance, browse):
    falling = {"from_1": "100000", "rate_1": "1"}
    warned = "Band 2 pays 1% and the band below it 2%: who sells more is paid less."
    shown = read_back(browse(finance), mechanism="retroactive", **falling)
    assert warned in shown and "fall of ¥1,000" in shown and "jump of −" not in shown
    assert warned not in read_back(browse(finance), mechanism="marginal", **falling)


def test_rows_are_added_up_to_twenty_and_nothing_typed_is_lost(finance, browse):
    client = browse(finance)
    assert 'name="rate_6"' not in details(client)
    more = details(client, more="bands", rate_5="9")
    assert 'name="rate_6"' in more and 'name="rate_7"' not in more
    assert re.search(r'name="rate_5"[^>]*value="9"', more) and "Add row" in more
    assert 'name="rate_19"' in details(client, bands_shown="99") and "Add row" not in details(
        client, bands_shown="99"
    )
    gates = details(client, more="gates", gate_least_1="7")
    assert 'name="gate_3"' in gates and re.search(r'name="gate_least_1"[^>]*value="7"', gates)


def test_twenty_bands_are_saved_and_shown_again(finance, browse):
    client = browse(finance)
    rows = {f"from_{row}": str(row * 1000) for row in range(20)} | {f"rate_{row}": "2" for row in range(20)}
    assert save(client, **rows)[0] == 302
    assert len(Version.objects.get().policy["mechanism"]["bands"]) == 20
    assert re.search(
        r'name="from_19"[^>]*value="19000"', client.get("/programmes/core/amend/").content.decode()
    )


def test_the_next_version_proposes_the_first_day_that_can_be(acme, finance, browse):
    apply(policy(from_="2026-08-01"))
    client = browse(finance)
    assert 'value="2026-09-01"' in client.get("/programmes/core/amend/").content.decode()
    sell(acme, 50_000, on="2026-09-10")
    settle("2026-09")
    assert 'value="2026-10-01"' in client.get("/programmes/core/amend/").content.decode()


def test_the_form_knows_every_field_that_a_place_of_the_text_leads_to():
    form = ProgrammeForm(currency="CNY")
    assert set(FIELDS_BY_PLACE.values()) <= set(form.fields)


def test_many_regions_are_folded_and_the_fold_says_how_many_are_chosen(finance, browse):
    for number in range(8):
        PartnerFactory(region=f"Region {number}")
    client = browse(finance)
    apply(policy())
    page = client.get("/programmes/core/amend/").content.decode()
    fold = re.search(r'<details class="ui-fold" id="fold-regions">.*?</details>', page, re.DOTALL)[0]
    assert "Regions none chosen" in words(fold) and fold.count('type="checkbox"') == 8
    apply(policy(from_="2026-12-01", who={"regions": ["Region 1", "Region 2"]}))
    page = client.get("/programmes/core/amend/").content.decode()
    fold = re.search(r'<details class="ui-fold" id="fold-regions">.*?</details>', page, re.DOTALL)[0]
    assert "Regions 2 of 8 chosen" in words(fold)


def test_a_few_regions_stand_open(finance, browse):
    PartnerFactory(region="North")
    apply(policy())
    page = browse(finance).get("/programmes/core/amend/").content.decode()
    assert 'name="regions"' in page and 'id="fold-regions"' not in page

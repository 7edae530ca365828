"""Who takes part by region, certificate and number; gates that ask for certificates, scores and figures."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import time_machine

from prm.values.periods import Period
from rebates import changes, channel_changes, explanations, wording
from rebates.accruals import accruals
from rebates.backtest import back_test
from rebates.models import SettlementRun, Statement, Version
from rebates.policy import PolicyProblem, read_document
from rebates.programme_form import initial_of, is_editable
from tests.rebates import measured
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_recompute_kit import unpacked, verify
from tests.rebates.world import BY, adjustments, apply, only, policy, results, sell, settle

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "10%"}
EXPERTS = {"kind": "certificate", "code": "tests.routing", "at_least": 2}


@pytest.fixture(autouse=True)
def _registered():
    with measured.registered():
        yield


def holds(company: Any, name: str = "tests.routing", count: Any = 1) -> None:
    measured.FIGURES.setdefault(name, {})[company.row.pk] = count


def moves_to(company: Any, region: str) -> None:
    company.row.region = region
    company.row.save(update_fields=["region"])


def earned(run: Any) -> dict[str, Decimal]:
    return {row.partner.name: row.earned for row in results(run)}


def both_buy(acme: Any, rival: Any) -> None:
    sell(acme, 1000)
    sell(rival, 2000)


def test_regions_certificates_and_numbers_say_who_takes_part(acme, rival):
    moves_to(acme, "East")
    moves_to(rival, "West")
    holds(rival)
    apply(
        policy("a", mechanism=FLAT, who={"regions": ["East", "North"]}),
        policy("b", mechanism=FLAT, who={"certificates": ["tests.security", "tests.routing"]}),
        policy("c", mechanism=FLAT, who={"partners": [acme.row.number]}),
        policy("d", mechanism=FLAT, who={"partners": [acme.row.number], "regions": ["West"]}),
    )
    both_buy(acme, rival)
    found = {(row.programme.code, row.partner.name) for row in results(settle("2026-09"))}
    assert found == {("a", acme.name), ("b", rival.name), ("c", acme.name)}


def test_a_certificate_counts_on_the_periods_last_day(acme, rival):
    apply(policy(mechanism=FLAT, who={"certificates": ["tests.routing"]}))
    holds(acme)
    measured.SINCE["tests.routing"] = Period.parse("2026-09").last_day
    for month in ("2026-08", "2026-09"):
        sell(acme, 1000, f"{month}-01")
    assert results(settle("2026-08")) == []
    assert only(settle("2026-09")).earned == Decimal("100.00")


def test_adjustments_of_a_closed_period_read_what_its_close_read(acme, rival):
    moves_to(acme, "East")
    holds(acme, count=2)
    apply(
        policy("a", mechanism=FLAT, who={"regions": ["East"]}),
        policy("b", mechanism=FLAT, gates=[EXPERTS]),
        policy("c", mechanism=FLAT, who={"certificates": ["tests.routing"]}),
    )
    sell(acme, 1000, "2026-08-10")
    settle("2026-08")
    moves_to(acme, "West")
    holds(acme, count=0)
    sell(acme, 500, "2026-08-11")
    late = {row.programme.code: row.adjusted for row in adjustments(settle("2026-09"))}
    assert late == dict.fromkeys("abc", Decimal("50.00"))


def test_a_gate_that_is_not_met_pays_nothing_and_forgives_nothing(acme, rival):
    apply(policy(mechanism=FLAT, gates=[EXPERTS]))
    holds(acme, count=1)
    holds(rival, count=2)
    both_buy(acme, rival)
    assert earned(settle("2026-09")) == {acme.name: 0, rival.name: Decimal("200.00")}
    sell(acme, -300, "2026-10-02")
    assert only(settle("2026-10")).earned == Decimal("-30.00")


def test_every_gate_must_be_met_and_a_score_is_that_of_the_period(acme):
    score = {"kind": "score", "code": "tests.score", "at_least": "87.5"}
    apply(policy(mechanism=FLAT, gates=[EXPERTS, score]))
    holds(acme, count=2)
    for month, figure, paid in ((8, "87.49", "0.00"), (9, "87.5", "100.00")):
        holds(acme, "tests.score", figure)
        sell(acme, 1000, f"2026-{month:02}-10")
        (row,) = results(settle(f"2026-{month:02}"))
        assert row.earned == Decimal(paid)


def test_a_figure_of_the_orders_may_be_asked_for(acme, rival):
    apply(policy(mechanism=FLAT, gates=[{"kind": "measure", "code": "orders.net_sales", "at_least": 1500}]))
    both_buy(acme, rival)
    assert earned(settle("2026-09")) == {acme.name: 0, rival.name: Decimal("200.00")}


def test_gates_come_before_the_caps_and_move_what_is_shared(acme):
    shared = [{"on": "payout", "amount": 100, "programmes": ["b"]}]
    apply(
        policy("b", mechanism=FLAT, gates=[EXPERTS]),
        policy("a", mechanism=FLAT, caps=shared),
        policy("d", mechanism=FLAT, gates=[EXPERTS]),
        policy("c", mechanism=FLAT, stacking={"kind": "net_of", "programmes": ["d"]}),
    )
    sell(acme, 1000)
    found = {row.programme.code: row.earned for row in results(settle("2026-09"))}
    assert found == {"a": Decimal("100.00"), "b": 0, "c": Decimal("100.00"), "d": 0}


def test_the_open_period_accrues_and_a_back_test_costs_what_would_be_settled(acme, rival):
    apply(policy(mechanism=FLAT, gates=[EXPERTS], who={"certificates": ["tests.routing"]}))
    holds(acme, count=1)
    holds(rival, count=2)
    both_buy(acme, rival)
    month = Period.parse("2026-09")
    live = {row.partner_id: row.amount for row in accruals(by=BY, period=month)}
    assert live == {acme.row.pk: 0, rival.row.pk: Decimal("200.00")}
    tried = back_test(versions=[Version.objects.get()], first=month, last=month, by=BY)
    assert tried.totals == [Decimal("200.00")]


def test_the_explanation_says_what_was_asked_and_what_was_found(acme):
    moves_to(acme, "East")
    apply(policy(mechanism=FLAT, gates=[EXPERTS], who={"regions": ["East"]}))
    holds(acme, count=1)
    sell(acme, 1000)
    said = explanations.explain(only(settle("2026-09")))
    steps = {step.number: step for step in said.steps}
    assert (steps[7].title, steps[7].value) == ("Gate", 0)
    assert steps[7].text == "at least 2 × Routing Expert on the period's last day: 1, not met"
    assert [one.text for one in said.steps if one.title == "Takes part"] == [
        "All partners in East; this one in East when it was computed"
    ]
    assert said.one_more is None  # another order would pay nothing either


def test_the_sentence_names_regions_certificates_and_gates_and_counts_single_partners(acme, rival):
    apply(
        policy(
            mechanism=FLAT,
            who={"regions": ["East"], "certificates": ["tests.routing", "tests.security"],
                 "partners": [acme.row.number, rival.row.number]},
            gates=[EXPERTS, {"kind": "score", "code": "tests.score", "at_least": "2.5"}],
        )
    )  # fmt: skip
    said = wording.sentence(Version.objects.get())
    assert (
        "All partners in East that hold Routing Expert or Security Expert, of these only 2 chosen partners,"
        in said
    )
    assert (
        "Anything above zero is paid only with at least 2 × Routing Expert on the period's last day and score"
        in said
    )
    assert acme.name not in said and acme.row.number not in said


def test_the_kit_recomputes_gates_and_names_no_other_partner(acme, rival, tmp_path):
    apply(policy(mechanism=FLAT, gates=[EXPERTS], who={"partners": [acme.row.number, rival.row.number]}))
    holds(acme, count=1)
    both_buy(acme, rival)
    settle("2026-09")
    statement = Statement.objects.for_everyone(because="a test").get(partner=acme.row)
    folder = unpacked(statement, tmp_path)
    assert verify(folder).returncode == 0
    text = (folder / "kit.json").read_text()
    assert rival.row.number not in text
    assert '"tests.routing": "1"' in text
    (folder / "kit.json").write_text(text.replace('"tests.routing": "1"', '"tests.routing": "2"'))
    assert verify(folder).returncode == 1


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"gates": [{"kind": "score", "at_least": 1}]}, "gates[0].code: Say which certificate, score or figure"),
        ({"gates": [{"kind": "score", "code": "tests.score"}]}, "gates[0].at_least: Say how much the gate asks for"),
        ({"gates": [EXPERTS | {"at_least": 0}]}, "gates[0].at_least: This must be above zero."),
        ({"gates": [EXPERTS, EXPERTS]}, "gates[1].code: A gate asks for this already."),
        ({"gates": [EXPERTS | {"kind": "score"}]}, "nothing called tests.routing can be asked for as a score."),
        ({"who": {"certificates": ["tests.score"]}}, "nothing called tests.score can be asked for as a certificate."),
        ({"who": {"partners": ["P-NOBODY"]}}, "no partner has the number P-NOBODY."),
        ({"gates": [EXPERTS | {"kind": "measure", "code": "dealreg.lost_secrets"}]}, "can be asked for as a figure."),
    ],
)  # fmt: skip
def test_what_nobody_can_ask_for_is_refused(entries, said):
    with pytest.raises(PolicyProblem) as refused:
        apply(policy(mechanism=FLAT, **entries))
    assert [one for one in refused.value.problems if said in one], refused.value.problems


def test_a_figure_for_the_vendors_own_people_is_no_gate(acme):
    measured.registry.register(
        "tests.secret", label="Secret", unit="number", totals=lambda first, after: None, staff=True
    )
    try:
        with pytest.raises(PolicyProblem):
            apply(policy(mechanism=FLAT, gates=[{"kind": "measure", "code": "tests.secret", "at_least": 1}]))
    finally:
        measured.registry.forget("tests.secret")


@pytest.fixture
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


def test_finance_chooses_them_in_the_editor_and_takes_them_away_again(finance, browse, acme, november):
    moves_to(acme, "East")
    chosen = {
        "regions": ["East"], "certificates": ["tests.security"], "partners": acme.row.number,
        "gate_1": "certificate:tests.routing", "gate_least_1": "2",
    }  # fmt: skip
    client = browse(finance)
    answer = client.post("/programmes/new/", FILLED | chosen)
    assert answer.status_code == 302, answer.content.decode()
    version = Version.objects.get()
    assert version.policy["who"] == {
        "regions": ["East"], "certificates": ["tests.security"], "partners": [acme.row.number],
    }  # fmt: skip
    assert version.policy["gates"] == [{"kind": "certificate", "code": "tests.routing", "at_least": "2"}]
    assert is_editable(version.policy)
    shown = initial_of(version)
    assert (shown["partners"], shown["gate_0"], shown["gate_least_0"]) == (
        acme.row.number, "certificate:tests.routing", "2",
    )  # fmt: skip
    page = client.get("/programmes/core/amend/").content.decode()
    assert "Routing Expert" in page and "Security Expert" in page
    assert client.post("/programmes/core/amend/", FILLED).status_code == 302
    assert {"who", "gates"}.isdisjoint(Version.objects.get().policy)


def test_the_editor_says_what_is_wrong_at_its_field_and_what_is_not_registered(finance, browse, november):
    client = browse(finance)
    answer = client.post("/programmes/new/", FILLED | {"partners": "P-NOBODY"})
    assert "No partner has the number P-NOBODY." in answer.content.decode()
    answer = client.post("/programmes/new/", FILLED | {"gate_2": "score:tests.score"})
    assert "Say how much the gate asks for at least." in answer.content.decode()
    for name in ("tests.routing", "tests.security", "tests.score"):
        measured.registry.forget(name)
    page = client.get("/programmes/new/").content.decode()
    assert "No certificate is registered yet." in page
    assert "No certificate and no score is registered yet: only figures can be chosen." in page
    assert "Net sales" in page


def test_what_the_text_says_comes_back_as_it_was():
    entry = policy(mechanism=FLAT, gates=[EXPERTS | {"at_least": "2.50"}], who={"regions": ["East"]})
    (text,) = read_document({"schema": 1, "programmes": [entry]})
    assert text.policy["gates"] == [EXPERTS | {"at_least": "2.5"}]
    assert text.policy["who"] == {"regions": ["East"]}


def test_a_certificate_gained_is_a_cause_of_its_own_and_one_that_is_kept_is_none(acme, rival):
    apply(
        policy(mechanism=FLAT, gates=[EXPERTS]),
        policy("who", mechanism=FLAT, who={"certificates": [EXPERTS["code"]]}),
    )
    holds(rival, count=3)
    sell(acme, 1000, "2026-08-10")
    sell(rival, 1000, "2026-08-10")
    settle("2026-08")
    holds(acme, count=2)
    sell(acme, 1000, "2026-09-10")
    sell(rival, 3000, "2026-09-10")
    settle("2026-09")
    rows = Statement.objects.for_everyone(because="a test").select_related("run", "partner").order_by("ends")

    def causes(partner: Any) -> list[dict[str, Decimal]]:
        found = changes.between(*rows.filter(partner=partner.row))
        return [{cause.name: cause.amount for cause in change.causes} for change in found]

    assert causes(rival) == [{"Sales": Decimal("200.00")}] * 2
    first, last = SettlementRun.objects.order_by("ends")
    totals = channel_changes.between_runs(first, last, by=BY)
    assert [{cause.name: cause.amount for cause in total.causes} for total in totals] == [
        {"Sales": Decimal("200.00"), "Certificates and scores": Decimal("100.00")}
    ] * 2

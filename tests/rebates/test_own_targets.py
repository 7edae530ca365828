"""Targets of single partners: each is held against its own, reads its own, and nobody another's."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from prm.values.periods import Period
from rebates import explanations, signing
from rebates.accruals import accruals
from rebates.amendments import amendment
from rebates.backtest import back_test
from rebates.exchange import as_yaml, version_as_yaml
from rebates.models import Programme, Version
from rebates.own_targets import version_of
from rebates.policy import PolicyProblem, read_document, read_yaml
from rebates.services import apply_drafts, sign_version
from rebates.wording import sentence
from tests.rebates.reading_pages import words
from tests.rebates.test_partner_groups import bought, earned, kits_agree, money
from tests.rebates.test_partner_pools import four
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.test_tier_days import tiers
from tests.rebates.world import BY, adjustments, apply, policy, results, sell, settle

__all__ = ["four"]
pytestmark = pytest.mark.django_db
SEPTEMBER = Period.parse("2026-09")
BANDS = [{"from": "100%", "rate": "2%"}, {"from": "120%", "rate": "3%"}]


def target(targets: dict[str, Any], code: str = "core", on: str = "all", **entries: Any) -> dict[str, Any]:
    for_all = {"target": entries.pop("target")} if "target" in entries else {}
    rules = {"kind": "target", "on": on, "bands": BANDS, "targets": targets} | for_all
    return policy(code, mechanism=rules, **entries)


OWN = {"V-1": 100_000, "V-2": 50_000}


def test_each_is_held_against_its_own_target_and_the_others_against_the_one_for_all(four, tmp_path):
    apply(target(OWN, target=10_000))
    bought(four, 99_999, 60_000, 10_000, 9_999)
    live = {one.partner_id: one.amount for one in accruals(by=BY, period=SEPTEMBER)}
    run = settle("2026-09")
    assert earned(run) == money("0.00", "1800.00", "200.00", "0.00")
    assert {row.partner_id: row.amount for row in results(run)} == live
    (version,) = Version.objects.all()
    assert back_test(versions=[version], first=SEPTEMBER, last=SEPTEMBER, by=BY).totals == [2_000]
    kits_agree(tmp_path)


def test_without_a_target_for_all_only_those_that_have_one_take_part(four, tmp_path):
    apply(target(OWN))
    bought(four, 100_000, 50_000, 10_000, 10_000)
    run = settle("2026-09")
    assert earned(run) == {"V-1": Decimal("2000.00"), "V-2": Decimal("1000.00")}
    kits_agree(tmp_path)


def test_a_programme_of_others_with_their_targets_is_not_shown(acme, rival, browse):
    apply(target({acme.row.number: 100_000}))
    assert "the target that is set for each, here ¥100,000" in words(
        browse(acme.admin).get("/rebates/programmes/")
    )
    assert "100,000" not in words(browse(rival.admin).get("/rebates/programmes/"))


def test_only_what_lies_above_the_own_target_is_paid_on(four, tmp_path):
    apply(target(OWN, on="excess"))
    bought(four, 130_000, 50_000)
    assert earned(settle("2026-09")) == {"V-1": Decimal("900.00"), "V-2": Decimal("0.00")}  # 3 % of 30,000
    kits_agree(tmp_path)


def test_who_joins_is_asked_for_the_days_of_its_own_target(acme, tmp_path):
    tiers(acme, ("2026-09-11", None, "gold"))
    rules = target({acme.row.number: 30_000}, target=90_000, who={"tiers": ["gold"]}, joining="by_days")
    apply(rules)
    sell(acme, 20_000)  # 30,000 × 20/30
    (result,) = results(settle("2026-09"))
    assert (result.reference, result.earned) == (20_000, 400)
    kits_agree(tmp_path)


def test_a_year_so_far_is_held_against_the_own_target_of_the_year(four, tmp_path):
    apply(target({"V-1": 100_000}, cumulative=True))
    sell(four[0], 60_000, "2026-08-10")
    assert earned(settle("2026-08")) == {"V-1": Decimal("0.00")}
    sell(four[0], 60_000, "2026-09-10")
    assert earned(settle("2026-09")) == {"V-1": Decimal("3600.00")}
    kits_agree(tmp_path)


def test_a_late_line_is_held_against_the_target_of_the_version_that_was_settled(four):
    apply(target(OWN))
    bought(four, 90_000, on="2026-08-10")
    settle("2026-08")
    apply(target({"V-1": 1_000_000}, from_="2026-09-01"))
    sell(four[0], 10_000, "2026-08-11")
    assert [row.adjusted for row in adjustments(settle("2026-09"))] == [2_000]


# What is told, and to whom


def test_the_sentence_counts_the_targets_and_names_nobody(four):
    apply(target(OWN, target=10_000), target(OWN, code="own-only"))
    said = {version.programme.code: sentence(version) for version in Version.objects.all()}
    assert (
        "for reaching the target that is set for each (2 partners), or else that of ¥10,000, on all"
        in said["core"]
    )
    assert (
        "2 chosen partners earn each month for reaching the target that is set for each (2 partners)"
        in said["own-only"]
    )
    with translation.override("zh-hans"):
        assert "各自的目标" in sentence(Version.objects.get(programme__code="core"))


def test_a_partner_reads_signs_and_recomputes_its_own_target_and_nobody_elses(acme, rival, browse, tmp_path):
    own = {acme: "¥100,000", rival: "¥50,000"}
    apply(target({acme.row.number: 100_000, rival.row.number: 50_000}, target=10_000, sign_off="wanted"))
    version = Version.objects.select_related("programme").get()
    for company, mine in own.items():
        sell(company, 120_000)
        (others,) = set(own.values()) - {mine}
        page, text = browse(company.admin), signing.text_of(version_of(version, company.row.number))
        for shown in (
            text,
            words(page.get("/rebates/programmes/")),
            words(page.get(f"/rebates/agreements/core/{version.number}/")),
        ):
            assert f"the target that is set for each, here {mine}, on all" in shown
            assert others not in shown and others[1:].replace(",", "") not in shown
        signed = sign_version(version=version, digest=signing.digest_of(text), by=company.admin)
        assert "targets" not in signed.text
    for result in results(settle("2026-09")):
        mine = "¥100,000" if result.partner_id == acme.row.pk else "¥50,000"
        assert (
            f"the target that is set for each, here {mine}, on all" in explanations.explain(result).sentence
        )
    kits_agree(tmp_path)
    held = [
        json.loads(kit.read_text())["periods"][0]["policies"]["core"] for kit in tmp_path.glob("*/kit.json")
    ]
    assert sorted(one["mechanism"]["target"] for one in held) == ["100000", "50000"]
    assert not any("targets" in one["mechanism"] for one in held)


def test_staff_read_the_targets_by_name_and_what_a_new_version_changes_of_them(four, finance, browse):
    apply(target(OWN, target=10_000))
    page = words(browse(finance).get("/programmes/core/"))
    assert "Targets of single partners 2" in page and "V-2 ¥50,000" in page
    later = target({"V-1": 120_000, "V-3": 70_000}, target=10_000, from_="2026-10-01")
    (draft,) = apply_drafts(texts=read_document({"schema": 1, "programmes": [later]}), by=BY)
    shown = amendment(Version.objects.select_related("programme").get(pk=draft.pk))
    assert [said for _part, said in shown.figures] == [
        "target of V-1: ¥100,000 → ¥120,000",
        "added: target of V-3, ¥70,000",
        "removed: target of V-2, ¥50,000",
    ]


def test_the_text_reads_back_and_the_agreement_counts_them(four):
    apply(target(OWN))
    version = Version.objects.get()
    (read,) = read_yaml(as_yaml(Programme.objects.get()))
    assert read.policy == version.policy
    paper = version_as_yaml(version, for_partners=True)
    assert "chosen_partners: 2" in paper and "V-1" not in paper and "50000" not in paper


# What is refused


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"targets": {"V-1": 0}}, "The target of V-1 must be above zero"),
        ({"targets": OWN, "who": {"as": "group"}}, "A group has one target"),
        ({"targets": {}}, "targets"),
        ({"targets": {"V-9": 5}}, "no partner has the number V-9"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_place(four, entries, said):
    with pytest.raises(PolicyProblem, match=said):
        apply(target(**entries))


# In the editor

TYPED = FILLED | {
    "mechanism": "target", "on": "all", "from_0": "100", "rate_0": "2", "from_1": "", "rate_1": "", "target": "",
}  # fmt: skip


def test_finance_pastes_two_columns_of_a_spreadsheet(four, finance, browse):
    client = browse(finance)
    pasted = "V-1\t100,000.50\r\nV-2, 50000\n\n V-3 ；７００００ \n"
    answer = client.post("/programmes/new/", TYPED | {"targets": pasted})
    assert answer.status_code == 302, words(answer)
    draft = Version.objects.get()
    assert draft.policy["mechanism"]["targets"] == {"V-1": "100000.5", "V-2": "50000", "V-3": "70000"}
    assert "target" not in draft.policy["mechanism"]
    assert "V-1\t100000.5" in client.get(f"/programmes/{draft.programme.code}/amend/").content.decode()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("V-1 5\nV-1 6", "Line 2: V-1 stands there twice."),
        ("V-1", "Line 1: write a partner's number and its target."),
        ("V-1 much", "Line 1: Write an amount in digits"),
        ("V-1 -5", "Line 1: a target is above zero."),
        ("V-1 5\nV-9 6", "Line 2: no partner has the number V-9."),
        ("", "This mechanism needs it."),
    ],
)
def test_what_is_wrong_is_named_by_its_line_and_stays_typed(four, finance, browse, typed, said):
    answer = browse(finance).post("/programmes/new/", TYPED | {"targets": typed})
    assert answer.status_code == 422
    assert said in words(answer) and typed.split("\n")[0] in words(answer)
    assert not Version.objects.exists()

"""A programme with a draft is in force as it was: the list and its page say so; an amendment names what it changes."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
import time_machine
from django.utils import translation

from rebates import services
from rebates.amendments import PARTS, amendment
from rebates.exchange import version_as_yaml
from rebates.models import Version
from rebates.policy import read_document
from rebates.previews import preview_of
from rebates.wording import sentence
from tests.rebates import world
from tests.rebates.test_programme_editor import FILLED
from tests.rebates.world import apply, policy

pytestmark = pytest.mark.django_db
CAP = {"on": "measure", "of": "qualifier", "amount": 80_000}
BANDS = [{"from": 0, "rate": "1%"}, {"from": 100_000, "rate": "3%"}]


@pytest.fixture(autouse=True)
def november():
    with time_machine.travel("2026-11-20 04:00:00+00:00", tick=False):
        yield


def words(answer: Any) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.content.decode())))


def text(**entries: Any) -> Any:
    (found,) = read_document({"schema": 1, "programmes": [policy(**entries)]})
    return found


def draft_of(**entries: Any) -> Version:
    return services.save_draft(text=text(**entries), by=world.BY)


def test_a_draft_of_the_next_version_leaves_the_row_at_the_version_in_force(finance, browse):
    apply(policy(from_="2026-08-01"))
    draft_of(from_="2026-12-01")
    row = words(browse(finance).get("/programmes/"))
    assert re.search(r"core \S+ 1 Published · version 2: Draft 1 Aug 2026", row), row


def test_a_programme_of_which_nothing_is_published_is_a_draft(finance, browse):
    draft_of(from_="2026-12-01")
    row = words(browse(finance).get("/programmes/"))
    assert re.search(r"core \S+ 1 Draft 1 Dec 2026", row), row


def test_the_page_of_a_draft_says_which_version_is_in_force(finance, browse):
    apply(policy(from_="2026-08-01"))
    draft_of(from_="2026-12-01")
    client = browse(finance)
    page = words(client.get("/programmes/core/"))
    assert "Version 2: Draft" in page and "Version 1 is in force since 1 Aug 2026" in page
    assert "The version before ends the day before." in page
    assert "is in force since" not in words(client.get("/programmes/core/?version=1"))


def test_the_first_version_has_none_before_it(finance, browse):
    draft_of(from_="2026-12-01")
    page = words(browse(finance).get("/programmes/core/"))
    assert "In force from 1 Dec 2026." in page and "The version before" not in page


def test_an_amendment_in_the_form_names_what_was_changed_and_nothing_else(finance, browse):
    apply(policy(from_="2026-08-01"))
    typed = FILLED | {"starts": "2026-12-01", "period": "month", "rate_0": "4", "payout_cap": "1000"}
    assert browse(finance).post("/programmes/core/amend/", typed).status_code == 302
    found = amendment(Version.objects.get(number=2))
    assert found.parts == [PARTS["mechanism"], PARTS["caps"]]
    assert not any("rounding" in line for line in found.lines)


def test_a_usual_choice_that_one_text_writes_out_is_no_difference(finance, browse):
    apply(policy(from_="2026-08-01", rounding={"mode": "half_up"}, stacking={"kind": "additive"}))
    draft_of(from_="2026-12-01")
    found = amendment(Version.objects.get(number=2))
    assert (
        found.parts == []
        and [line for line in found.lines if line[0] in "+-"]
        == [
            "-from: '2026-08-01'",
            "-until: '2026-11-30'",
            "+from: '2026-12-01'",
        ]
        or found.parts == []
    )


def test_the_sentence_closes_with_what_binds_although_the_policy_leaves_it_out():
    (plain,) = apply(policy())
    assert sentence(plain).endswith(
        "As usual: a return counts on its own booking date; a sale that is booked late still counts, however late it"
        " comes; a figure can be disputed for 30 days after its statement."
    )
    with translation.override("zh-hans"):
        assert sentence(plain).endswith("对账单出具后 30 天内可提出争议。")
    (tiers,) = apply(policy("tiers", who={"tiers": ["gold"]}))
    assert "the tier held on the period's last day decides" in sentence(tiers)
    stated = {"late": {"grace_days": 20}, "dispute_days": 60, "returns": "by_origin"}
    (all_stated,) = apply(policy("stated", **stated))
    assert "As usual" not in sentence(all_stated)


def test_the_agreement_says_who_and_names_no_single_partner(acme):
    (tiers,) = apply(policy("tiers", who={"tiers": ["gold"]}))
    (chosen,) = apply(policy("chosen", who={"partners": [acme.row.number]}))
    (everybody,) = apply(policy())
    assert "who:\n  tiers:\n    - gold" in version_as_yaml(tiers, for_partners=True)
    counted = version_as_yaml(chosen, for_partners=True)
    assert "who:\n  chosen_partners: 1" in counted and acme.row.number not in counted
    assert "who: all partners" in version_as_yaml(everybody, for_partners=True)


def test_a_cap_on_what_counts_says_that_what_is_paid_on_is_not_capped():
    steady = {"kind": "retroactive", "bands": BANDS}
    (version,) = apply(policy(mechanism=steady, caps=[CAP]))
    said = "At most ¥80,000 count towards the band; what is paid on is not capped."
    assert said in sentence(version)


def test_a_cap_on_what_counts_that_changes_nothing_is_warned_of():
    def warned(kind: str, **of: str) -> bool:
        entry = text(mechanism={"kind": kind, "bands": BANDS}, caps=[CAP | of])
        return any("changes nothing here" in one for one in preview_of(entry.policy).warnings)

    assert warned("marginal")
    assert not warned("marginal", of="both") and not warned("retroactive")


def test_chinese_sentences_read_as_sentences_and_no_base_is_left_unexplained():
    flat = {"kind": "flat", "rate": "2%"}
    target = {"kind": "target", "target": 500_000, "on": "all", "bands": [{"from": 1, "rate": "2%"}]}
    growth = {"kind": "growth", "on": "all", "bands": [{"from": "20%", "rate": "3%"}]}

    def said(**entries: Any) -> str:
        return sentence(Version(policy=text(**entries).policy))

    assert "earn each month 2% of net sales of all product lines. Rounded" in said(mechanism=flat)
    with translation.override("zh-hans"):
        assert "每月获得返利：所有产品线的净销售额的 2%。" in said(mechanism=flat)
        assert "每月获得返利：达到目标 ¥500,000，对所有产品线的净销售额全额返利（达 100% 返 2%）" in said(
            mechanism=target
        )
        assert "每月获得返利：较上一期增长，对所有产品线的净销售额全额返利（达 20% 返 3%）" in said(
            mechanism=growth
        )

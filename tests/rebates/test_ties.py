"""A programme that is settled together with another changes what that one pays: told before it is published, in the
other one's words from that day on, and as a cause of what moved.
"""

from __future__ import annotations

import html
import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from prm.values.actor import Actor
from rebates import explanations, moments, ties, wording
from rebates.accruals import accruals
from rebates.approvals import facts_of_version
from rebates.models import Version
from rebates.policy import read_document
from rebates.services import apply_drafts
from tests.rebates.test_linked import best_of, cap, flat, net_of
from tests.rebates.world import BY, apply, results, sell, settle

pytestmark = pytest.mark.django_db
LINKS: dict[str, dict[str, Any]] = {
    "best": {"stacking": best_of("gift")}, "cap": {"caps": cap(240, "gift")}, "net": {"stacking": net_of("gift")},
}  # fmt: skip


@pytest.fixture(autouse=True)
def october():
    with time_machine.travel("2026-10-20 04:00:00+00:00", tick=False) as moment:
        yield moment


@pytest.fixture
def gift(october) -> Version:
    (version,) = apply(flat("gift", "1%"))
    return version


def draft(**links: Any) -> Version:
    texts = read_document({"schema": 1, "programmes": [flat("late", "2%", from_="2026-11-01", **links)]})
    (version,) = apply_drafts(texts=texts, by=BY)
    return Version.objects.select_related("programme").get(pk=version.pk)


def words(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html.unescape(answer.content.decode())))


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (
            "best",
            "Gift: from 1 Nov 2026 on only one of Gift, Late pays, the one that pays most, of equal ones the one",
        ),
        (
            "cap",
            "Gift: from 1 Nov 2026 on it shares a cap of ¥240 with Late, and pays less where they exceed it",
        ),
        ("net", ""),
    ],
)
def test_a_draft_names_the_programmes_whose_payout_it_changes(gift, finance, browse, link, said):
    version = draft(**LINKS[link])
    facts = {str(fact.label): str(fact.value) for fact in facts_of_version(version, finance)}
    shown = words(browse(finance).get(version.get_absolute_url()))
    if not said:  # of a stack only the later one changes, and that is the draft itself
        assert ties.effects(version) == []
        assert "Changes what other programmes pay" not in facts
        assert "This version changes what other programmes pay" not in shown
        return
    assert said in facts["Changes what other programmes pay"]
    assert "This version changes what other programmes pay" in shown and said in shown


def test_a_new_version_of_a_programme_moves_those_that_are_tied_to_it(gift):
    apply(flat("late", "2%", **LINKS["net"]))
    texts = read_document({"schema": 1, "programmes": [flat("gift", "3%", from_="2026-11-01")]})
    (version,) = apply_drafts(texts=texts, by=BY)
    assert [str(one) for one in ties.effects(version)] == [
        "Late: it is paid on what is left after this programme, whose figures change on 1 Nov 2026"
    ]


def test_who_hangs_on_a_programme_by_way_of_another_is_named_too(gift):
    apply(flat("late", "2%", **LINKS["cap"]), flat("last", stacking=net_of("late")), flat("very-last"))
    apply(flat("own"), flat("after", stacking=net_of("last", "very-last")))
    texts = read_document({"schema": 1, "programmes": [flat("gift", "3%", from_="2026-11-01")]})
    (version,) = apply_drafts(texts=texts, by=BY)
    assert [str(one) for one in ties.effects(version)] == [
        "Late: it shares a cap with this programme, whose figures change on 1 Nov 2026",
        "Last: it is settled together with Late, whose figures change with it",
        "After: it is settled together with Last, whose figures change with it",
    ]


def test_a_version_that_keeps_its_link_says_that_only_figures_move(gift):
    apply(flat("late", "2%", **LINKS["best"]))
    texts = read_document(
        {"schema": 1, "programmes": [flat("late", "3%", from_="2026-11-01", **LINKS["best"])]}
    )
    (version,) = apply_drafts(texts=texts, by=BY)
    assert [str(one) for one in ties.effects(version)] == [
        "Gift: only the one that pays most pays, and this programme's figures change on 1 Nov 2026"
    ]


def test_a_version_that_leaves_a_link_out_lets_the_others_go(gift):
    apply(flat("late", "2%", **LINKS["best"]))
    texts = read_document({"schema": 1, "programmes": [flat("late", "2%", from_="2026-11-01")]})
    (version,) = apply_drafts(texts=texts, by=BY)
    assert [one.programme for one in ties.effects(version)] == ["Gift"]


@pytest.mark.parametrize(
    ("link", "said"),
    [
        (
            "best",
            "Of this programme, Late only the one that pays most pays; of equal ones the one that is named first.",
        ),
        ("cap", "Together with Late a partner is paid at most ¥240 a period."),
        ("net", "Late is paid on what is left after what this programme pays."),
    ],
)
def test_the_other_programmes_sentence_names_the_link_from_that_day_on(
    gift, acme, finance, browse, link, said
):
    page = browse(finance)
    assert said not in words(page.get(gift.get_absolute_url()))
    apply(flat("late", "2%", from_="2026-11-01", **LINKS[link]))
    assert f"From 1 Nov 2026 on: {said}" in words(page.get(gift.get_absolute_url()))
    for day in ("2026-10-10", "2026-11-10"):
        sell(acme, 10_000, day)
    with time_machine.travel("2026-12-02 04:00:00+00:00", tick=False):
        before, after = (
            next(row for row in results(settle(month)) if row.programme.code == "gift")
            for month in ("2026-10", "2026-11")
        )
    assert said not in explanations.explain(before).sentence
    assert explanations.explain(after).sentence.endswith(said)
    assert said not in wording.sentence(gift)  # what is signed stays what it was


@pytest.mark.parametrize(("link", "pays"), [("best", "0.00"), ("cap", "80.00"), ("net", None)])
def test_why_a_figure_changed_names_the_programme_that_came_into_force(gift, acme, october, link, pays):
    october.move_to("2026-11-05 04:00:00+00:00")
    sell(acme, 10_000, "2026-11-03")
    october.move_to("2026-11-10 04:00:00+00:00")
    apply(flat("late", "2%", from_="2026-11-01", **LINKS[link]))
    october.move_to("2026-11-12 04:00:00+00:00")
    accrual = next(
        one for one in accruals(by=Actor.job("tests"), partners=[acme.row.pk])
        if (one.programme.code, str(one.period)) == ("gift", "2026-11")
    )  # fmt: skip
    change = moments.since(accrual, date(2026, 11, 8)).change
    if pays is None:
        assert (change.before, change.after, change.causes) == (Decimal("100.00"), Decimal("100.00"), [])
        return
    assert (change.before, change.after) == (Decimal("100.00"), Decimal(pays))
    (cause,) = change.causes
    assert (cause.name, cause.amount) == ("Policy", Decimal(pays) - 100)
    assert "settled together were amended or came into force (Late, from 1 Nov 2026)" in cause.text
    assert f"¥100.00 before, ¥{pays} after" in cause.text
    assert moments.since(accrual, date(2026, 11, 11)).change.causes == []


def test_a_new_version_of_its_own_is_a_cause_too(gift, acme, october):
    october.move_to("2026-11-05 04:00:00+00:00")
    sell(acme, 10_000, "2026-11-03")
    october.move_to("2026-11-10 04:00:00+00:00")
    apply(flat("gift", "3%", from_="2026-11-01"))
    october.move_to("2026-11-12 04:00:00+00:00")
    accrual = next(
        one for one in accruals(by=Actor.job("tests"), partners=[acme.row.pk]) if str(one.period) == "2026-11"
    )
    change = moments.since(accrual, date(2026, 11, 8)).change
    assert (change.before, change.after) == (Decimal("100.00"), Decimal("300.00"))
    assert [cause.text for cause in change.causes] == [
        "Version 1 → 2, in force from 1 Nov 2026: ¥100.00 before, ¥300.00 after"
    ]

"""What a partner must reach for a tier: stated in conditions, read by the partner, reviewed by people."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from partners import errors, services
from partners.criteria import progress_of, proposals
from partners.models import Partner, PartnerChange, Tier, TierMembership
from prm.audit.models import AuditEntry
from prm.conditions.evidence import evidence
from prm.customfields.services import create_field
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from prm.values import clock
from prm.values.errors import NotAllowed
from tests.approvals.flows import ADMINS, approver, publish
from tests.cast import Company
from tests.factories.partners import PartnerFactory, TierFactory
from tests.rebates.world import sell

pytestmark = pytest.mark.django_db


def net_sales(low: str) -> dict:
    period = {"last": 4, "unit": "quarter"}
    return {"measure": "orders.net_sales", "period": period, "op": "at_least", "value": low}


@pytest.fixture(autouse=True)
def november(time_machine):
    time_machine.move_to("2026-11-12T08:00:00Z")


@pytest.fixture
def ladder(db, administrator):
    """Gold from 100,000 on (80,000 keep it), silver from 50,000 on, bronze by hand. By code."""
    Tier.objects.all().delete()
    made = {
        code: TierFactory(code=code, rank=rank)
        for code, rank in (("gold", 30), ("silver", 20), ("bronze", 10))
    }
    for code, entry, renewal in (("gold", "100000.00", "80000.00"), ("silver", "50000.00", "")):
        made[code] = services.set_criteria(
            tier=made[code],
            entry=net_sales(entry),
            renewal=net_sales(renewal) if renewal else {},
            by=administrator,
        )
    return made


def moves(actor) -> dict[str, tuple[str, str]]:
    """{partner: (now, proposed)} by code, "" for none."""
    return {
        one.partner.name: (one.now.code if one.now else "", one.to.code if one.to else "")
        for one in proposals(actor)
    }


@pytest.mark.parametrize(
    ("tier", "sales", "reached"),
    [
        ("silver", "100000.00", "gold"),  # the bound is reached by what equals it
        ("silver", "99999.99", "silver"),
        ("gold", "80000.00", "gold"),  # less is asked of who has it
        ("gold", "79999.99", "silver"),
        ("gold", "10.00", "bronze"),  # a tier without criteria is always kept
        ("silver", "49999.99", "bronze"),
        ("bronze", "0.01", "bronze"),
        ("bronze", "250000.00", "gold"),  # past a tier in one step
        (None, "60000.00", "silver"),
        (None, "1.00", None),  # nobody is proposed for a tier that is given by hand
    ],
)
def test_the_tier_that_a_partner_reaches(ladder, manager, tier, sales, reached):
    partner = PartnerFactory(name="Suzhou Ruigu", tier=tier)
    sell(partner, sales, "2026-09-30")
    expected = {} if tier == reached else {"Suzhou Ruigu": (tier or "", reached or "")}
    assert moves(manager) == expected


def test_only_the_periods_lines_count_and_returns_are_taken_off(ladder, manager):
    partner = PartnerFactory(name="Suzhou Ruigu", tier="silver")
    sell(partner, "70000.00", "2025-10-01")
    sell(partner, "40000.00", "2026-09-30")
    sell(partner, "900000.00", "2026-10-01")  # the current quarter is not over
    sell(partner, "900000.00", "2025-09-30")
    assert moves(manager) == {"Suzhou Ruigu": ("silver", "gold")}
    sell(partner, "-10000.01", "2026-09-30")
    assert moves(manager) == {}


def test_criteria_are_told_in_words_and_what_is_wrong_by_its_part(ladder, administrator):
    entry = AuditEntry.objects.of(ladder["gold"]).get(verb="criteria_set")
    assert "¥100,000.00" in str(entry.changes["entry"]) and "in the last 4 quarters" in str(
        entry.changes["entry"]
    )
    with pytest.raises(errors.CriteriaUnsound) as refused:
        services.set_criteria(
            tier=ladder["gold"],
            entry={},
            renewal={"field": "size", "op": "is", "value": "1"},
            by=administrator,
        )
    assert refused.value.field == "renewal" and "size" in refused.value.text
    assert Tier.objects.get(code="gold").entry == net_sales("100000.00")


def test_partners_read_criteria_so_nothing_for_staff_only_may_stand_in_them(ladder, administrator):
    create_field(target="partner", code="risk", kind="text", label="Risk", staff_only=True, by=administrator)
    for field in ("manager", "custom.risk"):
        value = ["lin@demo.example"] if field == "manager" else "low"
        op = "any_of" if field == "manager" else "is"
        with pytest.raises(errors.CriteriaUnsound):
            services.set_criteria(
                tier=ladder["gold"],
                entry={"field": field, "op": op, "value": value},
                renewal={},
                by=administrator,
            )


def test_only_administrators_state_criteria(ladder, manager, acme, browse, finance):
    with pytest.raises(NotAllowed):
        services.set_criteria(tier=ladder["gold"], entry={}, renewal={}, by=manager)
    for somebody in (manager, finance, acme.admin):
        assert browse(somebody).get("/settings/tiers/gold/").status_code == 403
    for somebody in (finance, acme.admin):
        assert browse(somebody).get("/partners/tier-review/").status_code == 403


def test_the_evidence_of_many_costs_what_the_evidence_of_one_costs(ladder, manager):
    def asked() -> int:
        with CaptureQueriesContext(connection) as ran:
            found = proposals(manager)
            assert all(one.findings[0].is_counted for one in found)
        return len(ran)

    sell(PartnerFactory(tier="silver"), "150000.00")
    few = asked()
    for _number in range(8):
        sell(PartnerFactory(tier="silver"), "150000.00")
    assert len(proposals(manager)) == 9 and asked() == few


def test_evidence_names_each_part_its_figure_and_what_is_missing(ladder):
    partner = PartnerFactory(region="East")
    sell(partner, "82400.00")
    condition = {"all": [net_sales("100000.00"), {"field": "region", "op": "is", "value": "East"}]}
    rows = Partner.objects.for_everyone(because="a test").filter(pk=partner.pk)
    sales, region = evidence(condition, "partner", rows).of(partner.pk)
    assert (sales.holds, sales.actual, sales.share, sales.missing) == (
        False,
        Decimal("82400.00"),
        82,
        "¥17,600.00",
    )
    assert (region.holds, region.is_counted, region.share) == (True, False, 100)
    almost = evidence(net_sales("82400.01"), "partner", rows).of(partner.pk)[0]
    assert (almost.holds, almost.share) == (False, 99), "the bar is full only for what is reached"


def test_a_partner_reads_how_far_it_is_and_nobody_elses_figures(ladder, browse, manager):
    silver, other = Company("Suzhou Ruigu", tier="silver"), Company("Wuhan Donghu", tier="gold")
    sell(silver, "62400.00")
    sell(other, "771234.00")
    keeps, reaches = progress_of(silver.row)
    assert (keeps.tier.code, keeps.keeps, keeps.holds) == ("silver", True, True)
    assert (reaches.tier.code, reaches.keeps, reaches.holds) == ("gold", False, False)
    page = browse(silver.sales).get("/company/").content.decode()
    assert "To reach Gold" in page and "¥62,400.00" in page and "¥37,600.00 to go" in page
    assert "771,234" not in page
    assert "To reach Gold" in browse(manager).get(f"/partners/{silver.row.pk}/").content.decode()


def test_a_reviewer_ticks_and_the_partner_is_told_with_the_figures(ladder, manager, browse):
    up, down = Company("Suzhou Ruigu", tier="silver"), Company("Wuhan Donghu", tier="gold")
    sell(up, "150000.00")
    sell(down, "60000.00")
    client = browse(manager)
    page = client.get("/partners/tier-review/").content.decode()
    assert "Promotions" in page and "Demotions" in page and "¥150,000.00" in page
    empty = client.post("/partners/tier-review/", {"first_day": "2027-01-01"})
    assert empty.status_code == 422 and "Tick at least one partner first." in empty.content.decode()
    form = {"partner": [f"{up.row.pk}:gold"], "first_day": "2026-11-12"}
    answer = client.post("/partners/tier-review/", form, follow=True).content.decode()
    assert "1 partner has its new tier." in answer and "Wuhan Donghu" in answer
    given = TierMembership.objects.visible_to(manager).on(clock.today()).get(partner=up.row)
    assert given.tier.code == "gold" and "¥150,000.00" in given.reason
    deliver_open_events()
    told = Notice.objects.get(user=up.sales_user, kind="partners.tier_changed")
    assert "¥150,000.00" in told.values["reason"]
    assert not Notice.objects.filter(user=down.sales_user, kind="partners.tier_changed").exists()
    again = client.post("/partners/tier-review/", form, follow=True).content.decode()
    assert "not proposed any more" in again
    assert TierMembership.objects.visible_to(manager).filter(partner=up.row).count() == 2


def test_what_changed_meanwhile_is_refused_by_name_and_the_others_go_on(ladder, manager):
    first, second = (PartnerFactory(name=name, tier="silver") for name in ("Suzhou Ruigu", "Wuhan Donghu"))
    sell(first, "150000.00")
    sell(second, "150000.00")
    chosen = {first.pk: "gold", second.pk: "gold"}
    sell(first, "-90000.00")
    outcome = services.follow_review(chosen=chosen, first_day=date(2026, 11, 12), by=manager)
    assert [one.name for one in outcome.done] == ["Wuhan Donghu"]
    assert [name for name, _why in outcome.refused] == ["Suzhou Ruigu"]


def test_a_flow_over_changes_of_partners_is_asked_as_always(ladder, manager, administrator):
    publish(approver("boss", ADMINS), subject="partner_change")
    partner = PartnerFactory(tier="silver")
    sell(partner, "150000.00")
    outcome = services.follow_review(chosen={partner.pk: "gold"}, first_day=date(2026, 11, 12), by=manager)
    assert (outcome.done, outcome.asked) == ([], [partner])
    change = PartnerChange.objects.visible_to(manager).get()
    assert change.wanted["tier"] == "gold" and "¥150,000.00" in change.reason
    assert moves(manager) == {partner.name: ("silver", "gold")}


def test_a_manager_reviews_only_their_own_partners(ladder, administrator):
    from tests.factories.people import UserFactory, actor

    own, foreign = PartnerFactory(tier="silver"), PartnerFactory(tier="silver")
    for partner in (own, foreign):
        sell(partner, "150000.00")
    person = UserFactory(role="channel_manager")
    services.assign_manager(partner=own, user=person, by=administrator)
    by = actor(person)
    assert list(moves(by)) == [own.name]
    outcome = services.follow_review(chosen={foreign.pk: "gold"}, first_day=date(2026, 11, 12), by=by)
    assert (outcome.done, outcome.asked, outcome.refused) == ([], [], [])


def test_criteria_over_a_field_that_is_gone_move_nobody_and_say_so(ladder, manager, administrator, browse):
    Tier.objects.filter(code="gold").update(
        entry={"field": "custom.gone", "op": "is", "value": "x"},
        renewal={"field": "custom.gone", "op": "is", "value": "x"},
    )
    sell(PartnerFactory(tier="gold"), "1.00")
    assert moves(manager) == {}
    assert "no longer there" in browse(administrator).get("/settings/tiers/").content.decode()


def test_a_tier_is_added_changed_and_removed_on_the_screen(ladder, administrator, browse):
    client = browse(administrator)
    form = {
        "code": "platinum",
        "name": "Platinum",
        "name_zh": "白金",
        "rank": "30",
        "entry": "",
        "renewal": "",
    }
    for code in ("Platinum", "-p", "白金"):  # the configuration as text would not take it back
        assert client.post("/settings/tiers/new/", form | {"rank": "40", "code": code}).status_code == 422
    taken = client.post("/settings/tiers/new/", form)
    assert taken.status_code == 422 and "same rank" in taken.content.decode()
    entry = (
        '{"measure":"orders.net_sales","period":{"last":4,"unit":"quarter"},"op":"at_least","value":"900000"}'
    )
    assert client.post("/settings/tiers/new/", form | {"rank": "40", "entry": entry}).status_code == 302
    page = client.get("/settings/tiers/").content.decode()
    assert "Platinum" in page and "¥900,000.00" in page and "Given by hand" in page
    changed = {"name": "Diamond", "name_zh": "", "rank": "41", "entry": "{}", "renewal": ""}
    assert client.post("/settings/tiers/platinum/", changed).status_code == 302
    tier = Tier.objects.get(code="platinum")
    assert (tier.name, tier.rank, tier.entry) == ("Diamond", 41, {})
    assert client.post("/settings/tiers/platinum/remove/").status_code == 302
    assert not Tier.objects.filter(code="platinum").exists()
    PartnerFactory(tier="gold")
    kept = client.post("/settings/tiers/gold/remove/", follow=True).content.decode()
    assert "cannot be taken away" in kept and Tier.objects.filter(code="gold").exists()


def test_a_long_review_shows_its_first_part_and_how_many_follow(ladder, manager, browse, monkeypatch):
    monkeypatch.setattr("partners.tier_views.SHOWN", 2)
    for name, tier, sales in (
        ("A", "silver", "150000"),
        ("B", "gold", "1"),
        ("C", "gold", "1"),
        ("D", "gold", "1"),
    ):
        sell(PartnerFactory(name=f"Works {name}", tier=tier), sales)
    page = browse(manager).get("/partners/tier-review/").content.decode()
    assert "Works A" in page and "Works B" in page and "Works C" not in page
    assert "2 more are shown when these are done." in page

"""A change of a partner that its decider sends back: its submitter reads what is asked, amends it and hands it in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from partners import services
from partners.errors import (
    AmendmentOfAnother,
    ChangeNotReturned,
    ChangeOver,
    ChangeWaits,
    NothingAmended,
    NothingLeft,
)
from partners.models import Partner, PartnerChange
from partners.querysets import managers_of
from partners.registrations import sent_back as sent_back_work
from partners.services import Amendment
from prm.approvals import services as approvals
from prm.approvals.models import ApprovalRun
from prm.audit.models import AuditEntry
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from prm.values import clock
from tests.approvals.flows import ADMINS, approver, people, publish, run_of, story, task_of, waits_for
from tests.factories.partners import TierFactory
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db
ASKED = "Which company register says so?"


def fresh(company) -> Partner:
    return Partner.objects.for_everyone(because="a test").get(pk=company.row.pk)


def open_changes(company) -> list[PartnerChange]:
    return list(PartnerChange.objects.for_everyone(because="a test").open().filter(partner=company.row))


def the_change(company) -> PartnerChange:
    (change,) = open_changes(company)
    return change


def send_back(company, decider) -> PartnerChange:
    change = the_change(company)
    approvals.hand_back(task=task_of(change, decider), by=decider, text=ASKED)
    return the_change(company)


@pytest.fixture
def sent_back(acme, manager, administrator) -> PartnerChange:
    """A new name and a phone number, asked for by Lin Yue and sent back by Ada Admin."""
    services.update_partner(partner=acme.row, name="ACME Holdings", phone="021 5555", by=manager)
    return send_back(acme, administrator)


def test_a_change_that_is_sent_back_waits_for_its_submitter_who_reads_what_is_asked(
    acme, manager, administrator, sent_back, browse
):
    assert (sent_back.state, sent_back.returned_text, sent_back.returned_by_label) == (
        "returned",
        ASKED,
        "Ada Admin",
    )
    assert run_of(sent_back).state == ApprovalRun.State.RETURNED
    assert fresh(acme).name == "ACME Networks" and waits_for(sent_back) == set()
    deliver_open_events()
    notice = Notice.objects.get(user_id=manager.user_id, kind="approvals.returned")
    assert notice.values["reason"] == ASKED
    page = browse(manager).get(f"/partners/{acme.row.pk}/").content.decode()
    assert ASKED in page and "Change and hand in again" in page and "Sent back for changes" in page
    assert (
        "Change and hand in again"
        not in browse(administrator).get(f"/partners/{acme.row.pk}/").content.decode()
    )
    assert [one.subtitle for one in sent_back_work(manager)] == [ASKED] and not list(
        sent_back_work(administrator)
    )
    assert ASKED in browse(manager).get("/inbox/").content.decode()
    entry = AuditEntry.objects.filter(object_id=str(acme.row.pk), verb="change_returned").get()
    assert entry.reason == ASKED


def test_amended_and_handed_in_again_it_is_decided_anew_and_written(
    acme, manager, administrator, sent_back, browse
):
    client, address = browse(manager), f"/partners/{acme.row.pk}/changes/{sent_back.pk}/amend/"
    page = client.get(address).content.decode()
    assert ASKED in page and 'value="ACME Holdings"' in page and 'value="021 5555"' in page
    form = {
        "name": "ACME Holding Co",
        "type": acme.row.type,
        "phone": "",
        "answer": "The register of Hangzhou",
    }
    page = client.post(address, form, follow=True).content.decode()
    assert "Handed in. Nothing is changed before it is approved." in page
    change = the_change(acme)
    assert (change.pk, change.state, change.returned_text) == (sent_back.pk, "pending", "")
    assert change.changes == {"name": ["ACME Networks", "ACME Holding Co"]}
    assert waits_for(change) == {"Ada Admin"}
    approvals.approve(task=task_of(change, administrator), by=administrator)
    assert (fresh(acme).name, fresh(acme).phone, open_changes(acme)) == ("ACME Holding Co", "", [])
    assert story(change).count("returned") == story(change).count("resumed") == 1


def test_with_nothing_changed_an_answer_is_needed(acme, manager, administrator, sent_back):
    same = {"partner": acme.row, "name": "ACME Holdings", "phone": "021 5555", "by": manager}
    with pytest.raises(NothingAmended):
        services.update_partner(**same, amends=Amendment(sent_back))
    services.update_partner(**same, amends=Amendment(sent_back, "The register of Hangzhou"))
    fact = run_of(sent_back).decisions.get(kind="resumed")
    assert (fact.says["changed"], fact.text) == (False, "The register of Hangzhou")


def test_an_amendment_that_would_change_nothing_is_withdrawn_instead(acme, manager, sent_back):
    with pytest.raises(NothingLeft):
        services.update_partner(
            partner=acme.row, name="ACME Networks", phone="", by=manager, amends=Amendment(sent_back, "No")
        )
    services.withdraw_change(change=sent_back, by=manager)
    assert open_changes(acme) == [] and run_of(sent_back).state == ApprovalRun.State.CANCELLED


def test_only_whoever_asked_amends_and_only_what_was_sent_back(
    acme, manager, administrator, sent_back, browse
):
    with pytest.raises(AmendmentOfAnother):
        services.update_partner(partner=acme.row, name="X", by=administrator, amends=Amendment(sent_back))
    page = browse(administrator).get(f"/partners/{acme.row.pk}/changes/{sent_back.pk}/amend/", follow=True)
    assert "Only they change it and hand it in again" in page.content.decode()
    services.update_partner(partner=acme.row, name="ACME Co", by=manager, amends=Amendment(sent_back))
    with pytest.raises(ChangeNotReturned):
        services.update_partner(partner=acme.row, name="ACME Corp", by=manager, amends=Amendment(sent_back))


def test_while_one_is_sent_back_no_second_of_its_kind_is_asked_for_and_it_cannot_be_written(
    acme, manager, sent_back
):
    with pytest.raises(ChangeWaits):
        services.update_partner(partner=acme.row, name="Other", by=manager)
    from partners.services.changes import apply_change

    with pytest.raises(ChangeOver):
        apply_change(change=sent_back, by=manager)


def test_what_a_rule_refuses_is_refused_when_it_is_handed_in_again(
    acme, rival, manager, administrator, sent_back
):
    from partners.errors import TaxNumberTaken

    services.update_partner(partner=rival.row, tax_number="91330109MA2H4K7Q3Q", by=administrator)
    with pytest.raises(TaxNumberTaken):
        services.update_partner(
            partner=acme.row, tax_number="91330109MA2H4K7Q3Q", by=manager, amends=Amendment(sent_back)
        )
    assert the_change(acme).state == "returned"


def test_a_change_that_became_stale_is_sent_back_and_amended(acme, manager, administrator):
    services.update_partner(partner=acme.row, name="ACME Holdings", by=manager)
    services.update_partner(partner=acme.row, name="ACME Group", by=administrator)
    change = send_back(acme, administrator)
    services.update_partner(partner=acme.row, name="ACME Holdings", by=manager, amends=Amendment(change))
    assert the_change(acme).changes == {"name": ["ACME Group", "ACME Holdings"]}
    approvals.approve(task=task_of(change, administrator), by=administrator)
    assert fresh(acme).name == "ACME Holdings"


def test_a_tier_a_state_and_a_channel_manager_are_amended_by_their_own_forms(
    acme, manager, administrator, browse
):
    publish(approver("boss", ADMINS), subject="partner_change")
    second = actor(UserFactory(administrator=True, name="Bo Boss"))
    TierFactory(code="platinum"), TierFactory(code="ruby")
    person, other = (UserFactory(role="channel_manager", name=name) for name in ("Chen Rui", "Qi Bo"))
    services.set_tier(
        partner=acme.row, tier=TierFactory(code="platinum"), first_day=clock.today(), by=administrator
    )
    services.change_status(partner=acme.row, status="suspended", reason="Late", by=administrator)
    services.assign_manager(partner=acme.row, user=person, by=administrator)
    later = clock.today() + timedelta(days=3)
    ruby = TierFactory(code="ruby")
    typed = {
        "tier": {"tier": ruby.pk, "first_day": later.isoformat(), "reason": "Agreed"},
        "status": {"reason": "Three invoices unpaid"},
        "manager": {"user": other.pk, "reason": "Knows them"},
    }
    for change in open_changes(acme):
        approvals.hand_back(task=task_of(change, second), by=second, text="Why?")
        address = f"/partners/{acme.row.pk}/changes/{change.pk}/amend/"
        assert browse(administrator).get(address).status_code == 200
        answer = browse(administrator).post(address, typed[change.kind])
        assert answer.status_code == 302, answer.content.decode()
        change.refresh_from_db()
        assert change.state == "pending", change.kind
        approvals.approve(task=task_of(change, second), by=second)
    assert fresh(acme).status_reason == "Three invoices unpaid" and set(managers_of(acme.row)) >= {other}
    assert person not in managers_of(acme.row)
    tiers = Partner.objects.for_everyone(because="a test").with_tier(later)
    assert tiers.get(pk=acme.row.pk).tier_code == "ruby"


def test_it_goes_back_to_an_earlier_step_too(acme, manager, administrator):
    one, two = (UserFactory(administrator=True, name=name) for name in ("Bo Boss", "Di Director"))
    publish(approver("boss", people(one)), approver("director", people(two)), subject="partner_change")
    services.update_partner(partner=acme.row, region="Wuxi", by=manager)
    change = the_change(acme)
    approvals.approve(task=task_of(change, one), by=actor(one))
    approvals.hand_back(task=task_of(change, two), by=actor(two), text="Look again", to="boss")
    assert waits_for(change) == {"Bo Boss"} and the_change(acme).state == "pending"
    approvals.approve(task=task_of(change, one), by=actor(one))
    approvals.approve(task=task_of(change, two), by=actor(two))
    assert fresh(acme).region == "Wuxi"

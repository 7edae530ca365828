"""What other systems read in a message besides ids: numbers, names, state, amount; and what of a partner changed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dealreg.models import DealRegistration
from dealreg.registrations import told_of_deal
from partners import services as partners
from prm.automations import services as automations
from prm.automations.models import Run
from prm.config import eventpage
from prm.egress import services as egress
from prm.egress.models import Message
from prm.notices.models import Notice
from prm.outbox import told
from prm.outbox.events import by_code, catalogue
from prm.outbox.models import OutboxEvent
from prm.outbox.services import deliver_open_events
from prm.values.actor import Actor
from tests.approvals.flows import ADMINS, approver, publish, task_of
from tests.factories import dealreg as deals
from tests.factories.orders import order_of
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(outside, administrator):
    """A webhook that wants these events."""
    return lambda *events: egress.save_receiver(
        receiver=None, kind="webhook", name="ERP", url=outside.url, wants=list(events), by=administrator
    )


def contents() -> list[dict]:
    while deliver_open_events():
        pass
    return [message.content["data"] for message in Message.objects.order_by("id")]


def test_a_message_about_a_deal_says_its_number_its_partner_and_its_amount(acme, heard):
    heard("dealreg.submitted.v1")
    deal = deals.in_review(acme, estimated_value=Decimal("120000.50"))
    (data,) = contents()
    assert data["registration_id"] == deal.pk and data["deal_number"] == deal.number
    assert (data["partner_number"], data["partner_name"]) == (acme.row.number, "ACME Networks")
    assert (data["amount"], data["currency"]) == ("120000.50", deal.currency) and data["state"]


def test_a_message_about_an_order_says_number_state_and_amounts_as_text(acme, heard):
    heard("orders.submitted.v1")
    order = order_of(acme.row)
    data = contents()[-1]
    assert (data["order_number"], data["state"]) == (order.number, order.state)
    assert data["amount"] == str(order.total) and isinstance(data["net_amount"], str)
    assert data["partner_name"] == "ACME Networks" and data["deal_number"] is None


def test_of_an_object_that_is_gone_the_names_are_null_and_the_ids_stay(acme):
    fact = by_code("dealreg.won.v1").cls(registration_id=987654)
    assert told.about(fact)["deal_number"] is None


def test_what_is_told_is_declared_and_stands_in_the_catalogue(acme):
    deal = DealRegistration.objects.for_everyone(because="a test").get(pk=deals.in_review(acme).pk)
    declared = by_code("dealreg.won.v1")
    assert set(told_of_deal(deal)) == {name for name, _type in told.fields_of(declared)}
    page = eventpage.page()
    section = page.partition("### `dealreg.won.v1`")[2].partition("###")[0]
    assert "And by webhook:" in section and "`deal_number` (str)" in section
    for one in catalogue(internal=False):
        own = {name for name, _type in one.fields}
        assert not own & {name for name, _type in told.fields_of(one)}, one.code


# ---- partner data changed


def changed_facts() -> list[dict]:
    return [one.payload for one in OutboxEvent.objects.filter(name="partners.changed").order_by("id")]


def test_changed_data_of_a_partner_is_told_with_names_and_what_a_partner_may_read(acme, administrator, heard):
    heard("partners.changed.v1")
    partners.update_partner(partner=acme.row, region="Wuxi", note="Pays late", by=administrator)
    (data,) = contents()
    assert data["fields"] == ["region", "note"] and (data["before"], data["after"]) == (
        {"region": ""}, {"region": "Wuxi"}
    )  # fmt: skip
    assert "Pays late" not in str(data) and data["partner_name"] == "ACME Networks"
    partners.update_partner(partner=acme.row, region="Wuxi", by=administrator)
    assert len(changed_facts()) == 1


def test_a_change_that_waits_is_told_when_it_is_written_and_not_before(acme, manager, administrator):
    publish(approver("boss", ADMINS), subject="partner_change")
    partners.update_partner(partner=acme.row, name="ACME Holdings", by=manager)
    assert changed_facts() == []
    from partners.models import PartnerChange
    from prm.approvals import services as approvals

    change = PartnerChange.objects.for_everyone(because="a test").open().get()
    approvals.approve(task=task_of(change, administrator), by=administrator)
    (fact,) = changed_facts()
    assert fact["after"] == {"name": "ACME Holdings"}


def test_the_channel_manager_hears_of_it_and_an_automation_can_wait_for_it(acme, administrator):
    owner = UserFactory(role="channel_manager", name="Chen Rui")
    partners.assign_manager(partner=acme.row, user=owner, by=Actor.job("tests"))
    made = automations.save_automation(
        automation=None, name="Moves", event_code="partners.changed.v1", by=administrator
    )
    automations.add_action(
        automation=made, kind="notify", who=["role:administrator"], text="Moved", by=administrator
    )
    automations.switch_automation(automation=made, on=True, by=administrator)
    partners.update_partner(partner=acme.row, region="Wuxi", by=administrator)
    partners.update_partner(partner=acme.row, region="Suzhou", by=actor(owner))
    while deliver_open_events():
        pass
    assert Run.objects.filter(automation=made, outcome="done").count() == 2
    notice = Notice.objects.get(user=owner, kind="partners.changed")
    assert notice.values["who"] == "Ada Admin"

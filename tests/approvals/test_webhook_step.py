"""A flow tells another system: after the commit, again after failures, and whatever it answers the case goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from prm.approvals import design_state, reads, services
from prm.approvals.services import design
from prm.approvals.step_faults import webhook_faults
from prm.approvals.subjects import subject_of
from prm.approvals.world import world_for
from prm.audit.models import AuditEntry
from prm.egress import sending
from prm.egress.addresses import allowed_entry
from prm.egress.models import Message, Receiver
from prm.outbox.services import deliver_open_events
from prm.values import clock
from tests.approvals.flows import ADMINS, MANAGER, approver, publish, run_of, task_of, waits_for
from tests.egress.conftest import outside as outside  # noqa: PLC0414 (a fixture)
from tests.factories import dealreg as deals

pytestmark = pytest.mark.django_db


def call(url: str, own: str = "tell"):
    return {"id": own, "kind": "webhook", "name": "Tell the ERP", "url": url}


def deliver() -> None:
    while deliver_open_events():
        pass


def send() -> None:
    for receiver in sending.receivers_due():
        sending.send_due(receiver)


def history(deal) -> dict[str, str]:
    return {str(one.text): str(one.reason) for one in reads.happenings(run_of(deal), for_submitter=False)}


def test_the_other_system_is_told_of_the_case_and_nothing_waits_for_it(acme, manager, administrator, outside):
    publish(approver("first", MANAGER), call(outside.url), approver("second", ADMINS))
    deal = deals.in_review(acme)
    services.approve(task=task_of(deal, manager), by=manager)
    assert waits_for(deal) == {"Ada Admin"} and not Message.objects.exists() and outside.got == []
    deliver()
    assert history(deal)["127.0.0.1 is told: Tell the ERP"] == "Being sent"
    send()
    (got,) = outside.got
    assert got.json["type"] == "qudao.approval_step.v1" and got.json["object"] == f"deal:{deal.pk}"
    said = got.json["data"]
    assert (said["title"], said["step"], said["version"]) == (deal.customer_name, "tell", 2)
    assert said["url"].endswith(deal.get_absolute_url()) and "webhook-signature" in got.headers
    assert history(deal)["127.0.0.1 is told: Tell the ERP"] == "Taken"


def test_a_failure_is_tried_again_stands_in_the_history_and_stops_nothing(acme, manager, outside):
    outside.statuses = [500]
    publish(call(outside.url), approver("first", MANAGER))
    deal = deals.in_review(acme)
    deliver()
    send()
    assert "the last of 1 tries: HTTP 500" in history(deal)["127.0.0.1 is told: Tell the ERP"]
    services.approve(task=task_of(deal, manager), by=manager)
    deal.refresh_from_db()
    assert deal.state == "approved"
    with time_machine.travel(clock.now() + timedelta(seconds=20)):
        send()
    assert len(outside.got) == 2 and history(deal)["127.0.0.1 is told: Tell the ERP"] == "Taken"


def test_what_is_never_taken_is_given_up_and_said_so(acme, manager, outside):
    outside.statuses = [503] * 30
    publish(call(outside.url), approver("first", MANAGER))
    deal = deals.in_review(acme)
    deliver()
    moment = clock.now()
    for _ in range(sending.MAX_ATTEMPTS):
        with time_machine.travel(moment):
            send()
        moment += timedelta(hours=11)
    shown = [one for one in reads.happenings(run_of(deal), for_submitter=False) if one.tone == "warn"]
    assert [str(one.reason)[:23] for one in shown] == ["Not taken, and given up"]
    partner = [str(one.text) for one in reads.happenings(run_of(deal), for_submitter=True)]
    assert not any("127.0.0.1" in text for text in partner), "the partner reads nothing of it"


def test_one_receiver_for_one_address_which_the_administrator_finds_in_the_list(
    acme, outside, administrator, browse
):
    publish(call(outside.url), call(outside.url, "again"), call(outside.url + "other", "third"))
    for number in range(2):
        deals.in_review(acme, customer_name=f"Customer {number}")
    deliver()
    deliver()
    assert Receiver.objects.count() == 2 and Message.objects.count() == 6
    assert AuditEntry.objects.filter(verb="receiver_created").count() == 2
    page = browse(administrator).get("/settings/webhooks/").content.decode()
    assert "Flow: 127.0.0.1" in page and "Flow: 127.0.0.1 2" in page


def test_an_event_told_again_is_one_message(acme, outside):
    from prm.outbox.models import OutboxEvent

    publish(call(outside.url), approver("first", MANAGER))
    deals.in_review(acme)
    deliver()
    OutboxEvent.objects.update(delivered_at=None)
    deliver()
    assert Message.objects.count() == 1


def test_an_address_that_the_operator_listed_is_sound_and_others_inside_are_not(settings):
    settings.EGRESS_ALLOW = [
        allowed_entry("https://erp.internal:8443"), allowed_entry("http://10.1.0.0/16:9000")
    ]  # fmt: skip
    for url, sound in (
        ("https://erp.internal:8443/x", True), ("https://erp.internal/x", False), ("http://10.1.2.3:9000/", True),
        ("http://10.2.2.3:9000/", False), ("http://10.1.2.3:9001/", False), ("https://hooks.example.com/x", True),
    ):  # fmt: skip
        assert (webhook_faults({"id": "h1", "url": url}, "“Tell”") == []) is sound, url


def test_the_dry_run_shows_that_it_would_be_called_and_sends_nothing(acme, manager, administrator, outside):
    for number in range(2):
        deals.in_review(acme, customer_name=f"Customer {number}")
    subject = subject_of("deal")
    data = {"schema": 1, "subject": "deal", "name": "Deals", "steps": [
        approver("first", MANAGER), call("https://hooks.example.com/cases"),
    ]}  # fmt: skip
    design.save_draft(subject=subject, data=data, revision="", over=True, by=administrator)
    made = design.dry_run(subject=subject, by=administrator)
    assert made.outcome["calls"] == [{"step": "tell", "url": "https://hooks.example.com/cases", "count": 2}]
    words = design_state.dry_run_words(made, world_for(subject, data), data)
    assert words["calls"] == ["hooks.example.com would have been told of 2 cases. Nothing was sent."]
    deliver()
    assert not Message.objects.exists() and not Receiver.objects.exists()


def test_the_designer_offers_it(administrator, browse):
    page = browse(administrator).get("/settings/flows/deal/").content.decode()
    assert "Tells another system" in page

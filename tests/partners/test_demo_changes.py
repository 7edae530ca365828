"""The demo shows what a promise does when nobody decides: a reminder, an escalation, a decision by the deadline."""

from __future__ import annotations

import pytest

from partners import demo_changes, services
from partners.models import PartnerChange
from prm.approvals.engine import published
from prm.approvals.models import FlowVersion, Task
from prm.audit.models import AuditEntry
from prm.values.actor import Actor
from tests.approvals.flows import run_of, story, waits_for
from tests.factories.partners import PartnerFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


def test_one_is_reminded_of_one_passed_on_and_one_decided_by_its_deadline(manager, administrator):
    partners = [PartnerFactory(name=f"Partner {number}") for number in range(4)]
    second = UserFactory(role="channel_manager", name="Chen Rui")
    services.assign_manager(partner=partners[1], user=second, by=Actor.command("demo"))
    kit = published("partner_change").document
    demo_changes.fill(partners[:3], partners[3], asked_by=manager, by=Actor.command("demo"))
    changes = {change.partner_id: change for change in PartnerChange.objects.for_everyone(because="a test")}
    decided, passed_on, reminded = (changes[partner.pk] for partner in partners[:3])
    assert decided.state == "applied"
    assert AuditEntry.objects.filter(verb="approved_by_deadline").exists()
    assert passed_on.state == "pending" and waits_for(passed_on) == {"Chen Rui"}
    assert "escalated" in story(passed_on)
    assert reminded.state == "pending" and run_of(reminded).state == "running"
    task = Task.objects.open().get(run=run_of(reminded))
    assert task.reminded_at is not None and task.due is not None
    assert published("partner_change").document == kit


def test_no_version_of_a_flow_ends_before_it_begins(manager, administrator):
    partners = [PartnerFactory(name=f"Partner {number}") for number in range(4)]
    demo_changes.fill(partners[:3], partners[3], asked_by=manager, by=Actor.command("demo"))
    versions = FlowVersion.objects.filter(flow__subject="partner_change").order_by("number")
    times = [moment for row in versions for moment in (row.published_at, row.retired_at) if moment]
    assert len(times) == 5 and times == sorted(times), "three versions, one after the other"

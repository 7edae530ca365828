"""A tenant's modules: switched off they are gone and rest, switched on again they have missed nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from dealreg.models import DealRegistration
from partners.services import change_status
from prm.access import permissions
from prm.approvals.models import Task
from prm.audit.models import AuditEntry
from prm.automations.models import Automation
from prm.automations.models import Task as Task_
from prm.egress.services import save_receiver
from prm.jobs.daily import daily_work
from prm.jobs.models import Job
from prm.jobs.services import reap, run_job, start_job
from prm.modules import registry
from prm.notices import inbox, kinds, work
from prm.notices.models import Notice
from prm.notices.services import notify
from prm.outbox.events import heard_by
from prm.outbox.models import MissedDelivery, OutboxEvent
from prm.outbox.services import deliver_open_events, prune
from prm.spreadsheets.registry import kinds as import_kinds
from prm.tenancy.errors import ModuleNeeded, ModuleNeedsOthers, ModuleUnknown
from prm.tenancy.models import Tenant
from prm.tenancy.module_switch import switch_module
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from tests.factories import dealreg as deals
from tests.factories.people import actor

pytestmark = pytest.mark.django_db
SYSTEM = Actor.job("tests")


@pytest.fixture
def switch(tenant, administrator):
    def set_to(code: str, on: bool, by: Actor = administrator) -> None:
        switch_module(tenant=tenant, code=code, on=on, by=by)

    yield set_to
    connection.set_tenant(tenant)


def test_what_is_needed_by_another_stays_on(switch):
    with pytest.raises(ModuleNeeded) as refusal:
        switch("orders", False)
    assert "Rebates" in refusal.value.text
    switch("payouts", False)
    switch("rebates", False)
    switch("claims", False)
    switch("orders", False)
    with pytest.raises(ModuleNeedsOthers) as refusal:
        switch("rebates", True)
    assert "Orders" in refusal.value.text
    switch("orders", True)
    switch("rebates", True)
    switch("payouts", True)
    switch("claims", True)
    assert registry.switched_off() == {}


def test_its_flows_and_own_fields_leave_the_set_up_and_come_back(switch, administrator, browse):
    client = browse(administrator)
    addresses = ("/settings/flows/order/", "/settings/fields/order/")
    listed = [f'href="{address}"' in client.get(f"{address[:-6]}").content.decode() for address in addresses]
    assert listed == [True, True] and {client.get(one).status_code for one in addresses} == {200}
    switch("payouts", False)
    switch("rebates", False)
    switch("claims", False)
    switch("orders", False)
    listed = [f'href="{address}"' in client.get(f"{address[:-6]}").content.decode() for address in addresses]
    assert listed == [False, False] and {client.get(one).status_code for one in addresses} == {404}
    switch("orders", True)
    assert {client.get(one).status_code for one in addresses} == {200}


def test_events_are_chosen_under_the_names_of_what_they_are_about(browse, administrator):
    client = browse(administrator)
    hook = client.get("/settings/webhooks/new/webhook/").content.decode()
    groups = re.findall(r'<div class="ui-options-head">([^<]+)</div>', hook)
    assert groups[:4] == ["Partners", "Deal registration", "Orders", "Rebates"]
    rule = client.get("/settings/automations/new/").content.decode()
    assert '<optgroup label="Deal registration">' in rule and 'label="dealreg"' not in rule


def test_its_events_are_not_offered_and_who_was_told_of_them_is_told_again(switch, administrator, browse):
    client, order_event = browse(administrator), "orders.submitted.v1"
    kept = save_receiver(
        receiver=None, kind="webhook", name="ERP", url="", wants=[order_event], by=administrator
    )
    addresses = ("/settings/webhooks/new/webhook/", "/settings/automations/new/")
    assert [order_event in client.get(one).content.decode() for one in addresses] == [True, True]
    switch("payouts", False)
    switch("rebates", False)
    switch("claims", False)
    switch("orders", False)
    assert [order_event in client.get(one).content.decode() for one in addresses] == [False, False]
    assert "Order submitted" in client.get(kept.get_absolute_url()).content.decode()
    wants = ["dealreg.approved.v1"]
    save_receiver(receiver=kept, kind="webhook", name="ERP", url="", wants=wants, by=administrator)
    kept.refresh_from_db()
    assert kept.wants == ["dealreg.approved.v1", order_event]


def test_what_automations_left_to_do_about_it_rests(switch, administrator, browse):
    rule = Automation.objects.create(name="Call them", event_code="orders.submitted.v1", is_active=True)
    task = Task_.objects.create(key="x", title="Call about the order", automation=rule)
    task.people.add(administrator.user_id)
    client = browse(administrator)
    switch("payouts", False)
    switch("rebates", False)
    switch("claims", False)
    switch("orders", False)
    assert "Call about the order" not in [one.title for one in work.waiting_for(administrator)]
    assert "Rests: the module" in client.get("/settings/automations/").content.decode()
    assert "/settings/letters/orders." not in client.get("/settings/letters/").content.decode()
    switch("orders", True)
    assert "Call about the order" in [one.title for one in work.waiting_for(administrator)]


def test_a_module_that_does_not_exist_is_named(switch):
    with pytest.raises(ModuleUnknown):
        switch("training", False)


def test_only_administrators_switch_and_each_switch_is_recorded(switch, finance, tenant):
    with pytest.raises(NotAllowed):
        switch("payouts", False, by=finance)
    switch("payouts", False)
    switch("payouts", False)
    switch("payouts", True)
    rows = AuditEntry.objects.of(tenant).order_by("id").values_list("verb", "changes")
    assert list(rows) == [
        ("module_switched_off", {"module": [None, "payouts"]}),
        ("module_switched_on", {"module": [None, "payouts"]}),
    ]


def test_verbs_kinds_imports_work_and_daily_work_go_and_come_back(switch, acme):
    def what_is_there() -> dict:
        return {
            "verbs": sorted(permissions.of_role("administrator")),
            "letters": [kind.name for kind in kinds.choices_for("channel_manager")],
            "imports": [kind.name for kind in import_kinds()],
            "daily": sorted(daily_work()),
        }

    before = what_is_there()
    switch("payouts", False)
    switch("rebates", False)
    switch("claims", False)
    switch("orders", False)
    off = what_is_there()
    gone = ("orders.", "sales.", "rebates.", "payouts.", "claims.")
    assert not [verb for verb in off["verbs"] if verb.startswith(gone)]
    assert not [name for name in off["letters"] if name.startswith("orders.")]
    assert "sales-lines" not in off["imports"] and "partners" in off["imports"]
    switch("dealreg", False)
    assert "dealreg.protections" not in daily_work() and "sealing.head" in daily_work()
    for code in ("dealreg", "orders", "rebates", "payouts", "claims"):
        switch(code, True)
    assert what_is_there() == before


def test_open_work_and_notices_rest(switch, acme, manager):
    deals.in_review(acme)
    person = Task.objects.open().get().user
    Notice.objects.all().delete()
    notify(users=[person], kind="dealreg.submitted", fact="dealreg.submitted:1", values={})
    notify(users=[person], kind="jobs.finished", fact="jobs.finished:1", values={"title": "x"})
    assert work.waiting_for(actor(person)) and inbox.unread_count(actor(person)) == 2
    switch("dealreg", False)
    assert not work.waiting_for(actor(person)) and work.count_for(actor(person)) == 0
    assert inbox.unread_count(actor(person)) == 1
    switch("dealreg", True)
    assert inbox.unread_count(actor(person)) == 2


def test_a_job_waits_until_its_module_is_on_again(switch, monkeypatch):
    from prm.jobs import services

    sent = []
    monkeypatch.setattr(services, "send", lambda job: sent.append(job.pk))
    job = start_job(kind="rebates.settle", key="x", params={"run": "none", "bounds": []}, by=SYSTEM)
    Job.objects.filter(pk=job.pk).update(state="running")
    switch("payouts", False)
    switch("rebates", False)
    sent.clear()
    assert run_job(job.pk) == "running" and reap() == 0 and not sent
    job.refresh_from_db()
    assert job.attempt == 0 and not job.error
    switch("rebates", True)
    assert reap() >= 1 and job.pk in sent


def test_what_others_did_meanwhile_is_made_up_for(switch, acme, manager):
    """A partner leaves while deal registration is off: its protections end when it is on again."""
    deal = deals.approved(acme, manager)
    deliver_open_events()
    switch("dealreg", False)
    for state in ("exiting", "exited"):
        change_status(partner=acme.row, status=state, reason="the end", by=SYSTEM)
        acme.row.refresh_from_db()
    deliver_open_events()
    before = DealRegistration.objects.for_everyone(because="a test").get(pk=deal.pk).state
    assert before == "approved"
    switch("dealreg", True)
    job = Job.objects.get(kind="tenancy.catch_up")
    assert run_job(job.pk) == "done"
    after = DealRegistration.objects.for_everyone(because="a test").get(pk=deal.pk).state
    assert after != "approved"


def test_its_commands_are_refused(switch, tenant):
    switch("payouts", False)
    switch("rebates", False)
    for command in (
        ("settle", tenant.slug, "2026-09"),
        ("statements", tenant.slug, "2026-09"),
        ("programmes", "apply", tenant.slug, "/dev/null"),
    ):
        with pytest.raises(CommandError) as refusal:
            call_command(*command, stdout=StringIO())
        assert refusal.value.returncode == 3 and "switched off" in str(refusal.value)


def test_a_schema_that_was_entered_by_its_name_knows_too(switch, tenant):
    from django_tenants.utils import schema_context

    switch("payouts", False)
    switch("rebates", False)
    with schema_context(tenant.schema_name):
        assert not registry.is_on("rebates") and registry.is_on("orders")
    with schema_context("public"):
        assert registry.is_on("rebates")


def test_the_page_says_what_depends_on_what_and_asks_before_it_acts(administrator, browse, acme, tenant):
    client = browse(administrator)
    page = client.get("/settings/modules/").content.decode()
    assert "Needs Orders." in page and "Switch off Rebates, Price claims first." in page
    question = client.get("/settings/modules/payouts/off/").content.decode()
    assert "Nothing is deleted." in question
    assert registry.is_on("payouts")
    answer = client.post("/settings/modules/payouts/off/", {"reason": "later"}, follow=True).content.decode()
    assert "Payouts is switched off." in answer and "Off since" in answer
    assert client.get("/payout-files/").status_code == 404
    assert AuditEntry.objects.filter(verb="module_switched_off").get().reason == "later"
    client.post("/settings/modules/payouts/on/")
    assert client.get("/payout-files/").status_code == 200
    assert client.get("/settings/modules/nothing/off/").status_code == 404
    Tenant.objects.filter(pk=tenant.pk).update(modules_off={})


def test_the_question_counts_what_stays_undone(administrator, browse, acme, manager):
    deals.approved(acme, manager)
    page = browse(administrator).get("/settings/modules/dealreg/off/").content.decode()
    assert "1 protection is running" in page


def test_nobody_else_opens_the_page(finance, manager, browse):
    for who in (finance, manager):
        assert browse(who).get("/settings/modules/").status_code == 403
        assert browse(who).post("/settings/modules/rebates/off/").status_code == 403


def test_what_a_module_that_is_off_has_not_heard_is_kept_for_it(switch, acme, settings):
    deals.in_review(acme)
    deliver_open_events()
    OutboxEvent.objects.update(created_at=clock.now() - timedelta(days=settings.EVENTS_DAYS + 1))
    switch("dealreg", False)
    prune()
    assert {name for name, _version in heard_by("dealreg")} & set(
        OutboxEvent.objects.values_list("name", flat=True)
    )
    switch("dealreg", True)
    OutboxEvent.objects.update(created_at=clock.now() - timedelta(days=settings.EVENTS_DAYS + 1))
    deliver_open_events()
    prune()
    assert not OutboxEvent.objects.filter(delivered_at__isnull=False, name="dealreg.submitted").exists()


def test_a_listener_of_a_module_that_is_off_is_not_tried_again_until_it_is_on(switch, acme):
    deals.in_review(acme)
    event = OutboxEvent.objects.order_by("id").last()
    missed = MissedDelivery.objects.create(
        event=event, listener="dealreg.listeners.gone", object_key="deal:0", next_try_at=clock.now()
    )
    switch("dealreg", False)
    deliver_open_events()
    missed.refresh_from_db()
    assert (missed.state, missed.attempts) == ("open", 0)
    switch("dealreg", True)
    deliver_open_events()
    missed.refresh_from_db()
    assert missed.attempts == 1

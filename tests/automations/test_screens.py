"""An administrator builds an automation by clicking, tries it on the last real event, and reads its runs."""

from __future__ import annotations

import json

import pytest

from prm.audit.models import AuditEntry
from prm.automations import services
from prm.automations.models import Action, Automation, Run, Task
from prm.notices.models import Notice
from tests.automations.test_running import above, automation, deliver
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


def test_the_whole_way_by_clicking(browse, administrator, acme):
    client, clerk = browse(administrator), UserFactory(finance=True)
    assert "Nothing happens by itself yet" in client.get("/settings/automations/").content.decode()
    form = client.get("/settings/automations/new/").content.decode()
    assert "Deal registration submitted" in form and "accounts.invitation_sent" not in form
    client.post("/settings/automations/new/", {"name": "Large deals", "event_code": "dealreg.submitted.v1"})
    row = Automation.objects.get()
    base = f"/settings/automations/{row.pk}/"
    page = client.get(base).content.decode()
    assert "Change the condition" in page and "Always" in page and "Change a field" in page
    assert "data-builder" in client.get(f"{base}condition/").content.decode()
    wrong = client.post(
        f"{base}condition/", {"condition": json.dumps({"field": "password", "op": "is", "value": "x"})}
    )
    assert wrong.status_code == 422
    wanted = {"all": [{"field": "estimated_value", "op": "at_least", "value": "1000.00"}]}
    client.post(f"{base}condition/", {"condition": json.dumps(wanted)})
    row.refresh_from_db()
    assert row.condition == wanted
    told = AuditEntry.objects.filter(verb="changed").latest("id").changes["condition"]
    assert told[0] == "" and all("1,000.00" in told[1][language] for language in ("en", "zh-hans"))
    assert "Contact at the customer" in client.get(f"{base}actions/update/").content.decode()
    assert client.post(f"{base}actions/notify/", {"text": "x"}).status_code == 422
    both = {"text": "{object} is large", "text_zh": "{object} 金额较大"}
    client.post(f"{base}actions/notify/", {"who": ["role:finance"], **both})
    client.post(f"{base}actions/task/", {"who": ["role:finance"], "text": "Check {object}", "days": "3"})
    page = client.get(base).content.decode()
    assert "{object} is large" in page and "{object} 金额较大" in page and "due after 3 working days" in page
    assert "No such event yet" in client.get(f"{base}test/").content.decode()
    deal = deals.in_review(acme, estimated_value=5000)
    dry = client.get(f"{base}test/").content.decode()
    assert "The condition holds" in dry and f"{deal} is large" in dry and str(clerk) in dry
    assert not Run.objects.exists() and not Task.objects.exists()
    client.post(f"{base}switch/")
    deliver()
    assert Notice.objects.filter(user=clerk, kind="automations.notice").exists() and Task.objects.count() == 1
    run = Run.objects.get()
    assert "is large" in client.get(f"/settings/automations/runs/{run.pk}/").content.decode()
    assert str(deal) in client.get("/settings/automations/runs/").content.decode()
    for verb in ("created", "changed", "action_added", "switched_on"):
        assert AuditEntry.objects.filter(verb=verb, object_type="automations.automation").exists(), verb
    client.post(f"{base}edit/", {"name": "Very large deals"})
    for action in Action.objects.all():
        client.post(f"{base}actions/{action.pk}/remove/")
    row.refresh_from_db()
    assert row.name == "Very large deals" and not row.is_active
    assert client.get(f"{base}delete/").status_code == 200
    client.post(f"{base}delete/")
    assert not Automation.objects.exists() and Task.objects.count() == 1


def test_a_field_is_changed_with_its_own_control(browse, administrator):
    client = browse(administrator)
    client.post("/settings/automations/new/", {"name": "Named", "event_code": "customers.created.v1"})
    base = f"/settings/automations/{Automation.objects.get().pk}/"
    page = client.get(f"{base}actions/update/?field=direct_only").content.decode()
    assert "Direct sales only" in page and '<option value="True">Yes' in page
    client.post(f"{base}actions/update/", {"field": "direct_only", "value": "True"})
    assert Action.objects.get().value == "True"


def test_a_failed_run_is_repeated_on_its_page(browse, administrator, acme):
    made = automation(administrator, kind="notify", who=["role:finance"], text="x")
    Action.objects.create(automation=made, kind="webhook")
    deals.in_review(acme)
    deliver()
    run, client = Run.objects.get(), browse(administrator)
    assert "webhook was deleted" in client.get(f"/settings/automations/runs/{run.pk}/").content.decode()
    Action.objects.filter(kind="webhook").delete()
    page = client.post(f"/settings/automations/runs/{run.pk}/repeat/", follow=True).content.decode()
    run.refresh_from_db()
    assert run.outcome == "done" and "Run again. Done: Notice “x” to nobody" in page
    page = client.post(f"/settings/automations/runs/{run.pk}/repeat/", follow=True).content.decode()
    assert "Only a run that failed or was stopped can be repeated." in page


def test_running_again_says_when_it_fails_again_and_when_nothing_is_to_be_done_any_more(
    browse, administrator, acme
):
    made = automation(administrator, kind="notify", who=["role:finance"], text="x")
    Action.objects.create(automation=made, kind="webhook")
    deals.in_review(acme, estimated_value=10)
    deliver()
    run, client = Run.objects.get(), browse(administrator)
    page = client.post(f"/settings/automations/runs/{run.pk}/repeat/", follow=True).content.decode()
    assert "It failed again, and nothing was done: The webhook was deleted" in page
    services.set_condition(automation=made, condition=above("1000.00"), by=administrator)
    page = client.post(f"/settings/automations/runs/{run.pk}/repeat/", follow=True).content.decode()
    assert "The condition does not hold any more, so nothing was done." in page


def test_nobody_else_may(browse, manager, acme, administrator):
    made = automation(administrator)
    for person in (manager, acme.sales):
        assert browse(person).get("/settings/automations/").status_code == 403
        assert browse(person).post(f"/settings/automations/{made.pk}/switch/").status_code == 403

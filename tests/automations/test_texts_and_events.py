"""What texts may name, for which event; another event for an automation; one whose module is off rests."""

from __future__ import annotations

import pytest
from django.db import connection
from django.utils import translation

from prm.audit.models import AuditEntry
from prm.automations import filling, services
from prm.automations.errors import EventUnfit
from prm.automations.models import Automation, Run
from prm.configuration import services as configuration
from prm.configuration.errors import ConfigurationProblem
from prm.notices.errors import UnknownPlaceholder
from prm.notices.models import Notice
from prm.outbox.events import by_code
from prm.tenancy.module_switch import switch_module
from prm.ui import said
from tests.automations.test_running import SUBMITTED, above, automation, deliver
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
CREATED = "customers.created.v1"
JOB = "jobs.finished.v1"


def test_a_text_names_partner_person_number_customer_and_amount(administrator, acme):
    UserFactory(finance=True)
    words = "{partner}: {person} handed in {number} for {customer}, {amount}"
    automation(administrator, kind="notify", who=["role:finance"], text=words)
    deal = deals.in_review(acme, estimated_value=5000)
    deliver()
    notice = Notice.objects.get(kind="automations.notice")
    wanted = f"{acme.name}: {acme.sales_user} handed in {deal.number} for {deal.customer_name}, ¥5,000.00"
    assert said.shown(notice.values["text"]) == wanted


def test_the_page_lists_the_names_that_the_event_has(administrator, browse):
    deal = automation(administrator)
    page = browse(administrator).get(f"{deal.get_absolute_url()}actions/notify/").content.decode()
    for words in ("{partner} (the partner&#x27;s name)", "{person} (who did it)", "{amount} (its amount)"):
        assert words in page
    assert filling.names_for(by_code(JOB)) == ["object", "event", "automation"]
    assert "partner" not in filling.names_for(by_code(CREATED)) and "number" in filling.names_for(
        by_code(CREATED)
    )


@pytest.mark.parametrize("wrong", ["{password}", "{Partner}", "{partner name}", "{}"])
def test_a_name_that_is_not_known_is_refused_by_name_on_the_page_and_in_the_text(
    administrator, browse, wrong
):
    row = automation(administrator)
    typed = {"who": ["role:finance"], "text": f"Look at {wrong}"}
    answer = browse(administrator).post(f"{row.get_absolute_url()}actions/notify/", typed)
    assert answer.status_code == 422 and wrong in answer.content.decode()
    source = configuration.current_text().replace("text: x", f'text: "Look at {wrong}"')
    with pytest.raises(ConfigurationProblem) as refusal:
        configuration.apply(source=source, by=administrator)
    assert wrong in str(refusal.value.problems) and "automations[0].actions[0]" in str(refusal.value.problems)


def test_a_name_that_the_event_has_not_is_refused(administrator):
    row = services.save_automation(automation=None, name="Jobs", event_code=JOB, by=administrator)
    with pytest.raises(UnknownPlaceholder) as refusal:
        services.add_action(
            automation=row, kind="notify", who=["role:finance"], text="{amount}", by=administrator
        )
    assert "{amount}" in refusal.value.text


def test_an_automation_gets_another_event_on_its_page_and_keeps_its_log(administrator, acme, browse):
    row = automation(
        administrator, condition=above("1.00"), kind="notify", who=["role:finance"], text="{amount}"
    )
    deals.in_review(acme)
    deliver()
    client, address = browse(administrator), f"{row.get_absolute_url()}edit/"
    assert f'<option value="{SUBMITTED}" selected>' in client.get(address).content.decode()
    client.post(address, {"name": row.name, "event_code": "dealreg.approved.v1"})
    row.refresh_from_db()
    assert (
        row.event_code == "dealreg.approved.v1"
        and row.is_active
        and Run.objects.filter(automation=row).exists()
    )
    changes = AuditEntry.objects.of(row).filter(verb="changed").first().changes["event_code"]
    assert said.shown(changes[1]) == "Deal registration approved"
    with translation.override("zh-hans"):
        assert "Deal" not in said.shown(changes[1])


def test_an_event_that_does_not_fit_is_refused_and_says_what_does_not(administrator):
    row = automation(
        administrator, condition=above("1.00"), kind="notify", who=["role:finance"], text="{partner}"
    )
    services.add_action(automation=row, kind="update", field="contact", value="Li", by=administrator)
    services.add_action(
        automation=row, kind="notify", who=["role:finance"], text="{object}", by=administrator
    )
    with pytest.raises(EventUnfit) as refusal:
        services.save_automation(automation=row, name=row.name, event_code=CREATED, by=administrator)
    said_so = refusal.value.text
    assert "the condition" in said_so and "{partner}" in said_so and "contact" in said_so
    assert said_so.count("Notify people") == 1, "the notice that fits is not named"
    assert Automation.objects.get(pk=row.pk).event_code == SUBMITTED


def test_while_the_module_is_off_list_and_page_say_that_it_rests(administrator, browse, tenant):
    row, client = automation(administrator), browse(administrator)
    assert "Rests" not in client.get(row.get_absolute_url()).content.decode()
    for code in ("orders", "dealreg"):
        for other in ("payouts", "claims", "rebates"):
            switch_module(tenant=tenant, code=other, on=False, by=administrator)
        switch_module(tenant=tenant, code=code, on=False, by=administrator)
    try:
        for address in ("/settings/automations/", row.get_absolute_url()):
            page = client.get(address).content.decode()
            assert "Rests: the module “Deal registration” is off" in page, address
        assert (
            '<option value="dealreg.submitted.v1" selected>'
            in client.get(f"{row.get_absolute_url()}edit/").content.decode()
        )
    finally:
        type(tenant).objects.filter(pk=tenant.pk).update(modules_off={})
        connection.set_tenant(tenant)

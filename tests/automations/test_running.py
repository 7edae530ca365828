"""When this event and this condition, then that: once, whole, never in circles, never to whom may not see."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.utils import translation

from prm.approvals.models import SpecialDay
from prm.audit.history import history_of
from prm.audit.models import AuditEntry
from prm.automations import engine, services, updates, work
from prm.automations.errors import ActionIncomplete, NothingToDo
from prm.automations.models import Action, Automation, Run, Task
from prm.customers.services import create_customer, update_customer
from prm.egress import services as egress
from prm.egress.models import Message
from prm.notices.errors import UnknownPlaceholder
from prm.notices.models import Letter, Notice
from prm.outbox.models import MissedDelivery, OutboxEvent
from prm.outbox.services import deliver_open_events
from prm.ui import said
from prm.values.errors import NotAllowed
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db
SUBMITTED = "dealreg.submitted.v1"


def automation(by, event=SUBMITTED, condition=None, on=True, **action) -> Automation:
    made = services.save_automation(
        automation=None, name=f"A {Automation.objects.count()}", event_code=event, by=by
    )
    if condition:
        services.set_condition(automation=made, condition=condition, by=by)
    services.add_action(
        automation=made, by=by, **(action or {"kind": "notify", "who": ["role:finance"], "text": "x"})
    )
    return services.switch_automation(automation=made, on=on, by=by) if on else made


def deliver() -> None:
    while deliver_open_events():
        pass
    assert not MissedDelivery.objects.filter(state="open").exists()


def above(amount: str) -> dict:
    return {"field": "estimated_value", "op": "at_least", "value": amount}


@pytest.fixture
def clerk(db):
    return UserFactory(finance=True)


def test_people_are_told_when_the_condition_holds(administrator, acme, clerk):
    automation(
        administrator,
        condition=above("100.00"),
        kind="notify",
        who=["role:finance"],
        text="Look at {object}!",
    )
    small = deals.in_review(acme, estimated_value=50)
    large = deals.in_review(acme, estimated_value=5000)
    deliver()
    notice = Notice.objects.get(kind="automations.notice")
    assert (
        notice.user == clerk
        and said.shown(notice.values["text"]) == f"Look at {large}!"
        and notice.link == large.get_absolute_url()
    )
    assert Letter.objects.filter(to=clerk.email).exists()
    outcomes = dict(Run.objects.values_list("object_key", "outcome"))
    assert outcomes == {f"deal:{small.pk}": "not_met", f"deal:{large.pk}": "done"}


def test_an_event_told_again_is_one_run_one_notice_one_task(administrator, acme, clerk):
    made = automation(administrator, kind="task", who=["role:finance"], text="Call {object}", days=2)
    deals.in_review(acme)
    deliver()
    OutboxEvent.objects.update(delivered_at=None)
    deliver()
    assert Run.objects.filter(automation=made).count() == Task.objects.count() == 1
    engine.run(made, OutboxEvent.objects.get(name="dealreg.submitted"))
    assert Task.objects.count() == 1


def test_a_task_falls_due_on_a_working_day_of_the_tenants_calendar(administrator, acme, clerk):
    SpecialDay.objects.create(day=date(2026, 11, 30), name="Founders' day", is_working=False)
    automation(administrator, kind="task", who=["role:finance"], text="Call {object}", days=2)
    with time_machine.travel(
        datetime(2026, 11, 27, 1, 11, tzinfo=UTC), tick=False
    ):  # Friday 09:11 in Shanghai
        deals.in_review(acme)
        deliver()
    assert Task.objects.get().due == datetime(2026, 12, 2, 1, 11, tzinfo=UTC), "not Sunday, nor the holiday"


def test_nobody_is_told_of_what_they_may_not_see(administrator, acme, rival, manager):
    stranger = UserFactory(role="channel_manager", name="Sees nobody")
    who = ["managers", "role:partner_sales", "role:partner_admin", f"user:{stranger.pk}"]
    automation(administrator, kind="notify", who=who, text="New: {object}")
    deals.in_review(acme)
    deliver()
    told = set(Notice.objects.filter(kind="automations.notice").values_list("user_id", flat=True))
    assert told == {manager.user_id, acme.sales_user.pk, acme.admin_user.pk}


def test_a_task_waits_in_the_inbox_until_one_has_done_it(administrator, acme, browse, clerk):
    automation(administrator, kind="task", who=["role:finance"], text="Check the credit of {object}", days=2)
    deal = deals.in_review(acme)
    deliver()
    other, task = UserFactory(role="finance"), Task.objects.get()
    page = browse(clerk).get("/inbox/").content.decode()
    assert f"Check the credit of {deal}" in page and task.get_absolute_url() in page
    assert browse(clerk).get(task.get_absolute_url()).status_code == 200
    assert browse(acme.sales).get(task.get_absolute_url()).status_code == 404
    assert browse(other).post(f"/tasks/{task.pk}/done/").status_code == 404, "not theirs"
    browse(clerk).post(f"/tasks/{task.pk}/done/")
    task.refresh_from_db()
    assert task.done_label == str(clerk) and task.done_at
    assert AuditEntry.objects.get(verb="task_done").user_id == clerk.pk
    assert "Check the credit" not in browse(clerk).get("/inbox/?part=work").content.decode()
    assert browse(clerk).post(f"/tasks/{task.pk}/done/").status_code == 409


def test_a_declared_field_is_changed_by_its_service(administrator, manager):
    automation(
        administrator, "customers.created.v1", {"field": "region", "op": "is", "value": "East"},
        kind="update", field="named_account", value="True",
    )  # fmt: skip
    east = create_customer(name="East Mills Ltd", region="East", by=manager)
    west = create_customer(name="Westward Foods", region="West", by=manager)
    deliver()
    east.refresh_from_db()
    west.refresh_from_db()
    assert east.named_account and not west.named_account
    entry = AuditEntry.objects.get(
        verb="changed", object_id=str(east.pk), object_type="customers.endcustomer"
    )
    assert entry.actor_kind == "job" and "automation" in entry.actor_label


def test_a_webhook_is_called(administrator, acme, outside):
    hook = egress.save_receiver(
        receiver=None, kind="webhook", name="CRM", url=outside.url, wants=["dealreg.won.v1"], by=administrator
    )
    automation(administrator, kind="webhook", receiver=hook, text="New deal {object}")
    deal = deals.in_review(acme)
    deliver()
    content = Message.objects.get().content
    assert content["type"] == "qudao.automation.v1" and content["data"]["text"] == f"New deal {deal}"
    assert content["data"]["event"]["data"]["registration_id"] == deal.pk


def test_an_automation_that_sets_itself_off_is_stopped(administrator, manager):
    for value in ("True", "False"):
        automation(administrator, "customers.changed.v1", kind="update", field="named_account", value=value)
    customer = create_customer(name="Circle Works", by=manager)
    update_customer(customer=customer, region="North", by=manager)
    for _ in range(60):
        if not deliver_open_events():
            break
    else:
        pytest.fail("it goes round for ever")
    assert Run.objects.filter(outcome="stopped").exists()
    assert max(OutboxEvent.objects.values_list("depth", flat=True)) == engine.MAX_DEPTH + 1


def test_too_many_runs_about_one_object_are_stopped_too(administrator, manager, monkeypatch, clerk):
    monkeypatch.setattr(engine, "MOST_RUNS", 3)
    automation(administrator, "customers.changed.v1", kind="notify", who=["role:finance"], text="x")
    customer = create_customer(name="Busy Works", by=manager)
    for region in "ABCDE":
        update_customer(customer=customer, region=region, by=manager)
    deliver()
    assert (
        list(Run.objects.order_by("id").values_list("outcome", flat=True)) == ["done"] * 3 + ["stopped"] * 2
    )


def test_what_fails_is_undone_whole_keeps_nobody_waiting_and_can_be_repeated(
    administrator, acme, clerk, monkeypatch
):
    first = automation(administrator, kind="task", who=["role:finance"], text="One")
    hook_action = {"kind": "webhook", "receiver": None}
    Action.objects.create(automation=first, **hook_action)
    automation(administrator, kind="notify", who=["role:finance"], text="Two")
    deals.in_review(acme)
    deliver()
    failed = Run.objects.get(automation=first)
    assert failed.outcome == "failed" and "webhook was deleted" in failed.error and not Task.objects.exists()
    assert Notice.objects.filter(kind="automations.notice").count() == 1
    first.actions.filter(kind="webhook").delete()
    again = services.repeat_run(run=failed, by=administrator)
    assert again.pk == failed.pk and again.outcome == "done" and Task.objects.count() == 1


def test_a_run_about_something_that_is_gone_says_so(administrator, manager):
    automation(administrator, "customers.created.v1", kind="update", field="named_account", value="True")
    customer = create_customer(name="Short Lived", by=manager)
    OutboxEvent.objects.filter(name="customers.created").update(
        payload={"customer_id": 999_999, "provisional": False}
    )
    deliver()
    assert "not there any more" in Run.objects.get().error
    customer.refresh_from_db()
    assert not customer.named_account


def test_off_does_nothing_and_on_needs_an_action(administrator, acme):
    made = services.save_automation(automation=None, name="Empty", event_code=SUBMITTED, by=administrator)
    with pytest.raises(NothingToDo):
        services.switch_automation(automation=made, on=True, by=administrator)
    automation(administrator, on=False)
    deals.in_review(acme)
    deliver()
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    "action",
    [
        {"kind": "notify", "who": [], "text": "x"},
        {"kind": "notify", "who": ["managers"], "text": " "},
        {"kind": "webhook", "receiver": None},
    ],
)
def test_an_incomplete_action_is_refused(administrator, action):
    made = services.save_automation(automation=None, name="Half", event_code=SUBMITTED, by=administrator)
    with pytest.raises(ActionIncomplete):
        services.add_action(automation=made, by=administrator, **action)


def test_only_known_placeholders_fields_and_events(administrator):
    made = services.save_automation(automation=None, name="Odd", event_code=SUBMITTED, by=administrator)
    with pytest.raises(UnknownPlaceholder):
        services.add_action(
            automation=made, kind="notify", who=["managers"], text="{password}", by=administrator
        )
    with pytest.raises(services.FieldGone):
        services.add_action(automation=made, kind="update", field="state", value="approved", by=administrator)
    with pytest.raises(ActionIncomplete):
        services.save_automation(
            automation=None, name="Secret", event_code="accounts.invitation_sent.v1", by=administrator
        )


def test_partners_region_can_be_changed(acme, administrator):
    update = updates.update_of("partner", "region")
    update.apply(acme.row, update.cleaned("South"), administrator)
    acme.row.refresh_from_db()
    assert acme.row.region == "South"


def test_a_manager_sets_up_none():
    with pytest.raises(NotAllowed):
        services.save_automation(
            automation=None, name="No", event_code=SUBMITTED, by=actor(UserFactory(manager=True))
        )


def test_the_log_and_the_notice_read_in_the_readers_language(administrator, acme, clerk, browse):
    automation(administrator, kind="notify", who=["role:finance"], text="{event}: {object}")
    deal = deals.in_review(acme)
    deliver()
    run, notice = Run.objects.get(), Notice.objects.get(kind="automations.notice")
    with translation.override("zh-hans"):
        assert "通知" in run.said_lines[0] and "Notice" not in run.said_lines[0]
        assert "submitted" not in said.shown(notice.values["text"])
    with translation.override("en"):
        assert run.said_lines == [f"Notice “Deal registration submitted: {deal}” to {clerk}"]


def test_each_reader_has_notice_task_and_log_in_their_language(administrator, acme, clerk):
    clerk.language = "zh-hans"
    clerk.save()
    both = {"who": ["role:finance"], "text": "Look at {object}", "text_zh": "请查看 {object}"}
    automation(administrator, kind="notify", **both)
    automation(administrator, kind="task", **both)
    automation(administrator, kind="task", who=["role:finance"], text_zh="只有中文 {object}")
    deal = deals.in_review(acme)
    deliver()
    notice = Notice.objects.get(kind="automations.notice")
    runs = list(Run.objects.order_by("pk"))
    said_in = {}
    for language in ("en", "zh-hans"):
        with translation.override(language):
            inbox = [one.title for one in work.open_tasks(actor(clerk))]
            said_in[language] = [said.shown(notice.values["text"]), *inbox, *runs[1].said_lines]
    assert said_in["en"][:3] == [f"Look at {deal}", f"Look at {deal}", f"只有中文 {deal}"]
    assert said_in["zh-hans"][:3] == [f"请查看 {deal}", f"请查看 {deal}", f"只有中文 {deal}"]
    assert f"Task “Look at {deal}”" in said_in["en"][-1] and f"请查看 {deal}" in said_in["zh-hans"][-1]
    assert Letter.objects.get(to=clerk.email).subject == f"请查看 {deal}"


def test_an_action_needs_a_text_in_one_of_both_languages(administrator):
    made = automation(administrator, on=False)
    for wrong, field, refusal in (
        ({}, "text", ActionIncomplete),
        ({"text": "x", "text_zh": "{secret}"}, "text_zh", UnknownPlaceholder),
    ):
        with pytest.raises(refusal) as said_no:
            services.add_action(automation=made, kind="task", who=["role:finance"], by=administrator, **wrong)
        assert said_no.value.field == field


def test_the_history_of_an_automation_is_in_the_readers_language(administrator):
    made = automation(administrator, condition=above("100.00"), kind="notify", who=["role:finance"],
                      text="Look!", text_zh="请看！")  # fmt: skip
    services.remove_action(action=made.actions.get(), by=administrator)
    with translation.override("zh-hans"):
        chinese = "\n".join(one.text for one in history_of(made, administrator))
    with translation.override("en"):
        english = "\n".join(one.text for one in history_of(made, administrator))
    assert "请看！" in chinese and "100.00" in chinese
    assert not re.search("[A-Za-z]", chinese.replace("CNY", "")), chinese
    assert "Notify people: “Look!”" in english and "请" not in english

"""The pages on which people decide, the object's own page, working time and stand-ins."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dealreg.services import approve_registration
from prm.approvals import services
from prm.approvals.models import Comment, Delegation, SpecialDay, Task, WorkingTime
from prm.notices.models import Notice
from prm.notices.work import count_for, waiting_for
from prm.outbox.services import deliver_open_events
from prm.values import clock
from tests.approvals.flows import ADMINS, MANAGER, approver, publish, run_of, task_of, waits_for
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


def text(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


@pytest.fixture
def deal(acme, manager):
    return deals.in_review(acme)


def ten_seconds_later() -> None:
    """What was decided takes effect."""
    with time_machine.travel(clock.now() + timedelta(seconds=11)):
        services.carry_out_due()


def page(task: Task, name: str = "") -> str:
    return f"/inbox/decisions/{task.pk}/{name}"


def test_the_inbox_leads_to_the_record_and_the_record_decides(deal, manager, browse):
    client, task = browse(manager), task_of(deal, manager)
    assert page(task) in text(client.get("/inbox/"))
    shown = text(client.get(page(task)))
    assert deal.customer_name in shown and "ACME Networks" in shown
    for key in "airh":
        assert f'data-key="{key}"' in shown
    answer = client.post(page(task, "approve/"))
    assert answer.status_code == 302
    ten_seconds_later()
    deal.refresh_from_db()
    assert deal.state == "approved"
    assert "Lin Yue approved" in text(client.get(page(task)))
    assert client.post(page(task, "approve/")).status_code == 422  # the second tab hears that it is over


def test_j_and_k_go_to_the_neighbours(acme, manager, browse):
    first, second = (
        deals.in_review(acme, customer_name="First"),
        deals.in_review(acme, customer_name="Second"),
    )
    client = browse(manager)
    shown = text(client.get(page(task_of(first, manager))))
    assert f'href="{page(task_of(second, manager))}" rel="next"' in shown
    assert 'rel="prev"' not in shown


def test_reject_send_back_hand_over_add_and_ask_have_their_forms(deal, acme, manager, browse):
    client, task = browse(manager), task_of(deal, manager)
    for name in ("approve/", "reject/", "return/", "hand-over/", "add/", "comment/"):
        assert text(client.get(page(task, name)))
    assert client.post(page(task, "reject/"), {"text": ""}).status_code == 422
    other = UserFactory(finance=True)
    assert client.post(page(task, "add/"), {"user": other.pk}).status_code == 302
    assert client.post(page(task, "hand-over/"), {"user": acme.sales_user.pk}).status_code == 422
    assert waits_for(deal) == {"Lin Yue", "He Min"}
    assert client.post(page(task, "return/"), {"text": "Which site?"}).status_code == 302
    deal.refresh_from_db()
    assert (deal.state, run_of(deal).state) == ("info_requested", "returned")


def test_nobody_reaches_anothers_task(deal, acme, manager, administrator, finance, browse):
    task = task_of(deal, manager)
    for other in (administrator, finance):
        client = browse(other)
        for name in ("", "approve/", "reject/", "return/", "hand-over/", "add/", "comment/"):
            assert client.get(page(task, name)).status_code == 404
            assert client.post(page(task, name), {"text": "x"}).status_code in (404, 405)
    assert browse(acme.sales).get(page(task)).status_code == 403
    assert waits_for(deal) == {"Lin Yue"}


def test_what_nobody_could_approve_is_only_rejected_or_sent_back(acme, rival, manager, browse):
    deals.approved(rival, manager, customer_name="Held")
    held, free = deals.in_review(acme, customer_name="Held"), deals.in_review(acme, customer_name="Free")
    client = browse(manager)
    shown = text(client.get(page(task_of(held, manager))))
    assert "it can only be rejected" in shown and page(task_of(held, manager), "approve/") not in shown
    assert page(task_of(held, manager), "reject/") in shown
    assert page(task_of(free, manager), "approve/") in text(client.get(page(task_of(free, manager))))


def test_many_at_once_of_one_step_each_for_itself(acme, rival, manager, browse):
    deals.approved(rival, manager, customer_name="Held")
    good, bad = deals.in_review(acme, customer_name="Good"), deals.in_review(acme, customer_name="Held")
    client = browse(manager)
    assert "Good" in text(client.get("/inbox/decisions/"))
    ids = [task_of(one, manager).pk for one in (good, bad)]
    answer = client.post("/inbox/decisions/approve/", {"task": [*ids, "x", "999999"]}, follow=True)
    assert "Approved · Good" in text(answer) and "Held:" in text(answer)
    assert [run_of(good).state, run_of(bad).state] == ["running", "running"]
    ten_seconds_later()
    assert [run_of(good).state, run_of(bad).state] == ["approved", "running"]


def test_many_are_rejected_with_one_reason(acme, manager, browse):
    one, two = (deals.in_review(acme, customer_name=name) for name in ("First site", "Second site"))
    client, ids = browse(manager), [task_of(deal, manager).pk for deal in (one, two)]
    asked = text(client.post("/inbox/decisions/reject/", {"task": ids}))
    assert "First site" in asked and "Second site" in asked
    assert client.post("/inbox/decisions/reject/", {"task": []}).status_code == 422  # nothing is ticked
    missing = client.post("/inbox/decisions/reject/", {"task": ids, "confirmed": "1", "text": ""})
    assert missing.status_code == 422 and run_of(one).state == "running"
    form = {"task": ids, "confirmed": "1", "text": "Outside our region"}
    answer = client.post("/inbox/decisions/reject/", form, follow=True)
    assert "2 decisions take effect in a few seconds" in text(answer)
    ten_seconds_later()
    for deal in (one, two):
        deal.refresh_from_db()
        assert (deal.state, deal.decision_reason) == ("rejected", "Outside our region")


def test_many_are_undone_together_before_they_take_effect(acme, manager, browse):
    one, two = (deals.in_review(acme, customer_name=name) for name in ("First site", "Second site"))
    client, ids = browse(manager), [task_of(deal, manager).pk for deal in (one, two)]
    client.post("/inbox/decisions/approve/", {"task": ids})
    page = text(client.post("/inbox/decisions/undo/", follow=True))
    assert "2 decisions are undone and wait for you again." in page
    ten_seconds_later()
    assert [run_of(deal).state for deal in (one, two)] == ["running", "running"]
    assert "2 decisions are undone" not in text(client.post("/inbox/decisions/undo/", follow=True))


def test_rows_of_many_tell_their_objects_apart_at_the_cost_of_one(acme, rival, manager, browse):
    client = browse(manager)

    def asked() -> int:
        with CaptureQueriesContext(connection) as ran:
            client.get("/inbox/decisions/")
        return len(ran)

    deals.in_review(acme, customer_name="Same name", estimated_value=120_000)
    asked()
    few = asked()
    deals.in_review(rival, customer_name="Same name", estimated_value=80_000)
    assert asked() == few
    page = text(client.get("/inbox/decisions/"))
    assert "¥120,000" in page and "¥80,000" in page and str(rival.row) in page


def test_ticking_all_takes_what_can_be_approved_and_names_the_rest(acme, rival, manager, browse):
    deals.approved(rival, manager, customer_name="Anji Bamboo Works")
    held = deals.in_review(acme, customer_name="Anji Bamboo Works")
    free = [deals.in_review(acme, customer_name=name) for name in ("Suzhou Ruigu", "Wuhan Donghu")]
    page = text(browse(manager).get("/inbox/decisions/"))
    boxes = dict(re.findall(r'name="task" value="(\d+)" id="t\d+" (data-tick[^>]*)>', page))
    assert boxes.pop(str(task_of(held, manager).pk)) == "data-tick data-stuck"
    assert boxes == {str(task_of(deal, manager).pk): "data-tick" for deal in free}
    assert "Tick all 2 that can be approved" in page and page.count("Cannot be approved now") == 1


def test_many_are_handed_over_to_one_who_may_decide_all(acme, manager, administrator, browse):
    one, two = (deals.in_review(acme, customer_name=name) for name in ("First site", "Second site"))
    client, ids = browse(manager), [task_of(deal, manager).pk for deal in (one, two)]
    asked = text(client.post("/inbox/decisions/hand-over/", {"task": ids}))
    assert f'value="{administrator.user_id}"' in asked
    form = {"task": ids, "confirmed": "1", "user": administrator.user_id, "text": "On leave"}
    assert "2 tasks are handed over." in text(client.post("/inbox/decisions/hand-over/", form, follow=True))
    assert [task_of(deal, administrator).user_id for deal in (one, two)] == [administrator.user_id] * 2


@pytest.mark.parametrize("verb,word", [("hand-over/", "decide instead"), ("add/", "your decision, too")])
def test_who_is_asked_by_a_colleague_reads_by_whom_and_why(acme, manager, administrator, browse, verb, word):
    deal = deals.in_review(acme)
    task = task_of(deal, manager)
    form = {"user": administrator.user_id, "text": "I am on leave"}
    assert browse(manager).post(page(task, verb), form).status_code == 302
    deliver_open_events()
    told = Notice.objects.get(user_id=administrator.user_id, kind__in=["approvals.handed", "approvals.added"])
    assert (told.values["who"], told.values["why"]) == ("Lin Yue", "“I am on leave”")
    shown = text(browse(administrator).get("/inbox/notices/"))
    assert word in shown and "I am on leave" in shown


def test_who_handed_it_in_is_asked_and_answers_on_the_deals_page(acme, rival, manager, browse):
    deal = deals.in_review(acme)
    client, task = browse(manager), task_of(deal, manager)
    services.say(run=run_of(deal), text="Between us: looks thin", by=manager)
    form = {"text": "Which site is it?", "asked": "submitter"}
    assert client.post(page(task, "comment/"), form).status_code == 302
    deliver_open_events()
    partner = browse(acme.sales)
    assert Notice.objects.filter(user_id=acme.sales.user_id, kind="approvals.comment").exists()
    shown = text(partner.get(deal.get_absolute_url()))
    assert "Which site is it?" in shown and "looks thin" not in shown
    address = f"/inbox/asked/{run_of(deal).pk}/answer/"
    assert address in shown and "Your answer is awaited" in shown
    awaited = f"An answer is awaited from <b>{acme.sales.label}</b>"
    assert awaited in text(client.get(page(task))) and awaited in text(client.get(deal.get_absolute_url()))
    assert browse(rival.sales).get(address).status_code == 404
    assert browse(manager).get(address).status_code == 404
    assert [row.title for row in waiting_for(acme.sales) if row.subtitle == "Which site is it?"] == [
        deal.customer_name
    ]
    assert count_for(acme.sales) == len(waiting_for(acme.sales))
    assert partner.post(address, {"text": "The second plant"}).status_code == 302
    assert not [row for row in waiting_for(acme.sales) if row.subtitle == "Which site is it?"]
    deliver_open_events()
    assert "awaited" not in text(client.get(deal.get_absolute_url())) + text(client.get(page(task)))
    assert "The second plant" in text(client.get(deal.get_absolute_url()))
    assert "The second plant" in text(client.get(page(task)))
    assert Notice.objects.filter(user_id=manager.user_id, kind="approvals.comment").exists()


def test_a_comment_with_a_file_is_told_and_read_by_deciders_only(
    deal, acme, rival, manager, administrator, browse
):
    publish(approver("first", MANAGER), approver("second", ADMINS))
    two = deals.in_review(acme, customer_name="Two steps")
    client, task = browse(manager), task_of(two, manager)
    page_file = SimpleUploadedFile("plan.html", b"<script>alert(1)</script>", content_type="text/html")
    refused = client.post(page(task, "comment/"), {"text": "See the plan", "attachment": page_file})
    assert refused.status_code == 422 and "This kind of file is not taken" in refused.content.decode()
    no_picture = SimpleUploadedFile("plan.png", b"MZ not a picture", content_type="image/png")
    refused = client.post(page(task, "comment/"), {"text": "See the plan", "attachment": no_picture})
    assert refused.status_code == 422 and "does not hold what its name says" in refused.content.decode()
    file = SimpleUploadedFile("plan.txt", b"Two sites, one roll-out", content_type="text/plain")
    assert (
        client.post(page(task, "comment/"), {"text": "See the plan", "attachment": file}).status_code == 302
    )
    approve_registration(registration=two, by=manager)
    comment = Comment.objects.for_everyone(because="a test looks").get()
    address = f"/inbox/attachments/{comment.pk}/"
    for who, status in ((administrator, 200), (acme.sales, 404), (rival.sales, 404)):
        answer = browse(who).get(address)
        assert answer.status_code == status
        if status == 200:
            assert answer["Content-Disposition"].startswith("attachment")
            assert answer["Content-Type"] == "application/octet-stream"
    assert "See the plan" in text(browse(administrator).get(page(task_of(two, administrator))))
    assert "See the plan" not in text(browse(acme.sales).get(two.get_absolute_url()))
    services.say(run=run_of(two), text="Which plan?", by=administrator)
    deliver_open_events()
    assert Notice.objects.filter(user_id=manager.user_id, kind="approvals.comment").exists()


def test_the_objects_page_says_whose_turn_it_is_to_both_sides(acme, manager, administrator, browse):
    publish(approver("first", MANAGER), approver("second", ADMINS))
    deal = deals.in_review(acme)
    assert "Waiting for <b>Lin Yue</b>" in text(browse(acme.sales).get(deal.get_absolute_url()))
    assert "Waiting for <b>you</b>" in text(browse(manager).get(deal.get_absolute_url()))
    client = browse(manager)
    assert (
        client.post(f"{deal.get_absolute_url()}approve/", {"product_lines": [deals.line().pk]}).status_code
        == 302
    )
    assert "Waiting for <b>Ada Admin</b>" in text(browse(acme.sales).get(deal.get_absolute_url()))
    shown = text(client.get(deal.get_absolute_url()))
    assert "approve/" not in shown and "Lin Yue approved: First" in shown
    assert "Lin Yue approved: First" in text(browse(acme.sales).get(deal.get_absolute_url()))


def test_who_has_a_turn_but_not_the_verb_of_the_page_is_led_to_the_task(acme, manager, finance, browse):
    publish(approver("money", {"kind": "role", "role": "finance"}))
    deal = deals.in_review(acme)
    assert page(task_of(deal, finance)) in text(browse(finance).get(deal.get_absolute_url()))
    assert browse(finance).post(page(task_of(deal, finance), "approve/")).status_code == 302
    ten_seconds_later()
    assert run_of(deal).state == "approved"


def test_lists_know_whose_turn_it_is(acme, manager, administrator, browse):
    publish(approver("first", MANAGER), approver("second", ADMINS))
    deal = deals.in_review(acme, customer_name="Turn Corp")
    assert "Turn Corp" in text(browse(manager).get("/deals/?view=decide"))
    assert "Turn Corp" not in text(browse(administrator).get("/deals/?view=decide"))
    approve_registration(registration=deal, by=manager)
    assert "Turn Corp" not in text(browse(manager).get("/deals/?view=decide"))
    assert "Turn Corp" in text(browse(administrator).get("/deals/?view=decide"))


def test_working_time_is_the_administrators_page(administrator, manager, browse):
    assert browse(manager).get("/settings/working-time/").status_code == 403
    client = browse(administrator)
    assert "09:00-12:00, 13:00-18:00" in text(client.get("/settings/working-time/"))
    week = {"part": "hours", "day_0": "08:00-12:00", "day_1": ""}
    assert client.post("/settings/working-time/", week).status_code == 302
    assert WorkingTime.objects.get().hours == {"0": [["08:00", "12:00"]]}
    assert client.post("/settings/working-time/", {"part": "hours", "day_0": "late"}).status_code == 422
    added = client.post("/settings/working-time/", {"part": "day", "day": "2027-01-01", "name": "New Year"})
    assert added.status_code == 302
    assert "New Year" in text(client.get("/settings/working-time/"))
    day = SpecialDay.objects.get()
    client.post(f"/settings/working-time/{day.pk}/remove/")
    assert not SpecialDay.objects.exists()


def test_everybody_names_their_own_stand_in(deal, manager, acme, browse):
    chen = UserFactory(role="channel_manager", name="Chen Rui", all_partners=True)
    client = browse(manager)
    days = {"to": chen.pk, "first_day": "2000-01-01", "last_day": "2099-01-01"}
    assert client.post("/inbox/away/", days | {"to": acme.sales_user.pk}).status_code == 422
    assert client.post("/inbox/away/", days).status_code == 302
    assert waits_for(deal) == {"Chen Rui"}
    own = Delegation.objects.get()
    browse(chen).post(f"/inbox/away/{own.pk}/end/")
    own.refresh_from_db()
    assert own.ended_at is None  # only one's own
    client.post(f"/inbox/away/{own.pk}/end/")
    own.refresh_from_db()
    assert own.ended_at is not None


def test_the_manager_of_a_person_is_set_by_the_administrator(administrator, manager, acme, browse):
    from prm.accounts.models import User

    client = browse(administrator)
    address = f"/settings/users/{manager.user_id}/"
    assert "Reports to" in text(client.get(address))
    boss = UserFactory(finance=True)
    assert client.post(f"{address}manager/", {"manager": boss.pk}).status_code == 302
    assert User.objects.get(pk=manager.user_id).manager_id == boss.pk
    assert client.post(f"/settings/users/{boss.pk}/manager/", {"manager": manager.user_id}).status_code == 422
    assert client.post(f"{address}manager/", {"manager": ""}).status_code == 302
    assert browse(manager).post(f"{address}manager/", {"manager": boss.pk}).status_code == 403
    assert User.objects.get(pk=manager.user_id).manager_id is None


def test_the_record_costs_a_fixed_number_of_queries(acme, manager, browse, django_assert_max_num_queries):
    for number in range(3):
        deals.in_review(acme, customer_name=f"Customer {number}")
    client = browse(manager)
    task = Task.objects.open().first()
    client.get(page(task))
    with django_assert_max_num_queries(45) as few:
        client.get(page(task))
    for number in range(10):
        deals.in_review(acme, customer_name=f"More {number}")
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(page(task))


def test_the_clock_of_a_deal_counts_for_those_whose_turn_it_is(acme, manager, administrator, browse):
    others = [UserFactory(role="administrator", name=f"Boss {number}") for number in range(2)]
    publish(approver("first", MANAGER), approver("second", ADMINS))
    with time_machine.travel("2026-11-12T01:22:00Z", tick=False) as time:
        deal = deals.in_review(acme)
        time.shift(timedelta(hours=4))
        services.approve(task=task_of(deal, manager), by=manager)
        shown = text(browse(acme.sales).get(deal.get_absolute_url()))
        assert "Waiting for <b>Ada Admin, Boss 0 +1</b>" in shown and "since 13:22" in shown
        row = text(browse(manager).get("/deals/"))
        assert "Ada Admin, Boss 0 +1" in row and 'title="12 Nov 2026 13:22' in row
    assert len(others) == 2

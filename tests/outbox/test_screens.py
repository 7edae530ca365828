"""The administrator sees what did not arrive, tries it again, or gives it up with a reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from prm.accounts.services import change_role, save_role
from prm.audit.models import AuditEntry
from prm.jobs.events import JobFinished
from prm.notices.models import Notice
from prm.outbox import delivery, objects
from prm.outbox.models import MissedDelivery, OutboxEvent
from prm.outbox.objects import Named
from prm.outbox.services import deliver_open_events, emit
from prm.values import clock
from prm.values.actor import Actor
from tests.factories.dealreg import in_review
from tests.factories.people import UserFactory, actor
from tests.outbox.test_delivery import Happened, heard, tell

__all__ = ["heard"]
pytestmark = pytest.mark.django_db
BY = Actor.command("tests")


@pytest.fixture
def stuck(heard):
    """An event that was given up, and a later one of its object that waits."""
    heard.fails = {"broken"}
    tell("broken", "waits", key="deal:7")
    deliver_open_events()
    MissedDelivery.objects.filter(attempts=1).update(
        attempts=delivery.MAX_ATTEMPTS - 1, next_try_at=clock.now()
    )
    deliver_open_events()
    heard.fails = set()
    return MissedDelivery.objects.dead().get()


def test_the_list_and_the_page_say_what_failed_and_why(browse, administrator, stuck):
    page = browse(administrator).get("/settings/events/").content.decode()
    assert "broken is too much" in page and "deal:7" in page
    detail = browse(administrator).get(f"/settings/events/{stuck.pk}/").content.decode()
    assert "RuntimeError: broken is too much" in detail and "&quot;what&quot;: &quot;broken&quot;" in detail
    assert "1 later event of this object waits for it" in detail
    assert "stopped trying after 12 attempts" in detail and "the product itself has a fault" in detail
    everything = browse(administrator).get("/settings/events/all/").content.decode()
    assert "deal:7" in everything
    assert browse(administrator).get(f"/settings/events/all/{stuck.event_id}/").status_code == 200


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("OperationalError: server closed the connection", "This mostly passes by itself: try again."),
        ("Undeclared: deals.gone.v1: 'deals.gone'", "another version wrote it"),
        ("KeyError: 'deadline'", "Tell whoever runs this portal"),
    ],
)
def test_the_error_is_said_in_words_that_help(browse, administrator, stuck, error, says):
    MissedDelivery.objects.filter(pk=stuck.pk).update(error=error)
    assert says in browse(administrator).get(stuck.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("listener", "english", "chinese"),
    [
        ("prm.egress.listeners.pass_on_to_webhooks", "Webhooks and robots", "Webhook 与群机器人"),
        ("dealreg.listeners.remind", "Notices: Deal registration", "通知：商机报备"),
        ("prm.notices.listeners.tell_about_role", "Notices and letters", "通知与邮件"),
        ("prm.approvals.listeners.pass_work_on", "Handing open decisions over", "待办审批的移交"),
        ("", "all receivers", "所有接收方"),
    ],
)
def test_receivers_have_words_in_both_languages(listener, english, chinese):
    for language, words in (("en", english), ("zh-hans", chinese)):
        with translation.override(language):
            assert MissedDelivery(listener=listener).receiver == words


def test_what_was_just_let_go_is_on_its_way_and_does_not_wait_for_another(browse, administrator, stuck):
    client = browse(administrator)
    later = MissedDelivery.objects.holding().exclude(pk=stuck.pk).get()
    assert "behind an earlier event" in client.get(later.get_absolute_url()).content.decode()
    client.post(f"{stuck.get_absolute_url()}retry/")
    page = client.get(stuck.get_absolute_url()).content.decode()
    assert "It is tried again in a moment." in page and "behind an earlier event" not in page
    MissedDelivery.objects.filter(pk=stuck.pk).update(next_try_at=clock.now() + timedelta(hours=1))
    page = client.get(stuck.get_absolute_url()).content.decode()
    assert "The next try is on" in page and "in a moment" not in page


def test_one_is_tried_again_and_the_later_one_follows(browse, administrator, stuck, heard):
    browse(administrator).post(f"/settings/events/{stuck.pk}/retry/")
    while deliver_open_events():
        pass
    assert heard == ["broken", "waits"]
    assert AuditEntry.objects.get(verb="delivery_retried").user_id == administrator.user_id


def test_all_are_tried_again(browse, administrator, stuck, heard):
    browse(administrator).post("/settings/events/retry/")
    while deliver_open_events():
        pass
    assert heard == ["broken", "waits"]
    assert AuditEntry.objects.get(verb="deliveries_retried").changes == {"count": [None, 1]}


def test_chosen_rows_are_tried_again(browse, administrator, stuck, heard):
    client = browse(administrator)
    page = client.post(
        "/settings/events/", {"bulk": "retry", "row": [stuck.pk]}, follow=True
    ).content.decode()
    assert "1 delivery is tried again." in page and "done." not in page
    assert "Nothing stands under “Not delivered”" in page
    deliver_open_events()
    assert heard == ["broken", "waits"], "what waited behind it follows in the same round"


def test_giving_up_wants_a_reason_and_lets_the_later_one_go(browse, administrator, stuck, heard):
    client = browse(administrator)
    assert client.post(f"/settings/events/{stuck.pk}/give-up/", {"reason": ""}).status_code == 422
    client.post(f"/settings/events/{stuck.pk}/give-up/", {"reason": "The deal was deleted."})
    while deliver_open_events():
        pass
    assert heard == ["waits"]
    stuck.refresh_from_db()
    assert stuck.state == "dropped"
    assert AuditEntry.objects.get(verb="delivery_given_up").reason == "The deal was deleted."
    assert client.post(f"/settings/events/{stuck.pk}/retry/").status_code == 409


def test_one_that_only_waits_its_turn_cannot_be_given_up(browse, administrator, stuck):
    waits = MissedDelivery.objects.get(attempts=0)
    page = browse(administrator).get(f"/settings/events/{waits.pk}/").content.decode()
    assert "give-up" not in page and "waits behind an earlier event" in page
    answer = browse(administrator).post(f"/settings/events/{waits.pk}/give-up/", {"reason": "x"})
    assert answer.status_code == 422


def test_nobody_else_sees_them(browse, manager, acme, stuck):
    for person in (manager, acme.sales):
        assert browse(person).get("/settings/events/").status_code == 403
        assert browse(person).post(f"/settings/events/{stuck.pk}/retry/").status_code == 403


def test_administrators_are_told_once_that_an_event_was_given_up(administrator, monkeypatch):
    def fail(fact):
        raise RuntimeError("out of order")

    from prm.outbox import events as registry

    monkeypatch.setitem(registry._listeners, Happened, [fail])
    emit(Happened(what="x"), object_key="deal:7")
    deliver_open_events()
    for _ in range(2):
        MissedDelivery.objects.update(
            attempts=delivery.MAX_ATTEMPTS - 1, state="open", next_try_at=clock.now()
        )
        while deliver_open_events():
            pass
    notices = Notice.objects.filter(kind="outbox.given_up", user_id=administrator.user_id)
    assert notices.count() == 2, "once for each time it was given up"
    assert notices[0].link == f"/settings/events/{MissedDelivery.objects.get().pk}/"


def test_secrets_of_an_event_are_not_shown(browse, administrator):
    stored = OutboxEvent.objects.create(
        name="accounts.invitation_sent", version=1, payload={"invitation_id": 1, "nonce": "very-secret"}
    )
    page = browse(administrator).get(f"/settings/events/all/{stored.pk}/").content.decode()
    assert "very-secret" not in page and "•••" in page


def test_objects_stand_there_by_number_and_lead_to_their_page(browse, administrator, acme):
    deal, other = in_review(acme), in_review(acme)
    client = browse(administrator)
    page = client.get("/settings/events/all/").content.decode()
    for one in (deal, other):
        assert f'<a class="ui-link" href="{one.get_absolute_url()}">{one}</a>' in page
        assert f">deal:{one.pk}<" not in page
    event = OutboxEvent.objects.filter(object_key=f"deal:{deal.pk}").first()
    detail = client.get(f"/settings/events/all/{event.pk}/").content.decode()
    assert f'href="{deal.get_absolute_url()}"' in detail and f"deal:{deal.pk}" in detail
    # One query for each kind of object, however many there are.
    rows = OutboxEvent.objects.all().with_objects(administrator)
    with CaptureQueriesContext(connection) as few:
        list(rows)
    for _more in range(3):
        in_review(acme)
    with CaptureQueriesContext(connection) as many:
        list(rows.all())
    assert len(many) == len(few)


def test_who_may_not_see_the_object_reads_only_its_key(browse, acme, rival, administrator):
    deal, theirs = in_review(acme), in_review(rival)
    role = save_role(role=None, code="post", name="Post", base="administrator", verbs=["outbox.view"], by=BY)
    clerk = change_role(user=UserFactory(administrator=True), role="administrator", own_role=role, by=BY)
    page = browse(actor(clerk)).get("/settings/events/all/").content.decode()
    assert f">deal:{deal.pk}<" in page and str(deal) not in page
    keys = [f"deal:{deal.pk}", f"deal:{theirs.pk}", "deal:999999", "deal:x", "nothing:1", ""]
    assert objects.named(keys, actor(acme.sales_user)) == {keys[0]: Named(str(deal), deal.get_absolute_url())}


def test_events_are_found_by_the_number_and_the_names_that_people_know(browse, administrator, acme, rival):
    deal, _other = in_review(acme), in_review(rival, customer_name="Ningbo Haiyun")
    client = browse(administrator)
    for words in (deal.number, deal.customer_name.upper(), f"deal:{deal.pk}"):
        page = client.get("/settings/events/all/", {"q": words})
        rows = OutboxEvent.objects.filter(pk__in=[line.pk for line in page.context["list"].lines])
        keys = set(rows.values_list("object_key", flat=True))
        others = {f"customer:{deal.end_customer_id}"} if words == deal.customer_name.upper() else set()
        assert keys == {f"deal:{deal.pk}"} | others and str(deal) in page.content.decode(), words


def test_what_did_not_arrive_is_found_by_the_number_too(browse, administrator, stuck, acme):
    deal = in_review(acme)
    MissedDelivery.objects.update(object_key=f"deal:{deal.pk}")
    client = browse(administrator)
    assert len(client.get("/settings/events/", {"q": deal.number}).context["list"].lines) == 1
    assert len(client.get("/settings/events/", {"q": "broken is too"}).context["list"].lines) == 1
    assert not client.get("/settings/events/", {"q": "DR-0000-NONE"}).context["list"].lines


def test_nobody_finds_by_name_what_they_may_not_see(acme, rival):
    theirs = in_review(rival)
    (_key, keys) = objects.about(theirs.number, actor(acme.sales_user)).children
    assert f"deal:{theirs.pk}" not in keys[1]


def test_finished_jobs_hide_nothing_until_somebody_asks_for_them(browse, administrator, acme):
    deal = in_review(acme)
    for number in range(60):
        emit(JobFinished(job_id=number), object_key=f"job:{number}")
    client = browse(administrator)
    page = client.get("/settings/events/all/").content.decode()
    assert str(deal) in page and "job:59" not in page and "Without background work" in page
    for asked in ("view=all", "name=jobs.finished", "q=job:59"):
        assert "job:59" in client.get(f"/settings/events/all/?{asked}").content.decode(), asked

"""Webhooks get every event that they want, signed, in order, again after failures, with a log of each try."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest
import time_machine

from prm.audit.models import AuditEntry
from prm.egress import sending, services, webhooks
from prm.egress.errors import AddressRefused, NothingWanted
from prm.egress.models import Message, Receiver
from prm.notices.models import Notice
from prm.outbox.events import event
from prm.outbox.services import deliver_open_events, emit
from prm.values import clock
from tests.factories import dealreg as deals

pytestmark = pytest.mark.django_db


@event("tests.hooked", version=1, label="Hooked", subject="deal", object_id="deal_id")
class Hooked:
    deal_id: int


@pytest.fixture(autouse=True)
def _offered(monkeypatch):
    """The tests' event can be chosen like the product's own."""
    monkeypatch.setattr(webhooks.Webhook, "choices", lambda self: [("tests.hooked.v1", "Hooked")])


@pytest.fixture
def hook(outside, administrator):
    return services.save_receiver(
        receiver=None,
        kind="webhook",
        name="ERP",
        url=outside.url,
        wants=["tests.hooked.v1"],
        by=administrator,
    )


def happen(*ids: int, key: str = "deal:1") -> None:
    for one in ids:
        emit(Hooked(deal_id=one), object_key=key)
    while deliver_open_events():
        pass


def later(seconds: int):
    return time_machine.travel(clock.now() + timedelta(seconds=seconds))


def test_an_event_arrives_signed_with_what_it_says(outside, hook):
    happen(17)
    assert sending.send_due(hook.pk) == 1
    (got,) = outside.got
    assert got.json["type"] == "tests.hooked.v1" and got.json["data"]["deal_id"] == 17
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    key = base64.b64decode(hook.secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert got.headers["webhook-signature"] == f"v1,{wanted}"
    message = Message.objects.get()
    assert (
        message.state == "done"
        and message.tries[0]["status"] == 200
        and got.headers["webhook-id"] == message.code
    )


def test_the_signature_is_that_of_the_specification():
    made = webhooks.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_only_what_was_chosen_is_sent_and_nothing_while_it_is_off(outside, hook, administrator):
    Receiver.objects.update(wants=["tests.other.v1"])
    happen(1)
    assert not Message.objects.exists()
    Receiver.objects.update(wants=["tests.hooked.v1"])
    services.switch_receiver(receiver=hook, on=False, by=administrator)
    happen(2)
    assert not Message.objects.exists() and sending.receivers_due() == []


def test_an_event_told_again_is_one_message(hook):
    from prm.outbox.models import OutboxEvent

    happen(1)
    OutboxEvent.objects.update(delivered_at=None)
    deliver_open_events()
    assert Message.objects.count() == 1


def test_failures_are_tried_again_in_order_for_each_object(outside, hook):
    outside.statuses = [500]
    happen(1, 2)
    happen(9, key="deal:9")
    sending.send_due(hook.pk)
    assert [got.json["data"]["deal_id"] for got in outside.got] == [1], "the receiver rests after a failure"
    with later(10):
        assert sending.receivers_due() == [hook.pk]
        assert sending.send_due(hook.pk) == 3
    assert [got.json["data"]["deal_id"] for got in outside.got] == [1, 1, 2, 9]
    first = Message.objects.order_by("id")[0]
    assert [one["status"] for one in first.tries] == [500, 200] and first.tries[0]["error"] == "HTTP 500"
    hook.refresh_from_db()
    assert hook.failures == 0 and hook.last_ok_at


def test_the_pages_say_when_a_receiver_that_failed_is_tried_again(outside, hook, administrator, browse):
    outside.statuses = [500]
    happen(1, 2)
    sending.send_due(hook.pk)
    client, waiting = browse(administrator), Message.objects.order_by("id")[1]
    assert "The last try failed. The next one is at" in client.get(hook.get_absolute_url()).content.decode()
    assert "The receiver failed and rests until" in client.get(waiting.get_absolute_url()).content.decode()


def test_what_is_never_taken_is_given_up_and_administrators_are_told(outside, hook, administrator):
    outside.statuses = [503] * 30
    happen(1)
    moment = clock.now()
    for _ in range(sending.MAX_ATTEMPTS):
        with time_machine.travel(moment):
            sending.send_due(hook.pk)
        moment += timedelta(hours=11)
    message = Message.objects.get()
    assert message.state == "dead" and message.attempts == sending.MAX_ATTEMPTS
    deliver_open_events()
    assert Notice.objects.get(kind="egress.given_up").user_id == administrator.user_id
    outside.statuses = []
    services.retry_message(message=message, by=administrator)
    assert sending.send_due(hook.pk) == 1


def test_a_receiver_that_is_gone_is_switched_off(outside, hook, administrator):
    outside.statuses = [410]
    happen(1)
    sending.send_due(hook.pk)
    hook.refresh_from_db()
    assert not hook.is_active and Message.objects.get().state == "dead"
    deliver_open_events()
    assert Notice.objects.filter(kind="egress.receiver_gone").count() == 1


def test_after_a_new_secret_both_sign_for_a_day(outside, hook, administrator):
    old = hook.secret
    hook = services.rotate_secret(receiver=hook, by=administrator)
    happen(1)
    sending.send_due(hook.pk)
    got = outside.got[-1]
    stamp = int(got.headers["webhook-timestamp"])
    both = [
        webhooks.signature(secret, got.headers["webhook-id"], stamp, got.body)
        for secret in (hook.secret, old)
    ]
    assert got.headers["webhook-signature"].split(" ") == both and old != hook.secret
    with later(25 * 3600):
        assert Receiver.objects.get().secrets_now == [hook.secret]


def test_addresses_that_can_never_be_reached_are_refused_at_once(administrator):
    for url in ("http://example.com/", "https://127.0.0.1/", "https://10.0.0.1/", "ftp://x/"):
        with pytest.raises(AddressRefused):
            services.save_receiver(
                receiver=None, kind="webhook", name="x", url=url, wants=["tests.hooked.v1"], by=administrator
            )


def test_a_robot_is_told_something_and_a_webhook_may_be_for_flows_alone(administrator, outside):
    with pytest.raises(NothingWanted):
        services.save_receiver(receiver=None, kind="wecom", name="x", url="", wants=[], by=administrator)
    kept = services.save_receiver(
        receiver=None, kind="webhook", name="Flow", url=outside.url, wants=[], by=administrator
    )
    assert kept.wants == []


def test_secrets_and_addresses_are_encrypted_at_rest(hook, outside):
    row = Receiver.objects.values("sealed_url", "sealed_secret").get()
    assert outside.url not in row["sealed_url"] and hook.secret not in row["sealed_secret"]


def test_the_administrator_sets_one_up_tests_it_and_reads_the_log(browse, administrator, outside):
    client = browse(administrator)
    assert "Webhook" in client.get("/settings/webhooks/new/").content.decode()
    refused = client.post(
        "/settings/webhooks/new/webhook/", {"name": "ERP", "url": "https://10.0.0.1/x", "wants": []}
    )
    assert refused.status_code == 422
    sent = {"name": "ERP", "url": outside.url, "wants": ["tests.hooked.v1"]}
    page = client.post("/settings/webhooks/new/webhook/", sent)
    row = Receiver.objects.get()
    assert page["Location"] == f"/settings/webhooks/{row.pk}/"
    client.post(f"/settings/webhooks/{row.pk}/test/")
    sending.send_due(row.pk)
    assert outside.got[0].json["type"] == "qudao.test.v1"
    log = client.get(f"/settings/webhooks/messages/{Message.objects.get().pk}/").content.decode()
    assert "Taken" in log and "200" in log
    assert row.secret not in client.get(f"/settings/webhooks/{row.pk}/").content.decode()
    shown = client.post(f"/settings/webhooks/{row.pk}/secret/")
    assert row.secret in shown.content.decode() and "no-store" in shown["Cache-Control"]
    for verb in ("receiver_created", "test_sent", "secret_shown"):
        assert AuditEntry.objects.filter(verb=verb).count() == 1
    client.post(
        f"/settings/webhooks/{row.pk}/edit/", {"name": "ERP 2", "url": "", "wants": ["tests.hooked.v1"]}
    )
    row.refresh_from_db()
    assert row.name == "ERP 2" and row.url == outside.url
    for address in ("", "messages/", f"{row.pk}/edit/", f"{row.pk}/delete/"):
        assert client.get(f"/settings/webhooks/{address}").status_code == 200
    client.post(f"/settings/webhooks/{row.pk}/delete/")
    assert not Receiver.objects.exists()


def test_nobody_else_may(browse, manager, acme, hook):
    for person in (manager, acme.sales):
        assert browse(person).get("/settings/webhooks/").status_code == 403
        assert browse(person).post(f"/settings/webhooks/{hook.pk}/secret/").status_code == 403


def test_old_messages_are_deleted(hook, settings):
    happen(1, 2)
    sending.send_due(hook.pk)
    Message.objects.filter(pk=Message.objects.first().pk).update(
        ended_at=clock.now() - timedelta(days=settings.EVENTS_DAYS + 1)
    )
    assert services.prune() == 1


def test_the_log_names_what_a_message_is_about(browse, administrator, acme, hook):
    deal = deals.in_review(acme)
    services.queue(receiver=hook, key="k", object_key=f"deal:{deal.pk}", title="t", content={})
    client = browse(administrator)
    for address in (
        "/settings/webhooks/messages/",
        f"/settings/webhooks/messages/{Message.objects.get().pk}/",
    ):
        page = client.get(address).content.decode()
        assert deal.number in page and deal.get_absolute_url() in page and f"deal:{deal.pk}" not in page

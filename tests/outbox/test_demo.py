"""The demo shows what did not arrive, and lets everybody try it again."""

from __future__ import annotations

import pytest

from prm.automations.models import Run
from prm.egress.models import Message, Receiver
from prm.outbox.models import MissedDelivery
from prm.outbox.services import deliver_open_events
from prm.starter import outside
from tests.factories import dealreg as deals

pytestmark = pytest.mark.django_db


def deliver() -> None:
    while deliver_open_events():
        pass


def test_the_demo_has_messages_events_and_runs_that_failed_and_they_can_be_tried_again(
    tenant, acme, manager, administrator, browse
):
    for name in ("Ningbo Haiyun", "Suzhou Lianfang", "Xiamen Tongda", "Chengdu Baiyu", "Wuhan Jingheng"):
        deals.approved(acme, manager, customer_name=name)
    deliver()
    outside.fill(tenant=tenant, size="small", say=lambda text: None)
    kinds = set(Receiver.objects.filter(is_active=True).values_list("kind", flat=True))
    states = set(Message.objects.values_list("state", flat=True))
    assert kinds == {"webhook", "wecom"} and states == {"done", "dead"}
    assert set(Run.objects.values_list("outcome", flat=True)) == {"done", "failed"}
    client = browse(administrator)
    page = client.get("/settings/events/").content.decode()
    assert "Try all 2 again" in page and "OperationalError" in page and "Undeclared" in page
    client.post("/settings/events/retry/")
    deliver()
    assert sorted(MissedDelivery.objects.values_list("state", flat=True)) == ["done", "done", "open"]
    message = Message.objects.filter(state="dead").first()
    assert "example.com is not known" in client.get(message.get_absolute_url()).content.decode()
    client.post(f"{message.get_absolute_url()}retry/")
    message.refresh_from_db()
    assert message.state == "open"

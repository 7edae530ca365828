"""Settings pages that only an administrator sees: events, webhooks, letters, automations, working time. At a desk and
on a phone, in English and Chinese, axe finds nothing serious and nothing sticks out sideways. One page of a shape."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.office import DESK, PHONE, Office, serious
from tests.e2e.test_accessibility import FITS

PAGES = (
    "/settings/events/ /settings/events/{missed}/ /settings/events/all/ /settings/events/all/{event}/ "
    "/settings/events/{missed}/give-up/ "
    "/settings/webhooks/ /settings/webhooks/new/ /settings/webhooks/new/webhook/ "
    "/settings/webhooks/{receiver}/ /settings/webhooks/{receiver}/edit/ "
    "/settings/webhooks/messages/ /settings/webhooks/messages/{message}/ "
    "/settings/letters/ /settings/letters/sender/ /settings/letters/dealreg.submitted/en/ "
    "/settings/automations/ /settings/automations/new/ /settings/automations/{automation}/ "
    "/settings/automations/{automation}/edit/ /settings/automations/{automation}/condition/ "
    "/settings/automations/{automation}/test/ /settings/automations/{automation}/delete/ "
    "/settings/automations/{automation}/actions/notify/ /settings/automations/{automation}/actions/task/ "
    "/settings/automations/{automation}/actions/webhook/ /settings/automations/runs/ /settings/automations/runs/{run}/ "
    "/settings/working-time/ /settings/flows/ /settings/fields/ /settings/support/"
)


@pytest.fixture
def world(cast: Any) -> dict[str, Any]:
    """One of everything, so that no page is empty."""
    from prm.automations.models import Automation, Run
    from prm.egress.models import Message, Receiver
    from prm.outbox.models import MissedDelivery, OutboxEvent
    from tests.cast import Company
    from tests.configuration.office import apply
    from tests.configuration.test_rules import AUTOMATIONS, LETTERS, ROBOT
    from tests.factories.dealreg import in_review

    told = {**AUTOMATIONS[0], "on": False, "actions": AUTOMATIONS[0]["actions"][:2]}
    apply(webhooks=[ROBOT], automations=[told], letters=LETTERS)
    company = Company.__new__(Company)
    company.row, company.sales_user = cast.acme, cast.sales
    in_review(company, product_lines=[cast.routing.product_line])
    event = OutboxEvent.objects.get(name="dealreg.submitted")
    missed = MissedDelivery.objects.create(
        event=event, listener="dealreg.listeners.remind", object_key=event.object_key, state="dead", attempts=8,
        error="OperationalError: the server closed the connection",
    )  # fmt: skip
    receiver, automation = Receiver.objects.get(), Automation.objects.get()
    message = Message.objects.create(
        receiver=receiver, key="a", title="A deal", state="dead", attempts=3, content={"kind": "", "link": ""},
        tries=[{"at": "2026-11-25T10:00:00+00:00", "status": 500, "ms": 12, "error": "HTTP 500", "answer": "no"}],
    )  # fmt: skip
    run = Run.objects.create(
        automation=automation, event_id=event.pk, object_key=event.object_key, object_label="DR", outcome="failed",
        error="The webhook was deleted.",
    )  # fmt: skip
    return {
        "event": event.pk, "missed": missed.pk, "receiver": receiver.pk, "message": message.pk,
        "automation": automation.pk, "run": run.pk,
    }  # fmt: skip


@pytest.mark.parametrize(("size", "locale"), [(DESK, "en-GB"), (PHONE, "zh-CN")], ids=["desk", "phone"])
def test_nothing_serious(office: Office, world: dict[str, Any], size: dict[str, int], locale: str) -> None:
    page = office.enter("administrator", size=size, locale=locale)
    found = []
    for number, path in enumerate(PAGES.split()):
        address = path.format(**world)
        page.goto(address)
        expect(page.locator("h1")).to_have_count(1)
        assert page.locator("html").get_attribute("lang") == ("zh-Hans" if locale == "zh-CN" else "en")
        if not page.evaluate(FITS):
            found.append(f"{address}: sticks out sideways")
        found += [f"{address} {fault}" for fault in serious(page, frame=number == 0)]
    assert found == []

"""The demo's other systems: an ERP's webhook and a group's robot, of which some messages were taken and some were not;
events that one listener could not take; two automations, of which one failed.

Nothing of it leaves the machine: the addresses are of example.com and have no host. Whoever presses "Send again" sees
that once more nobody answers; whoever tries an event again sees one go through and one fail again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from prm.audit.services import record
from prm.automations import engine
from prm.automations.services import add_action, save_automation, switch_automation
from prm.egress import sending
from prm.egress.errors import NoAnswer
from prm.egress.listeners import content_of, pass_on_to_webhooks
from prm.egress.models import Message, Receiver
from prm.egress.services import receiver_for, switch_receiver
from prm.outbox import delivery
from prm.outbox.events import by_code, from_payload, name_of
from prm.outbox.models import MissedDelivery, OutboxEvent
from prm.values import clock
from prm.values.actor import Actor

ERP_URL, CRM_URL = "https://erp.example.com/hooks/channel", "https://crm.example.com/hooks/deals"
ROBOT_URL = "https://chat.example.com/robot/send?key=demo"
ERP_WANTS = ["dealreg.approved.v1", "orders.approved.v1"]
TOLD = 12


def fill(*, tenant: Any, size: str, say: Callable[[str], None]) -> None:
    """Receivers with their messages, deliveries that failed, automations with their runs."""
    by = Actor.command("demo")
    say("other systems, automations")
    events = _events(ERP_WANTS, TOLD)
    with translation.override(tenant.language):
        erp = receiver_for(url=ERP_URL, name=_("ERP"), by=by)
        erp.wants, erp.last_ok_at = ERP_WANTS, clock.now() - timedelta(hours=20)
        erp.save(update_fields=["wants", "last_ok_at"])
        _messages(erp, events)
        _robot(tenant, by)
        _missed(events)
        _automations(by)


def _events(codes: list[str], most: int) -> list[OutboxEvent]:
    """The newest events of these kinds, oldest first."""
    names = [by_code(code).name for code in codes if by_code(code)]  # type: ignore[union-attr]
    return list(OutboxEvent.objects.filter(name__in=names).order_by("-id")[:most])[::-1]


def _messages(erp: Receiver, events: list[OutboxEvent]) -> None:
    """Taken at first; then the name was not known any more, and after all its tries each was given up."""
    for number, stored in enumerate(events):
        fact = from_payload(stored.name, stored.version, stored.payload)
        made = Message(
            receiver=erp, key=f"event:{stored.pk}", object_key=stored.object_key, title=fact.declared.code,
            content=content_of(stored, fact), created_at=clock.now() - timedelta(days=6, hours=-number),
        )  # fmt: skip
        _ended(made, taken=number < len(events) - 4)


def _ended(message: Message, *, taken: bool) -> None:
    """Store the message with the tries that it had."""
    pauses = [0, *sending.PAUSES]
    at, message.tries = message.created_at, []
    for pause in pauses[:1] if taken else pauses:
        at += timedelta(seconds=pause)
        message.tries.append(
            {"at": at.isoformat(), "status": 200 if taken else 0, "ms": 84, "answer": "ok" if taken else "",
             "error": "" if taken else _not_known(message.receiver)}
        )  # fmt: skip
    message.attempts, message.ended_at = len(message.tries), at
    message.state = Message.State.DONE if taken else Message.State.DEAD
    message.save()


def _not_known(receiver: Receiver) -> str:
    """What the worker writes down, which has no reader and so no language but the product's first."""
    with translation.override("en"):
        return NoAnswer(why=_("the name %(host)s is not known.") % {"host": receiver.host}).text


def _robot(tenant: Any, by: Actor) -> None:
    robot = Receiver(
        kind="wecom", name=_("Channel team's group"), wants=["approvals.task", "outbox.given_up"],
        language=tenant.language, created_label=by.label,
    )  # fmt: skip
    robot.url = ROBOT_URL
    robot.save()
    record(robot, "receiver_created", by=by)
    for number, taken in enumerate((True, True, False)):
        sent = {"kind": "", "type": "qudao.test.v1", "data": {"sent_by": by.label}}
        made = Message(
            receiver=robot, key=f"demo:{number}", title="qudao.test.v1", content=sent,
            created_at=clock.now() - timedelta(days=5 - number),
        )  # fmt: skip
        _ended(made, taken=taken)


def _missed(events: list[OutboxEvent]) -> None:
    """Given up: one that goes through when it is tried again, one that cannot; and one that was delivered late."""
    passing = "OperationalError: server closed the connection unexpectedly"
    rows = (
        (name_of(pass_on_to_webhooks), MissedDelivery.State.DEAD, passing),
        ("orders.listeners.tell_the_old_erp", MissedDelivery.State.DEAD,
         "Undeclared: orders.listeners.tell_the_old_erp"),
        (name_of(pass_on_to_webhooks), MissedDelivery.State.DONE, ""),
    )  # fmt: skip
    for number, (stored, (listener, state, error)) in enumerate(zip(events, rows, strict=False)):
        done, since = state == MissedDelivery.State.DONE, clock.now() - timedelta(days=2, hours=-number)
        MissedDelivery.objects.create(
            event=stored, listener=listener, object_key=stored.object_key, state=state, error=error, created_at=since,
            attempts=3 if done else delivery.MAX_ATTEMPTS, ended_at=since + timedelta(minutes=1) if done else None,
        )  # fmt: skip


def _automations(by: Actor) -> None:
    """One that does what it should, and one whose webhook was switched off before its last event came."""
    code = "dealreg.approved.v1"
    if by_code(code) is None:
        return
    tells = save_automation(automation=None, name=_("Tell finance of approved deals"), event_code=code, by=by)
    add_action(
        automation=tells, kind="notify", who=["role:finance"], by=by,
        text="{partner}: {number} for {customer} is approved, {amount}",
        text_zh="{partner}：{customer} 的 {number} 已批准，金额 {amount}",
    )  # fmt: skip
    calls = save_automation(automation=None, name=_("Approved deals into the CRM"), event_code=code, by=by)
    crm = receiver_for(url=CRM_URL, name=_("Old CRM"), by=by)
    add_action(automation=calls, kind="webhook", receiver=crm, by=by, text="{number}")
    for automation in (tells, calls):
        switch_automation(automation=automation, on=True, by=by)
    crm = switch_receiver(receiver=crm, on=False, by=by)
    for stored in _events([code], 2):
        engine.run(tells, stored)
        engine.run(calls, stored)

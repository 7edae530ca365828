"""The demo's changes of partners that met their promises: one reminded of, one passed on, one decided by its deadline.

Made through the services at an earlier clock, under a flow that was in force then; the starter kit's own follows it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from partners import services
from partners.models import Partner
from prm.approvals.engine import published
from prm.approvals.models import FlowVersion
from prm.approvals.services.clockwork import wake_due_runs
from prm.approvals.services.installing import install_flow
from prm.values import clock
from prm.values.actor import Actor

SUBJECT = "partner_change"
# For how many days the demo's tenant has worked with the kit's flows.
SINCE = 730
ADMINISTRATORS: dict[str, Any] = {"kind": "role", "role": "administrator"}
# What changes, whom it asks, its promise in working hours, and whose that is.
SIDES: tuple[tuple[str, str, str, dict[str, Any], dict[str, Any]], ...] = (
    ("address", "Address", "地址", ADMINISTRATORS, {"hours": 8, "remind": 2, "then": "approve"}),
    ("parent", "Distributor", "上级分销商", ADMINISTRATORS,
     {"hours": 8, "remind": 2, "then": "escalate", "to": {"kind": "partner_manager"}}),
    ("name", "New name", "更名", ADMINISTRATORS, {"hours": 60, "remind": 59, "then": "none"}),
)  # fmt: skip


def flow() -> dict[str, Any]:
    """Who decided about changes of partners until the week before: each kind of change its own promise."""
    branches = [_branch(*side) for side in SIDES]
    at_once = {"id": "ordinary", "kind": "decide", "name": "At once", "name_zh": "立即生效", "when": {}}
    rest = {
        "id": "rest",
        "name": "Everything else",
        "name_zh": "其他",
        "steps": [{**at_once, "outcome": "approve"}],
    }
    which = {"id": "which", "kind": "branch", "branches": [*branches, rest]}
    return {
        "schema": 1, "subject": SUBJECT, "name": "Partner change by field", "name_zh": "按字段审批资料变更",
        "steps": [which],
    }  # fmt: skip


def _branch(
    field: str, name: str, chinese: str, who: dict[str, Any], promise: dict[str, Any]
) -> dict[str, Any]:
    step = {
        "id": f"{field}-step",
        "kind": "approver",
        "name": name,
        "name_zh": chinese,
        "who": who,
        "mode": "one",
    }
    return {
        "id": field, "name": name, "name_zh": chinese, "when": {"field": f"changes_{field}", "op": "is", "value": True},
        "steps": [{**step, "deadline": promise}],
    }  # fmt: skip


def _in_force_for_long(*, since: datetime) -> None:
    """The kit's flows hold since before the first of the demo's cases, not only since the demo was made."""
    FlowVersion.objects.filter(state=FlowVersion.State.PUBLISHED, published_at__gt=since).update(
        published_at=since
    )


def fill(partners: list[Partner], above: Partner, *, asked_by: Actor, by: Actor) -> None:
    """Three changes of the last two weeks, of three partners, and what the clock did about them."""
    before, moved, renamed, now = *partners[:3], clock.now()
    kit = published(SUBJECT)
    _in_force_for_long(since=now - timedelta(days=SINCE))
    with clock.at(now - timedelta(days=16)):
        install_flow(data=flow(), note="Each change its own promise", by=by)
    with clock.at(now - timedelta(days=14)):
        services.update_partner(
            partner=before, address="Wuyi Road 88, building 3", reason="Moved into new offices", by=asked_by
        )
        services.update_partner(
            partner=moved, parent=above, reason="Buys through them from now on", by=asked_by
        )
    for days in (11, 8, 5):
        with clock.at(now - timedelta(days=days)):
            wake_due_runs()
    with clock.at(now - timedelta(days=4)):
        services.update_partner(
            partner=renamed, name=f"{renamed.name} Group", reason="New name in the register", by=asked_by
        )
        if kit is not None:  # running cases stay on the version under which they began
            install_flow(data=kit.document, note="Back to one promise for all", by=by)
    wake_due_runs()

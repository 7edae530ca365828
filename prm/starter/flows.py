"""The approval flows with which a tenant begins."""

from __future__ import annotations

from typing import Any

from prm.approvals.services import install_flow
from prm.starter import kit
from prm.values.actor import Actor


@kit.part("approvals", order=40)
def apply(text: dict[str, Any], *, tenant: Any, by: Actor) -> None:
    """Publish each flow of the kit whose subject has none yet."""
    for data in text.get("flows", []):
        install_flow(data=data, by=by)

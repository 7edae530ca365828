"""Which form shows a change that was sent back, filled in as it was asked for, and which service takes it."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from django.contrib.auth import get_user_model

from partners import forms, services
from partners.models import Partner, PartnerChange, Tier
from prm.values.actor import Actor

KIND = PartnerChange.Kind


def of(
    change: PartnerChange, partner: Partner, data: Any, files: Any, *, actor: Actor
) -> tuple[forms.AmendForm, Callable[..., Partner], dict[str, Any]]:
    """The form, its service, and what the service takes that cannot be amended."""
    wanted = change.wanted
    own: dict[str, Any] = {"actor": actor, "change": change}
    form: forms.AmendForm
    if change.kind == KIND.FACTS:
        proposed = _as_wanted(partner, wanted)
        initial = {name: getattr(proposed, name) for name in services.companies.FIELDS} | {
            "reason": change.reason
        }
        form = forms.AmendFactsForm(data, files, obj=proposed, initial=initial, **own)
        return form, services.update_partner, {}
    if change.kind == KIND.STATUS:
        form = forms.AmendStatusForm(data, initial={"reason": change.reason}, **own)
        return form, services.change_status, {"status": wanted["status"]}
    if change.kind == KIND.TIER:
        tier = Tier.objects.filter(code=wanted["tier"]).first()
        initial = {"tier": tier, "first_day": wanted["first_day"], "reason": change.reason}
        return forms.AmendTierForm(data, initial=initial, **own), services.set_tier, {}
    if wanted["assigned"]:
        initial = {"user": wanted["manager"], "reason": change.reason}
        return forms.AmendManagerForm(data, initial=initial, **own), services.assign_manager, {}
    user = get_user_model().objects.get(pk=wanted["manager"])
    form = forms.AmendUnassignForm(data, initial={"reason": change.reason}, **own)
    return form, services.unassign_manager, {"user": user}


def _as_wanted(partner: Partner, wanted: dict[str, Any]) -> Partner:
    """The partner as it would be with what was asked for; nothing of it is saved."""
    proposed = copy(partner)
    for name, value in wanted["facts"].items():
        setattr(proposed, "parent_id" if name == "parent" else name, value)
    proposed.custom = {**(partner.custom or {}), **wanted.get("custom", {})}
    return proposed

"""Which tiers the programme has, and what a partner must reach for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, ProtectedError
from django.utils.translation import gettext as _

from partners.errors import CriteriaUnsound, TierInUse, TierTwice
from partners.models import Tier
from prm.access.rules import require
from prm.audit.services import differences, record
from prm.conditions import BadCondition, sentence, validate
from prm.conditions.evidence import labels_for_staff
from prm.conditions.forms import dumped
from prm.ui import said
from prm.values.actor import Actor

FIELDS = ("name", "name_zh", "rank")
# Beyond every rank that a person gives: where ranks wait while others take their places.
ASIDE = 20_000


@transaction.atomic
def save_tier(
    *, tier: Tier | None, name: str, rank: int, by: Actor, code: str = "", name_zh: str = "",
    entry: dict[str, Any] | None = None, renewal: dict[str, Any] | None = None,
) -> Tier:  # fmt: skip
    """Add a tier, or change one; its code stays. Criteria that are not given stay as they are.

    Raises TierTwice for a code or rank that another tier has, CriteriaUnsound.
    """
    require(by, "partners.configure")
    others = Tier.objects.select_for_update().exclude(pk=tier.pk if tier else None)
    if others.filter(rank=rank).exists():
        raise TierTwice(field="rank")
    if tier is None and others.filter(code=code).exists():
        raise TierTwice(field="code")
    made = _save(tier, {"code": code, "name": name, "name_zh": name_zh, "rank": rank}, by)
    return set_criteria(
        tier=made, entry=made.entry if entry is None else entry, by=by,
        renewal=made.renewal if renewal is None else renewal,
    )  # fmt: skip


@transaction.atomic
def set_criteria(*, tier: Tier, entry: dict[str, Any], renewal: dict[str, Any], by: Actor) -> Tier:
    """What opens the tier to a partner, and what keeps it; {} for none.

    Partners read the criteria of the next tier, so they may ask for nothing that is for the vendor's people only.
    Raises CriteriaUnsound.
    """
    require(by, "partners.configure")
    tier = Tier.objects.select_for_update().get(pk=tier.pk)
    wanted = {"entry": entry, "renewal": renewal}
    changes = {}
    for name, condition in wanted.items():
        _must_be_readable(condition, name)
        before = getattr(tier, name)
        if before != condition:
            changes[name] = [_in_each(before), _in_each(condition)]
            setattr(tier, name, condition)
    if changes:
        tier.save(update_fields=list(wanted))
        record(tier, "criteria_set", by=by, changes=changes)
    return tier


def _must_be_readable(condition: Any, field: str) -> None:
    if not condition:
        return
    problems = validate(condition, "partner")
    if problems:
        raise CriteriaUnsound(why=str(problems[0].message), field=field)
    hidden = labels_for_staff(condition, "partner")
    if hidden:
        why = _("partners read it, and “%(name)s” is for your own people only") % {"name": hidden[0]}
        raise CriteriaUnsound(why=why, field=field)


def _in_each(condition: Any) -> Any:
    """The condition as readers of each language read it."""
    return said.InEach(lambda: in_words(condition)) if condition else ""


def in_words(condition: Any) -> str:
    """A criterion as a sentence; what is not sound any more, such as a field that is gone, as it is stored."""
    try:
        return sentence(condition, "partner")
    except BadCondition:
        return dumped(condition)


@transaction.atomic
def remove_tier(*, tier: Tier, by: Actor) -> None:
    """Take a tier away that nobody has or had: TierInUse."""
    require(by, "partners.configure")
    _remove(Tier.objects.select_for_update().get(pk=tier.pk), by)


@transaction.atomic
def set_tiers(*, tiers: Sequence[dict[str, Any]], by: Actor) -> list[Tier]:
    """Let the programme have exactly these tiers: {"code", "name", "name_zh", "rank"}.

    A tier that a partner has or had, or that a price list names, cannot be taken away: TierInUse.
    """
    require(by, "partners.configure")
    for name in ("code", "rank"):
        values = [tier[name] for tier in tiers]
        if len(set(values)) < len(values):
            raise TierTwice()
    known = {tier.code: tier for tier in Tier.objects.select_for_update()}
    for code in sorted(set(known) - {tier["code"] for tier in tiers}):
        _remove(known[code], by)
    Tier.objects.filter(code__in=known).update(rank=F("rank") + ASIDE)
    return [_save(known.get(tier["code"]), tier, by) for tier in tiers]


def _remove(tier: Tier, by: Actor) -> None:
    record(tier, "deleted", by=by)
    try:
        with transaction.atomic():
            tier.delete()
    except ProtectedError:
        raise TierInUse(tier=str(tier)) from None


def _save(tier: Tier | None, wanted: dict[str, Any], by: Actor) -> Tier:
    values = {
        "name": wanted["name"].strip(),
        "name_zh": wanted.get("name_zh", "").strip(),
        "rank": wanted["rank"],
    }
    before = {name: getattr(tier, name) if tier else None for name in FIELDS}
    verb = "changed" if tier else "created"
    tier = tier or Tier(code=wanted["code"])
    for name, value in values.items():
        setattr(tier, name, value)
    tier.save()
    changes = differences(before, values)
    if changes:
        record(tier, verb, by=by, changes=changes)
    return tier

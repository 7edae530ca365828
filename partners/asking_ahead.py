"""Which rows of a file a flow would not let through, asked before anything of the file is written.

Guarantee: a row is named here for the same reason, in the same words, for which it would be refused while it is written
(`write_or_ask`): its change would wait for an approval, the flow rejects it at once, or such a change of its partner
waits already. What is tried for the sake of the question is undone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import transaction

from partners.approvals import CODE
from partners.errors import ChangeNeedsApproval, ChangeRefused, ChangeWaits
from partners.models import Partner, PartnerChange, TierMembership
from partners.services.changes import change_of
from partners.services.companies import put_facts
from partners.services.tiers import tier_change
from prm.approvals.passing import PASSES, REFUSED, WAITS, Gate
from prm.spreadsheets import own
from prm.spreadsheets.registry import RowRefused
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import DomainError

KIND = PartnerChange.Kind


def refused_rows(
    rows: Iterable[Any], known: Mapping[str, Partner], fields: Iterable[str], *, by: Actor
) -> list[RowRefused]:
    """The rows that would be refused; `known` are the partners on file by number, `fields` the facts of a row."""
    ahead = _Ahead(known, fields, by)
    if by.is_system or ahead.gate.is_open:
        return []
    found = []
    with transaction.atomic():
        for row in rows:
            try:
                ahead.ask(row.values)
            except DomainError as refused:
                found.append(RowRefused.by(refused, row.number))
        transaction.set_rollback(True)  # a reference number that was drawn for the question is nobody's
    return found


class _Ahead:
    """The changes of a file in the order in which they would be written, each shown to the flow."""

    def __init__(self, known: Mapping[str, Partner], fields: Iterable[str], by: Actor):
        self.known, self.fields, self.by = dict(known), tuple(fields), by
        self.gate = Gate(CODE)
        self.tiers = _tiers_of(self.known.values())
        rows = PartnerChange.objects.for_everyone(because="importers see every partner").open()
        self.waiting = {(one.partner_id, one.kind): one for one in rows.select_related("partner")}

    def ask(self, values: Mapping[str, str]) -> None:
        """Raises ChangeWaits, ChangeNeedsApproval, ChangeRefused, and what the partner's own fields refuse."""
        partner = self.known.get(values["partner_number"])
        facts: dict[str, Any] = {name: values[name] for name in self.fields if name in values}
        if partner is None:
            status = values.get("status", "active")
            partner = Partner(number=values["partner_number"], status=status, **facts)
        else:
            self._facts(partner, facts, own.given(values) or None)
        self._tier(partner, values)
        if parent := values.get("parent_number"):
            # One that the file itself brings in is new, and so is what hangs under it.
            self._facts(
                partner, {"parent": self.known.get(parent) or Partner(number=parent, name=parent)}, None
            )

    def _facts(self, partner: Partner, facts: Mapping[str, Any], custom: Mapping[str, Any] | None) -> None:
        name = partner.name
        changes, wanted = put_facts(partner, facts, custom, by=self.by)
        if changes:
            self._show(partner, KIND.FACTS, wanted, changes, name)

    def _tier(self, partner: Partner, values: Mapping[str, str]) -> None:
        tier, since = values.get("tier"), values.get("tier_since")
        if not tier:
            return
        first_day = date.fromisoformat(since) if since else clock.today()
        before = next((code for during, code in self.tiers[partner.pk] if first_day in during), None)
        if before != tier:
            changes, wanted = tier_change(before, tier, first_day)
            self._show(partner, KIND.TIER, wanted, changes, partner.name)

    def _show(
        self,
        partner: Partner,
        kind: str,
        wanted: Mapping[str, Any],
        changes: Mapping[str, list[Any]],
        name: str,
    ) -> None:
        change = change_of(partner, kind, wanted, changes, by=self.by)
        verdict = self.gate.verdict(change)
        if verdict == PASSES:
            return
        if partner.pk is not None and (partner.pk, kind) in self.waiting:
            raise ChangeWaits(partner=name, what=change.get_kind_display())
        if verdict == WAITS:
            raise ChangeNeedsApproval(partner=name)
        if verdict == REFUSED:
            raise ChangeRefused(partner=name)


def _tiers_of(partners: Iterable[Partner]) -> dict[int | None, list[tuple[Any, str]]]:
    rows = TierMembership.objects.for_everyone(because="importers see every partner")
    rows = rows.filter(partner__in=[partner.pk for partner in partners]).select_related("tier")
    found: dict[int | None, list[tuple[Any, str]]] = defaultdict(list)
    for one in rows:
        found[one.partner_id].append((one.during, one.tier.code))
    return found

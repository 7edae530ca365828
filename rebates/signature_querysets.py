"""Reads of what partners answered to versions that want their signature."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prm.access.scoping import PartnerOwned


class SignatureQuerySet(PartnerOwned):
    def signed(self) -> SignatureQuerySet:
        return self.filter(answer="signed")

    def newest_answers(self, versions: Iterable[Any], partner: Any) -> dict[int, Any]:
        """By the version's id the newest answer of one partner."""
        rows = self.filter(version__in=list(versions), partner=partner).order_by("version_id", "-id")
        return {row.version_id: row for row in rows.distinct("version_id")}

    def newest_of(self, version: Any) -> SignatureQuerySet:
        """The newest answer of each partner to a version."""
        rows = self.filter(version=version)
        return rows.order_by("partner_id", "-id").distinct("partner_id").select_related("partner")

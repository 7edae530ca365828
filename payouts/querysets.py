"""Reads of bank accounts, batches and journals: one named method for what each page needs."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Count, Q, Sum

from prm.access.scoping import PartnerOwned
from prm.values.actor import Actor


class BankAccountQuerySet(PartnerOwned):
    def same_number(self, account: Any) -> BankAccountQuerySet:
        """Accounts of other partners with the number of `account`, waiting or confirmed: money for two in one place."""
        rows = self.exclude(partner_id=account.partner_id)
        bank = {name: getattr(account, name) for name in ("account_number", "cnaps", "bic")}
        same = Q(iban=account.iban) if account.iban else Q(**bank)
        return rows.filter(same, state__in=("asked", "confirmed")).select_related("partner")

    def for_list(self) -> BankAccountQuerySet:
        return self.select_related("partner").order_by("-asked_at", "-id")

    def waiting(self) -> BankAccountQuerySet:
        return self.filter(state="asked")

    def replaced_by(self, account: Any, today: date) -> Any:
        """The confirmed account from which one that waits or is held takes over; None where it is the first."""
        rows = self.filter(partner_id=account.partner_id, currency=account.currency, state="confirmed")
        rows = rows.exclude(pk=account.pk)
        if account.state == "asked":
            rows = rows.filter(Q(ends__isnull=True) | Q(ends__gt=today))
        else:
            rows = rows.filter(ends=account.starts)
        return rows.order_by("starts", "decided_at", "pk").last()

    def stopped(self) -> BankAccountQuerySet:
        return self.filter(state="stopped")

    def in_force(self, day: date) -> BankAccountQuerySet:
        """The accounts that are paid to on `day`: one for a partner and a currency."""
        return self.filter(Q(ends__isnull=True) | Q(ends__gt=day), state="confirmed", starts__lte=day)

    def held(self, day: date) -> BankAccountQuerySet:
        """Confirmed, and not paid to on `day` yet."""
        return self.filter(state="confirmed", starts__gt=day).exclude(ends__lte=models.F("starts"))


class BatchQuerySet(models.QuerySet):
    def visible_to(self, actor: Actor) -> BatchQuerySet:
        """Payouts concern the whole channel: staff who see every partner see them."""
        if actor.is_system or (actor.is_staff and actor.partner_ids is None):
            return self
        return self.none()

    def for_list(self) -> BatchQuerySet:
        return self.select_related("run").order_by("-id")

    def awaiting(self, states: Any) -> BatchQuerySet:
        return self.filter(state__in=states).order_by("state_since")


class BatchLineQuerySet(PartnerOwned):
    def for_list(self) -> BatchLineQuerySet:
        return self.select_related("statement__partner", "account", "payment").order_by("id")

    def waiting(self) -> BatchLineQuerySet:
        """Lines whose statement is taken: it is in no other batch, and nobody pays it by hand."""
        return self.filter(state="waiting")

    def sums(self) -> list[dict[str, Any]]:
        """Rows of currency, lines and amount."""
        return list(
            self.order_by("statement__currency")
            .values("statement__currency")
            .annotate(lines=Count("pk"), amount=Sum("amount"))
        )


class JournalQuerySet(models.QuerySet):
    def visible_to(self, actor: Actor) -> JournalQuerySet:
        """The books are finance's, who see every partner."""
        if actor.is_system or (actor.is_staff and actor.partner_ids is None):
            return self
        return self.none()

    def for_list(self) -> JournalQuerySet:
        return self.order_by("-id")

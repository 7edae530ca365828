from __future__ import annotations

from collections.abc import Iterable

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.audit import words
from prm.audit.searching import Words, partner_model, spoken_verbs, words_index
from prm.ui import said
from prm.values.actor import Actor


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def of(self, obj: models.Model) -> AuditQuerySet:
        """The history of one object, newest first."""
        return self.of_any([obj])

    def of_any(self, objects: Iterable[models.Model]) -> AuditQuerySet:
        """The history of several objects as one, newest first."""
        found = models.Q(pk__in=[])
        for obj in objects:
            found |= models.Q(object_type=obj._meta.label_lower, object_id=str(obj.pk))
        return self.filter(found).order_by("-id")

    def visible_to(self, actor: Actor) -> AuditQuerySet:
        """Staff who see every partner see all; others what concerns their partners, partners nothing internal."""
        rows = self.exclude(verb__in=words.internal()) if actor.is_partner else self
        if actor.partner_ids is None:
            return rows
        return rows.filter(partner_id__in=sorted(actor.partner_ids))

    def saying(self, text: str) -> AuditQuerySet:
        """Rows in whose names, reason, address, changes or verb, as it is read here, each word of `text` occurs."""
        rows, spoken = self.annotate(all_words=Words()), spoken_verbs()
        for word in text.split():
            found = models.Q(all_words__contains=word.upper())
            if verbs := [verb for verb, told in spoken.items() if word.casefold() in told]:
                found |= models.Q(verb__in=verbs)
            rows = rows.filter(found)
        return rows

    def with_partner_name(self) -> AuditQuerySet:
        """`partner_name` beside each row; rows that concern no partner have none."""
        partners = partner_model()
        if partners is None:
            return self.annotate(partner_name=models.Value(None, models.CharField()))
        names = partners.objects.for_everyone(because="the row itself is narrowed").filter(
            pk=models.OuterRef("partner_id")
        )
        return self.annotate(partner_name=models.Subquery(names.values("name")[:1]))


class AuditEntry(models.Model):
    """Who changed what, when, from what to what, and why. Append-only: the database refuses anything else."""

    at = models.DateTimeField(_("time"))
    verb = models.CharField(_("what"), max_length=60)
    object_type = models.CharField(max_length=80, blank=True)
    object_id = models.CharField(max_length=40, blank=True)
    object_label = models.CharField(_("object"), max_length=200, blank=True)
    partner_id = models.BigIntegerField(null=True)
    # No foreign key: the person may be deleted, the history may not change.
    user_id = models.BigIntegerField(null=True)
    actor_kind = models.CharField(max_length=12)
    actor_label = models.CharField(_("who"), max_length=200)
    acting_operator = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=45, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    changes = models.JSONField(default=dict)
    reason = models.TextField(blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["object_type", "object_id", "-id"], name="audit_by_object"),
            models.Index(fields=["partner_id", "-id"], name="audit_by_partner"),
            models.Index(fields=["user_id", "-id"], name="audit_by_user"),
            models.Index(fields=["verb", "-id"], name="audit_by_verb"),
            models.Index(fields=["at"], name="audit_by_time"),
            words_index(),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label}: {self.verb} {self.object_label}"

    def get_absolute_url(self) -> str:
        return reverse("audit:entry", args=[self.pk])

    @property
    def object_named(self) -> str:
        """What the object was called, in the reader's language where it has a name in each."""
        return said.mine(self.object_label)

    @property
    def reason_said(self) -> str:
        return said.mine(self.reason)

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Seal(models.Model):
    """A batch of audit rows that were committed, chained to the batch before. Append-only."""

    number = models.BigIntegerField(_("batch"), primary_key=True)
    at = models.DateTimeField(_("sealed"))
    rows = models.PositiveIntegerField(_("rows"))
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return self.head

    @property
    def head(self) -> str:
        """What goes out: the batch's number and hash."""
        return f"{self.number}:{self.hash}"


class SealedEntry(models.Model):
    """In which batch an audit row is sealed, and by which digest. Once, says the key; append-only."""

    # No foreign key: a row that somebody took out of the trail must not take its seal with it.
    entry_id = models.BigIntegerField(primary_key=True)
    seal = models.ForeignKey(Seal, models.PROTECT, related_name="entries")
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.entry_id} in {self.seal_id}"


class Waiting(models.Model):
    """An audit row that waits for its seal. A trigger writes it with the row, so that they are committed together."""

    entry_id = models.BigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return str(self.entry_id)


class SealingSettings(models.Model):
    """To whom each day's head goes by mail. One row."""

    addresses = ArrayField(models.EmailField(), default=list)
    changed_by = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(name="one_sealing_settings", condition=models.Q(id=1))]
        verbose_name = _("sealing")

    def __str__(self) -> str:
        return str(_("Sealing"))

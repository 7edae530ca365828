"""Statements on paper that a job made, some in each file, until they are made anew."""

from __future__ import annotations

from django.db import models

from prm.values import clock
from rebates.models.runs import SettlementRun


class PrintedPart(models.Model):
    """A ZIP file with the statements of one part of a job. Finance's; whoever sees the settlement may have it."""

    run = models.ForeignKey(SettlementRun, models.PROTECT, related_name="prints", db_index=False)
    job = models.BigIntegerField()
    part = models.PositiveIntegerField()
    file = models.FileField(upload_to="statements/%Y/%m/")
    count = models.PositiveIntegerField()
    pages = models.PositiveIntegerField()
    made_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["part"]
        constraints = [models.UniqueConstraint(fields=["run", "job", "part"], name="printed_once")]

    def __str__(self) -> str:
        return f"{self.run_id} {self.part}"

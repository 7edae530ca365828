"""Building the indexes of fields in the background."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy

from prm.customfields import indexes
from prm.jobs.handlers import JobHandler, job_handler


@job_handler(indexes.JOB)
class IndexFields(JobHandler):
    """One step; it commits index by index, and what is there already is left alone."""

    title = gettext_lazy("Indexes of own fields")
    transactional = False
    while_suspended = True

    def run(self, job: Any, step: int) -> None:
        indexes.bring_up_to_date(job.params["target"])

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from prm.jobs.models import Job
from prm.jobs.progress import begun_by
from prm.ui.lists import Choice, Empty, Link, ListPage, Number, Text, View, When


def _progress(job):
    done, total = job.progress
    return _("%(done)s of %(total)s") % {"done": done, "total": total} if total else ""


class JobList(ListPage):
    """What runs, ran or failed in the background."""

    title = _("Background jobs")
    verb = "jobs.view"
    order = "-pk"
    search = ("title", "created_label")
    search_label = _("Title or person")
    exports = False
    empty = Empty(
        _("No job yet"),
        _("Imports, settlements and other long work appear here while they run."),
        icon="activity",
    )
    views = [
        View("all", _("All")),
        View("open", _("Running"), lambda rows, actor: rows.open(), hot=True),
        View("dead", _("Failed"), lambda rows, actor: rows.filter(state=Job.State.DEAD), hot=True),
        View(
            "mine",
            _("Begun by me"),
            lambda rows, actor: rows.filter(created_by_id=actor.user_id),
            counted=False,
        ),
    ]
    columns = [
        Link("title", label=_("Job"), value=lambda job: job.words),
        Choice("state", label=_("State"), filter=True),
        Text("progress", label=_("Progress"), value=_progress, css="ui-fig ui-sub"),
        Number("attempt", label=_("Attempts")),
        Text("created_label", label=_("Begun by"), value=begun_by, phone="sub"),
        When("created_at", label=_("Begun"), phone="b"),
        When("finished_at", label=_("Ended")),
    ]

    def get_rows(self, actor):
        return Job.objects.all()

"""What the page of an import shows at each step."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from prm.audit.history import history_of
from prm.jobs.models import Job
from prm.jobs.progress import card_of
from prm.spreadsheets.models import Import
from prm.spreadsheets.reasons import why
from prm.spreadsheets.services import refuse_own
from prm.spreadsheets.staging import Staged
from prm.ui import formats, refusals
from prm.ui.parts import Figure, Stage
from prm.values.actor import Actor

MOST_REASONS = 100
GOOD_SHOWN = 8

GROUPS = """
    SELECT p->>'field', p->>'code', p->>'value', min(r.number), count(*),
        (array_agg(p->'values' ORDER BY r.number))[1],
        (array_agg(coalesce(r.typed->>%(key)s, r.values->>%(key)s) ORDER BY r.number))[1]
    FROM spreadsheets_importrow r,
        jsonb_array_elements(coalesce(r.problems, '[]') || coalesce(r.findings, '[]')) p
    WHERE r.upload_id = %(upload)s AND r.verdict = 'bad'
    GROUP BY 1, 2, 3 ORDER BY 5 DESC, 4 LIMIT %(most)s
"""


@dataclass(frozen=True)
class Reason:
    """Rows that are bad for the same reason with the same value."""

    field: str
    label: str
    value: str
    why: str
    first: int
    more: int
    key: str

    @property
    def count(self) -> int:
        return self.more + 1


def page_of(upload: Import, actor: Actor) -> dict[str, Any]:
    """Everything the import's page shows at its present step."""
    state = upload.state
    context: dict[str, Any] = {
        "upload": upload,
        "kind": upload.definition,
        "stages": stages_of(upload),
        "history": history_of(upload, actor),
        "failure": failure_of(upload, actor),
    }
    if upload.is_busy and upload.job:
        context["card"] = card_for(upload.job, actor)
    if state == Import.State.UPLOADED:
        context["matches"] = matches_of(upload)
    if state in (Import.State.CHECKED, Import.State.DONE):
        context["figures"] = figures_of(upload)
        context["reasons"] = reasons_of(upload)
    if state == Import.State.CHECKED:
        context["good"] = good_rows(upload)
        context["warnings"] = facts_of(upload, warns=True)
        context["why_not"] = refusals.why_not(refuse_own, upload, actor)
    return context


def card_for(job: Job, actor: Actor) -> dict[str, Any]:
    """The job's card; what went wrong inside the system is not for partners."""
    card = card_of(job, actor)
    return {**card, "error": ""} if actor.is_partner else card


def failure_of(upload: Import, actor: Actor) -> str:
    """Why an import failed, for whoever looks."""
    if upload.error and actor.is_partner:
        return _("The system could not go on, and nothing was written. Check again, or upload the file anew.")
    return upload.error


def stages_of(upload: Import) -> list[Stage]:
    at = {"uploaded": 1, "checking": 2, "checked": 2, "writing": 3, "done": 4, "failed": 2, "discarded": 2}[
        upload.state
    ]
    columns = _("Columns")
    if at > 1:
        columns = _("Columns, %(matched)s of %(all)s") % {
            "matched": len(upload.columns), "all": len(upload.definition.all_columns)
        }  # fmt: skip
    words = (_("Upload"), columns, _("Preview"), _("Import"))
    return [
        Stage(label, "done" if place < at else "now" if place == at else "later")
        for place, label in enumerate(words)
    ]


def matches_of(upload: Import) -> list[dict[str, Any]]:
    """Each of our columns with the file's column that holds it, and what stands there first."""
    found = []
    for column in upload.definition.all_columns:
        place = upload.columns.get(column.name)
        samples = [
            cells[place] for _number, cells in upload.sample if place is not None and place < len(cells)
        ]
        found.append({
            "column": column, "label": capfirst(str(column.label)), "place": place,
            "samples": ", ".join(filter(None, samples))[:120]
        })  # fmt: skip
    return found


def figures_of(upload: Import) -> list[Figure]:
    facts = " · ".join(facts_of(upload, warns=False))
    if upload.state == Import.State.DONE:
        first = Figure(_("Imported"), formats.number(upload.written), note=facts)
    else:
        first = Figure(_("Good rows"), formats.number(upload.good), note=facts)
    count = formats.number(upload.bad)
    shown = format_html('<span class="ui-bad">{}</span>', count) if upload.bad else count
    bad = Figure(_("Bad rows"), shown, note=_corrected(upload))
    same = Figure(_("Already on file"), formats.number(upload.same), note=_("the same there: skipped"))
    return [first, bad, same]


def facts_of(upload: Import, *, warns: bool) -> list[str]:
    """What the good rows amount to, or with `warns` what is unlikely about them."""
    told = upload.definition.fact_text
    return [told(fact["code"], fact["values"]) for fact in upload.facts if fact.get("warns", False) == warns]


def _corrected(upload: Import) -> str:
    count = sum(len(values) for values in upload.corrections.values())
    return (
        ngettext("%(count)s value corrected", "%(count)s values corrected", count) % {"count": count}
        if count
        else ""
    )


def reasons_of(upload: Import) -> list[Reason]:
    """Why rows are bad, the most frequent first."""
    if not upload.bad:
        return []
    kind = upload.definition
    rows = Staged(upload).execute(GROUPS, {"key": kind.key, "most": MOST_REASONS})
    labels = {column.name: capfirst(str(column.label)) for column in kind.all_columns}
    return [
        Reason(
            field=field, label=labels.get(field, field), value=value, first=first, more=count - 1, key=key or "",
            why=why({"code": code, "values": json.loads(values or "{}")}, labels),
        )
        for field, code, value, first, count, values, key in rows
    ]  # fmt: skip


def good_rows(upload: Import) -> dict[str, Any]:
    """The first good rows, in the kind's own few columns."""
    kind = upload.definition
    shown = [
        column for column in kind.all_columns if column.name in kind.shown and column.name in upload.columns
    ]
    rows = upload.rows.filter(verdict="good").order_by("number")[:GOOD_SHOWN]
    return {
        "heads": [capfirst(str(column.label)) for column in shown],
        "rows": [
            (row.number, [column.shown(row.values.get(column.name, "")) for column in shown]) for row in rows
        ],
    }

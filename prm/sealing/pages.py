"""What the page of the seal shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from prm.jobs.models import Job
from prm.jobs.progress import card_of
from prm.sealing.models import Seal, SealedEntry, Waiting
from prm.sealing.services import VERIFY_JOB, last_seal, settings_now
from prm.sealing.verify import Difference, KnownHead
from prm.ui import formats
from prm.ui.parts import Figure
from prm.values.actor import Actor

RECENT = 10


def seal_page(actor: Actor) -> dict[str, Any]:
    last, waiting = last_seal(), Waiting.objects.count()
    job = Job.objects.visible_to(actor).filter(kind=VERIFY_JOB).order_by("-id").first()
    return {
        "last": last,
        "figures": [
            Figure(_("Batches"), formats.number(last.number if last else 0)),
            Figure(_("Rows sealed"), formats.number(SealedEntry.objects.count())),
            Figure(
                _("Rows waiting"),
                formats.number(waiting),
                note=_("sealed within two seconds of being written"),
            ),
        ],
        "recent": Seal.objects.order_by("-number")[:RECENT],
        "job": job,
        "card": card_of(job, actor) if job and job.is_open else None,
        "differences": differences_of(job) if job and job.state == Job.State.DONE else [],
        "known_head": known_head_of(job) if job and job.state == Job.State.DONE else "",
        "settings": settings_now(),
    }


def known_head_of(job: Job) -> str:
    """That the head which somebody gave is in the chain, and what it covers; "" where none was given, or it is not."""
    found = job.result.get("head")
    return KnownHead(**{**found, "at": datetime.fromisoformat(found["at"])}).text if found else ""


def differences_of(job: Job) -> list[str]:
    """What the last verification found, in the reader's language."""
    return [Difference(**one).text for one in job.result.get("differences", [])]

"""Talk about a settlement: who reviews it asks and answers there, about all of it or about one partner."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction

from partners.models import Partner
from prm.access.rules import require, who_may
from prm.access.scope import partner_ids_of_user
from prm.audit.services import record
from prm.files.uploads import Upload, checked
from prm.outbox.services import emit
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import DomainError
from rebates.errors_of_reviews import CommentEmpty, MayNotRead
from rebates.models import RunComment, SettlementRun
from rebates.review_events import SettlementCommented
from rebates.services.holding import refuse_stranger

READ = "rebates.view_runs"


def readers() -> list[Any]:
    """Who reads the talk about settlements: who sees them and every partner, as `RunComment.visible_to` has it."""
    return [user for user in who_may(READ) if partner_ids_of_user(user) is None]


@transaction.atomic
def comment_run(
    *, run: SettlementRun, text: str, by: Actor, partner: Partner | None = None, mentioned: Iterable[Any] = (),
    attachment: Any = None,
) -> RunComment:  # fmt: skip
    """Say something about `run`, or about `partner` in it. Who is `mentioned` (users who see settlements) is told."""
    require(by, READ)
    if not text.strip():
        raise CommentEmpty()
    if partner is not None:
        refuse_stranger(run, partner)
    people = list(mentioned)
    strangers = {user.pk for user in people} - {user.pk for user in readers()}
    if strangers:
        raise MayNotRead(people=", ".join(str(user) for user in people if user.pk in strangers))
    comment = RunComment(
        run=run, about=partner, author_id=by.user_id, author_label=by.label[:200], text=text.strip(),
        mentioned=[{"id": user.pk, "name": str(user)} for user in people], at=clock.now(),
    )  # fmt: skip
    if attachment is not None:
        kept = _judged(attachment)
        comment.attachment, comment.attachment_name = ContentFile(kept.content, kept.name), kept.name
    comment.save()
    changes = {"partner": [None, partner.name]} if partner is not None else {}
    record(run, "commented", by=by, changes=changes)
    emit(SettlementCommented(run_id=run.pk, comment_id=comment.pk), object_key=f"run:{run.pk}")
    return comment


def _judged(attachment: Any) -> Upload:
    """The file as it may be kept; what is wrong with it stands at its field."""
    try:
        return checked(attachment)
    except DomainError as error:
        error.field = "attachment"
        raise

"""Questions about decisions that wait for one person's answer, in the inbox of whoever was asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from prm.approvals import subjects
from prm.notices import work
from prm.ui import menu
from prm.values.actor import Actor

VERB = "approvals.comment"


def open_questions(actor: Actor) -> Iterable[work.Work]:
    """What the actor was asked and has not answered, the oldest first."""
    from prm.approvals.reads import place_for

    for comment in _unanswered(actor).select_related("run")[: work.MOST]:
        subject = subjects.subject_of(comment.run.subject)
        yield work.Work(
            title=comment.run.title, link=place_for(actor.user_id, comment.run), since=comment.at,
            subtitle=comment.text[:120], kind=_("Question"), icon="message-2-question", code=subject.code,
        )  # fmt: skip


def count_open_questions(actor: Actor) -> int:
    return _unanswered(actor).values("pk")[: menu.COUNTED].count()


def _unanswered(actor: Actor) -> Any:
    from prm.approvals.models import Comment

    rows = Comment.objects.visible_to(actor)
    if actor.user_id is None or VERB not in actor.permissions:
        return rows.none()
    own = Comment.objects.for_everyone(because="whether the person who was asked has answered")
    later = own.filter(run=OuterRef("run"), author_id=actor.user_id, pk__gt=OuterRef("pk"))
    open_runs = rows.filter(run__state="running", asked_id=actor.user_id)
    return open_runs.filter(~Exists(later)).exclude(run__subject__in=subjects.at_rest()).order_by("pk")

"""The daily digest: one letter with everything that a person wanted gathered and has not read by then."""

from __future__ import annotations

from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from prm.notices import texts
from prm.notices.inbox import NoticeLine
from prm.notices.letters import write_letter
from prm.notices.links import current_tenant
from prm.notices.models import Notice
from prm.values import clock

# More than so many are not listed: the inbox has them.
LISTED = 50
SUBJECT = _("Your digest: %(count)s new")
INTRODUCTION = _("This has happened since your last digest and waits unread in your inbox:")


def register() -> None:
    texts.register("notices.digest", label=_("Daily digest"), subject=SUBJECT, paragraphs=[INTRODUCTION])


def write_due_digests() -> int:
    """Write the digest of everybody whose time has come. Returns how many letters were written."""
    due = Notice.objects.filter(digest_due__lte=clock.now(), digested_at__isnull=True)
    users = list(due.order_by("user_id").values_list("user_id", flat=True).distinct()[:500])
    return sum(_write_for(user_id) for user_id in users)


@transaction.atomic
def _write_for(user_id: int) -> int:
    """Notices and letter in one transaction: a kill leaves either both or none, and nothing is listed twice."""
    rows = list(
        Notice.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(user_id=user_id, digest_due__lte=clock.now(), digested_at__isnull=True)
        .select_related("user")
        .order_by("id")
    )
    if not rows:
        return 0
    Notice.objects.filter(pk__in=[row.pk for row in rows]).update(digested_at=clock.now())
    user, unread = rows[0].user, [row for row in rows if row.read_at is None]
    if not unread or not user.is_active:
        return 0
    with translation.override(user.letter_language or current_tenant().language):
        lines = [NoticeLine(row) for row in unread[-LISTED:]]
        items = [{"title": line.title, "body": line.body, "link": line.notice.link} for line in lines]
    letter = write_letter(
        to=user.email,
        subject=SUBJECT,
        paragraphs=[INTRODUCTION],
        values={"count": len(unread)},
        items=items,
        link=reverse("notices:notices"),
        link_label=_("Open the inbox"),
        language=user.letter_language,
        fact=f"digest:{user.pk}:{rows[-1].pk}",
        name="notices.digest",
    )
    return 1 if letter else 0

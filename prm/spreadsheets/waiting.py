"""Files that wait for a second person, in the inboxes of those who can be it."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from prm.notices import work
from prm.values.actor import Actor


def register() -> None:
    work.register(open_work, count=count_open_work, verb="imports.view")


def open_work(actor: Actor) -> Iterable[work.Work]:
    for upload in _waiting(actor):
        yield work.Work(
            title=str(upload.definition.title), link=upload.get_absolute_url(), since=upload.created_at,
            subtitle=f"{upload.file_name} · {upload.created_label}", kind=_("Import to confirm"),
            icon="database-import",
        )  # fmt: skip


def count_open_work(actor: Actor) -> int:
    return len(_waiting(actor))


def _waiting(actor: Actor) -> list:
    from prm.spreadsheets.models import Import

    if actor.user_id is None:
        return []
    return list(Import.objects.visible_to(actor).for_list().to_import_by(actor)[: work.MOST])

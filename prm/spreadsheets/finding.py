"""The one box finds imports by number and by the name of the file."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from prm.search import registry as search


def register() -> None:
    search.register(
        "imports", label=_("Imports"), icon="database-import", find=find, order=80, verb="imports.view",
        more=lambda text: f"/imports/?{urlencode({'q': text})}",
    )  # fmt: skip


def find(actor: Any, text: str, limit: int) -> list[search.Row]:
    """Imports that the actor may see, newest first. A tenant has hundreds: no index is needed to pass over them."""
    from prm.spreadsheets.lists import TONES, title_of
    from prm.spreadsheets.models import Import

    if not text:
        return []
    rows = Import.objects.visible_to(actor).for_list()
    rows = rows.filter(Q(number__istartswith=text) | Q(file_name__icontains=text)).order_by("-pk")
    return [
        search.Row(
            title=row.file_name, detail=f"{row.number} · {title_of(row)}", href=row.get_absolute_url(),
            state=str(row.get_state_display()), tone=TONES[row.state],
        )
        for row in rows[:limit]
    ]  # fmt: skip

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET

from prm.access.decorators import requires
from prm.audit import words
from prm.audit.history import changes_of, who
from prm.audit.models import AuditEntry
from prm.ui.parts import Fact


@requires("audit.view")
@require_GET
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    """One line of the trail: every field from what to what."""
    row = get_object_or_404(AuditEntry.objects.visible_to(request.actor), pk=pk)
    facts = [
        Fact(_("Who"), who(row)),
        Fact(pgettext_lazy("address", "From"), row.address),
        Fact(_("Request"), row.request_id),
        Fact(_("Kind"), words.name_of_type(row.object_type) if row.object_type else ""),
        Fact(_("Number"), row.object_id),
    ]
    if row.actor_kind == "link":
        facts.insert(1, Fact(_("How"), _("Link of a letter, without signing in")))
    context = {"row": row, "verb": words.word_for(row.verb), "changes": changes_of(row), "facts": facts}
    return render(request, "audit/entry.html", context)

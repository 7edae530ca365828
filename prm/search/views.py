"""The one box: as a page, and as the rows of the palette."""

from django.shortcuts import render
from django.views.decorators.http import require_GET

from prm.access.decorators import signed_in
from prm.search.registry import search
from prm.ui.context import Shell


@signed_in
@require_GET
def page(request):
    text = request.GET.get("q", "").strip()
    groups = search(actor=request.actor, text=text, limit=25) if text else []
    return render(
        request, "search/page.html", {"text": text, "groups": groups, "places": _places(request, text)}
    )


@signed_in
@require_GET
def palette(request):
    text = request.GET.get("q", "").strip()
    groups = search(actor=request.actor, text=text)
    return render(
        request, "search/palette.html", {"text": text, "groups": groups, "places": _places(request, text)}
    )


def _places(request, text: str) -> list:
    """Menu entries whose name contains the text; all of them while nothing is typed."""
    items = Shell(request).items
    found = text.casefold()
    return [item for item in items if found in str(item.label).casefold()][:8]

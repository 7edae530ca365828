"""What the editor of programmes offers where codes are picked: products, partners, programmes."""

from __future__ import annotations

from typing import Any

from django.http import Http404, JsonResponse
from django.views.decorators.http import require_GET

from prm.access.decorators import requires
from rebates.picked import OFFERED
from rebates.programme_details import codes_of

MOST_CODES = 200  # of which the names are asked


@require_GET
@requires("rebates.edit_programmes")
def page(request: Any, what: str) -> JsonResponse:
    """Those whose code or name holds `q`; with `codes` those, in no order. Unknown ones are left out."""
    offered = OFFERED.get(what)
    if offered is None:
        raise Http404
    codes = codes_of(request.GET.get("codes", ""))[:MOST_CODES]
    text = request.GET.get("q", "").strip()[:100].replace("\x00", "")
    return JsonResponse({"rows": offered(request.actor, text, codes, request.GET)})

"""What a form that is being filled in asks of the server before it is sent."""

from __future__ import annotations

from typing import Any

from django.http import Http404, JsonResponse
from django.views.decorators.http import require_GET

from prm.access.decorators import signed_in
from prm.customfields import reads, related
from prm.customfields.plans import plan_for
from prm.customfields.targets import audience_of


@require_GET
@signed_in
def rules(request: Any, target: str) -> JsonResponse:
    """The rules of a form that ask about the partner, for the one who was just chosen: {element: {what: rule}}."""
    found = reads.target_or_404(target)
    if audience_of(request.actor) not in found.audiences or found.verb not in request.actor.permissions:
        raise Http404
    partner, asked = None, request.GET.get("partner", "")
    if asked:
        is_number = asked.isdecimal() and len(asked) < 19
        partner = related.visible_partner(request.actor, int(asked)) if is_number else None
        if partner is None:
            raise Http404
    plan = plan_for(found, request.actor, variant=request.GET.get("variant", "")[:40])
    about = plan.about_partner
    plan.settle(partner)
    answers = {
        name: {what: getattr(plan.rules[name], what) for what in whats} for name, whats in about.items()
    }
    return JsonResponse(answers)

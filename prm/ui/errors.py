"""The error pages: 403 says whom to ask, 404 tells nothing, 500 gives the request's number."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from prm.access.roles import Role
from prm.values.errors import DomainError, NotAllowed
from prm.values.request_number import request_number


def forbidden(request, exception=None):
    sentence = (
        exception.text if isinstance(exception, DomainError) and type(exception) is not NotAllowed else ""
    )
    actor = getattr(request, "actor", None)
    if not sentence and actor is not None and actor.acting_operator:
        sentence = _("You act for somebody else: approving, closing, paying, rights and exports stay theirs.")
    return render(request, "403.html", {"sentence": sentence, "ask": _administrators(request)}, status=403)


def not_found(request, exception=None):
    """The same bytes for what does not exist and for what somebody may not see."""
    return render(request, "404.html", status=404)


def server_error(request):
    """Rendered without the request's context: whatever failed must not fail again here."""
    return HttpResponse(render_to_string("500.html", {"request_id": request_number()}), status=500)


def _administrators(request) -> list[str]:
    """Names of those who give roles, for staff who have signed in: nobody gives a partner a role of staff."""
    actor = getattr(request, "actor", None)
    if connection.schema_name == settings.PUBLIC_SCHEMA_NAME or actor is None:
        return []
    if not actor.is_staff or actor.acting_operator:
        return []
    people = (
        get_user_model()._default_manager.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("name")
    )
    return [str(person) for person in people[:3]]

"""Files that rows hold in fields of the tenant's own."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse, Http404
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from prm.access.decorators import signed_in
from prm.customfields import holding, reads
from prm.customfields.models import CustomField
from prm.customfields.showing import fields_for


@require_GET
@signed_in
def file(request: Any, target: str, pk: int, code: str) -> FileResponse:
    """A file of a row, always as a download, for whoever may see the row and knows of the field."""
    found = reads.target_or_404(target)
    fields = {field.code: field for field in fields_for(target, request.actor)}
    if code not in fields or fields[code].kind != CustomField.Kind.FILE:
        raise Http404
    stored = holding.held(fields[code], get_object_or_404(found.visible_to(request.actor), pk=pk))
    answer = FileResponse(stored.file.open("rb"), as_attachment=True, filename=stored.name)
    answer["Content-Type"] = "application/octet-stream"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer

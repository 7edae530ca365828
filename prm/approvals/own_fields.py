"""Fields of the tenant's own that published flows ask for."""

from __future__ import annotations

from django.utils.translation import gettext as _

from prm.approvals.models import FlowVersion
from prm.customfields.models import CustomField
from prm.customfields.uses import is_asked


def in_flows(field: CustomField) -> list[str]:
    """The published flows that would break without the field, in words."""
    rows = FlowVersion.objects.filter(state=FlowVersion.State.PUBLISHED).select_related("flow")
    return [
        _("the approval flow of “%(subject)s”") % {"subject": row.document.get("name", row.flow.subject)}
        for row in rows
        if is_asked(row.document, field)
    ]

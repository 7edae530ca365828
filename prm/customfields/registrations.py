"""What custom fields tell the platform: verbs, menu, words of the audit trail, columns of lists."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.access import permissions
from prm.access.roles import Role
from prm.audit import words
from prm.customfields import columns, showing, uses
from prm.customfields.form_differences import of_field_names
from prm.ui import lists, menu


def register() -> None:
    permissions.register(
        "fields.configure", label=_("Set up own fields and forms"), roles=[Role.ADMINISTRATOR]
    )
    menu.register(
        section="Set-up", label=_("Forms and fields"), icon="forms", url="customfields:index", verb="fields.configure",
        order=60,
    )  # fmt: skip
    words.register_differ("customfields.formlayout", "fields", of_field_names)
    words.register_names(
        {
            "fields": pgettext_lazy("change", "fields"),
            "form": pgettext_lazy("change", "form"),
            "position": pgettext_lazy("change", "position"),
            "version_restored": pgettext_lazy("change", "version restored"),
        }
    )
    words.register(
        {
            "field_created": _("field created"),
            "field_changed": _("field changed"),
            "field_moved": _("field moved"),
            "field_deleted": _("field deleted"),
            "field_restored": _("field restored"),
            "field_dropped": _("values of a deleted field dropped"),
            "form_published": _("form published"),
            "form_withdrawn": _("form withdrawn"),
            "form_discarded": _("draft of a form discarded"),
            "form_restored": _("version of a form restored as its draft"),
        }
    )
    uses.register()
    words.namers.append(showing.name_in_audit)
    lists.more_columns.append(columns.columns_for)
    lists.more_found.append(columns.found_in_list)

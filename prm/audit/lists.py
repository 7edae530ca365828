from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.audit import words
from prm.audit.history import changes_of, who
from prm.audit.models import AuditEntry
from prm.ui import filters
from prm.ui.lists import Choice, Empty, Link, ListPage, Text, When


class VerbColumn(Choice):
    """The verb in words; filters by those that have words."""

    @property
    def choices(self):
        return sorted(words.known().items(), key=lambda pair: str(pair[1]))

    def word(self, row):
        return words.word_for(row.verb)

    def make_filter(self, model):
        return filters.ChoiceFilter(self.name, self.label, self.choices)


class AuditList(ListPage):
    """Who changed what, when, from what to what."""

    title = _("Audit trail")
    verb = "audit.view"
    order = "-pk"
    search = ("actor_label", "object_label", "reason", "address")
    search_label = _("Person, object, reason, address")
    export_verb = "audit.export"
    empty = Empty(
        _("Nothing has happened yet"), _("Every change that somebody makes stands here."), icon="history"
    )

    def get_rows(self, actor):
        return AuditEntry.objects.all()

    def get_columns(self, actor):
        return [
            When("at", label=_("When"), filter=True, phone="b"),
            Text("actor_label", label=_("Who"), value=who, phone="sub", css="ui-nowrap"),
            VerbColumn("verb", label=_("What"), filter=True, phone="d"),
            Link("object_label", label=_("Object"), value=_object, phone="a"),
            Text(
                "object_type",
                label=_("Kind"),
                value=lambda row: words.name_of_type(row.object_type),
                css="ui-sub",
            ),
            Text("changes", label=_("Changes"), value=_changes),
            Text("reason", label=_("Reason")),
            Text("address", label=pgettext_lazy("address", "From"), css="ui-sub ui-fig"),
        ]


def _object(row):
    return row.object_label or words.word_for(row.verb)


def _changes(row):
    text = "; ".join(change["text"] for change in changes_of(row))
    return text if len(text) <= 120 else f"{text[:119]}…"

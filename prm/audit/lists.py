from __future__ import annotations

from django.contrib.auth import get_user_model
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from prm.audit import words
from prm.audit.history import changes_of, who
from prm.audit.models import AuditEntry
from prm.audit.searching import partner_model, present
from prm.ui import filters, formats
from prm.ui.lists import Choice, Empty, Link, ListPage, Text, When


class VerbColumn(Choice):
    """The verb in words; filters by those that occur."""

    def word(self, row):
        return words.word_for(row.verb)

    def make_filter(self, model):
        known = [(verb, words.word_for(verb)) for verb in present("verb")]
        return filters.ChoiceFilter(self.name, self.label, sorted(known, key=lambda pair: pair[1]))


class KindColumn(Text):
    """The kind of the object; filters by those that occur."""

    def value(self, row):
        return words.name_of_type(row.object_type) if row.object_type else ""

    def make_filter(self, model):
        known = [(kind, words.name_of_type(kind)) for kind in present("object_type")]
        return filters.ChoiceFilter(self.name, self.label, sorted(known, key=lambda pair: pair[1]))


class ByNumber(filters.RefFilter):
    """A row of another table by its number: the trail keeps numbers, so that what is gone still stands in it."""

    def apply(self, rows, query, actor):
        wanted = query.get(self.name, "").strip()
        if not wanted:
            return rows, None
        known = wanted.isdecimal() and len(wanted) < 19
        found = self.visible(actor).filter(pk=wanted).first() if known else None
        words_of = str(_("%(label)s is") % {"label": self.label})
        if found is None:
            return rows.none(), filters.Chip(words_of, str(_("unknown")), [self.name])
        return rows.filter(**{self.name: found.pk}), filters.Chip(words_of, str(found), [self.name])


class NumberedColumn(Text):
    """Who, or which partner: text of the row, filtered by the number beside it."""

    def __init__(self, name, *, by, model, **options):
        super().__init__(name, **options)
        self.by, self.model_of = by, model

    def make_filter(self, model):
        other = self.model_of()
        return ByNumber(self.by, self.label, other) if other else None


class AuditList(ListPage):
    """Who changed what, when, from what to what."""

    title = _("Audit trail")
    verb = "audit.view"
    order = "-pk"
    search = ("words",)
    search_label = _("Person, object, action, reason, change, address")
    export_verb = "audit.export"
    template = "audit/list.html"
    empty = Empty(
        _("Nothing has happened yet"), _("Every change that somebody makes stands here."), icon="history"
    )

    def answer(self):
        with words.remembered():
            return super().answer()

    def get_rows(self, actor):
        return AuditEntry.objects.all().with_partner_name()

    def find(self, rows, text):
        return rows.saying(text)

    def get_columns(self, actor):
        return [
            When("at", label=_("When"), filter=True, phone="b"),
            NumberedColumn(
                "actor_label", by="user_id", model=get_user_model, label=_("Who"), value=who, phone="sub",
                css="ui-nowrap",
            ),
            VerbColumn("verb", label=_("What"), filter=True, phone="d"),
            Link("object_label", label=_("Object"), value=_object, phone="a"),
            KindColumn("object_type", label=_("Kind"), css="ui-sub"),
            NumberedColumn("partner_name", by="partner_id", model=partner_model, label=_("Partner"), hidden=True),
            Text("changes", label=_("Changes"), value=_changes, css="ui-words"),
            Text("reason", label=_("Reason"), value=lambda row: row.reason_said, css="ui-words"),
            Text("address", label=pgettext_lazy("address", "From"), css="ui-sub ui-fig"),
        ]  # fmt: skip


def _object(row):
    return row.object_named or words.word_for(row.verb)


def _changes(row):
    text = formats.semicolon().join(_short(change["text"]) for change in changes_of(row))
    return text if len(text) <= 120 else f"{text[:119]}…"


def _short(text):
    """What has no blanks, such as a hash, would widen the table; the row's own page shows all of it."""
    return text if len(text) <= 60 else f"{text[:59]}…"

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from prm.egress.kinds import all_kinds, kind_of
from prm.egress.models import Message, Receiver
from prm.egress.services import drop_message, retry_message
from prm.outbox.lists import ObjectColumn
from prm.ui import filters
from prm.ui.lists import Bulk, Choice, Create, Empty, Link, ListPage, Number, Ref, Text, View, When
from prm.values.actor import Actor

OF_THE_TENANT = "receivers belong to the tenant; the administrator with egress.view sees them"


def label_of(kind: str) -> str:
    try:
        return str(kind_of(kind).label)
    except KeyError:
        return kind


class KindColumn(Text):
    """The kind in words; filters by those that are registered."""

    def make_filter(self, model: Any) -> Any:
        return filters.ChoiceFilter(self.name, self.label, [(kind.code, kind.label) for kind in all_kinds()])


def _state(row: Receiver) -> str:
    if not row.is_active:
        return str(_("Off"))
    if row.failures:
        return str(_("Failing"))
    return str(_("On"))


class ReceiverList(ListPage):
    """Which other systems are told what happens here?"""

    title = _("Webhooks and robots")
    verb = "egress.view"
    open_because = OF_THE_TENANT
    rows = Receiver.objects.all()
    order = "-pk"
    search = ("name",)
    search_label = _("Name")
    exports = False
    template = "egress/list.html"
    create = Create(_("Add a receiver"), "egress:choose", "egress.manage")
    empty = Empty(
        _("Nobody outside is told"),
        _("Tell your own systems what happens here by webhook, or a group chat by its robot."),
        icon="plug",
    )
    columns = [
        Link("name"),
        KindColumn("kind", value=lambda row: label_of(row.kind), filter=True, phone="sub"),
        Text("host", label=_("Address"), css="ui-sub ui-fig"),
        Number("wants", label=_("Is told of"), value=lambda row: len(row.wants)),
        Text("state", label=_("State"), value=_state, phone="d"),
        When("last_ok_at", phone="b"),
    ]

    def context(self, actor: Actor) -> dict[str, Any]:
        return {"part": "receivers"}


def _last(row: Message) -> str:
    found = row.last_try
    return str(found.get("error") or (found.get("status") or ""))[:80]


class MessageList(ListPage):
    """What was sent to whom, and was it taken?"""

    title = _("Messages to other systems")
    verb = "egress.view"
    open_because = OF_THE_TENANT
    order = "-pk"
    search = ("title", "object_key", "code")
    search_label = _("Message, object, number")
    exports = False
    template = "egress/list.html"
    empty = Empty(
        _("Nothing was sent yet"), _("Every message and each of its tries stands here."), icon="send"
    )
    views = [
        View("all", _("All"), counted=False),
        View("open", _("Being sent"), lambda rows, actor: rows.filter(state="open")),
        View("dead", _("Not taken"), lambda rows, actor: rows.filter(state="dead"), hot=True),
    ]
    bulk = [
        Bulk(
            "retry",
            _("Send again"),
            "egress.manage",
            run=lambda row, actor: retry_message(message=row, by=actor),
            can=lambda row, actor: row.receiver.is_active,
        ),
        Bulk(
            "drop",
            _("Give up"),
            "egress.manage",
            run=lambda row, actor: drop_message(message=row, by=actor),
            can=lambda row, actor: row.may_become(Message.State.DROPPED),
        ),
    ]
    columns = [
        Link("title"),
        Ref("receiver", filter=True),
        ObjectColumn("object_key", css="ui-sub ui-fig"),
        Choice("state", filter=True),
        Number("attempts"),
        Text("tries", label=_("Last answer"), value=_last),
        When("created_at", filter=True, phone="b"),
    ]

    def get_rows(self, actor: Actor) -> QuerySet[Message]:
        return Message.objects.for_list().with_objects(actor)

    def context(self, actor: Actor) -> dict[str, Any]:
        return {"part": "messages"}

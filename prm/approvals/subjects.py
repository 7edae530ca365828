"""What can be decided by a flow: business apps register their objects here, from `apps.py`.

    subjects.register(Subject(
        code="deal", label=_("Deal registration"), model="dealreg.DealRegistration", verb="dealreg.approve",
        title=…, submitter=…, own=…, approve=…, reject=…, ask_again=…, check=…,
    ))

The object owns its state and the run owns whose turn it is: `approve`, `reject` and `hand_back` are the app's own
services, called in the run's transaction, and what they refuse stays refused whatever a flow says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.utils.translation import gettext_lazy as _

from prm.access.roles import STAFF_ROLES
from prm.approvals.shapes import BY_ITSELF
from prm.modules.registry import is_on
from prm.values.actor import Actor
from prm.values.errors import DomainError


class UnknownSubject(DomainError):
    code = "unknown_subject"
    message = _("Nothing is called “%(code)s” here that could be decided by a flow.")


class FieldNotSettable(DomainError):
    code = "field_not_settable"
    message = _("A flow may not set “%(field)s” here.")


@dataclass(frozen=True)
class Settable:
    """A field that a flow may set: `set(obj, value, by=actor)` is a service of the app that checks and records."""

    label: Any
    set: Callable[..., None]
    # The values that make sense, as (value, label) pairs; empty: any text or number.
    choices: Callable[[], Iterable[tuple[Any, Any]]] | None = None
    # Whether a value without choices is one that the field takes: asked before a flow is published.
    takes: Callable[[Any], bool] | None = None


def _nobody(obj: Any) -> list[Any]:
    return []


def _none_of(objects: list[Any]) -> dict[int, str]:
    return {}


def _no_check(obj: Any, *, by: Actor) -> None:
    """No rule beside the platform's own."""


@dataclass(frozen=True)
class Subject:
    """One kind of object that flows decide about.

    code, label      its name in documents and in words
    model            "app.Model"; rows are read by number with `for_everyone` where the model is partner-owned
    verb             the permission for which a decision stands; who holds it decides when a flow finds nobody
    title            title(obj): one line; `facts(obj, actor)`: what a decider reads first
    submitter        submitter(obj): the user id of who handed it in, or None
    own              own(obj): user ids that may not decide about it, because it is theirs
    managers         managers(obj): the users who look after the object's partner, for "partner_manager"
    approve, reject  services: approve(obj, by=, text=, says=), reject(obj, by=, text=, says=)
    hand_back        hand_back(obj, by=, text=, says=): the object waits for its submitter; None: cannot be returned
    brief            brief(obj): what tells it apart among many, in a few words; reads what `for_decision` brought
    warnings         warnings(obj): sentences about what stands against approving it now
    approvable       approvable(obj): whether anybody could approve it now; where not, only the other verbs are offered
    stuck            stuck(objects): number -> why, of those that cannot be approved as a whole now, at a fixed cost
    check            check(obj, by=) raises a DomainError when this person may not decide about it
    deciders         roles that may be asked at all
    conditions       the name of its fields in prm.conditions
    people_fields    name -> (label, function(obj) -> users), for "field"
    fields           name -> Settable, for "update"
    without          what happens while no flow is in force, a sentence for the set-up
    self_decision    whether it may be approved without any person; money and rights: never
    links            whether it may be decided from a letter's link
    notice           notice(run, obj) -> (kind, values): how its deciders are told; None: in general words
    """

    code: str
    label: Any
    model: str
    verb: str
    title: Callable[[Any], str]
    submitter: Callable[[Any], int | None]
    approve: Callable[..., Any]
    reject: Callable[..., Any]
    hand_back: Callable[..., Any] | None = None
    own: Callable[[Any], Iterable[int | None]] = _nobody
    managers: Callable[[Any], Iterable[Any]] = _nobody
    facts: Callable[[Any, Actor], Iterable[Any]] = lambda obj, actor: ()
    brief: Callable[[Any], Iterable[Any]] = lambda obj: ()
    warnings: Callable[[Any], Iterable[Any]] = lambda obj: ()
    approvable: Callable[[Any], bool] = lambda obj: True
    stuck: Callable[[list[Any]], dict[int, str]] = _none_of
    check: Callable[..., None] = _no_check
    deciders: Iterable[str] = STAFF_ROLES
    conditions: str = ""
    people_fields: Mapping[str, tuple[Any, Callable[[Any], Iterable[Any]]]] = field(default_factory=dict)
    fields: Mapping[str, Settable] = field(default_factory=dict)
    without: Any = _("Whoever has the right decides; nobody is told until when.")
    self_decision: bool = True
    links: bool = True
    notice: Callable[[Any, Any], tuple[str, Mapping[str, Any]]] | None = None
    # Whether whoever handed it in hears of the end by a notice; apps that tell it in words of their own say no.
    tells_submitter: bool = False
    icon: str = "clipboard-check"
    # Further verbs that the run's end may need beside `verb`, such as the one for rejecting.
    mandate: Iterable[str] = ()

    @property
    def settable(self) -> dict[str, Settable]:
        """What a flow may set: the app's own declarations, then what differs by tenant."""
        return {**self.fields, **{name: one for more in more_settable for name, one in more(self).items()}}

    def get(self, object_id: int) -> Any:
        """The object with this number, whoever asks: the run was found by somebody who may."""
        return self._rows().get(pk=object_id)

    def in_bulk(self, object_ids: Iterable[int]) -> dict[int, Any]:
        """The objects with these numbers, read at once; those that are gone are left out."""
        return self._rows().in_bulk(list(object_ids))

    def _rows(self) -> Any:
        model: Any = apps.get_model(self.model)
        rows = model.objects.all()
        if hasattr(rows, "for_everyone"):
            rows = rows.for_everyone(because="the run that names it was found by somebody who may")
        if hasattr(rows, "for_decision"):  # with what deciding about it reads
            rows = rows.for_decision()
        return rows

    def link(self, obj: Any) -> str:
        return obj.get_absolute_url()

    @property
    def is_on(self) -> bool:
        """Whether the module to which its objects belong is on in the current tenant."""
        return is_on(self.model.partition(".")[0])


# Fields that differ by tenant: each gives name -> Settable for a subject.
more_settable: list[Callable[[Subject], Mapping[str, Settable]]] = []


_subjects: dict[str, Subject] = {}


def register(subject: Subject) -> Subject:
    """Let flows decide about `subject`; called from an app's `ready()`."""
    _subjects[subject.code] = subject
    return subject


def all_subjects() -> list[Subject]:
    """Every registered subject, by code."""
    return [_subjects[code] for code in sorted(_subjects)]


def at_rest() -> list[str]:
    """Subjects of modules that are off: their runs wait, unseen, until the module is on again."""
    return [one.code for one in _subjects.values() if not one.is_on]


def subject_of(code: str) -> Subject:
    """The registered subject; UnknownSubject when no app registered it."""
    if code not in _subjects:
        raise UnknownSubject(code=code)
    return _subjects[code]


def find(code: str) -> Subject | None:
    """The registered subject; None where no app registers it any more."""
    return _subjects.get(code)


def code_of(obj: Any) -> str:
    """The subject's code for an object of its model, "" when there is none."""
    label = obj._meta.label
    return next((one.code for one in _subjects.values() if one.model == label), "")


def refused_for(subject: Subject, document: Any) -> list[tuple[str, str]]:
    """What this subject forbids in a flow, as (step id, sentence): asked before a version is published."""
    found, settable = [], subject.settable
    for place in document.walk():
        step = place.step
        if not subject.self_decision and step.deadline.get("then") in BY_ITSELF:
            words = _("“%(step)s” decides by itself after its deadline. That is refused for: %(subject)s.")
            found.append((step.id, str(words) % {"step": step.label, "subject": subject.label}))
        if not subject.self_decision and step.kind == "decide" and step.says.get("outcome") == "approve":
            words = _("“%(step)s” approves without any person. That is refused for: %(subject)s.")
            found.append((step.id, str(words) % {"step": step.label, "subject": subject.label}))
        if step.kind == "update" and step.says.get("field") not in settable:
            words = _("“%(step)s” sets a field that flows may not set: %(field)s.")
            found.append((step.id, str(words) % {"step": step.label, "field": step.says.get("field")}))
    return found

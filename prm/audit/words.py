"""The audit trail's verbs and names in people's words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.apps import apps
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

# Names of fields that no model declares: namer(object type, field) gives the name and a function for values, or None.
Namer = Callable[[str, str], tuple[Any, Callable[[Any], Any]] | None]
namers: list[Namer] = []
_memo: ContextVar[dict[Any, Any] | None] = ContextVar("audit_words", default=None)


@contextmanager
def remembered() -> Iterator[None]:
    """While a page is made, namers may keep in `memo()` what they read, so that many lines cost one query."""
    token = _memo.set({})
    try:
        yield
    finally:
        _memo.reset(token)


def memo() -> dict[Any, Any]:
    found = _memo.get()
    return {} if found is None else found


_verbs: dict[str, Any] = {
    "signed_in": _("signed in"),
    "signed_out": _("signed out"),
    "sign_in_failed": _("wrong password"),
    "sign_in_blocked": _("paused after wrong passwords"),
    "password_changed": _("password changed"),
    "second_factor_added": _("second factor set up"),
    "second_factor_removed": _("second factor removed"),
    "second_factor_reset": _("second factor taken away"),
    "recovery_codes_made": _("new recovery codes"),
    "sessions_ended": _("devices signed out"),
    "changed_own_account": _("own account changed"),
    "invited": _("invited"),
    "invitation_resent": _("invitation sent again"),
    "invitation_withdrawn": _("invitation withdrawn"),
    "invitation_accepted": _("invitation accepted"),
    "role_changed": _("role changed"),
    "company_joined": _("joined a company"),
    "deactivated": _("deactivated"),
    "reactivated": _("let in again"),
    "exported": _("exported"),
    "created": _("created"),
    "changed": _("changed"),
    "updated": _("changed"),
    "deleted": _("deleted"),
    "submitted": pgettext_lazy("done", "submitted"),
    "approved": _("approved"),
    "rejected": _("rejected"),
    "withdrawn": _("withdrawn"),
    "cancelled": _("cancelled"),
    "closed": _("closed"),
    "won": _("won"),
    "lost": _("lost"),
    "job_cancelled": _("stopped"),
    "job_resumed": _("resumed"),
    "access_granted": _("access given"),
    "access_revoked": _("access taken away"),
    "asked": _("asked for information"),
    "answered": _("answered"),
    "brand_changed": _("look changed"),
    "completed": _("completed"),
    "confirmed": _("confirmed"),
    "contact_saved": _("contact saved"),
    "contact_removed": _("contact removed"),
    "corrected": _("corrected"),
    "credited": _("credited"),
    "discarded": _("discarded"),
    "drafted": _("drafted"),
    "draft_begun": _("draft begun"),
    "edited": _("changed"),
    "expired": _("expired"),
    "imported": _("imported"),
    "invoiced": _("invoiced"),
    "issued": pgettext_lazy("done", "issued"),
    "manager_assigned": _("channel manager assigned"),
    "manager_unassigned": _("channel manager taken off"),
    "member_added": _("person joined"),
    "member_left": _("person left"),
    "merged": _("merged"),
    "opened": _("opened"),
    "paid": _("paid"),
    "prices_changed": _("prices changed"),
    "published": pgettext_lazy("done", "published"),
    "shipped": _("shipped"),
    "status_changed": _("state changed"),
    "support_asked": _("support access asked for"),
    "support_granted": _("support access granted"),
    "support_refused": _("support access refused"),
    "support_started": _("support access began"),
    "support_entered_again": _("support access entered again"),
    "support_ended": _("support access ended"),
    "tier_set": _("tier set"),
    "uploaded": pgettext_lazy("done", "uploaded"),
}
# What rows of the platform are called; apps add theirs.
_types: dict[str, Any] = {
    "accounts.user": _("User"),
    "accounts.invitation": _("Invitation"),
    "accounts.supportaccess": _("Support access"),
    "tenancy.tenant": _("Tenant"),
    "jobs.job": _("Background job"),
    "spreadsheets.import": _("Import"),
    "customers.endcustomer": _("End customer"),
    "catalogue.product": _("Product"),
    "catalogue.productline": _("Product line"),
}
# Keys of `changes` that are no fields of the object; the apps add theirs.
_names: dict[str, Any] = {
    "access": pgettext_lazy("change", "access"),
    "addresses": _("addresses"),
    "amount": _("amount"),
    "audit_head": _("head of the audit trail"),
    "batches": _("batches"),
    "contact": pgettext_lazy("change", "contact"),
    "count": pgettext_lazy("change", "count"),
    "differences": _("differences"),
    "filter": pgettext_lazy("change", "narrowed to"),
    "format": pgettext_lazy("change", "format"),
    "how": pgettext_lazy("change", "way"),
    "manager": pgettext_lazy("change", "channel manager"),
    "may_write": _("may write"),
    "member": pgettext_lazy("change", "person"),
    "module": _("module"),
    "root": _("root over all of them"),
    "rows": pgettext_lazy("change", "rows"),
    "sections": _("sections"),
    "sessions_ended": pgettext_lazy("change", "devices signed out"),
    "sha256": "SHA-256",
    "state": _("state"),
    "statements": _("statements"),
    "tier": pgettext_lazy("change", "tier"),
    "wants_write": _("wants to write"),
}


def register_names(names: Mapping[str, Any]) -> None:
    """Add an app's keys of `changes` that are no model fields; called from `ready()`."""
    _names.update(names)


# Stored values that are words of the product's own, by key: {"how": {"password": _("password")}}, or a function.
_values: dict[str, Mapping[str, Any] | Callable[[str], Any]] = {
    "how": {
        "demo button": _("a button of the demo"),
        "password": pgettext_lazy("way in", "password"),
        "invitation": pgettext_lazy("way in", "invitation"),
    },
}


def register_values(field: str, words: Mapping[str, Any] | Callable[[str], Any]) -> None:
    """Say what the stored values under the key `field` of `changes` are called; called from `ready()`."""
    _values[field] = words


# What differs between two long texts, such as documents, as sentences: (object type, key) -> function(old, new).
Differ = Callable[[Any, Any], list[str] | None]
_differs: dict[tuple[str, str], Differ] = {}


def register_differ(object_type: str, field: str, differ: Differ) -> None:
    """Say what differs between two stored values as sentences in the reader's language; called from `ready()`.

    A differ that cannot read them answers None, and they stand as they are.
    """
    _differs[object_type, field] = differ


def differences_of(object_type: str, field: str, old: Any, new: Any) -> list[str] | None:
    differ = _differs.get((object_type, field))
    return differ(old, new) if differ else None


def known_names() -> dict[str, Any]:
    return dict(_names)


def register(words: Mapping[str, Any]) -> None:
    """Add an app's verbs: {"tier_set": _("tier set")}; called from `ready()`."""
    _verbs.update(words)


# What staff weigh among themselves: the trail of a partner's own records has it, partners do not read it.
_internal: set[str] = set()


def keep_internal(verbs: Iterable[str]) -> None:
    """Say which of an app's verbs only staff read; called from `ready()`."""
    _internal.update(verbs)


def internal() -> list[str]:
    return sorted(_internal)


def register_types(names: Mapping[str, Any]) -> None:
    """Say what an app's rows are called: {"partners.partner": _("Partner")}; called from `ready()`."""
    _types.update(names)


def word_for(verb: str) -> str:
    """The verb in the reader's language; a verb without words reads as it is written."""
    return str(_verbs.get(verb) or verb.replace("_", " "))


def known() -> dict[str, Any]:
    return dict(_verbs)


def name_of_type(object_type: str) -> str:
    """ "Partner" for partners.partner."""
    if object_type in _types:
        return str(_types[object_type])
    try:
        return str(apps.get_model(object_type)._meta.verbose_name).capitalize()
    except (LookupError, ValueError):
        return object_type.rpartition(".")[2]


def name_of_field(object_type: str, field: str) -> str:
    """The field's name on screens; its own name where nobody gave it one."""
    for namer in namers:
        if found := namer(object_type, field):
            return str(found[0])
    try:
        named = apps.get_model(object_type)._meta.get_field(field).verbose_name
    except Exception:
        named = None
    if isinstance(named, Promise):  # else Django made it of the field's name: no word of a person's
        return str(named)
    return str(_names.get(field) or named or field.replace("_", " "))


def value_of(object_type: str, field: str, value: Any) -> Any:
    """A stored choice in the reader's words; everything else as it is."""
    for namer in namers:
        if found := namer(object_type, field):
            return found[1](value)
    if not isinstance(value, str):
        return value
    if told := _values.get(field):
        return told(value) if callable(told) else told.get(value, value)
    try:
        choices = apps.get_model(object_type)._meta.get_field(field).flatchoices
    except Exception:
        return value
    return next((label for key, label in choices if key == value), value)

"""Calls every address as every role with a rival's identifiers, and says what leaked or changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import connection
from django.test import Client
from django.urls import URLPattern, get_resolver
from django.urls.resolvers import URLResolver

from prm.access import permissions
from tests.isolation import strangers
from tests.isolation.world import World

HOST = "alpha.localhost"
# Pages that end the walker's own session, or that exist for another site.
NOT_WALKED = ("sign-out/", "support/", "sign-in/", "i18n/", "ui.js")
# Tables in which a visit itself may leave its mark.
MARKS_OF_A_VISIT = re.compile(r"session|known|attempt|throttle|cache|django_|draft|authenticator")


@dataclass(frozen=True)
class Address:
    route: str
    callback: Any
    names: frozenset[str]

    @property
    def verbs(self) -> tuple[str, ...] | None:
        return getattr(self.callback, "required_verbs", None)

    def path(self, identifiers: dict[str, Any]) -> str:
        """The path with `identifiers` put in."""
        text = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: str(identifiers[found[1]]), self.route)
        return f"/{text}"


def addresses(urlconf: str = "prm.config.urls") -> Iterator[Address]:
    """Every address of a tenant's site."""
    yield from _below(get_resolver(urlconf), "")


def _below(resolver: URLResolver, before: str) -> Iterator[Address]:
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield Address(route, entry.callback, frozenset(re.findall(r"<(?:\w+:)?(\w+)>", route)))
        else:
            yield from _below(entry, route)


def leaks(world: World, role: str, urlconf: str = "prm.config.urls", *, below: str = "") -> list[str]:
    """What went wrong for one role at the addresses that begin with `below`: a sentence each. Empty is good."""
    user = world.people.get(role)
    client = Client(HTTP_HOST=HOST, raise_request_exception=False)
    if user is not None:
        client.force_login(user)
    wrong: list[str] = []
    before = rival_rows(world)
    for address in addresses(urlconf):
        if address.route.startswith(NOT_WALKED) or not address.route.startswith(below):
            continue
        if address.names:
            wrong += _stranger(client, address, world, user)
        elif not address.route.startswith("^"):
            wrong += _open(client, address, world)
    after = rival_rows(world)
    wrong += [f"rows of {table} changed" for table in before if before[table] != after[table]]
    return [f"{role}: {what}" for what in wrong]


def _stranger(client: Client, address: Address, world: World, user: Any) -> list[str]:
    """An address with the rival's identifier: the same answer as for one that never existed."""
    identifiers = strangers.identifiers_for(address.route, set(address.names), world.rival)
    if identifiers is None:
        return []
    wrong = []
    path = address.path(identifiers)
    absent = address.path({name: strangers.nothing_like(value) for name, value in identifiers.items()})
    for method in ("get", "post"):
        answer = getattr(client, method)(path, _body(world) if method == "post" else {})
        nothing = getattr(client, method)(absent, _body(world) if method == "post" else {})
        if not _refused(answer, address, user):
            wrong.append(f"{method.upper()} {path} answered {answer.status_code}")
        elif _bare(answer, identifiers) != _bare(nothing, identifiers):
            wrong.append(f"{method.upper()} {path} differs from the answer for what never existed")
        wrong += _found(answer, world, f"{method.upper()} {path}", identifiers)
    return wrong


def _refused(answer: Any, address: Address, user: Any) -> bool:
    if user is None:
        return answer.status_code == 302 and "/sign-in/" in answer["Location"] or answer.status_code == 404
    if answer.status_code == 405:
        return True
    mine = permissions.of_role(user.role)
    if address.verbs and not mine & set(address.verbs):
        return answer.status_code == 403
    return answer.status_code == 404


def _open(client: Client, address: Address, world: World) -> list[str]:
    """An address without an identifier: lists, searches, exports, forms, with the rival's ids wherever they fit."""
    made, path, wrong = world.rival, f"/{address.route}", []
    queries: list[dict[str, Any]] = [{}]
    if address.route.endswith("/") and address.route:
        queries += [
            {"partner": made["partner"].pk, "view": "all"},
            {"q": world.secrets["customer"], "view": "all"},
            {"text": world.secrets["customer"]},
            {"deal": made["deal"].number, "order": made["order"].number, "after": made["deal"].pk},
        ]
    if getattr(address.callback, "list_page", None) is not None:
        queries += [
            {"export": "csv", "view": "all"},
            {"export": "xlsx", "view": "all", "partner": made["partner"].pk},
            {"if": strangers.asking_for_the_rival(made), "view": "all"},
            {"if": strangers.asking_for_the_rival(made), "view": "all", "export": "csv"},
        ]
    for query in queries:
        answer = client.get(path, query)
        if answer.status_code >= 500:
            wrong.append(f"GET {path} {query} answered {answer.status_code}")
        wrong += _found(answer, world, f"GET {path} {query}", query)
        if answer.status_code in (302, 403, 404, 405):
            break  # closed whatever is asked
    answer = client.post(path, _body(world))
    if answer.status_code >= 500:
        wrong.append(f"POST {path} answered {answer.status_code}")
    return wrong + _found(answer, world, f"POST {path}", _body(world))


def _body(world: World) -> dict[str, Any]:
    return {name: find(world.rival) for name, find in strangers.FIELDS.items()} | {
        "reason": "walk", "text": "walk", "name": "walk", "action": "approve", "bulk": "approve",
    }  # fmt: skip


def _found(answer: Any, world: World, where: str, sent: dict[str, Any]) -> list[str]:
    """Secrets of the rival in the answer; what the walker itself sent may be read back."""
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    text = content.decode("utf-8", errors="replace")
    echoed = {str(value) for value in sent.values()}
    shown_on_purpose = strangers.shown_to_staff(where)
    return [
        f"{where} shows the rival's {name}"
        for name, secret in world.secrets.items()
        if secret in text
        and name not in shown_on_purpose
        and not any(secret in value or value in secret for value in echoed if len(value) > 3)
    ]


def _bare(answer: Any, identifiers: dict[str, Any]) -> tuple[int, str]:
    """Status and body without form token, request id, and the identifier in links to the page itself."""
    text = answer.content.decode("utf-8", errors="replace")
    text = re.sub(r'(csrfmiddlewaretoken"? value="|request-id[^>]*>|X-CSRFToken[^>]*?")[^"<]*', "", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}|[A-Za-z0-9]{64}", "", text)
    for value in identifiers.values():
        for shape in (str(value), str(strangers.nothing_like(value))):
            text = text.replace(shape, "")
    return answer.status_code, text


def rival_rows(world: World) -> dict[str, Any]:
    """A fingerprint of each table's rows that belong to the rival."""
    found = {}
    for model in apps.get_models():
        path = getattr(model, "PARTNER_PATH", None)
        if (
            path is None
            or MARKS_OF_A_VISIT.search(model._meta.db_table)
            or model._meta.label_lower.startswith("ledger.")
        ):
            continue
        rows = model._default_manager.for_everyone(because="a fingerprint")
        lookup = "pk" if path == "self" else f"{path}_id"
        ids = list(rows.filter(**{lookup: world.rival["partner"].pk}).values_list("pk", flat=True))
        found[model._meta.db_table] = (len(ids), _hash(model, ids))
    return found


def _hash(model: Any, ids: list[int]) -> Any:
    table, key = (connection.ops.quote_name(name) for name in (model._meta.db_table, model._meta.pk.column))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT sum(hashtextextended(t::text, 0)) FROM {table} t WHERE {key} = ANY(%s)", [ids]
        )
        return cursor.fetchone()[0]


def unused_prefixes(urlconf: str = "prm.config.urls") -> list[str]:
    """Entries of the table that no address needs any more."""
    routes = [address.route for address in addresses(urlconf)]
    known = [prefix for prefix, _find in strangers.RIVALS] + list(strangers.BELONGS_TO_NOBODY)
    return [prefix for prefix in known if not any(route.startswith(prefix) for route in routes)]

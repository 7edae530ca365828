"""Whose identifier an address takes when a stranger calls it. Somebody who adds an address says so here."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

# Route prefix → the rival's identifiers. The first that fits counts.
RIVALS: list[tuple[str, Callable[[dict[str, Any]], dict[str, Any]]]] = [
    (
        r"partners/<int:pk>/",
        lambda made: {
            "pk": made["partner"].pk,
            "contact_pk": made["contact"].pk,
            "member_pk": made["member"].pk,
            "user_pk": made["user"].pk,
            "change_pk": made["change"].pk,
            "state": "suspended",
        },
    ),
    (r"check/<str:token>/", lambda made: {"token": made["question"].token}),
    (r"deals/<str:number>/answer/", lambda made: {"number": made["asked"].number}),
    (r"deals/<str:number>/edit/", lambda made: {"number": made["asked"].number}),
    (r"deals/<str:number>/", lambda made: {"number": made["deal"].number}),
    (r"orders/<str:number>/edit/", lambda made: {"number": made["back"].number}),
    (r"orders/<str:number>/return/", lambda made: {"number": made["back"].number}),
    (r"orders/<str:number>/", lambda made: {"number": made["order"].number}),
    (r"credits/<int:pk>/", lambda made: {"pk": made["credit"].pk}),
    (r"invoices/<str:number>/", lambda made: {"number": made["invoice"].number}),
    (
        r"statements/<str:number>/figures/",
        lambda made: {
            "number": made["statement"].number,
            "programme": made["accrual"].programme.code,
            "figure": "closing",
        },
    ),
    (r"payouts/<str:number>/", lambda made: {"number": made["payment"].number}),
    (r"disputes/<str:number>/", lambda made: {"number": made["dispute"].number}),
    (r"adjustments/<str:number>/", lambda made: {"number": made["adjustment"].number}),
    (
        r"statements/<str:number>/changes/<slug:programme>/",
        lambda made: {"number": made["statement"].number, "programme": made["accrual"].programme.code},
    ),
    (r"statements/<str:number>/", lambda made: {"number": made["statement"].number}),
    (
        r"accruals/<slug:programme>/",
        lambda made: {
            "programme": made["accrual"].programme.code,
            "period": str(made["accrual"].period),
            "partner": made["partner"].pk,
        },
    ),
    (r"bank-accounts/<str:number>/", lambda made: {"number": made["account"].number}),
    (
        r"payout-files/<str:number>/",
        lambda made: {"number": made["payout"].number, "pk": made["payout_line"].pk, "kind": "xml"},
    ),
    (
        r"agreements/<str:number>/<int:version>/",
        lambda made: {
            "number": made["agreement"].number,
            "version": made["agreement"].version,
            "pk": made["agreement"].items.get().pk,
        },
    ),
    (
        r"claims/<str:number>/",
        lambda made: {"number": made["claim"].number, "pk": made["claim"].lines.first().pk},
    ),
    (r"results/<int:pk>/", lambda made: {"pk": made["result"].pk, "code": "orders.net_sales"}),
    (
        r"settlements/<str:number>/",
        lambda made: {"number": made["run"].number, "pk": made["partner"].pk, "mark": "0" * 64},
    ),
    (r"inbox/decisions/<int:pk>/", lambda made: {"pk": made["task"].pk}),
    (r"inbox/asked/<int:pk>/", lambda made: {"pk": made["task"].run_id}),
    (r"inbox/attachments/<int:pk>/", lambda made: {"pk": made["comment"].pk}),
    (
        r"own/<str:target>/<int:pk>/<str:code>/",
        lambda made: {"target": "deal", "pk": made["deal"].pk, "code": "paper"},
    ),
    (r"settings/users/<int:pk>/", lambda made: {"pk": made["user"].pk}),
    (r"company/people/<int:pk>/", lambda made: {"pk": made["user"].pk}),
]
# Addresses whose identifier belongs to no partner: why a stranger's cannot exist there.
BELONGS_TO_NOBODY = {
    r"products/<int:pk>/": "the catalogue is the tenant's",
    r"product-lines/<int:pk>/": "the catalogue is the tenant's",
    r"programmes/pick/<slug:what>/": "kinds are the product's; tests/rebates/test_programme_picks.py narrows the rest",
    r"programmes/<slug:code>/": "programmes are the tenant's; partners have no verb for them",
    r"go-live/": "finance's, who see all; partners have no verb for them",
    r"rebates/agreements/": "programmes are the tenant's; tests/rebates/test_signatures.py shows whom a version asks",
    r"exchange-rates/": "the tenant's own; finance's, who see all; partners have no verb for them",
    r"ledger/<int:pk>/": "finance's, who sees all; partners have no verb for it",
    r"price-drops/": "price drops are the tenant's, about products; partners see those that are confirmed",
    r"journals/": "finance's, who sees all; partners have no verb for it",
    r"customers/": "end customers are staff's, who see all; partners have no verb for them",
    r"prices/": "price lists are the tenant's; partners have no verb for them",
    r"account/sessions/<int:pk>/end/": "sessions are looked up among one's own; tests/accounts shows it",
    r"account/devices/<int:pk>/remove/": "devices are looked up among one's own; tests/notices shows it",
    r"inbox/notices/<int:pk>/": "notices are looked up among one's own; tests/notices shows it",
    r"inbox/away/<int:pk>/end/": "stand-ins are looked up among one's own; tests/approvals shows it",
    r"decide/<str:token>/": "the token is the right; tests/approvals shows that no other opens anything",
    r"settings/working-time/": "the administrator's, one for the tenant",
    r"own/<str:target>/rules/": "forms are the tenant's; the partner asked about is one that one sees",
    r"invitation/<str:token>/": "the token is the right",
    r"^password/reset/": "the key is the right",
    r"settings/support/": "the administrator's, who sees all",
    r"settings/fields/": "fields are the tenant's; the administrator's, who sees all",
    r"settings/forms/": "forms are the tenant's; the administrator's, who sees all",
    r"settings/flows/": "the administrator's; flows are the tenant's, their cases are counted over all partners",
    r"settings/audit/": "the administrator's, who sees all",
    r"settings/events/": "the administrator's, who sees all; tests/outbox shows that others get none",
    r"settings/automations/": "the administrator's, who sees all; tests/automations shows that others get none",
    r"tasks/<int:pk>/": "tasks are looked up among one's own; tests/automations shows it",
    r"settings/letters/": "words of letters are the tenant's; the administrator with notices.word sees them",
    r"settings/webhooks/": "the administrator's, who sees all; tests/egress shows that others get none",
    r"settings/modules/": "the administrator's, about the product's own parts",
    r"settings/tiers/": "the administrator's; tiers are the tenant's",
    r"settings/roles/": "the administrator's; roles are the tenant's",
    r"settings/users/invitations/": "the administrator's, who sees all",
    r"company/people/invitations/": "looked up among the own company's; tests/accounts shows it",
    r"jobs/<int:pk>/": "staff's; tests/jobs shows that partners see none",
    r"imports/": "each with the rights of who uploaded, who alone sees it of partners; tests/spreadsheets shows it",
    r"conditions/<slug:code>/": "subjects are the product's; tests/conditions shows what each person can ask of them",
    r"mailbox/": "demo mode only; tests/notices shows that it is not found elsewhere",
}
# Form fields that name another record: the walk fills the rival's into each.
FIELDS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "partner": lambda made: made["partner"].pk,
    "partner_id": lambda made: made["partner"].pk,
    "parent": lambda made: made["partner"].pk,
    "user": lambda made: made["user"].pk,
    "to": lambda made: made["user"].pk,
    "task": lambda made: made["task"].pk,
    "contact": lambda made: made["contact"].pk,
    "deal": lambda made: made["deal"].number,
    "registration": lambda made: made["deal"].pk,
    "order": lambda made: made["order"].number,
    "invoice": lambda made: made["invoice"].number,
    "settlement": lambda made: made["run"].pk,
    "agreement": lambda made: made["agreement"].pk,
    "statement": lambda made: made["statement"].number,
    "attempt": lambda made: made["deal"].attempt,
    "rows": lambda made: made["deal"].pk,
    "pk": lambda made: made["deal"].pk,
    "selected": lambda made: made["deal"].pk,
    "end_customer": lambda made: made["deal"].end_customer_id,
    "custom_helper": lambda made: made["partner"].pk,
    "custom_owner": lambda made: made["user"].pk,
}


# End customers are the tenant's own record: staff see all of them, whoever registered them. Partners get no such page.
STAFF_SEE = {"/customers/": {"customer", "second customer", "waiting customer"}}


def shown_to_staff(where: str) -> set[str]:
    """Names of the secrets that a page shows to staff on purpose; `where` is "GET /path/ …"."""
    path = where.split(" ")[1]
    return next((names for prefix, names in STAFF_SEE.items() if path.startswith(prefix)), set())


class NobodySaidWhose(AssertionError):
    """An address takes an identifier, and this file does not say whose a stranger would use."""


def identifiers_for(route: str, names: set[str], made: dict[str, Any]) -> dict[str, Any] | None:
    """The rival's identifiers for a route; None where it belongs to nobody; NobodySaidWhose otherwise."""
    for prefix, find in RIVALS:
        if route.startswith(prefix):
            found = find(made)
            if names <= set(found):
                return {name: found[name] for name in names}
    if any(route.startswith(prefix) for prefix in BELONGS_TO_NOBODY):
        return None
    raise NobodySaidWhose(f"tests/isolation/strangers.py does not say whose identifier {route!r} takes")


def asking_for_the_rival(made: dict[str, Any]) -> str:
    """A list's condition that names the rival and its registration outright."""
    named = [
        {"field": "partner", "op": "is", "value": made["partner"].number},
        {"field": "number", "op": "one_of", "value": [made["partner"].number, made["deal"].number]},
        {"field": "customer_name", "op": "not_empty"},
    ]
    return json.dumps({"any": named})


def nothing_like(value: Any) -> Any:
    """An identifier of the same shape that never existed."""
    if isinstance(value, int):
        return 999_000_111
    return re.sub(r"[0-9A-Z]{5}$", "0ZZZ9", str(value)) if "-" in str(value) else "0" * len(str(value))

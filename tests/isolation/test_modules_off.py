"""With a module off, its addresses answer everybody like addresses that never existed, and nothing else breaks."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from django.db import connection
from django.test import Client

from prm.modules import registry
from prm.tenancy.models import Tenant
from prm.values import pulse
from tests.conftest import LONG
from tests.isolation import strangers, walk

CODES = ("dealreg", "orders", "rebates", "payouts", "claims")
ROLES = ("visitor", "partner sales", "partner administrator", "manager", "finance", "administrator")
NEVER = "/no-such-place/"


def in_turn(roles: Sequence[str], rows: Sequence[str], code: str, each: int) -> list[tuple[str, list[str]]]:
    """Which of `rows` each role tries: all in a long run, else each row by `each` roles, by others for each module."""
    shift = CODES.index(code) * each
    turns = {
        role: [row for number, row in enumerate(rows) if (at - number - shift) % len(roles) < each]
        for at, role in enumerate(roles)
    }
    return [(role, list(rows) if LONG else turns[role]) for role in roles]


@pytest.fixture
def off(db):
    def switch(code: str) -> None:
        """As stored; whether it may be is tests/tenancy/test_modules.py."""
        Tenant.objects.filter(pk=connection.tenant.pk).update(modules_off={code: "2026-01-01T00:00:00+00:00"})
        connection.set_tenant(Tenant.objects.get(pk=connection.tenant.pk))
        pulse.beat()

    yield switch
    connection.set_tenant(Tenant.objects.get(pk=connection.tenant.pk))


def client_of(made, role: str) -> Client:
    client = Client(HTTP_HOST=walk.HOST, raise_request_exception=False)
    if user := made.people.get(role):
        client.force_login(user)
    return client


def addresses_of(code: str) -> list[walk.Address]:
    return [one for one in walk.addresses() if module_of(one) == code]


def module_of(address: walk.Address) -> str:
    callback = getattr(address.callback, "list_page", address.callback)
    return registry.owner_of(callback)


def path_of(address: walk.Address, made) -> str:
    try:
        known = strangers.identifiers_for(address.route, set(address.names), made.rival) or {}
    except strangers.NobodySaidWhose:
        known = {}
    return address.path({name: known.get(name, 1) for name in address.names})


def test_every_address_of_a_business_app_belongs_to_its_module():
    for code in CODES:
        assert len(addresses_of(code)) > 5


@pytest.mark.parametrize("code", CODES)
def test_off_is_the_same_404_as_an_address_that_never_existed(made, off, code):
    off(code)
    wrong = []
    paths = [path_of(address, made) for address in addresses_of(code)]
    for role, mine in in_turn(ROLES, paths, code, each=1):
        client = client_of(made, role)
        nothing = {method: walk._bare(getattr(client, method)(NEVER), {}) for method in ("get", "post")}
        assert {status for status, _text in nothing.values()} == {404}
        for path in mine:
            for method, expected in nothing.items():
                answer = getattr(client, method)(path)
                if walk._bare(answer, {}) != expected:
                    wrong.append(f"{role}: {method} {path}: {answer.status_code}")
            if path.endswith("/") and client.get(path[:-1]).status_code != 404:
                wrong.append(f"{role}: get {path[:-1]} is still known")
    assert not wrong, wrong


@pytest.mark.parametrize("code", CODES)
def test_with_a_module_off_no_other_page_breaks_or_leads_there(made, off, code):
    off(code)
    gone = {path_of(one, made) for one in addresses_of(code) if not one.names}
    records = [
        made.rival[name].get_absolute_url() for name in ("partner", "deal", "order", "invoice", "statement")
    ]
    records.append(made.rival["deal"].end_customer.get_absolute_url())
    open_to_all = [
        f"/{one.route}"
        for one in walk.addresses()
        if not (one.names or one.route.startswith((*walk.NOT_WALKED, "^")) or module_of(one) == code)
    ]
    wrong = []
    for role, mine in in_turn(ROLES[1:], [*open_to_all, *records], code, each=2):
        client = client_of(made, role)
        for path in mine:
            answer = client.get(path, {"q": "unseen"} if "search" in path else {})
            if answer.status_code >= 500:
                wrong.append(f"{role}: {path} answered {answer.status_code}")
            elif not answer.streaming and answer.status_code == 200:
                text = answer.content.decode(errors="replace")
                wrong += [f"{role}: {path} leads to {one}" for one in gone if f'href="{one}"' in text]
    assert not wrong, wrong


@pytest.mark.parametrize("code", CODES)
def test_on_again_all_is_as_it_was(made, off, code):
    client = client_of(made, "administrator")
    paths = [path_of(one, made) for one in addresses_of(code) if not one.names]
    before = [client.get(path).status_code for path in paths]
    off(code)
    assert {client.get(path).status_code for path in paths} == {404}
    Tenant.objects.filter(pk=connection.tenant.pk).update(modules_off={})
    assert [client.get(path).status_code for path in paths] == before

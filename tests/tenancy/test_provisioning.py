"""New tenants: whole or not at all, equal to a migrated one, within a second."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django_tenants.utils import tenant_context

from dealreg.models import RegistrationType
from orders.models import PriceList
from partners.models import Tier
from prm.accounts.models import Invitation
from prm.tenancy import errors, pgdump, provisioning, template
from prm.tenancy.models import Domain, OperatorLogEntry, SchemaState, Tenant
from prm.tenancy.provisioning import create_tenant
from prm.values.actor import Actor
from prm.values.errors import NotAllowed

BY = Actor.command("tests")
pytestmark = pytest.mark.django_db


def make(slug="north-star", **values):
    return create_tenant(**{"slug": slug, "name": "North Star", "by": BY} | values)


def test_a_new_tenant_begins_with_the_starter_kit_and_an_address():
    tenant = make(language="zh-hans", currency="EUR", accent="#0F766E")
    assert tenant.schema_name == "t_north_star"
    assert Domain.objects.get(tenant=tenant).domain == "north-star.localhost"
    assert tenant.accent == "#0f766e"
    with tenant_context(tenant):
        assert list(Tier.objects.values_list("code", flat=True)) == ["gold", "silver", "bronze"]
        days = dict(RegistrationType.objects.values_list("code", "protection_days"))
        assert days == {"resale": 90, "referral": 60}
        assert RegistrationType.objects.get(is_default=True).code == "resale"
        prices = PriceList.objects.get()
        assert (prices.tier, prices.currency, prices.name) == (None, "EUR", "标准价目表")
    assert OperatorLogEntry.objects.filter(verb="created", tenant_slug="north-star").exists()


def test_the_connection_stays_where_it_was(tenant):
    connection.set_tenant(tenant)
    make()
    assert connection.tenant == tenant


def test_the_first_administrator_is_invited():
    tenant = make(administrator_email="ada@north.example")
    with tenant_context(tenant):
        assert Invitation.objects.get().email == "ada@north.example"
        assert Invitation.objects.get().role == "administrator"


@pytest.mark.parametrize(
    "slug", ["", "-north", "north-", "no_rth", "north.star", "9north", "北", "a" * 41, "a b"]
)
def test_a_slug_that_cannot_be_a_host_name_is_refused(slug):
    with pytest.raises(errors.SlugInvalid):
        make(slug)


@pytest.mark.parametrize(
    "slug", ["www", "public", "operator", "extensions", "prm-template", "api", "localhost"]
)
def test_the_installation_keeps_its_own_names(slug):
    with pytest.raises(errors.SlugReserved) as refusal:
        make(slug)
    assert slug in refusal.value.text


def test_an_address_is_given_once():
    make()
    with pytest.raises(errors.SlugTaken):
        make(" North-Star ")


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"name": " "}, errors.NameMissing),
        ({"language": "xx"}, errors.LanguageUnknown),
        ({"currency": "XXQ"}, errors.CurrencyUnknown),
        ({"time_zone": "Asia/Nowhere"}, errors.ZoneUnknown),
        ({"accent": "blue"}, errors.ColourInvalid),
        ({"accent": "#12345"}, errors.ColourInvalid),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(values, error):
    with pytest.raises(error):
        make(**values)
    assert not Tenant.objects.filter(slug="north-star").exists()


def test_only_operators_and_commands_make_tenants(administrator):
    with pytest.raises(NotAllowed):
        make(by=administrator)


def test_a_kit_that_fails_leaves_nothing(monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("the kit is broken")

    monkeypatch.setattr(provisioning, "_hooks", [(1, fail)])
    with pytest.raises(RuntimeError):
        make()
    assert not Tenant.objects.filter(slug="north-star").exists()
    assert not SchemaState.objects.filter(schema_name="t_north_star").exists()
    assert not schema_exists("t_north_star")


@pytest.mark.django_db(transaction=True)
def test_clone_and_template_are_equal(monkeypatch):
    monkeypatch.setattr(provisioning, "_hooks", [])
    tenant = make("equal")
    assert plain(pgdump.schema_as_sql("prm_template"), "prm_template") == plain(
        pgdump.schema_as_sql(tenant.schema_name), tenant.schema_name
    )


@pytest.fixture
def no_pg_dump(monkeypatch):
    monkeypatch.setattr(pgdump, "find", lambda: None)
    monkeypatch.setattr(provisioning, "template_sql", lambda: "")


def test_without_pg_dump_the_new_schema_is_left_to_the_migrations(no_pg_dump, monkeypatch):
    """They themselves ran when the tests' template was built: here their tables come from it."""
    tables, migrated = template.template_sql().replace("CREATE SCHEMA prm_template;", ""), []

    def migrate(schema):
        assert schema_exists(schema)
        migrated.append(schema)
        provisioning._clone(tables, schema)

    monkeypatch.setattr(provisioning, "migrate_schema", migrate)
    tenant = make("slow")
    assert migrated == [tenant.schema_name]
    with tenant_context(tenant):
        assert Tier.objects.count() == 3


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_without_pg_dump_the_new_schema_is_migrated(no_pg_dump):
    tenant = make("slow")
    with tenant_context(tenant):
        assert Tier.objects.count() == 3


def test_a_clone_keeps_the_constraints(tenant):
    new = make()
    with tenant_context(new), connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger"
            " WHERE NOT tgisinternal AND tgrelid::regclass::text = 'audit_auditentry'"
        )
        assert cursor.fetchone()[0] == 3
        cursor.execute(
            "SELECT count(*) FROM pg_constraint"
            " WHERE conname = 'one_tier_at_a_time' AND connamespace = %s::regnamespace",
            [new.schema_name],
        )
        assert cursor.fetchone()[0] == 1


def test_the_script_leaves_no_setting_behind():
    script = template.as_script(
        "\\restrict abc\nSET statement_timeout = 0;\nSELECT pg_catalog.set_config('search_path', '', false);\n"
        "--\n-- Name: prm_template; Type: SCHEMA\n--\n\nCREATE SCHEMA prm_template;\nSET my_own = 1;\n"
    )
    assert "restrict" not in script and "-- Name" not in script
    assert "SET LOCAL statement_timeout = 0;" in script
    assert "set_config('search_path', '', true)" in script
    assert "\nSET my_own = 1;" in script


def schema_exists(name):
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = %s", [name])
        return cursor.fetchone()[0] == 1


def plain(dump, schema):
    """A dump without the schema's name, and without what differs between any two runs."""
    dump = re.sub(r"(?m)^\\(un)?restrict .*$", "", dump).replace(schema, "SCHEMA")
    # PostgreSQL prints brackets and casts of an expression otherwise once it has read its own print.
    return re.sub(r"::(text|character varying)(\[\])?|[()]", "", dump)

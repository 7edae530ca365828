"""The demo's database: made once, left alone afterwards, begun again when it was cut off half-way."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from prm.starter import kit
from prm.tenancy.models import Operator, Tenant

pytestmark = pytest.mark.django_db(transaction=True)


def run(*words):
    out = io.StringIO()
    call_command("setup_demo", *words, stdout=out)
    connection.set_schema_to_public()
    return out.getvalue()


@pytest.fixture(autouse=True)
def demo(settings):
    settings.DEMO = True


def test_outside_demo_mode_it_refuses(settings):
    settings.DEMO = False
    with pytest.raises(CommandError) as refusal:
        run()
    assert refusal.value.returncode == 3


def test_without_data_there_is_one_empty_tenant_and_a_second_start_changes_nothing():
    assert "tenant demo made" in run("--no-data")
    assert set(Tenant.objects.values_list("slug", flat=True)) == {"alpha", "beta", "demo"}
    assert Operator.objects.get().password == "!"
    assert run("--no-data") == "database is up to date\n"


def test_two_tenants_are_filled_and_one_that_was_cut_off_is_begun_again(monkeypatch):
    filled = []

    def fill(*, tenant, size, say):
        filled.append((connection.schema_name, size))
        if len(filled) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(kit, "demo_fillers", lambda: [kit.Filler("everything", fill, 1)])
    with pytest.raises(KeyboardInterrupt):
        run()
    connection.set_schema_to_public()
    assert dict(Tenant.objects.filter(slug__startswith="demo").values_list("slug", "state")) == {
        "demo": "active",
        "demo2": "filling",
    }
    run()
    assert filled == [("t_demo", "full"), ("t_demo2", "small"), ("t_demo2", "small")]
    assert set(Tenant.objects.values_list("state", flat=True)) == {"active"}

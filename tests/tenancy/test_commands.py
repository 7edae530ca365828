"""What scripts call: exit statuses and JSON."""

from __future__ import annotations

import io
import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from manage import CommandLine
from prm.tenancy import deploy
from prm.tenancy.models import SchemaState, Tenant
from prm.tenancy.state import code_state

pytestmark = pytest.mark.django_db


def run(*words, **options):
    out = io.StringIO()
    call_command(*words, stdout=out, **options)
    return out.getvalue()


def status_of(*words, **options):
    with pytest.raises(CommandError) as refusal:
        run(*words, **options)
    return refusal.value.returncode


def test_create_answers_with_the_address_as_json():
    said = json.loads(
        run(
            "tenant",
            "create",
            "scripted",
            "--name",
            "脚本",
            "--language",
            "en",
            "--currency",
            "EUR",
            "--json",
        )
    )
    assert said["slug"] == "scripted" and said["address"].startswith("http://scripted.localhost")
    assert said["name"] == "脚本" and said["currency"] == "EUR" and said["state"] == "active"


def test_list_names_every_tenant():
    said = json.loads(run("tenant", "list", "--json"))
    assert [tenant["slug"] for tenant in said] == ["alpha", "beta"]
    assert "alpha" in run("tenant", "list")


def test_refusals_end_with_three_and_wrong_use_with_two():
    assert status_of("tenant", "create", "alpha", "--name", "Again") == 3
    assert status_of("tenant", "create", "www", "--name", "Reserved") == 3
    assert status_of("tenant", "create", "No Such Address!", "--name", "Bad") == 2
    assert status_of("tenant", "create", "fine", "--name", "Fine", "--language", "klingon") == 2
    assert status_of("tenant", "create", "fine", "--name", "Fine", "--currency", "XXQ") == 2
    assert status_of("tenant", "resume", "alpha") == 3
    assert status_of("tenant", "suspend", "nobody", "--reason", "x") == 2


def test_suspend_and_resume():
    run("tenant", "suspend", "alpha", "--reason", "unpaid")
    assert Tenant.objects.get(slug="alpha").suspended_reason == "unpaid"
    run("tenant", "resume", "alpha")
    assert Tenant.objects.get(slug="alpha").state == "active"


@pytest.mark.django_db(transaction=True)
def test_delete_asks_twice_and_writes_an_export_first(monkeypatch):
    run("tenant", "create", "brief", "--name", "Brief")
    answers = iter(["wrong"])
    monkeypatch.setattr("builtins.input", lambda question: next(answers))
    assert status_of("tenant", "delete", "brief") == 2
    assert Tenant.objects.get(slug="brief").state == "active"
    answers = iter(["brief", "no"])
    assert status_of("tenant", "delete", "brief") == 2
    assert Tenant.objects.get(slug="brief").state == "suspended"
    answers = iter(["brief", "brief"])
    assert "Export:" in run("tenant", "delete", "brief")
    assert not Tenant.objects.filter(slug="brief").exists()


@pytest.mark.django_db(transaction=True)
def test_migrating_again_does_nothing_and_only_what_is_behind_is_migrated(monkeypatch):
    deploy.migrate_all()
    assert deploy.behind() == []
    migrated = []
    monkeypatch.setattr(deploy, "migrate_schema", migrated.append)
    assert deploy.migrate_all() == [] and migrated == []
    beta = Tenant.objects.get(slug="beta").schema_name
    SchemaState.objects.filter(schema_name=beta).update(state="older")
    assert deploy.behind() == [beta]
    assert deploy.migrate_all() == [] and migrated == [beta]
    assert SchemaState.objects.get(schema_name=beta).state == code_state()


@pytest.mark.django_db(transaction=True)
def test_a_tenant_that_cannot_be_migrated_holds_back_no_other(monkeypatch):
    deploy.migrate_all()
    SchemaState.objects.exclude(schema_name__in=("public", "prm_template")).update(state="older")
    alpha = Tenant.objects.get(slug="alpha").schema_name

    def migrate(schema):
        if schema == alpha:
            raise deploy.DatabaseError("lock timeout")

    monkeypatch.setattr(deploy, "migrate_schema", migrate)
    assert deploy.migrate_all() == [alpha]
    assert deploy.behind() == [alpha]


def test_a_command_that_does_not_exist_is_wrong_usage(capsys):
    with pytest.raises(SystemExit) as ended:
        CommandLine(["manage.py", "bogus"]).execute()
    assert ended.value.code == 2
    assert "bogus" in capsys.readouterr().err

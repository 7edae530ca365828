"""Suspended, resumed, exported, deleted."""

from __future__ import annotations

import hashlib
import json
import zipfile
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django_tenants.utils import tenant_context

from prm.jobs import services as job_services
from prm.jobs import tasks
from prm.jobs.models import Job
from prm.jobs.services import run_job
from prm.tenancy import errors, exports, services
from prm.tenancy.models import Export, OperatorLogEntry, Tenant
from prm.tenancy.operator_log import log_operation
from prm.tenancy.provisioning import create_tenant
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import NotAllowed

BY = Actor.command("tests")


def test_a_suspended_tenant_answers_with_a_plain_page_and_keeps_its_data(tenant, client):
    services.suspend_tenant(tenant=tenant, reason="unpaid", by=BY)
    for address in ("/", "/sign-in/", "/deals/", "/nowhere/"):
        answer = client.get(address, HTTP_HOST="alpha.localhost")
        assert answer.status_code == 503
        assert "unpaid" not in answer.text
    assert client.post("/sign-in/", HTTP_HOST="alpha.localhost").status_code == 503
    assert client.get("/sign-in/", HTTP_HOST="beta.localhost").status_code == 200
    services.resume_tenant(tenant=tenant, by=BY)
    assert client.get("/sign-in/", HTTP_HOST="alpha.localhost").status_code == 200


def test_the_page_of_a_suspended_tenant_speaks_the_readers_language_and_blames_nobody(tenant, client):
    services.suspend_tenant(tenant=tenant, reason="unpaid", by=BY)
    host = {"HTTP_HOST": "alpha.localhost"}
    chinese = client.get("/", headers={"accept-language": "zh-CN,zh;q=0.9"}, **host).text
    assert 'lang="zh-Hans"' in chinese and "暂停服务" in chinese
    english = client.get("/", headers={"accept-language": "en"}, **host).text
    assert f"The partner portal of {tenant.name} has been paused since" in english


def test_a_suspended_tenants_page_names_the_day_of_its_own_zone(tenant, client, time_machine):
    assert tenant.time_zone == "Asia/Shanghai"
    time_machine.move_to("2026-11-24T17:30:00Z")  # the 25th there
    services.suspend_tenant(tenant=tenant, reason="unpaid", by=BY)
    page = client.get("/", headers={"host": "alpha.localhost", "accept-language": "en"}).content.decode()
    assert "25 Nov 2026" in page


def test_a_suspended_tenant_keeps_its_look(tenant, client):
    services.suspend_tenant(tenant=tenant, reason="unpaid", by=BY)
    for address in ("/brand.css", "/ui.js"):
        assert client.get(address, HTTP_HOST="alpha.localhost").status_code == 200


def test_suspending_needs_a_reason_and_happens_once(tenant):
    with pytest.raises(errors.ReasonMissing):
        services.suspend_tenant(tenant=tenant, reason=" ", by=BY)
    services.suspend_tenant(tenant=tenant, reason="unpaid", by=BY)
    with pytest.raises(errors.AlreadySuspended):
        services.suspend_tenant(tenant=tenant, reason="again", by=BY)


def test_only_a_suspended_tenant_is_resumed(tenant):
    with pytest.raises(errors.NotSuspended):
        services.resume_tenant(tenant=tenant, by=BY)


def test_a_tenants_own_administrator_can_do_none_of_it(tenant, administrator):
    for service, more in (
        (services.suspend_tenant, {"reason": "x"}),
        (services.resume_tenant, {}),
        (services.delete_tenant, {"confirmation": "alpha"}),
        (exports.start_export, {}),
    ):
        with pytest.raises(NotAllowed):
            service(tenant=tenant, by=administrator, **more)


@pytest.mark.django_db(transaction=True)
def test_deleting_needs_suspension_an_export_and_the_slug_again():
    tenant = create_tenant(slug="leaving", name="Leaving", by=BY)
    with pytest.raises(errors.NotSuspended):
        services.delete_tenant(tenant=tenant, confirmation="leaving", by=BY)
    early = exports.export_now(tenant=tenant, by=BY)
    tenant = services.suspend_tenant(tenant=tenant, reason="gone", by=BY)
    with pytest.raises(errors.NoExportYet):  # the early one may lack what came after it
        services.delete_tenant(tenant=tenant, confirmation="leaving", by=BY)
    final = exports.export_now(tenant=tenant, by=BY)
    with pytest.raises(errors.ConfirmationWrong):
        services.delete_tenant(tenant=tenant, confirmation="levaing", by=BY)
    services.delete_tenant(tenant=tenant, confirmation="leaving", by=BY)
    assert not Tenant.objects.filter(slug="leaving").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_namespace WHERE nspname = 't_leaving'")
        assert cursor.fetchone()[0] == 0
    entry = OperatorLogEntry.objects.filter(verb="deleted").get()
    assert entry.details["export"] == final.file_name and early.file_name != ""
    assert exports.path_of(final).exists()


@pytest.mark.django_db(transaction=True)
def test_an_export_holds_schema_files_and_a_note(fresh_tenant):
    logo = services.media_folder(fresh_tenant) / "brand" / "logo.png"
    logo.parent.mkdir(parents=True, exist_ok=True)
    logo.write_bytes(b"picture")
    made = exports.export_now(tenant=fresh_tenant, by=BY)
    path = exports.path_of(made)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == made.sha256 and path.stat().st_size == made.size
    with zipfile.ZipFile(path) as archive:
        assert {"tenant.json", "schema.sql", "files/brand/logo.png"} <= set(archive.namelist())
        assert json.loads(archive.read("tenant.json"))["slug"] == fresh_tenant.slug
        assert b"CREATE TABLE" in archive.read("schema.sql")


@pytest.mark.django_db(transaction=True)
def test_the_export_job_runs_in_two_steps_and_again_after_a_kill(fresh_tenant):
    operator = Actor(
        kind="operator", label="op@host.example", permissions=frozenset({"tenancy.export_tenant"})
    )
    job = exports.start_export(tenant=fresh_tenant, by=operator)
    assert exports.start_export(tenant=fresh_tenant, by=operator).pk == job.pk  # pressing twice is one job
    with tenant_context(fresh_tenant):
        Job.objects.filter(pk=job.pk).update(step=1, total=2, state="running")  # killed after the first step
        assert run_job(job.pk) == "done"
        assert Job.objects.get(pk=job.pk).result["file"].endswith(".zip")
    assert Export.objects.get().made_by == "op@host.example"


@pytest.mark.parametrize("change", ["UPDATE", "DELETE", "TRUNCATE"])
def test_the_operators_log_is_append_only(tenant, change):
    log_operation("created", by=BY, tenant=tenant)
    words = {
        "UPDATE": "UPDATE public.tenancy_operatorlogentry SET verb = 'x'",
        "DELETE": "DELETE FROM public.tenancy_operatorlogentry",
        "TRUNCATE": "TRUNCATE public.tenancy_operatorlogentry",
    }[change]
    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(words)


def test_a_suspended_tenants_work_waits_but_its_export_goes_on(tenant, monkeypatch):
    sent = []
    monkeypatch.setattr(
        tasks, "send_to_tenant", lambda task, schema, *args, **options: sent.append((schema, *args))
    )
    began = clock.now() - timedelta(minutes=5)
    for kind in ("tenancy.export", "imports.run"):
        Job.objects.create(kind=kind, title=kind, state="running", created_label="x", run_after=began)
    tasks.reap()
    assert sent == [(tenant.schema_name,)]
    services.suspend_tenant(tenant=tenant, reason="unpaid", by=BY)
    sent.clear()
    tasks.reap()
    assert sent == [(tenant.schema_name, "tenancy.export")]
    woken = []
    monkeypatch.setattr(job_services, "send", lambda job: woken.append(job.kind))
    job_services.reap("tenancy.export")
    assert woken == ["tenancy.export"]

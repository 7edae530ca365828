"""The configuration as text: exported, tried, applied, promoted; every problem named by its place."""

from __future__ import annotations

import json
import time
from io import BytesIO, StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django_tenants.utils import tenant_context
from PIL import Image

from dealreg.models import RegistrationType
from partners.models import Tier
from prm.audit.models import AuditEntry
from prm.catalogue.services import save_product_line
from prm.configuration import services, text
from prm.configuration.errors import ChangedMeanwhile, ConfigurationProblem
from prm.modules import registry as modules
from prm.sealing.services import set_head_addresses, settings_now
from prm.tenancy.brand import set_brand
from prm.tenancy.models import Tenant
from prm.tenancy.module_switch import switch_module
from prm.tenancy.provisioning import create_tenant
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from rebates.models import Programme
from tests.house.tree import ROOT
from tests.rebates import world as rebates

pytestmark = pytest.mark.django_db
BY = Actor.command("tests")


@pytest.fixture(autouse=True)
def _media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def here() -> Tenant:
    return Tenant.objects.get(schema_name=connection.schema_name)


def fresh(slug: str) -> Tenant:
    before = connection.tenant
    connection.set_schema_to_public()
    made = create_tenant(slug=slug, name="Empty", language="zh-hans", currency="EUR", by=BY)
    connection.set_tenant(before)
    return made


def picture(colour: str = "red") -> ContentFile:
    out = BytesIO()
    Image.new("RGB", (40, 20), colour).save(out, "PNG")
    return ContentFile(out.getvalue(), name="logo.png")


@pytest.fixture
def sandbox(tenant):
    """A tenant in which an administrator configured everything that can be."""
    set_brand(
        tenant=here(), name="Sandbox 沙箱", accent="#0f766e", language="en", currency="CNY",
        time_zone="Asia/Shanghai", logo=picture(), by=BY,
    )  # fmt: skip
    for code in ("routing", "switching"):
        save_product_line(code=code, name=code.title(), name_zh="路由", by=BY)
    save_product_line(code="old", name="Old: things # and more", is_active=False, by=BY)
    services.apply(
        source="schema: 1\ntiers: [{code: gold, name: Gold, rank: 3}, {code: platinum, name: Platinum, rank: 9}]\n"
        "registration_types:\n  - {code: resale, name: 'On', protection_days: 45, default: true}\n",
        by=BY,
    )
    first = rebates.policy(
        "core", who={"tiers": ["platinum"]}, pay={"product_lines": ["routing"]}, until="2026-06-30"
    )
    rebates.apply(first, rebates.policy("core", kind="retroactive", from_="2026-07-01"))
    set_head_addresses(addresses=["auditor@example.com"], by=BY)
    switch_module(tenant=here(), code="dealreg", on=False, by=BY)
    switch_module(tenant=here(), code="dealreg", on=True, by=BY)
    return here()


def test_round_trip_is_byte_identical(sandbox):
    source = services.current_text()
    with tenant_context(fresh("promoted")):
        found = services.apply(source=source, by=BY)
        assert found and services.current_text() == source
        assert Tier.objects.count() == 2 and Programme.objects.get().versions.count() == 2
        assert here().name == "Sandbox 沙箱" and settings_now().addresses == ["auditor@example.com"]
        assert services.apply(source=source, by=BY) == []


def test_the_text_is_stable_commented_and_readable(sandbox):
    source = services.current_text()
    assert source == services.current_text()
    assert source.startswith("# Configuration of a tenant")
    assert "\n# Tiers of the partner programme" in source and "schema: 1\n" in source
    assert all(line == line.rstrip() for line in source.splitlines())
    assert max(len(line) for line in source.splitlines()) <= 140
    names = [line.partition(":")[0] for line in source.splitlines() if line[:1].isalpha()]
    assert names == [
        "schema", "modules", "brand", "exchange", "roles", "working_time", "product_lines", "tiers",
        "registration_types", "records", "tier_criteria", "programmes", "account_codes", "flows", "views",
        "webhooks", "automations", "letters", "audit",
    ]  # fmt: skip


def test_applying_again_changes_and_records_nothing(sandbox):
    source, rows = services.current_text(), AuditEntry.objects.count()
    version = here().brand_version
    assert services.apply(source=source, by=BY) == []
    assert AuditEntry.objects.count() == rows and here().brand_version == version


def test_a_dry_run_shows_what_would_change_and_changes_nothing(sandbox, tmp_path):
    before, rows = services.current_text(), AuditEntry.objects.count()
    files = sorted(path.name for path in tmp_path.rglob("*.png"))
    other = (
        before.replace("rank: 9", "rank: 12")
        .replace("#0f766e", "#aa0000")
        .replace("rebates: true", "rebates: false")
        .replace("payouts: true", "payouts: false")
    )
    other = other[: other.index("\n# Rebate programmes")] + "\n"
    found = {one.place: (one.old, one.new) for one in services.plan(source=other, by=BY)}
    assert found["tiers[platinum].rank"] == ("9", "12")
    assert found["brand.accent"] == ("#0f766e", "#aa0000")
    assert found["modules.rebates"] == ("true", "false")
    assert services.current_text() == before and AuditEntry.objects.count() == rows
    assert connection.tenant.accent == "#0f766e" and modules.is_on("rebates")
    assert sorted(path.name for path in tmp_path.rglob("*.png")) == files


def test_a_dry_run_leaves_no_file_of_a_new_logo(sandbox, tmp_path):
    green = set_brand_in_other(sandbox)
    files = sorted(path.name for path in tmp_path.rglob("*.png"))
    found = services.plan(source=green, by=BY)
    assert [one.place for one in found] == ["brand.logo"]
    assert sorted(path.name for path in tmp_path.rglob("*.png")) == files


def set_brand_in_other(sandbox) -> str:
    """The text of the sandbox with another logo."""
    from django.db import transaction

    look = {name: getattr(here(), name) for name in ("name", "accent", "language", "currency", "time_zone")}
    with transaction.atomic():
        set_brand(tenant=here(), **look, logo=picture("green"), by=BY)
        source = services.current_text()
        transaction.set_rollback(True)
    connection.set_tenant(here())
    return source


LOOK = "name: A, accent: '#000000', language: en, time_zone: UTC"
RULES = "code: a, name: A, from: 2026-01-01, currency: CNY"
PROBLEMS = {
    "tiers[0].colour": "schema: 1\ntiers: [{code: a, name: A, rank: 1, colour: red}]",
    "tiers[0]: missing: rank": "schema: 1\ntiers: [{code: a, name: A}]",
    "tiers[0].rank": "schema: 1\ntiers: [{code: a, name: A, rank: high}]",
    "tiers: Two tiers": "schema: 1\ntiers: [{code: a, name: A, rank: 1}, {code: b, name: B, rank: 1}]",
    "nonsense": "schema: 1\nnonsense: {}",
    "schema": "schema: 2",
    "missing: schema": "tiers: []",
    "not YAML": "schema: 1\n tiers: [",
    "duplicate key": "schema: 1\nmodules: {}\nmodules: {}",
    "modules.training": "schema: 1\nmodules: {training: true}",
    "modules: ": "schema: 1\nmodules: {orders: false}",
    "brand.currency": f"schema: 1\nbrand: {{{LOOK}, currency: XXZ}}",
    "brand.logo": f"schema: 1\nbrand: {{{LOOK}, currency: CNY, logo: '!'}}",
    "registration_types: Exactly one": "schema: 1\nregistration_types: [{code: a, name: A, protection_days: 9}]",
    "programmes[0].mechanism": f"schema: 1\nprogrammes: [{{{RULES}, mechanism: {{kind: magic}}}}]",
    "no product line": (
        f"schema: 1\nprogrammes: [{{{RULES}, pay: {{product_lines: [zzz]}}, mechanism: {{kind: flat, rate: '2%'}}}}]"
    ),
    "audit.addresses": "schema: 1\naudit: {head_addresses: [nobody]}",
}  # fmt: skip


@pytest.mark.parametrize("place", PROBLEMS)
def test_what_is_wrong_is_named_by_its_place_and_nothing_is_applied(place, tenant):
    before = services.current_text()
    with pytest.raises(ConfigurationProblem) as refusal:
        services.apply(source=PROBLEMS[place], by=BY)
    assert place in "\n".join(refusal.value.problems).replace(": unknown key: ", ".")
    assert services.current_text() == before


def test_hostile_text_is_refused_quickly(tenant):
    bomb = "schema: 1\na: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
    )
    for hostile in (
        bomb,
        "[" * 50_000,
        "schema: 1\n" + "x" * 3_000_000,
        "schema: !!python/object:os.system 1",
        "\x00",
    ):
        began = time.process_time()
        with pytest.raises(ConfigurationProblem):
            text.read(hostile)
        with pytest.raises(ConfigurationProblem):
            services.plan(source=hostile, by=BY)
        assert time.process_time() - began < 5


def test_one_bad_section_takes_the_others_back(tenant):
    source = "schema: 1\ntiers: [{code: only, name: Only, rank: 1}]\naudit: {head_addresses: [nobody]}"
    with pytest.raises(ConfigurationProblem):
        services.apply(source=source, by=BY)
    assert not Tier.objects.filter(code="only").exists()


def test_what_is_in_use_is_not_taken_away(acme):
    with pytest.raises(ConfigurationProblem) as refusal:
        services.apply(source="schema: 1\ntiers: [{code: only, name: Only, rank: 1}]", by=BY)
    assert "Gold cannot be taken away" in str(refusal.value)


def test_tiers_swap_their_ranks(tenant):
    services.apply(
        source="schema: 1\ntiers: [{code: a, name: A, rank: 1}, {code: b, name: B, rank: 2}]", by=BY
    )
    found = services.apply(
        source="schema: 1\ntiers: [{code: a, name: A, rank: 2}, {code: b, name: B, rank: 1}]", by=BY
    )
    assert {one.place for one in found} == {"tiers[a].rank", "tiers[b].rank"}


def test_a_section_that_is_left_out_stays(tenant):
    types = RegistrationType.objects.count()
    services.apply(source="schema: 1\naudit: {head_addresses: []}", by=BY)
    assert RegistrationType.objects.count() == types > 0


def test_a_module_that_is_off_is_neither_exported_nor_taken(tenant):
    switch_module(tenant=here(), code="payouts", on=False, by=BY)
    switch_module(tenant=here(), code="rebates", on=False, by=BY)
    assert "programmes:" not in services.current_text()
    with pytest.raises(ConfigurationProblem) as refusal:
        services.apply(source="schema: 1\nprogrammes: []", by=BY)
    assert "programmes" in str(refusal.value)
    services.apply(source="schema: 1\nmodules: {rebates: true}\nprogrammes: []", by=BY)
    assert modules.is_on("rebates")


def test_the_schema_in_docs_is_the_products():
    written = json.loads((ROOT / "docs/configuration.schema.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(text.schema()))


def test_only_administrators_and_never_an_operator_for_them(administrator, finance):
    for by in (finance, administrator.with_(acting_operator="op@example.com")):
        with pytest.raises(NotAllowed):
            services.plan(source="schema: 1", by=by)
        with pytest.raises(NotAllowed):
            services.export_text(by=by)
    assert services.plan(source="schema: 1", by=administrator) == []


def command(*arguments: str) -> tuple[int, str, str]:
    out = StringIO()
    try:
        call_command("config", *arguments, stdout=out)
    except CommandError as problem:
        return problem.returncode, out.getvalue(), str(problem)
    return 0, out.getvalue(), ""


def test_the_command_exports_tries_and_applies(sandbox, tmp_path):
    file = tmp_path / "sandbox.yaml"
    assert command("export", sandbox.slug, "--out", str(file))[0] == 0
    assert file.read_text(encoding="utf-8") == services.current_text() == command("export", sandbox.slug)[1]
    target = fresh("production")
    status, said, _error = command("apply", target.slug, str(file), "--dry-run")
    assert status == 0 and "brand.name: was Empty, becomes Sandbox 沙箱" in said and "would change" in said
    told = json.loads(command("apply", target.slug, str(file), "--json")[1])
    assert told["applied"] and told["differences"]
    assert command("apply", target.slug, str(file))[1].strip() == "nothing to change"
    assert json.loads(command("schema")[1])["$id"] == "configuration.schema.json"
    file.write_text("schema: 1\ntiers: [{code: a}]", encoding="utf-8")
    status, _said, error = command("apply", target.slug, str(file))
    assert status == 1 and "tiers[0]: missing: name, rank" in error
    assert command("apply", target.slug, "/nowhere.yaml")[0] == 2
    assert command("apply", "nobody", str(file))[0] == 2
    assert AuditEntry.objects.filter(verb="exported", actor_label="config export").count() == 2


def test_the_page_compares_first_and_applies_what_was_shown(administrator, browse, tenant):
    client = browse(administrator)
    download = client.post("/settings/configuration/export/")
    source = download.content.decode()
    assert (
        download.status_code == 200 and "tiers:" in source and "attachment" in download["Content-Disposition"]
    )
    assert "No difference" in client.post("/settings/configuration/", {"source": source}).content.decode()
    other = source.replace("rank: 30", "rank: 35")
    upload = ContentFile(other.encode(), name="other.yaml")
    shown = client.post("/settings/configuration/", {"file": upload})
    page = shown.content.decode()
    assert "tiers[gold].rank" in page and "Apply 1 difference" in page
    assert Tier.objects.get(code="gold").rank == 30
    sent = {"source": shown.context["source"].replace("\n", "\r\n"), "expected": shown.context["expected"]}
    assert client.post("/settings/configuration/apply/", sent).status_code == 302
    assert Tier.objects.get(code="gold").rank == 35
    entry = AuditEntry.objects.get(verb="configuration_applied", user_id=administrator.user_id)
    assert entry.changes["differences"] == [None, 1]
    again = client.post("/settings/configuration/apply/", sent).content.decode()
    assert "changed in the meantime" in again


def test_the_page_names_problems_and_refuses_empty_hands(administrator, browse, finance):
    client = browse(administrator)
    answer = client.post("/settings/configuration/", {"source": "schema: 1\ntiers: [{code: a}]"})
    assert answer.status_code == 422 and "tiers[0]: missing" in answer.content.decode()
    assert client.post("/settings/configuration/", {}).status_code == 422
    bad = client.post("/settings/configuration/apply/", {"source": "schema: 3", "expected": "x"})
    assert bad.status_code == 422
    assert browse(finance).get("/settings/configuration/").status_code == 403
    assert browse(finance).post("/settings/configuration/export/").status_code == 403


def test_differences_that_nobody_agreed_to_are_not_applied(tenant):
    source = "schema: 1\ntiers: [{code: only, name: Only, rank: 1}]"
    Tier.objects.all().delete()
    with pytest.raises(ChangedMeanwhile):
        services.apply(source=source, expected="something else", by=BY)
    assert not Tier.objects.exists()


def test_the_starter_kits_are_such_files():
    from prm.starter import kit

    for path in kit.FOLDER.glob("*.yaml"):
        assert text.read(kit.read(path.stem))

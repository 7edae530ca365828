"""A tenant in which everything is configured that the file knows, brought over to an empty one."""

from __future__ import annotations

from io import BytesIO, StringIO

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django_tenants.utils import tenant_context
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from prm.audit.models import AuditEntry
from prm.catalogue.services import save_product_line
from prm.configuration import registry, services, text
from prm.configuration.differences import between
from prm.tenancy.brand import set_brand
from tests.approvals.unsound import ask
from tests.configuration.office import BY, apply, exported, fresh, here
from tests.configuration.test_flows import ADMINISTRATOR, flow, two_levels
from tests.configuration.test_forms import RECORDS
from tests.configuration.test_rules import AUTOMATIONS, LETTERS, ROBOT
from tests.configuration.test_views import VIEWS
from tests.egress.conftest import outside
from tests.rebates import world as rebates

__all__ = ["outside"]
pytestmark = pytest.mark.django_db
AWKWARD = (
    "Dear {tenant}, \n\n  indented, with blanks at its end \n\n“yes”: #1 & *all* \t- null\n\n"
    + "很长的话" * 60
)


CERTIFIED = {"code": "certified", "kind": "number", "label": "Certified people", "staff_only": False}
SALES = {
    "measure": "orders.net_sales", "period": {"last": 4, "unit": "quarter"}, "op": "at_least", "value": "100000.00"
}  # fmt: skip
CRITERIA = {
    "gold": {
        "entry": {"all": [SALES, {"field": "custom.certified", "op": "at_least", "value": "2"}]},
        "renewal": SALES | {"value": "80000.00"},
    }
}


@pytest.fixture
def everything(tenant, outside, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    out = BytesIO()
    Image.new("RGB", (40, 20), "red").save(out, "PNG")
    set_brand(
        tenant=here(), name="Sandbox 沙箱", accent="#0f766e", language="en", currency="CNY",
        time_zone="Asia/Shanghai", logo=ContentFile(out.getvalue(), name="logo.png"), by=BY,
    )  # fmt: skip
    save_product_line(code="routing", name="Routing", name_zh="路由", by=BY)
    letters = {**LETTERS, "words": [*LETTERS["words"], {
        "letter": "accounts.invitation", "language": "en", "subject": "yes", "body": AWKWARD.strip(),
    }]}  # fmt: skip
    apply(
        working_time={"hours": {"monday": "09:00-17:00"}, "days": [{"day": "2026-10-01", "name": "国庆"}]},
        roles=[
            {
                "code": "auditor",
                "name": "Auditor",
                "name_zh": "审计员",
                "base": "finance",
                "may": ["rebates.view"],
            }
        ],
        tiers=[{"code": "gold", "name": "Gold", "rank": 3}, {"code": "null", "name": "Off", "rank": 9}],
        registration_types=[
            {"code": "lease", "name": "Lease", "protection_days": 30},
            {"code": "resale", "name": "Resale", "protection_days": 45, "default": True},
            {"code": "referral", "name": "Referral", "protection_days": 5},
        ],
        records={**RECORDS, "partner": {"fields": [CERTIFIED]}},
        tier_criteria=CRITERIA,
        flows={"deal": two_levels(), "order": flow(ask("boss", ADMINISTRATOR, mode="all"), name="Orders")},
        views=VIEWS,
        webhooks=[
            {"name": "CRM", "kind": "webhook", "address": outside.url, "wants": ["dealreg.submitted.v1"]},
            ROBOT,
        ],
        automations=AUTOMATIONS,
        letters=letters,
        audit={"head_addresses": ["auditor@example.com"]},
        account_codes={"payable": {"code": "2190", "name": "Rebates"}},
        exchange={"source": "House bank", "most_days": 3, "through": "USD"},
    )
    rebates.apply(rebates.policy("core", who={"tiers": ["gold"]}, pay={"product_lines": ["routing"]}))
    return here()


def test_everything_is_configured_here(everything):
    """What the other tests bring over: no section is as the starter kit left it. Drafts have tests of their own."""
    sections = registry.sections(drafts=False)
    with tenant_context(fresh("plain")):
        plain = {one.name: one.handler.export() for one in sections}
    same = [one.name for one in sections if one.handler.export() == plain[one.name]]
    assert same == ["modules"]


def test_into_an_empty_tenant_and_out_again_it_is_the_same_bytes(everything):
    source = services.current_text()
    with tenant_context(fresh("promoted")):
        found = services.apply(source=source, by=BY)
        assert len(found) > 20 and services.current_text() == source
        rows = AuditEntry.objects.count()
        again = services.apply(source=source, by=BY)
        assert again == [] and again.notes == [] and AuditEntry.objects.count() == rows
    assert services.current_text() == source


def test_applying_its_own_export_changes_and_records_nothing(everything):
    rows = AuditEntry.objects.count()
    assert services.apply(source=services.current_text(), by=BY) == []
    assert AuditEntry.objects.count() == rows


def test_the_dry_run_of_the_command_tells_everything_and_writes_nothing(everything, tmp_path):
    file = tmp_path / "sandbox.yaml"
    call_command("config", "export", everything.slug, out=file, stdout=StringIO())
    target, out = fresh("production"), StringIO()
    with tenant_context(target):
        before, rows = services.current_text(), AuditEntry.objects.count()
    call_command("config", "apply", target.slug, str(file), dry_run=True, stdout=out)
    said = out.getvalue()
    for line in (
        "flows.deal.name: was Deal registration, becomes Deals",
        "webhooks[CRM]: added: name: CRM",
        "records.deal.fields[margin]: added: code: margin",
        "! webhooks[0]: “CRM” is new and has a new secret.",
        "tiers[silver]: taken away",
    ):
        assert line in said, said
    with tenant_context(target):
        assert services.current_text() == before and AuditEntry.objects.count() == rows


def test_it_is_readable(everything):
    source = services.current_text()
    assert all(line == line.rstrip() for line in source.splitlines())
    assert (
        "      - id: manager\n        kind: approver\n        who:\n          kind: partner_manager\n"
        in source
    )
    assert "body: |-\n        Dear {tenant},\n\n        a deal.\n" in source
    assert "whsec_" not in source
    comments = [line for line in source.splitlines() if line.startswith("# ")]
    assert all(len(line) <= 121 for line in comments)
    assert text.read(source)["letters"] == exported("letters")


WORDS = st.text(
    alphabet=st.sampled_from(list("ab :#-*&!|>'\"%@`{}[],?~0é渠\u3000\t\n\r\u2028\x85\x07\U0001f600"))
)
CODES = st.text(alphabet="abz09_-. :#é渠", min_size=1)
VALUES = st.recursive(
    WORDS | st.booleans() | st.integers(-(10**9), 10**9) | st.sampled_from(["null", "yes", "1.0", "2026-01-01", "~"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CODES, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(["subject", "body", "also"]), VALUES))
def test_whatever_is_configured_is_read_back_as_it_was(value):
    section = registry.Section("letters", 1, "Anything", {}, None)
    written = text.write({"letters": value}, [section])
    assert written == text.write({"letters": value}, [section])
    loaded = text.plain(written)["letters"]
    assert loaded == value


def test_differences_are_told_by_what_names_an_entry():
    def steps(*names):
        return {"steps": [{"id": name, "kind": "approver"} for name in names]}

    def lines(before, after):
        return [one.line for one in between(before, after)]

    assert lines(steps("a", "b"), steps("b", "a")) == ["steps: was a, b, becomes b, a"]
    assert lines(steps("a"), steps("a", "c")) == ["steps[c]: added: id: c, kind: approver"]
    forms = [{"sections": [{"fields": []}]}, {"role": "partner", "sections": []}]
    assert lines({"forms": forms}, {"forms": forms[1:]}) == ["forms[*]: taken away, was sections: fields: "]
    assert lines({"a": [1, 2]}, {"a": [2]}) == ["a: was 1, 2, becomes 2"]
    assert lines({"a": []}, {"a": [{"kind": "x"}]}) == ["a[0]: added: kind: x"]

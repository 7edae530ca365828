"""Drafts and the configuration as text: what is not published is in no file unless it was asked for."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django_tenants.utils import tenant_context

from prm.approvals import drafts
from prm.approvals.services import design
from prm.approvals.subjects import subject_of
from prm.audit.models import AuditEntry
from prm.configuration import services
from prm.configuration.errors import ConfigurationProblem
from prm.customfields.form_services import save_layout
from prm.customfields.models import FormLayout
from rebates.errors import VersionInReview
from rebates.exchange import draft_entries
from rebates.models import Version
from rebates.policy import read_document
from rebates.services.programmes import apply_drafts, save_draft
from tests.approvals.unsound import ask, decide, fork, otherwise, value, when
from tests.configuration.office import BY, apply, exported, fresh, here
from tests.configuration.test_flows import flow
from tests.rebates import world as rebates

pytestmark = pytest.mark.django_db
ADMINISTRATOR = {"kind": "role", "role": "administrator"}


def texts_of(*entries):
    return read_document({"schema": 1, "programmes": list(entries)})


@pytest.fixture
def with_drafts(administrator, manager):
    """A tenant in which a flow, a form and a programme have drafts, none of them what is in force."""
    deal = subject_of("deal")
    steps = [fork(when("large", value("more_than", "500000.5"), decide("d", {})), otherwise("small")),
             ask("a", ADMINISTRATOR) | {"deadline": {"hours": 4.5, "then": "none"}}]  # fmt: skip
    text = {"schema": 1, "subject": "deal", "name": "Mine, unfinished", "steps": steps}
    design.save_draft(subject=deal, data=text, revision=drafts.standing(deal).revision, by=administrator)
    sections = [{"title": "Half a form", "fields": [{"field": "number", "wide": True}]}]
    save_layout(target="deal", document={"schema": 1, "sections": sections}, role="partner", by=BY)
    [text] = texts_of(rebates.policy("half", from_="2030-01-01"))
    save_draft(text=text, by=BY)
    return here()


def test_without_drafts_the_file_is_as_if_there_were_none_and_the_command_names_them(with_drafts):
    out, said = StringIO(), StringIO()
    call_command("config", "export", with_drafts.slug, stdout=out, stderr=said)
    assert "unfinished" not in out.getvalue() and "half" not in out.getvalue().lower()
    assert "flows.deal" in said.getvalue() and "records.deal.forms partner" in said.getvalue()
    assert "programmes[half 2030-01-01]" in said.getvalue() and "--drafts" in said.getvalue()


def test_drafts_travel_as_drafts_and_come_back_byte_for_byte(with_drafts):
    source = services.current_text(drafts=True)
    assert source.startswith(services.current_text()[:200]) and "flow_drafts:" in source
    in_force = services.current_text()
    with tenant_context(fresh("drafts")):
        services.apply(source=source, by=BY)
        assert services.current_text(drafts=True) == source and services.current_text() == in_force
        standing = drafts.standing(subject_of("deal"))
        assert standing.draft.document["name"] == "Mine, unfinished" and standing.published.number == 1
        assert FormLayout.objects.get(target="deal", role="partner").state == "draft"
        assert Version.objects.get(programme__code="half").state == "draft"
        rows = AuditEntry.objects.count()
        assert services.apply(source=source, by=BY) == [] and AuditEntry.objects.count() == rows


def test_another_text_is_the_draft_and_what_the_file_does_not_name_stays(with_drafts):
    flows = exported("flows")["deal"]
    found = apply(flow_drafts={"deal": flow(ask("other", ADMINISTRATOR), name="Other")})
    assert "flow_drafts.deal.name" in {one.place for one in found}
    assert exported("flows")["deal"] == flows and Version.objects.filter(programme__code="half").exists()
    entry = rebates.policy("half", from_="2030-04-01")
    apply(programme_drafts=[entry])
    assert [str(row.starts) for row in Version.objects.filter(programme__code="half")] == ["2030-04-01"]


def test_what_is_wrong_with_a_draft_is_named(with_drafts):
    before = services.current_text(drafts=True)
    for place, sections in (
        ("flow_drafts.holiday", {"flow_drafts": {"holiday": flow(ask())}}),
        ("form_drafts.holiday", {"form_drafts": {"holiday": []}}),
        ("form_drafts.deal[0]", {"form_drafts": {"deal": [{"type": "no", "sections": [{"fields": []}]}]}}),
        ("programme_drafts", {"programme_drafts": [rebates.policy("x", who={"tiers": ["nowhere"]})]}),
    ):
        with pytest.raises(ConfigurationProblem) as refusal:
            apply(**sections)
        assert place in str(refusal.value)
    assert services.current_text(drafts=True) == before


def test_a_version_that_waits_for_its_publication_is_not_written_over(with_drafts):
    Version.objects.filter(programme__code="half").update(state=Version.State.IN_REVIEW)
    assert apply_drafts(texts=texts_of(*draft_entries()), by=BY)[0].state == "in_review"
    with pytest.raises(VersionInReview):
        apply_drafts(texts=texts_of(rebates.policy("half", from_="2030-04-01")), by=BY)


def test_the_page_names_drafts_and_takes_them_along_when_asked(with_drafts, administrator, browse):
    client = browse(administrator)
    page = client.get("/settings/configuration/").content.decode()
    assert "records.deal.forms partner" in page and "Download with drafts" in page
    plain = client.post("/settings/configuration/export/").content.decode()
    whole = client.post("/settings/configuration/export/", {"drafts": "1"}).content.decode()
    assert "unfinished" not in plain and "unfinished" in whole

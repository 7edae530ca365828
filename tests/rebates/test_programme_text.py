"""A programme's text: taken from its page, changed, brought back as a draft; what is wrong is named by its line."""

from __future__ import annotations

from html import unescape

import pytest
from django.core.files.base import ContentFile
from django.test import RequestFactory
from weasyprint import HTML

from prm.audit.models import AuditEntry
from rebates.models import Version
from rebates.paper import agreement_text
from tests.rebates import world

pytestmark = pytest.mark.django_db
IMPORT = "/programmes/core/import/"


@pytest.fixture
def core(tenant):
    return world.apply(world.policy("core"))[0].programme


def text_of(client):
    return client.get("/programmes/core/export.yaml").content.decode()


def next_year(text):
    return text.replace("2026-01-01", "2027-01-01").replace("'0.02'", "'0.03'")


def refusal(client, text):
    answer = client.post(IMPORT, {"text": text})
    assert answer.status_code == 422
    return unescape(answer.content.decode())


def test_the_download_changed_and_uploaded_is_the_draft(core, finance, browse):
    client = browse(finance)
    assert IMPORT in client.get("/programmes/core/").content.decode()
    text = next_year(text_of(client))
    assert client.post(IMPORT, {"file": ContentFile(text.encode(), name="core.yaml")}).status_code == 302
    draft = Version.objects.get(state="draft")
    assert (draft.number, str(draft.starts)) == (2, "2027-01-01")
    assert AuditEntry.objects.filter(verb="drafted", user_id=finance.user_id).count() == 1
    # The same again changes nothing, another text changes this draft.
    client.post(IMPORT, {"text": text})
    assert AuditEntry.objects.filter(verb="drafted").count() == 2  # the published version's and this one's
    client.post(IMPORT, {"text": text.replace("2027-01-01", "2027-02-01")})
    assert str(Version.objects.get(state="draft").starts) == "2027-02-01"


def test_published_versions_may_stand_in_the_text_as_they_are(core, finance, browse):
    client = browse(finance)
    text = text_of(client)
    assert "says what is published already" in refusal(client, text)
    entry = next_year(text)[text.index("  - code") :]
    assert client.post(IMPORT, {"text": text + entry}).status_code == 302
    assert Version.objects.get(state="draft").number == 2
    two = text + entry + entry.replace("2027-01-01", "2027-02-01")
    assert "2027-01-01, 2027-02-01" in refusal(client, two)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("from: '2027-01-01'", "from: '2027-01-01'\n    holiday: 1", "Line 3, programmes[0]: unknown key: holiday"),
        ("kind: marginal", "kind: magic", "programmes[0].mechanism: "),
        ("currency: CNY", "currency: 7", "Line 7, programmes[0].currency: “7” is no string"),
        ("currency: CNY", "currency: [", "The text is not YAML: line"),
        ("currency: CNY", "currency: &a CNY\n    clause: *a", "aliases (*) cannot be used, line 8"),
        ("code: core", "code: other", "This is the text of other; here is core"),
        ("2027-01-01", "2027-01-15", "does not begin or end a period"),
        ("2027-01-01", "2025-12-01", "core"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_line_and_part(old, new, said, core, finance, browse):
    client = browse(finance)
    text = next_year(text_of(client))
    assert old in text, text
    assert said in refusal(client, text.replace(old, new))
    assert not Version.objects.filter(state="draft").exists()


def test_each_problem_is_told_once(core, finance, browse):
    said = refusal(browse(finance), "schema: 1\nprogrammes:\n  - code: core\n    name: 7\n")
    line = said[said.index("This text is no programme") :].partition("<")[0]
    assert line.count("missing: from, currency, mechanism") == 1 and "; Line 3" in line


def test_who_may_only_look_may_not_import(core, acme, manager, browse):
    for who in (acme.admin, manager):
        assert browse(who).post(IMPORT, {"text": "schema: 1"}).status_code == 403


def test_an_amendment_says_what_it_changes(finance, browse):
    world.apply(world.policy())
    world.apply(world.policy(from_="2026-10-01", bands=[{"from": 0, "rate": "2.5%"}], clause="4.2"))
    page = browse(finance).get("/programmes/core/?version=2")
    found = page.context["amendment"]
    assert (found.before.number, found.after.number) == (1, 2) and not found.reads_alike
    assert {"-      rate: '0.02'", "+      rate: '0.025'", "+clause: '4.2'"} <= set(found.lines)
    assert "What changes against version 1" in page.content.decode()
    assert browse(finance).get("/programmes/core/?version=1").context["amendment"] is None


def test_the_agreement_says_the_policy_in_every_language_and_as_it_is_computed(finance, browse, tenant):
    words = {
        "text": "As agreed in May.",
        "text_zh": "按五月的约定。",
        "clause": "3.1",
        "budget": {"amount": 70_007},
    }
    (version,) = world.apply(world.policy(name_zh="核心返利", **words))
    page = browse(finance).get("/programmes/core/").content.decode()
    assert "/programmes/core/agreement.pdf?version=1" in page
    answer = browse(finance).get("/programmes/core/agreement.pdf?version=1")
    assert answer["Content-Type"] == "application/pdf" and answer.content.startswith(b"%PDF")
    assert answer["Content-Disposition"] == 'attachment; filename="core-1.pdf"'
    assert browse(finance).get("/programmes/core/agreement.pdf?version=9").status_code == 404
    request = RequestFactory().get("/")
    request.tenant = tenant
    text = agreement_text(version, request)
    for said in (
        "Core",
        "核心返利",
        "As agreed in May.",
        "按五月的约定。",
        "Clause 3.1",
        "rate: &#x27;0.02&#x27;",
        "每月",
    ):
        assert said in text, said
    assert "70007" not in text and "budget" not in text  # what it may cost is nobody else's business


def test_nobody_signs_a_page_of_its_own(tenant):
    """However long the agreement is, a part of its text stands above the lines to sign on."""
    request = RequestFactory().get("/")
    request.tenant = tenant
    pages = set()
    for lines in range(0, 30, 3):
        (version,) = world.apply(world.policy(f"core-{lines}", text="\n".join(["As agreed."] * lines)))
        paper = HTML(string=agreement_text(version, request)).render().pages
        body = next(box for box in paper[-1]._page_box.descendants() if box.element_tag == "body")
        first = body.children[0].element
        assert first.get("class") != "sign", f"{lines} lines of text leave the signature alone"
        pages.add(len(paper))
    assert len(pages) > 1  # the end of a page was among them

"""Letters in the tenant's own words: placeholders from a list, nothing else; and in the tenant's name."""

from __future__ import annotations

import pytest
from django.core import mail
from django.utils import translation
from django.utils.translation import gettext_lazy

from prm.audit.models import AuditEntry
from prm.notices import kinds, post, texts, wording
from prm.notices.errors import NoText, UnknownPlaceholder
from prm.notices.letters import write_letter
from prm.notices.models import Letter, LetterText, Notice
from prm.notices.services import notify
from prm.ui import said
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
NAME = "tests.worded"


@pytest.fixture(autouse=True)
def _kind():
    kinds.register(
        NAME, title="%(number)s is approved", body="%(who)s approved %(number)s, 50%% sure", label="Approved"
    )
    yield
    kinds._kinds.pop(NAME)


def word(
    administrator, subject="{number}: yes", body="Dear friend,\n\n{who} said yes. {tenant}", language="en"
):
    return wording.save_words(
        form=texts.letter_form(NAME), language=language, subject=subject, body=body, by=administrator
    )


def tell(language="en", who="Lin", fact="x:1"):
    user = UserFactory(language=language)
    notify(users=[user], kind=NAME, values={"number": "DR-1", "who": who}, fact=fact)
    return Letter.objects.get(to=user.email)


def test_letters_leave_in_the_tenants_words_in_that_language_only(administrator, tenant):
    word(administrator)
    letter = tell()
    assert letter.subject == "DR-1: yes"
    assert "Dear friend,\n\nLin said yes. " + tenant.name in letter.text
    assert tell("zh-hans", fact="x:2").subject == "DR-1 is approved"


HOSTILE = [
    "{number.__class__}", "{0}", "{}", "{settings}", "{password}", "{number!r}", "{number:>99999999}", "{{number}}",
    "{{ request.user }}", "{% debug %}", "{% include 'x' %}", "{number", "number}",
]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_but_known_placeholders_is_taken(administrator, text):
    for subject, body in (("Hello", text), (text, "Hello")):
        with pytest.raises(UnknownPlaceholder):
            word(administrator, subject, body)
    assert not LetterText.objects.exists()


def test_words_and_values_are_text_never_markup_or_placeholders_again(administrator):
    word(administrator, body="<script>alert(1)</script> %(number)s {who}")
    letter = tell(who="{tenant} %(x)s <b>")
    assert "<script>" not in letter.html and "&lt;script&gt;" in letter.html
    assert "%(number)s {tenant} %(x)s <b>" in letter.text


def test_a_letter_needs_text(administrator):
    with pytest.raises(NoText):
        word(administrator, body=" \n\n ")


def test_defaults_are_shown_as_the_administrator_would_write_them():
    form = texts.letter_form(NAME)
    assert texts.default_words(form, "en") == ("{number} is approved", "{who} approved {number}, 50% sure")
    assert form.placeholders == ["number", "who", "tenant"]


@pytest.mark.parametrize("name", [form.name for form in texts.all_letters()])
def test_every_letters_own_default_words_may_be_saved(administrator, name):
    form = texts.letter_form(name)
    for language in ("en", "zh-hans"):
        subject, body = texts.default_words(form, language)
        wording.check_words(form, subject, body)


def test_the_invitation_too_has_words_of_its_own(administrator):
    form = texts.letter_form("accounts.invitation")
    wording.save_words(form=form, language="en", subject="Welcome", body="{name}, come in.", by=administrator)
    letter = write_letter(
        to="a@example.com", values={"name": "Ann"}, language="en", **texts.words_of(form.name)
    )
    assert letter.subject == "Welcome" and "Ann, come in." in letter.text


def test_a_preview_shows_tags_as_characters_as_the_letter_does(browse, administrator):
    tell(who="<img src=x><b>Evil</b>")
    client, address = browse(administrator), f"/settings/letters/{NAME}/en/"
    for page in (
        client.get(address),
        client.post(address, {"subject": "S", "body": "<i>By</i> {who}!", "preview": "1"}),
        client.get(f"{address}html/"),
    ):
        text = page.content.decode()
        assert "&lt;b&gt;Evil&lt;/b&gt;" in text and "<b>Evil" not in text and "<i>By" not in text


def test_the_page_previews_with_real_values_saves_and_resets(browse, administrator):
    tell(who="Somebody Real")
    client, address = browse(administrator), f"/settings/letters/{NAME}/en/"
    assert "Somebody Real approved DR-1" in client.get(address).content.decode()
    tried = client.post(address, {"subject": "S", "body": "By {who}!", "preview": "1"}).content.decode()
    assert "By Somebody Real!" in tried and not LetterText.objects.exists()
    wrong = client.post(address, {"subject": "S", "body": "{secret}", "preview": "1"})
    assert wrong.status_code == 422 and "{secret} is not known" in wrong.content.decode()
    client.post(address, {"subject": "S", "body": "By {who}!"})
    assert AuditEntry.objects.get(verb="letter_worded").changes["subject"] == ["{number} is approved", "S"]
    assert "By Somebody Real!" in client.get(f"{address}html/").content.decode()
    assert "own words" in client.get("/settings/letters/").content.decode()
    client.post(f"{address}reset/")
    assert not LetterText.objects.exists() and AuditEntry.objects.filter(verb="letter_reset").exists()
    assert client.get("/settings/letters/no.such/en/").status_code == 404
    assert client.get(f"/settings/letters/{NAME}/fr/").status_code == 404


@pytest.mark.parametrize("reader", ["en", "zh-hans"])
def test_a_preview_has_the_values_in_the_letters_language_and_no_hole_where_nobody_said_why(
    browse, administrator, reader
):
    values = {
        "title": "DR-1", "who": "Lin Yue", "why": "", "what": said.stored(gettext_lazy("Deal registration")),
        "step": {"as": "each", "en": "Director", "zh-hans": "总监"}, "submitter": "Xu Peng",
    }  # fmt: skip
    row = Notice(user_id=administrator.user_id, kind="approvals.added", values=values, fact="f")
    row.save()
    client = browse(administrator)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = reader
    with translation.override(reader):
        english = client.get("/settings/letters/approvals.added/en/").content.decode()
        chinese = client.get("/settings/letters/approvals.added/zh-hans/").content.decode()
    assert "Deal registration, step “Director”" in english and "‹why›" not in english
    assert "总监" in chinese and "商机报备" in chinese


def test_nobody_else_words_letters(browse, manager, acme):
    for person in (manager, acme.admin):
        assert browse(person).get("/settings/letters/").status_code == 403


def test_letters_leave_in_the_tenants_name_and_answers_go_where_it_says(browse, administrator, settings):
    settings.EMAIL_URL = "smtp://mail.example"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    sent = {"name": 'ACME "Channel"\n', "reply_to": "channel@acme.example"}
    browse(administrator).post("/settings/letters/sender/", sent)
    write_letter(to="ann@example.com", subject="Hello", paragraphs=["One"])
    post.send_open_letters()
    (message,) = mail.outbox
    assert message.from_email.startswith('"ACME Channel" <') and message.reply_to == ["channel@acme.example"]
    assert AuditEntry.objects.get(verb="sender_changed").changes["reply_to"] == ["", "channel@acme.example"]
    assert (
        browse(administrator).post("/settings/letters/sender/", {"reply_to": "nonsense"}).status_code == 422
    )


def test_a_notice_of_an_earlier_version_reads_without_what_it_lacks():
    assert kinds.fill("%(what)s is promised by %(due)s.", {"what": "Deal 7"}) == "Deal 7 is promised by …."

"""What flows tell of is in the language of whoever reads it: the trail of a case, the letters of a hand-over."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.utils import translation

from prm.approvals import services
from prm.audit.history import changes_of
from prm.audit.models import AuditEntry
from prm.notices.models import Letter
from prm.outbox.services import deliver_open_events
from tests.approvals.flows import MANAGER, approver, people, publish, task_of
from tests.factories import dealreg as deals
from tests.factories.people import UserFactory, actor

pytestmark = pytest.mark.django_db
STEP = {"name": "Director", "name_zh": "总监"}


def test_the_trail_names_the_step_in_the_readers_language(acme, manager):
    other = UserFactory(finance=True)
    publish(approver("first", MANAGER) | STEP, approver("second", people(other)))
    deal = deals.in_review(acme)
    services.approve(task=task_of(deal, manager), by=manager)
    entry, told = AuditEntry.objects.get(verb="step_approved"), {}
    for language in ("en", "zh-hans"):
        with translation.override(language):
            told[language] = "; ".join(change["text"] for change in changes_of(entry))
    assert "Director" in told["en"] and "总监" in told["zh-hans"]
    assert not re.search("[A-Za-z]", told["zh-hans"]), told


@pytest.mark.parametrize(
    ("language", "subject", "said", "others"),
    [
        (
            "en",
            "Handed over to you: ",
            "Lin Yue asks you to decide instead. “On leave & <b>away</b>”",
            "总监",
        ),
        ("zh-hans", "已转交给您：", "总监", "Director"),
    ],
)
def test_the_letter_of_a_hand_over_in_text_and_html_and_both_languages(
    language, subject, said, others, acme, manager
):
    clerk = UserFactory(finance=True, language=language)
    publish(approver("first", MANAGER) | STEP)
    deal = deals.in_review(acme)
    # Whoever hands over works in the other language: the letter is the reader's.
    with translation.override("en" if language == "zh-hans" else "zh-hans"):
        services.hand_over(task=task_of(deal, manager), user=clerk, by=manager, text="On leave & <b>away</b>")
    while deliver_open_events():
        pass
    letter = Letter.objects.get(to=clerk.email)
    assert letter.subject.startswith(subject)
    for body in (letter.text, unescape(letter.html)):
        assert said in body and others not in body and manager.label in body
        assert "On leave & <b>away</b>" in body
    # What a colleague wrote is text in the HTML, never markup.
    assert "<b>away</b>" not in letter.html and "&lt;b&gt;away&lt;/b&gt;" in letter.html
    link = re.search(r"https?://\S+", letter.text)[0]
    assert link in unescape(letter.html)
    services.approve(task=task_of(deal, clerk), by=actor(clerk))
    deal.refresh_from_db()
    assert deal.decided_by_id == clerk.pk

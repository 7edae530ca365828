"""Letters leave after the commit, once, with growing pauses after failures."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.core import mail

from prm.notices import post
from prm.notices.letters import write_letter
from prm.notices.links import absolute
from prm.notices.models import Letter
from prm.values import clock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _server(settings):
    settings.EMAIL_URL = "smtp://mail.example"
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def letter(**changes) -> Letter:
    made = write_letter(to="ann@example.com", subject="Hello", paragraphs=["One", "Two"])
    Letter.objects.filter(pk=made.pk).update(**changes)
    return made


def test_a_letter_leaves_once_in_text_and_html_in_the_tenants_name(tenant):
    letter()
    assert post.send_open_letters() == 1 and post.send_open_letters() == 0
    (message,) = mail.outbox
    assert message.to == ["ann@example.com"] and tenant.name in message.from_email
    assert message.alternatives[0].mimetype == "text/html" and "One" in message.body
    portal = absolute("/")
    assert portal in message.body and f'href="{portal}"' in message.alternatives[0].content
    assert Letter.objects.get().sent_at is not None


def test_failures_wait_longer_and_longer_and_end(monkeypatch):
    def refuse(self, messages):
        raise ConnectionRefusedError("no server")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    with time_machine.travel(clock.now(), tick=False) as time:
        made, waits = letter(), []
        for _ in range(3):
            assert post.send_open_letters() == 1
            made.refresh_from_db()
            waits.append((made.next_try_at - clock.now()).total_seconds() / 60)
            assert post.send_open_letters() == 0, "its pause runs"
            time.move_to(made.next_try_at + timedelta(seconds=1))
        assert waits == [1, 2, 4] and "no server" in made.error
        Letter.objects.update(attempts=10)
        assert post.send_open_letters() == 0


def test_one_bad_letter_does_not_hold_the_others(monkeypatch):
    letter(to="bad\naddress@example.com")
    letter()
    post.send_open_letters()
    assert len(mail.outbox) == 1
    assert Letter.objects.filter(sent_at=None).get().error


def test_a_letter_that_could_not_leave_for_days_stays_behind():
    letter(created_at=clock.now() - timedelta(days=4))
    assert post.send_open_letters() == 0


def test_without_a_mail_server_letters_stay_readable(settings):
    settings.EMAIL_URL = ""
    letter()
    assert post.send_open_letters() == 0 and not mail.outbox
    assert Letter.objects.get().attempts == 0

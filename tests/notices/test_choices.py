"""Everybody chooses how to hear of each kind; quiet hours and digests keep to the person's own clock."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
import time_machine

from prm.notices import digest, kinds
from prm.notices.models import Letter, Notice, NoticeTimes, Preference
from prm.notices.services import notify
from prm.notices.times import may_write_at, next_digest
from prm.values import clock
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db
# 18:30 in Shanghai, the tenant's zone.
EVENING = datetime(2026, 11, 25, 10, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _kind():
    kinds.register(
        "tests.moved", title="%(number)s has moved", body="From <a> to %(to)s", label="Moved deals"
    )
    kinds.register("tests.danger", title="Your password was changed", label="Danger", optional=False)
    yield
    kinds._kinds.pop("tests.moved")
    kinds._kinds.pop("tests.danger")


def tell(*users, fact="deal:1", kind="tests.moved"):
    values = {"number": f"DR-{fact[-1]}", "to": "won"}
    return notify(users=users, kind=kind, values=values, link="/deals/", fact=fact)


def wants(user, delivery, kind="tests.moved"):
    Preference.objects.create(user=user, kind=kind, delivery=delivery)


def test_each_hears_as_chosen():
    plain, gathered, inbox, nothing = (UserFactory() for _ in range(4))
    wants(gathered, "digest")
    wants(inbox, "inbox")
    wants(nothing, "off")
    tell(plain, gathered, inbox, nothing)
    assert set(Notice.objects.values_list("user_id", flat=True)) == {plain.pk, gathered.pk, inbox.pk}
    assert [letter.to for letter in Letter.objects.all()] == [plain.email]
    assert Notice.objects.get(user=gathered).digest_due is not None


def test_what_concerns_safety_always_comes_at_once():
    user = UserFactory()
    wants(user, "off", "tests.danger")
    NoticeTimes.objects.create(user=user, quiet_from=time(0, 0), quiet_to=time(23, 59))
    with time_machine.travel(EVENING, tick=False):
        tell(user, kind="tests.danger")
        assert Letter.objects.get().next_try_at == EVENING


@pytest.mark.parametrize(
    ("begin", "end", "zone", "hours"),
    [
        ("18:00", "20:00", "", 1.5),
        ("18:30", "19:00", "", 0.5),
        ("17:00", "18:30", "", 0),
        ("20:00", "08:00", "", 0),
        ("18:00", "08:00", "", 13.5),
        ("10:00", "12:00", "UTC", 1.5),
        ("05:00", "07:00", "America/New_York", 1.5),
        ("09:00", "09:00", "UTC", 0),
        ("18:00", "20:00", "No/Such", 1.5),
    ],
)
def test_quiet_hours_are_those_of_the_persons_clock(tenant, begin, end, zone, hours):
    times = NoticeTimes(
        quiet_from=time.fromisoformat(begin), quiet_to=time.fromisoformat(end), time_zone=zone
    )
    assert may_write_at(times, EVENING) - EVENING == timedelta(hours=hours)


def test_a_letter_in_quiet_hours_waits_for_their_end():
    user = UserFactory()
    NoticeTimes.objects.create(user=user, quiet_from=time(18, 0), quiet_to=time(8, 0))
    with time_machine.travel(EVENING, tick=False):
        tell(user)
    assert Letter.objects.get().next_try_at == EVENING + timedelta(hours=13.5)


def test_the_digest_comes_at_the_persons_time(tenant):
    assert next_digest(NoticeTimes(digest_at=time(8, 0)), EVENING) == datetime(2026, 11, 26, 0, 0, tzinfo=UTC)
    here = NoticeTimes(digest_at=time(11, 0), time_zone="UTC")
    assert next_digest(here, EVENING) == datetime(2026, 11, 25, 11, 0, tzinfo=UTC)
    assert next_digest(here, EVENING + timedelta(minutes=30)) == datetime(2026, 11, 26, 11, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "subject"), [("en", "Your digest: 2 new"), ("zh-hans", "您的摘要：2 条新通知")]
)
def test_one_digest_letter_tells_of_what_is_unread(language, subject):
    user = UserFactory(language=language)
    wants(user, "digest")
    with time_machine.travel(EVENING, tick=False) as now:
        for fact in ("deal:1", "deal:2", "deal:3"):
            tell(user, fact=fact)
        Notice.objects.filter(fact="deal:2").update(read_at=clock.now())
        assert digest.write_due_digests() == 0
        now.shift(timedelta(hours=14))
        assert digest.write_due_digests() == 1 and digest.write_due_digests() == 0
    letter = Letter.objects.get()
    assert letter.subject == subject and "DR-1 has moved" in letter.text and "DR-2" not in letter.text
    assert "DR-3 has moved" in letter.html and "From &lt;a&gt; to won" in letter.html
    assert "/deals/" in letter.text and "/inbox/notices/" in letter.text


def test_nothing_unread_is_no_letter_and_two_workers_write_one():
    user = UserFactory()
    wants(user, "digest")
    tell(user)
    Notice.objects.update(read_at=clock.now(), digest_due=clock.now())
    assert digest.write_due_digests() == 0 and not Letter.objects.exists()


def test_the_page_names_what_nobody_switches_off(browse):
    page = browse(UserFactory(finance=True)).get("/account/letters/").content.decode()
    assert "The same holds for: " in page and "Bank accounts" in page


def test_the_page_keeps_choices_and_times(browse):
    user = UserFactory()
    client = browse(user)
    page = client.get("/account/letters/").content.decode()
    assert "Moved deals" in page and "kind-tests-danger" not in page
    sent = {
        "time_zone": "Europe/Berlin", "digest_at": "07:15", "quiet_from": "22:00", "quiet_to": "06:30",
        "kind-tests-moved": "digest", "kind-tests-danger": "off",
    }  # fmt: skip
    client.post("/account/letters/", sent)
    times = NoticeTimes.objects.get(user=user)
    assert (times.time_zone, times.digest_at, times.quiet_to) == ("Europe/Berlin", time(7, 15), time(6, 30))
    assert list(Preference.objects.values_list("kind", "delivery")) == [("tests.moved", "digest")]
    half = client.post("/account/letters/", sent | {"quiet_to": ""})
    assert half.status_code == 422 and "beginning and an end" in half.content.decode()
    assert client.post("/account/letters/", sent | {"time_zone": "Mars/Base"}).status_code == 422
    hushed = client.post("/account/letters/", sent | {"digest_at": "23:00"})
    assert hushed.status_code == 422 and "23:00 lies in your quiet hours" in hushed.content.decode()
    assert "06:30 or later" in hushed.content.decode()

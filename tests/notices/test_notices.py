"""Notices: once per fact, in the reader's language, with a letter unless refused."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils.translation import gettext_lazy as _

from prm.notices import kinds, work
from prm.notices.letters import write_letter
from prm.notices.models import Letter, Notice, Preference
from prm.notices.services import notify
from prm.values import clock
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kind():
    kinds.register(
        "tests.approved",
        title=_("Approve"),
        body="%(number)s is approved, 50%% sure: %(who)s",
        label="Approved deals",
    )
    yield
    kinds._kinds.pop("tests.approved")


def page_of(user) -> Client:
    client = Client(HTTP_HOST="alpha.localhost")
    client.force_login(user, backend="prm.accounts.backends.EmailBackend")
    return client


def tell(*users, fact="deal:1", **options):
    values = {"number": "DR-1", "who": "<Lin>"}
    return notify(users=users, kind="tests.approved", values=values, link="/deals/", fact=fact, **options)


def test_a_fact_told_twice_is_one_notice_and_one_letter():
    user = UserFactory()
    assert len(tell(user)) == 1 and tell(user) == []
    assert Notice.objects.count() == Letter.objects.count() == 1
    tell(user, fact="deal:2")
    assert Notice.objects.count() == Letter.objects.count() == 2


def test_the_deactivated_are_left_out_and_refused_letters_are_not_written():
    gone, quiet, plain = UserFactory(is_active=False), UserFactory(), UserFactory()
    Preference.objects.create(user=quiet, kind="tests.approved", delivery="inbox")
    tell(gone, quiet, plain)
    assert set(Notice.objects.values_list("user_id", flat=True)) == {quiet.pk, plain.pk}
    assert Letter.objects.get().to == plain.email


def test_letters_and_notices_speak_the_readers_language(tenant):
    tell(UserFactory(language="zh-hans"), UserFactory(language="en"))
    chinese, english = Letter.objects.order_by("language").reverse()
    assert english.language == "en" and chinese.language == "zh-hans"
    assert 'lang="zh-hans"' in chinese.html and "&lt;Lin&gt;" in english.html and "<Lin>" in english.text
    assert tenant.name in english.html and tenant.accent in english.html
    assert "http://alpha.localhost" in english.text and "/deals/" in english.text


def test_the_inbox_shows_reads_and_leads_on(acme):
    user, other = acme.sales_user, UserFactory()
    (notice,) = tell(user)
    (theirs,) = tell(other)
    browser = page_of(user)
    assert browser.get("/inbox/")["Location"] == "/inbox/notices/", "nothing waits, but there is news"
    assert "DR-1 is approved, 50% sure: &lt;Lin&gt;" not in browser.get("/inbox/?part=work").content.decode()
    assert browser.get("/inbox/count/").context["count"] == 1
    assert browser.post(f"/inbox/notices/{notice.pk}/")["Location"] == "/deals/"
    assert browser.get("/inbox/count/").context["count"] == 0
    assert browser.post(f"/inbox/notices/{theirs.pk}/").status_code == 404
    theirs.refresh_from_db()
    assert theirs.read_at is None
    tell(user, fact="a")
    tell(user, fact="b")
    browser.post("/inbox/notices/read/")
    assert not Notice.objects.filter(user=user, read_at=None).exists()


def test_the_menu_counts_work_for_staff_so_that_news_never_drowns_it():
    user = UserFactory()
    tell(user)
    assert page_of(user).get("/inbox/count/").context["count"] == 0


def test_a_notice_never_leads_out_of_the_portal():
    user = UserFactory()
    (notice,) = notify(
        users=[user], kind="tests.approved", values={}, link="//evil.example/", fact="x", letter=False
    )
    assert page_of(user).post(f"/inbox/notices/{notice.pk}/")["Location"] == "/inbox/notices/"


def test_a_notice_of_an_earlier_version_still_shows():
    user = UserFactory()
    notify(users=[user], kind="tests.gone", values={}, fact="x", letter=False)
    notify(users=[user], kind="tests.approved", values={}, fact="y", letter=False)
    assert page_of(user).get("/inbox/notices/").status_code == 200


def test_notices_go_on_by_pages_with_a_fixed_number_of_queries(django_assert_max_num_queries):
    user = UserFactory()
    for number in range(60):
        tell(user, fact=f"deal:{number}", letter=False)
    browser = page_of(user)
    first = browser.get("/inbox/notices/")
    assert len(first.context["lines"]) == 50 and first.context["more"]
    with django_assert_max_num_queries(25):
        rest = browser.get(f"/inbox/notices/?before={first.context['last']}")
    assert len(rest.context["lines"]) == 10
    assert browser.get("/inbox/notices/?before=nonsense").status_code == 200


def test_work_is_grouped_by_the_day_of_its_promise(monkeypatch):
    from datetime import timedelta

    now = clock.now()
    rows = [
        work.Work(title="Without", link="/c/", since=now - timedelta(hours=1)),
        work.Work(title="Far", link="/b/", since=now, due=now + timedelta(days=20)),
        work.Work(title="Late", link="/a/", since=now - timedelta(days=2), due=now - timedelta(hours=1)),
    ]
    monkeypatch.setattr(work, "_sources", [work.Source(lambda actor: rows, None)])
    page = page_of(UserFactory()).get("/inbox/")
    assert [group.key for group in page.context["groups"]] == ["late", "later", "open"]
    assert page.context["groups"][0].rows[0].late
    assert page.context["waiting"] == 3 and b"2 d" in page.content


def test_a_letter_of_a_rolled_back_change_is_never_written():
    from django.db import transaction

    with pytest.raises(RuntimeError), transaction.atomic():
        write_letter(to="a@example.com", subject="x", paragraphs=["x"])
        raise RuntimeError
    assert not Letter.objects.exists()

"""The audit trail on its screen: found by person, object, verb and day; never changed."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client

from prm.accounts.models import User
from prm.audit.models import AuditEntry
from prm.audit.services import record
from prm.values import clock
from prm.values.actor import Actor
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser_of_boss(administrator) -> Client:
    client = Client(HTTP_HOST="alpha.localhost")
    client.force_login(
        User.objects.get(pk=administrator.user_id), backend="prm.accounts.backends.EmailBackend"
    )
    return client


def note(obj, verb="role_changed", by=None, **values) -> AuditEntry:
    return record(
        obj, verb, by=by or Actor(kind="user", user_id=7, label="Gao Ning", address="10.1.1.1"), **values
    )


def rows_of(page) -> list[str]:
    return [line.name for line in page.context["list"].lines]


def test_a_line_says_who_what_and_from_what_to_what(browser_of_boss):
    user = UserFactory(name="Lin Yue")
    entry = note(user, changes={"role": ["finance", "channel_manager"]}, reason="moved to sales")
    page = browser_of_boss.get(f"/settings/audit/{entry.pk}/").content.decode()
    for words in (
        "Role changed",
        "Lin Yue",
        "Gao Ning",
        "Finance",
        "Channel manager",
        "moved to sales",
        "10.1.1.1",
    ):
        assert words in page
    assert browser_of_boss.get("/settings/audit/999999/").status_code == 404


def test_the_trail_is_searched_by_person_object_and_verb(browser_of_boss):
    lin, he = UserFactory(name="Lin Yue"), UserFactory(name="He Min")
    note(lin)
    note(he, verb="deactivated", by=Actor(kind="user", user_id=8, label="Chen Rui"))
    assert len(rows_of(browser_of_boss.get("/settings/audit/?q=lin yue"))) == 1
    assert "Chen Rui" in rows_of(browser_of_boss.get("/settings/audit/?q=chen"))[0]
    assert len(rows_of(browser_of_boss.get("/settings/audit/?verb=deactivated"))) == 1


def test_an_operator_stands_in_the_trail_beside_the_person(browser_of_boss):
    acting = Actor(kind="operator", user_id=7, label="Gao Ning", acting_operator="op@example.com")
    entry = note(UserFactory(), by=acting)
    page = browser_of_boss.get(f"/settings/audit/{entry.pk}/").content.decode()
    assert "op@example.com (operator) for Gao Ning" in page


def test_taking_the_trail_away_stands_in_the_trail(browser_of_boss):
    note(UserFactory())
    answer = browser_of_boss.get("/settings/audit/?export=csv")
    assert answer.status_code == 200
    assert AuditEntry.objects.order_by("-id").first().verb == "exported"


def test_the_database_refuses_to_change_the_past(tenant):
    entry = note(UserFactory())
    for statement in (
        f"UPDATE audit_auditentry SET verb = 'x' WHERE id = {entry.pk}",
        f"DELETE FROM audit_auditentry WHERE id = {entry.pk}",
        "TRUNCATE audit_auditentry",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_partners_see_what_concerns_their_company_only(acme, rival):
    ours, theirs = note(acme.row, "updated"), note(rival.row, "updated")
    seen = set(AuditEntry.objects.visible_to(acme.admin).values_list("pk", flat=True))
    assert ours.pk in seen and theirs.pk not in seen


def test_words_in_changes_and_reasons_are_found_through_the_index(browser_of_boss):
    user = UserFactory(name="Lin Yue")
    note(user, changes={"phone": ["", "0571-8812"]}, reason="moved to Hangzhou")
    note(user, changes={"phone": ["", "010-5566"]})
    assert len(rows_of(browser_of_boss.get("/settings/audit/?q=hangzhou 8812"))) == 1
    assert len(rows_of(browser_of_boss.get("/settings/audit/?q=5566"))) == 1
    assert not rows_of(browser_of_boss.get("/settings/audit/?q=hangzhou 5566"))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_auditentry (at, verb, object_type, object_id, object_label, actor_kind, actor_label,"
            " acting_operator, address, request_id, changes, reason) SELECT now(), 'changed', '', '', 'Object ' || n,"
            " 'user', 'Somebody', '', '', '', '{}', md5(n::text) FROM generate_series(1, 20000) n"
        )
        cursor.execute("SELECT gin_clean_pending_list('audit_by_words')")
        cursor.execute("ANALYZE audit_auditentry")
    plan = AuditEntry.objects.saying("hangzhou").order_by("-pk")[:51].explain()
    assert "audit_by_words" in plan


def test_the_trail_is_filtered_by_person_kind_partner_and_days(browser_of_boss, acme, rival):
    boss = UserFactory(name="Gao Ning")
    by = Actor(kind="user", user_id=boss.pk, label=boss.name)
    note(acme.row, verb="edited", by=by)
    note(rival.row, verb="edited", by=Actor(kind="user", user_id=boss.pk + 1, label="Other"))
    note(boss, by=by)
    everything = "/settings/audit/?verb=edited"
    assert len(rows_of(browser_of_boss.get(everything))) == 2
    assert len(rows_of(browser_of_boss.get(f"{everything}&user_id={boss.pk}"))) == 1
    assert len(rows_of(browser_of_boss.get(f"{everything}&partner_id={acme.row.pk}"))) == 1
    mine = rows_of(browser_of_boss.get(f"/settings/audit/?user_id={boss.pk}&object_type=accounts.user"))
    assert len(mine) == 1
    assert not rows_of(browser_of_boss.get("/settings/audit/?user_id=999999"))
    assert not rows_of(browser_of_boss.get("/settings/audit/?at_to=2001-01-01"))
    page = browser_of_boss.get(f"{everything}&partner_id={acme.row.pk}").content.decode()
    assert acme.name in page and "Partner is" in page


def test_object_person_day_kind_and_text_together_narrow_the_list_and_its_file(browser_of_boss):
    boss, lin = UserFactory(name="Gao Ning"), UserFactory(name="Lin Yue")
    by = Actor(kind="user", user_id=boss.pk, label=boss.name, address="10.7.7.7")
    note(lin, by=by, changes={"phone": ["", "0571-8812"]})
    note(lin, changes={"phone": ["", "010-5566"]})  # somebody else
    note(boss, by=by, changes={"phone": ["", "0571-8812"]})  # another object
    today = clock.today().isoformat()
    found = f"object_type=accounts.user&user_id={boss.pk}&verb=role_changed&at_from={today}&at_to={today}"
    found += "&q=lin 8812 10.7.7.7"
    assert len(rows_of(browser_of_boss.get(f"/settings/audit/?{found}"))) == 1
    assert not rows_of(browser_of_boss.get(f"/settings/audit/?{found.replace(today, '2020-01-01')}"))
    file = b"".join(browser_of_boss.get(f"/settings/audit/?{found}&export=csv")).decode("utf-8-sig")
    heads, row = file.strip().splitlines()
    for words in ("Gao Ning", "role changed", "Lin Yue", "0571-8812", "10.7.7.7"):
        assert words in row, row
    assert all(
        words in heads for words in ("When", "Who", "What", "Object", "Kind", "Changes", "Reason", "From")
    )


def test_sign_ins_are_in_the_trail(administrator):
    from django.contrib.auth.hashers import make_password

    user = User.objects.get(pk=administrator.user_id)
    User.objects.filter(pk=user.pk).update(password=make_password("correct horse battery"))
    client = Client(HTTP_HOST="alpha.localhost")
    client.post("/sign-in/", {"login": user.email, "password": "wrong horse battery"})
    client.post("/sign-in/", {"login": user.email, "password": "correct horse battery"})
    verbs = set(AuditEntry.objects.of(user).values_list("verb", flat=True))
    assert {"sign_in_failed", "signed_in"} <= verbs


def test_every_kind_that_is_recorded_has_a_name_in_both_languages(db):
    """By what the services record: no kind is called after its class."""
    from django.apps import apps
    from django.utils import translation

    from prm.audit import words

    for kind in words._types:
        apps.get_model(kind)
        with translation.override("zh-hans"):
            assert not words.name_of_type(kind).isascii(), kind
    with translation.override("zh-hans"):
        assert words.name_of_field("tenancy.tenant", "module") == "模块"
        assert words.name_of_field("rebates.settlementrun", "state") == "状态"

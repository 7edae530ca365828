"""An operator acts for a user: consent, one hour, a band, both names, and what stays closed."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import get_resolver

from prm.access import permissions
from prm.access.rules import allowed
from prm.access.scope import actor_for
from prm.accounts.models import SupportAccess
from prm.accounts.support import errors, services
from prm.audit.models import AuditEntry
from prm.notices import work
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from prm.tenancy.models import OperatorLogEntry
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from tests.factories.people import UserFactory

ALPHA = "alpha.localhost"
OPERATOR = Actor(kind="operator", label="op@host.example", permissions=frozenset({"tenancy.operate"}))


@pytest.fixture
def person(tenant):
    return UserFactory(manager=True, email="lin@alpha.example")


@pytest.fixture
def asked(tenant, person):
    return services.ask_for_support(
        tenant=tenant, email="LIN@alpha.example", reason="Cannot see a deal", by=OPERATOR
    )


def consented(access, by, *, write=False):
    return services.decide_support(access=access, granted=True, may_write=write, by=by)


def acting(access) -> Client:
    """A browser in which the operator acts."""
    word = services.begin_support(access=access, by=OPERATOR)
    client = Client(headers={"host": ALPHA})
    assert client.post("/support/enter/", {"word": word}).headers["location"] == "/"
    return client


@pytest.fixture
def reader(asked, administrator) -> Client:
    return acting(consented(asked, administrator))


@pytest.fixture
def writer(tenant, person, administrator) -> Client:
    access = services.ask_for_support(
        tenant=tenant, email=person.email, reason="Repair a contact", wants_write=True, by=OPERATOR
    )
    return acting(consented(access, administrator, write=True))


def test_asking_needs_a_person_of_the_tenant_and_a_reason(tenant, person):
    with pytest.raises(errors.PersonNotFound):
        services.ask_for_support(tenant=tenant, email="no@alpha.example", reason="x", by=OPERATOR)
    with pytest.raises(errors.SupportReasonMissing):
        services.ask_for_support(tenant=tenant, email=person.email, reason=" ", by=OPERATOR)
    with pytest.raises(NotAllowed):
        services.ask_for_support(tenant=tenant, email=person.email, reason="x", by=actor_for(person))


def test_a_request_is_work_of_the_administrators_until_it_is_answered_or_lapses(
    asked, administrator, manager
):
    def waits(actor):
        return [one.link for one in work.waiting_for(actor) if one.link == "/settings/support/"]

    assert waits(administrator) and not waits(manager)
    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1)):
        assert not waits(administrator)
    consented(asked, administrator)
    assert not waits(administrator)


def test_a_reader_is_offered_nothing_that_would_be_refused(reader, writer, acme, manager):
    from partners.services import save_contact

    save_contact(partner=acme.row, name="Wang Lei", by=manager)
    path = f"/partners/{acme.row.pk}/"
    shown, offered = reader.get(path).text, writer.get(path).text
    for verb in (f"{path}edit/", f"{path}contacts/new/", f"{path}status/", "/account/"):
        assert f'href="{verb}' not in shown, verb
        assert reader.get(verb).status_code in (403, 404), verb
    assert f'href="{path}edit/' in offered and f"{path}contacts/" in offered
    assert "End membership" not in offered, "rights are never changed by an operator"


def test_the_operator_reads_in_their_own_language_and_changes_nobodys(reader, person):
    answer = reader.post("/i18n/", {"language": "zh-hans"}, headers={"referer": f"http://{ALPHA}/"})
    assert answer.status_code == 302 and answer.cookies["django_language"].value == "zh-hans"
    assert '<html lang="zh-Hans"' in reader.get("/").content.decode()
    person.language = "en"  # what the person chose is the person's
    person.save()
    assert '<html lang="zh-Hans"' in reader.get("/").content.decode()
    reader.post("/i18n/", {"language": "en"})
    person.refresh_from_db()
    assert person.language == "en" and '<html lang="en"' in reader.get("/").content.decode()


def test_the_administrators_find_the_request_in_their_inbox(asked, administrator):
    deliver_open_events()
    notice = Notice.objects.get(kind="accounts.support_asked")
    assert notice.user_id == administrator.user_id and notice.link == "/settings/support/"
    assert notice.values["reason"] == "Cannot see a deal"


def test_without_consent_nothing_begins(asked, administrator):
    with pytest.raises(errors.SupportNotGranted):
        services.begin_support(access=asked, by=OPERATOR)
    services.decide_support(access=asked, granted=False, by=administrator)
    with pytest.raises(errors.SupportNotGranted):
        services.begin_support(access=asked, by=OPERATOR)
    with pytest.raises(errors.SupportAlreadyDecided):
        consented(asked, administrator)


def test_only_an_administrator_consents_and_never_an_operator_acting_for_one(asked, administrator, manager):
    for by in (manager, administrator.with_(acting_operator="op@host.example"), OPERATOR):
        with pytest.raises(NotAllowed):
            consented(asked, by)


def test_a_consent_belongs_to_the_operator_who_asked(asked, administrator):
    consented(asked, administrator)
    with pytest.raises(errors.SupportNotGranted):
        services.begin_support(access=asked, by=OPERATOR.with_(label="other@host.example"))


def test_request_and_consent_lapse_after_a_day(asked, administrator):
    with time_machine.travel(clock.now() + timedelta(hours=25)), pytest.raises(errors.SupportLapsed):
        consented(asked, administrator)
    consented(asked, administrator)
    with time_machine.travel(clock.now() + timedelta(hours=25)), pytest.raises(errors.SupportLapsed):
        services.begin_support(access=asked, by=OPERATOR)


def test_the_word_is_good_once_and_for_two_minutes(asked, administrator):
    word = services.begin_support(access=consented(asked, administrator), by=OPERATOR)
    with time_machine.travel(clock.now() + timedelta(minutes=3)):
        assert Client(headers={"host": ALPHA}).post("/support/enter/", {"word": word}).status_code == 403
    assert Client(headers={"host": ALPHA}).post("/support/enter/", {"word": word}).status_code == 302
    assert Client(headers={"host": ALPHA}).post("/support/enter/", {"word": word}).status_code == 403
    assert Client(headers={"host": ALPHA}).post("/support/enter/", {"word": "1:made-up"}).status_code == 403
    assert (
        Client(headers={"host": "beta.localhost"}).post("/support/enter/", {"word": word}).status_code == 403
    )
    assert Client(headers={"host": ALPHA}).get("/support/enter/", {"word": word}).status_code == 405


def test_a_word_that_was_made_later_ends_the_earlier_one(asked, administrator):
    consented(asked, administrator)
    first, second = (services.begin_support(access=asked, by=OPERATOR) for _ in range(2))
    assert Client(headers={"host": ALPHA}).post("/support/enter/", {"word": first}).status_code == 403
    assert Client(headers={"host": ALPHA}).post("/support/enter/", {"word": second}).status_code == 302


def test_who_lost_the_window_enters_again_within_the_same_hour(asked, administrator, reader):
    access = SupportAccess.objects.get()
    until = access.ends_at
    with time_machine.travel(access.started_at + timedelta(minutes=40)):
        again = acting(asked)
        assert again.get("/deals/").status_code == 200
        assert again.session.get_expiry_age() <= 20 * 60
        access.refresh_from_db()
        assert access.ends_at == until
    verbs = AuditEntry.objects.filter(acting_operator=OPERATOR.label).values_list("verb", flat=True)
    assert {"support_started", "support_entered_again"} <= set(verbs)
    with time_machine.travel(until + timedelta(seconds=1)), pytest.raises(errors.SupportUsed):
        services.begin_support(access=asked, by=OPERATOR)


def test_an_access_that_was_ended_is_not_entered_again(asked, administrator, reader):
    word = services.begin_support(access=asked, by=OPERATOR)
    services.end_support(access=asked, by=administrator)
    assert Client(headers={"host": ALPHA}).post("/support/enter/", {"word": word}).status_code == 403
    with pytest.raises(errors.SupportUsed):
        services.begin_support(access=asked, by=OPERATOR)


def test_every_page_shows_the_band_with_both_names_and_the_time(reader):
    page = reader.get("/deals/").text
    band = re.search(r'class="ui-band".*?</div>', page, re.S).group()
    assert "op@host.example" in band and "Lin Yue" in band and "Until" in band and "/support/end/" in band


def every_plain_address():
    """Each address of a tenant's site that takes no argument, with its view."""

    def walk(patterns, prefix=""):
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern.url_patterns, route)
            elif "<" not in route:
                yield f"/{route}", pattern.callback

    return list(walk(get_resolver("prm.config.urls").url_patterns))


def test_reading_is_all_that_was_granted(reader):
    addresses = [
        address
        for address, _view in every_plain_address()
        if address not in ("/support/end/", "/sign-out/", "/i18n/")  # the operator's own
    ]
    assert len(addresses) > 40
    for address in addresses:
        assert reader.post(address).status_code == 403, address


def test_changes_work_where_they_were_asked_for_and_granted(writer):
    assert writer.post("/i18n/", {"language": "en"}).status_code == 302


def test_consent_never_gives_more_than_was_asked_for(asked, administrator):
    assert consented(asked, administrator, write=True).may_write is False


@pytest.mark.parametrize(
    "address",
    ["/account/", "/account/second-factor/", "/account/sessions/", "/password/change/", "/settings/support/"],
)
def test_the_persons_own_door_stays_closed_even_with_write(writer, address):
    assert writer.get(address).status_code == 403
    assert writer.post(address).status_code == 403


def test_what_decides_pays_or_exports_can_never_be_done(person):
    """Approve, close, pay, bank data, rights, export: by no verb of any role, read or write."""
    final = {
        "approve",
        "reject",
        "close",
        "pay",
        "export",
        "grant",
        "assign",
        "manage_people",
        "consent_to_support",
    }
    for name, verb in permissions.everything().items():
        if name.rpartition(".")[2] in final:
            assert verb.sensitive, name
        if not verb.sensitive:
            continue
        for role in verb.roles:
            actor = actor_for(
                UserFactory.build(role=role, pk=1), kind="operator", acting_operator="op@host.example"
            ).with_(permissions=permissions.of_role(role))
            assert not allowed(actor, name), name


def test_lists_are_never_exported(writer):
    lists = [address for address, view in every_plain_address() if hasattr(view, "list_page")]
    assert len(lists) > 5
    for address in lists:
        for kind in ("csv", "xlsx"):
            answer = writer.get(f"{address}?export={kind}")
            assert answer.status_code in (403, 404) or answer["Content-Type"].startswith("text/html"), address


def test_no_page_hands_a_file_to_somebody_who_acts(writer, person):
    from django.test import Client

    from tests.rebates.world import apply, policy

    apply(policy(code="core"))
    own = Client(HTTP_HOST="alpha.localhost")
    own.force_login(person)
    address = "/programmes/core/export.yaml"
    assert own.get(address)["Content-Disposition"].startswith("attachment")
    assert writer.get(address).status_code == 403
    assert address not in writer.get("/programmes/core/").content.decode()


def test_the_hour_ends_by_the_clock(reader):
    assert reader.get("/deals/").status_code == 200
    with time_machine.travel(clock.now() + timedelta(minutes=60, seconds=1)):
        assert reader.get("/deals/").headers["location"] in ("/support/over/", "/sign-in/?next=%2Fdeals%2F")
        assert reader.get("/deals/").headers["location"].startswith("/sign-in/")


def test_the_administrator_ends_it_at_any_moment(reader, administrator):
    services.end_support(access=SupportAccess.objects.get(), by=administrator)
    assert reader.get("/deals/").headers["location"] == "/support/over/"
    assert reader.get("/deals/").headers["location"].startswith("/sign-in/")


@pytest.mark.parametrize("address", ["/support/end/", "/sign-out/"])
def test_the_operator_ends_it_with_the_bands_button_or_by_signing_out(reader, address):
    assert reader.post(address).headers["location"] == "/support/over/"
    assert reader.get("/deals/").headers["location"].startswith("/sign-in/")
    assert SupportAccess.objects.get().ended_at is not None


def test_a_person_who_is_deactivated_takes_the_operator_out(reader, person):
    person.is_active = False
    person.save()
    assert reader.get("/deals/").status_code == 302


def test_the_audit_trail_and_the_operators_log_name_both(writer, person):
    writer.post("/i18n/", {"language": "en"})
    started = AuditEntry.objects.get(verb="support_started")
    assert (started.acting_operator, started.user_id, started.actor_kind) == (
        "op@host.example",
        person.pk,
        "operator",
    )
    verbs = list(OperatorLogEntry.objects.order_by("id").values_list("verb", flat=True))
    assert verbs[-2:] == ["support_asked", "support_started"]
    assert OperatorLogEntry.objects.last() is not None


def test_the_persons_own_sessions_and_last_sign_in_are_untouched(reader, person):
    before = person.last_login
    reader.get("/deals/")
    person.refresh_from_db()
    assert person.last_login == before
    assert not person.usersession_set.exists()


def test_the_whole_way_through_the_pages(tenant, door, person, client):
    operator = door.enter()
    sent = {"email": person.email, "reason": "Cannot see a deal", "wants_write": "on"}
    assert operator.post("/operator/tenants/alpha/act/", sent).status_code == 302
    connection.set_tenant(tenant)
    administrator = UserFactory(administrator=True)
    client.force_login(administrator, backend="prm.accounts.backends.EmailBackend")
    session = client.session
    session["has_second_factor"] = True
    session.save()
    connection.set_tenant(tenant)
    access = SupportAccess.objects.get()
    page = client.get("/settings/support/", HTTP_HOST=ALPHA).text
    assert "Cannot see a deal" in page and "Consent to read and change" in page
    client.post(f"/settings/support/{access.pk}/decide/", {"answer": "read"}, HTTP_HOST=ALPHA)
    answer = operator.post(f"/operator/tenants/alpha/act/{access.pk}/begin/")
    assert "http://alpha.localhost" in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]
    word = re.search(r'name="word" value="([^"]+)"', answer.text).group(1).replace("&amp;", "&")
    inside = Client(headers={"host": ALPHA})
    assert inside.post("/support/enter/", {"word": word}).status_code == 302
    assert "op@host.example" in inside.get("/deals/").text
    client.post(f"/settings/support/{access.pk}/end/", HTTP_HOST=ALPHA)
    assert inside.get("/deals/").status_code == 302
    connection.set_schema_to_public()

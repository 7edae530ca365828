"""Agreements are agreed by two and never edited afterwards; price drops protect stock that was bought."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from claims.errors import (
    AgreementNotInState,
    AgreementWithoutProducts,
    AnotherPersonApproves,
    DayNotPossible,
    NoStockReported,
    PriceNotBelowBasis,
)
from claims.events import PriceDropConfirmed
from claims.listeners import tell_whose_stock_is_protected
from claims.models import Agreement, AgreementItem
from claims.registrations import open_work
from claims.services import (
    add_item,
    approve_agreement,
    confirm_drop,
    create_agreement,
    draft_price_claim,
    end_agreement,
    enter_drop,
    new_version,
    send_back_agreement,
    submit_agreement,
    submit_claim,
)
from prm.notices.models import Notice
from prm.outbox.services import deliver_open_events
from prm.values import clock
from prm.values.errors import NotAllowed
from tests.cast import Company
from tests.claims.world import BY, again, agreed, bought, in_stock, product, said_of

pytestmark = pytest.mark.django_db


def test_a_second_person_approves(acme, finance, second, manager):
    draft = create_agreement(
        partner=acme.row, currency="CNY", starts=date(2026, 9, 1), last_day=date(2026, 9, 30), by=finance
    )
    with pytest.raises(AgreementWithoutProducts):
        submit_agreement(agreement=draft, by=finance)
    with pytest.raises(PriceNotBelowBasis):
        add_item(agreement=draft, product=product(), agreed_price=Decimal(100), by=finance)
    add_item(agreement=draft, product=product(), agreed_price=Decimal(80), by=finance)
    waits = submit_agreement(agreement=draft, by=finance)
    with pytest.raises(AnotherPersonApproves):
        approve_agreement(agreement=waits, by=finance)
    with pytest.raises(NotAllowed):
        approve_agreement(agreement=waits, by=manager)
    assert not Agreement.objects.visible_to(acme.admin).exists()
    approved = approve_agreement(agreement=waits, by=second)
    assert approved.items.get().basis_price == 100
    assert Agreement.objects.visible_to(acme.admin).get() == approved
    with pytest.raises(DatabaseError), transaction.atomic():
        Agreement.objects.for_everyone(because="a test").update(approved_by=finance.user_id)


def test_what_was_approved_is_never_edited(acme):
    agreement = agreed(acme)
    items = AgreementItem.objects.for_everyone(because="a test").filter(agreement=agreement)
    rows = Agreement.objects.for_everyone(because="a test").filter(pk=agreement.pk)
    for change in (
        lambda: items.update(agreed_price=1),
        lambda: items.delete(),
        lambda: rows.update(amount_limit=5),
        lambda: rows.update(ends=date(2027, 1, 1)),
        lambda: rows.delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    with pytest.raises(AgreementNotInState):
        add_item(agreement=agreement, product=product("SW-1"), agreed_price=Decimal(1), by=BY)


def test_a_list_price_that_moves_later_changes_no_basis(acme):
    agreement = agreed(acme)
    type(product()).objects.update(list_price=500)
    assert agreement.items.get().basis_price == 100


def test_it_is_ended_early_and_never_later(acme, finance):
    today = clock.today()
    agreement = agreed(acme, starts=today - timedelta(days=9), last_day=today + timedelta(days=20))
    with pytest.raises(DayNotPossible):
        end_agreement(agreement=agreement, last_day=today - timedelta(days=1), reason="Misuse", by=finance)
    ended = end_agreement(agreement=agreement, last_day=today, reason="Misuse", by=finance)
    assert (ended.state, ended.last_day) == ("ended", today)


def test_a_new_version_takes_over_on_its_day(acme):
    today = clock.today()
    agreement = agreed(acme, starts=today - timedelta(days=9), last_day=today + timedelta(days=20))
    begins = today + timedelta(days=5)
    made = new_version(
        agreement=agreement, starts=begins, last_day=today + timedelta(days=30), reason="Price rise", by=BY
    )
    assert (str(made), made.state, made.items.get().agreed_price) == ("SP-1 v2", "draft", 80)
    approve_agreement(agreement=submit_agreement(agreement=made, by=BY), by=BY)
    assert (again(agreement).state, again(agreement).ends) == ("ended", begins)
    with pytest.raises(IntegrityError), transaction.atomic():
        Agreement.objects.create(
            number="SP-1", version=3, partner=acme.row, currency="CNY", starts=begins,
            ends=begins + timedelta(days=2), state="in_force", created_by_label="tests",
        )  # fmt: skip


def test_a_price_drop_protects_stock_that_was_bought_shortly_before(acme, rival, finance, second):
    drop = enter_drop(
        product=product(), currency="CNY", day=date(2026, 9, 15), old_price=Decimal(100), new_price=Decimal(90),
        days_back=30, by=finance,
    )  # fmt: skip
    in_stock(acme, 120, "2026-09-15")
    in_stock(rival, 50, "2026-09-14")
    bought(acme, 500, on="2026-08-15")  # one day too early
    bought(acme, 50, on="2026-08-16")
    bought(acme, 30, on="2026-09-14")
    bought(acme, 500, on="2026-09-15")  # at the new price
    with pytest.raises(NoStockReported):
        draft_price_claim(drop=drop, partner=acme.row, by=BY)
    with pytest.raises(AnotherPersonApproves):
        confirm_drop(drop=drop, by=finance)
    drop = confirm_drop(drop=drop, by=second)
    with pytest.raises(NoStockReported):
        draft_price_claim(drop=drop, partner=rival.row, by=BY)
    claim = submit_claim(claim=draft_price_claim(drop=drop, partner=acme.row, by=acme.admin), by=acme.admin)
    assert claim.asked == 1200
    assert said_of(claim) == [("cut", Decimal("800.00"), ["bought_in_window"])]
    with pytest.raises(NoStockReported):
        draft_price_claim(drop=drop, partner=acme.row, by=BY)


def test_why_staff_entered_it_is_theirs_to_read(acme, finance, browse):
    agreement = agreed(acme, reason="Beat the offer of a competitor")
    page = agreement.get_absolute_url()
    assert "Beat the offer" in browse(finance).get(page).content.decode()
    assert "Beat the offer" not in browse(acme.admin).get(page).content.decode()


@pytest.mark.parametrize("part", ["entered", "added", "submitted"])
def test_nobody_approves_what_they_wrote_a_part_of(acme, finance, second, third, manager, browse, part):
    """Also where somebody else submits it, or it was sent back in between."""
    who = {name: second if name == part else manager for name in ("entered", "added", "submitted")}
    draft = create_agreement(
        partner=acme.row,
        currency="CNY",
        starts=date(2026, 9, 1),
        last_day=date(2026, 9, 30),
        by=who["entered"],
    )
    add_item(agreement=draft, product=product(), agreed_price=Decimal(80), by=who["added"])
    waits = submit_agreement(agreement=draft, by=finance)
    waits = send_back_agreement(agreement=waits, reason="Look again", by=third)
    waits = submit_agreement(agreement=waits, by=who["submitted"])
    assert waits.created_by_id == who["entered"].user_id
    with pytest.raises(AnotherPersonApproves):
        approve_agreement(agreement=waits, by=second)
    assert "somebody else approves it" in browse(second).get(waits.get_absolute_url()).content.decode()
    deliver_open_events()
    told = set(Notice.objects.filter(kind="claims.agreement_waits").values_list("user_id", flat=True))
    waiting = {person.user_id: len(list(open_work(person))) for person in (second, third)}
    assert waiting == {second.user_id: 0, third.user_id: 1}
    assert third.user_id in told
    if part == "submitted":
        with pytest.raises(DatabaseError), transaction.atomic():
            rows = Agreement.objects.for_everyone(because="a test").filter(pk=waits.pk)
            rows.update(approved_by=second.user_id)
    assert approve_agreement(agreement=waits, by=third).state == "in_force"


def test_the_database_holds_no_number_that_breaks_an_address(acme):
    agreement = agreed(acme)
    with pytest.raises(IntegrityError), transaction.atomic():
        Agreement.objects.create(
            number="SP/1", partner=acme.row, currency="CNY", starts=agreement.starts, ends=agreement.ends,
            created_by_label="tests",
        )  # fmt: skip


def test_partners_that_bought_before_a_price_drop_are_told_of_it(acme, rival, finance, second):
    """Whether they reported their stock before it was confirmed or not; and in as many queries whoever they are."""
    for company, day in ((acme, "2026-09-14"), (rival, "2026-09-15")):
        bought(company, 80, on=day)
    counts = []
    for day, more in ((date(2026, 9, 15), 0), (date(2026, 9, 16), 4)):
        for at in range(more):
            bought(Company(f"Further {at}", tier="gold"), 5, on="2026-09-14")
        drop = enter_drop(
            product=product(), currency="CNY", day=day, old_price=Decimal(100), new_price=Decimal(90),
            days_back=30, by=finance,
        )  # fmt: skip
        confirm_drop(drop=drop, by=second)
        deliver_open_events()
        told = Notice.objects.filter(kind="claims.price_dropped", fact__endswith=f":{drop.pk}")
        counts.append(set(told.values_list("user_id", flat=True)))
        with CaptureQueriesContext(connection) as queries:
            tell_whose_stock_is_protected(PriceDropConfirmed(drop_id=drop.pk))
        counts.append(len(queries))
    assert acme.admin.user_id in counts[0] and rival.admin.user_id not in counts[0]
    assert {acme.admin.user_id, rival.admin.user_id} < counts[2] and len(counts[2]) == 6
    assert counts[1] == counts[3]

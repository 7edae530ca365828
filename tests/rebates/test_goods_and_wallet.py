"""Rebates that are no transfers: into the wallet for orders, and in goods."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from prm.ledger.models import Entry
from prm.notices.models import Notice
from prm.outbox.models import OutboxEvent
from prm.outbox.services import deliver_open_events
from prm.values import clock
from rebates import wording
from rebates.books import reconciled
from rebates.errors_of_payouts import (
    DeliveredAlready,
    DeliveryInTheFuture,
    GoodsNotNamed,
    GoodsOnlyForGoods,
    NothingToRelease,
    NotPaidByTransfer,
)
from rebates.kit import facts_of
from rebates.models import GoodsDelivery, Payment, Statement
from rebates.programme_form import initial_of, is_editable
from rebates.services import confirm_delivery, pay_statement, release_run, report_return
from rebates.services.payments import open_on
from rebates.services.releasing import outlook
from rebates.wallets import movements, wallets
from tests.rebates.world import BY, apply, policy, sell, settle

pytestmark = pytest.mark.django_db
FLAT = {"kind": "flat", "rate": "1%"}


def statement_of(company, **more) -> Statement:
    rows = Statement.objects.for_everyone(because="a test").select_related("run", "partner")
    return rows.get(partner=company.row, **more)


def balances() -> dict[str, Decimal]:
    rows = Entry.objects.for_everyone(because="a test").order_by()
    return dict(rows.values_list("account__kind").annotate(sum=Sum("amount")))


def settled(company, **entries):
    apply(policy(mechanism=FLAT, **entries))
    sell(company, 100_000)
    settle("2026-09")
    return statement_of(company)


def told(kind: str) -> list[int]:
    while deliver_open_events():
        pass
    return list(Notice.objects.filter(kind=f"rebates.{kind}").values_list("user_id", flat=True))


def test_the_programme_pays_into_the_wallet(acme, finance):
    statement = settled(acme, payout_as="wallet")
    assert open_on([statement])[0].method == "wallet"
    assert release_run(run=statement.run, by=finance) == 1
    found = balances()
    assert (found["wallet"], found["approved"], found["payable"]) == (Decimal("-1000.00"), 0, 0)
    assert "clearing" not in found
    assert [(one.partner, one.currency, one.balance) for one in wallets(finance)] == [
        (acme.row, "CNY", Decimal("1000.00"))
    ]
    (check,) = reconciled(finance)
    assert (check.paid, check.difference) == (Decimal("1000.00"), 0)
    assert OutboxEvent.objects.filter(name="rebates.wallet_credited").count() == 1
    assert told("wallet_credited") == [acme.admin_user.pk]


def test_the_next_statement_counts_the_wallet_as_paid(acme, finance):
    pay_statement(statement=settled(acme, payout_as="wallet"), by=finance)
    sell(acme, 50_000, "2026-10-05")
    settle("2026-10")
    october = statement_of(acme, starts="2026-10-01")
    assert (october.opening, october.paid, october.closing) == (
        Decimal("1000.00"),
        Decimal("1000.00"),
        Decimal("500.00"),
    )


def test_finance_chooses_otherwise_at_the_payment(acme, finance, browse):
    statement = settled(acme, payout_as="wallet")
    page = browse(finance).get(f"{statement.get_absolute_url()}pay/").content.decode()
    assert '<option value="wallet" selected>' in page
    sent = {
        "amount": "400.00", "paid_on": clock.today().isoformat(), "method": "transfer", "reference": "", "goods": "",
    }  # fmt: skip
    browse(finance).post(f"{statement.get_absolute_url()}pay/", sent)
    pay_statement(statement=statement, by=finance)
    assert [
        (row.method, row.amount) for row in Payment.objects.for_everyone(because="a test").order_by("pk")
    ] == [
        ("transfer", Decimal("400.00")),
        ("wallet", Decimal("600.00")),
    ]
    assert facts_of(statement)["payments"][1]["as"] == "wallet"


@pytest.mark.parametrize(
    ("method", "told"),
    [
        ("transfer", "Paid: ¥1,000.00 on "),
        ("wallet", "¥1,000.00 is in the partner&#x27;s wallet for orders."),
        ("goods", "¥1,000.00 is paid in goods. They are still to be delivered"),
        ("credit_note", "¥1,000.00 is paid by credit note. It is still to be issued"),
    ],
)
def test_whoever_pays_is_told_what_happened(acme, finance, browse, method, told):
    client, address = browse(finance), f"{settled(acme).get_absolute_url()}pay/"
    sent = {"amount": "1000", "paid_on": clock.today().isoformat(), "method": method}
    sent |= {"goods": "20 × router"} if method == "goods" else {}
    page = client.post(address, sent, follow=True).content.decode()
    assert told in page
    assert ("without a reference" in page) == (method == "transfer")


def test_as_what_it_is_paid_is_always_chosen(acme, finance, browse):
    page = browse(finance).get(f"{settled(acme).get_absolute_url()}pay/").content.decode()
    label = page[page.index("Paid as") : page.index("</label>", page.index("Paid as"))]
    assert "optional" not in label


def test_goods_are_named_listed_and_confirmed(acme, finance, browse):
    statement = settled(acme)
    with pytest.raises(GoodsNotNamed):
        pay_statement(statement=statement, method="goods", goods=" ", by=finance)
    with pytest.raises(GoodsOnlyForGoods):
        pay_statement(statement=statement, goods="20 × router", by=finance)
    payment = pay_statement(statement=statement, method="goods", goods="20 × router R1", by=finance)
    found = balances()
    assert (found["clearing"], found["payable"]) == (Decimal("-1000.00"), 0)
    assert told("goods_due") == [acme.admin_user.pk]
    assert "20 × router R1" in browse(finance).get("/goods/").content.decode()
    sent = {"delivered_on": clock.today().isoformat(), "reference": "DN-7"}
    browse(finance).post(f"/payouts/{payment.number}/delivered/", sent)
    assert told("goods_delivered") == [acme.admin_user.pk]
    page = browse(acme.admin).get(statement.get_absolute_url()).content.decode()
    assert "20 × router R1" in page and "DN-7" in page and "Delivered" in page
    assert "20 × router R1" not in browse(finance).get("/goods/?view=due").content.decode()


def test_a_delivery_is_confirmed_once_and_not_ahead(acme, finance):
    payment = pay_statement(statement=settled(acme), method="goods", goods="20 × router", by=finance)
    goods = GoodsDelivery.objects.for_everyone(because="a test").get(payment=payment)
    with pytest.raises(DeliveryInTheFuture):
        confirm_delivery(goods=goods, delivered_on=clock.days_after(clock.today(), 1), by=finance)
    confirm_delivery(goods=goods, delivered_on=clock.today(), by=finance)
    with pytest.raises(DeliveredAlready):
        confirm_delivery(goods=goods, delivered_on=clock.today(), by=finance)
    rows = GoodsDelivery.objects.for_everyone(because="a test")
    for change in (lambda: rows.update(what="19 × router"), lambda: rows.delete()):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            change()
    with pytest.raises(NotPaidByTransfer):
        report_return(payment=payment, returned_on=clock.today(), reason="?", by=finance)


def test_what_is_paid_in_goods_or_in_several_ways_is_not_released_unseen(acme, rival, finance):
    apply(
        policy("a", mechanism=FLAT, payout_as="goods", who={"tiers": ["gold"]}),
        policy("b", mechanism=FLAT, payout_as="wallet", who={"tiers": ["silver"]}),
        policy("c", mechanism=FLAT, who={"tiers": ["silver"]}),
    )
    sell(acme, 100_000)
    sell(rival, 100_000)
    run = settle("2026-09")
    found = outlook(run=run, by=finance)
    assert [(one.statement.partner.name, one.method) for one in found.by_hand] == [
        ("ACME Networks", "goods"),
        ("Rival Systems", ""),
    ]
    assert found.due == []
    with pytest.raises(NothingToRelease):
        release_run(run=run, by=finance)
    pay_statement(statement=statement_of(rival), method="wallet", by=BY)
    assert [one.balance for one in wallets(finance)] == [Decimal("2000.00")]


def test_a_partner_reads_its_own_wallet_only(acme, rival, finance, browse):
    statement = settled(acme, payout_as="wallet")
    pay_statement(statement=statement, by=finance)
    page = browse(acme.admin).get("/rebates/wallet/").content.decode()
    assert "¥1,000.00" in page and f"{statement.number}-P1" in page
    page = browse(rival.admin).get("/rebates/wallet/").content.decode()
    assert "Nothing in the wallet" in page and "1,000.00" not in page
    assert movements(rival.admin, partner_id=acme.row.pk) == []
    assert "ACME Networks" in browse(finance).get("/wallets/").content.decode()


def test_words_and_editor_know_the_choice(acme):
    (version,) = apply(policy(mechanism=FLAT, payout_as="goods"))
    assert "paid in goods" in wording.sentence(version)
    assert initial_of(version)["payout_as"] == "goods" and is_editable(version.policy)

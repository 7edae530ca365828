"""A rival with one of everything, whose identifiers and secrets nobody else may meet."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from guardian.shortcuts import assign_perm

from dealreg.services import request_information
from dealreg.services.availability import ask_availability
from orders.models import Invoice, Shipment
from orders.services import return_order
from partners import services as partners
from prm.accounts.models import User
from prm.approvals.models import Task
from prm.approvals.services import say
from prm.customfields import kinds, targets
from prm.customfields.models import CustomField
from prm.customfields.services import create_field
from prm.values import clock
from prm.values.actor import Actor
from prm.values.periods import Period
from rebates.accruals import accruals
from rebates.models import Payment, Result, Statement
from rebates.services import (
    Claim,
    approve_run,
    close_run,
    compute_run,
    open_dispute,
    propose_correction,
    report_return,
)
from tests.cast import Company
from tests.claims import world as claims
from tests.factories import dealreg as deals
from tests.factories.catalogue import ProductFactory
from tests.factories.orders import order_of
from tests.factories.people import UserFactory, actor
from tests.orders.crediting import credit
from tests.payouts import world as payouts
from tests.rebates import world as rebates

SYSTEM = Actor.job("isolation")
PERIOD = "2026-09"


@dataclass
class World:
    """`people` may see ACME only; `secrets` are words of the rival that no page of theirs may hold."""

    people: dict[str, User]
    rival: dict[str, Any]
    secrets: dict[str, str]


def build() -> World:
    """ACME with its people and one channel manager; the rival with one row of everything."""
    acme, rival = Company("ACME Networks", tier="gold"), Company("Zzyzx Unseen Systems", tier="silver")
    seller = UserFactory(role="channel_manager", name="Assigned Manager")
    assign_perm("partners.access_partner", seller, acme.row)
    boss = actor(UserFactory(role="channel_manager", name="Rival Manager", all_partners=True))
    for target in targets.all_targets():  # fields of the tenant's own that name a partner and a person
        create_field(target=target, code="helper", kind="partner", label="Helper", in_list=True, by=SYSTEM)
        create_field(target=target, code="owner", kind="person", label="Owner", in_list=True, by=SYSTEM)
        create_field(target=target, code="paper", kind="file", label="Paper", in_list=True, by=SYSTEM)
    return World(
        people={
            "partner sales": acme.sales_user,
            "partner administrator": acme.admin_user,
            "manager": seller,
        },
        rival=(made := _rival(rival, acme, boss)),
        secrets=_secrets(rival, made),
    )


def _rival(rival: Company, acme: Company, boss: Actor) -> dict[str, Any]:
    contact = partners.save_contact(
        partner=rival.row, name="Quillon Secretperson", email="quillon@unseen.example", by=boss
    )
    deal = deals.approved(rival, boss, customer_name="Qwertzuiop Hidden Works GmbH", attempt=uuid4())
    asked = deals.in_review(rival, customer_name="Yxcvbnm Covert Mills AG")
    request_information(registration=asked, text="Whisper: who signs?", by=boss)
    waits = deals.in_review(rival, customer_name="Plokijuh Waiting Works")
    task = Task.objects.open().get(run__object_id=waits.pk, run__subject="deal")
    told = say(
        run=task.run,
        text="Murmur: the price",
        by=boss,
        attachment=ContentFile(b"plan", name="unseen-plan.txt"),
    )
    question = ask_availability(
        customer_name="Asdfghjkl Discreet Ltd", product_lines=[deals.line()], by=rival.sales
    )
    order = order_of(rival.row, state="invoiced", note="Keep this order quiet")
    # The flow of the starter kit asks an administrator about a new name.
    renamed = partners.update_partner(partner=rival.row, name="Zzyzx Unseen Renamed", by=boss)
    for target, row in (("partner", rival.row), ("deal", deal), ("order", order)):
        hold_file(target, row, "hushed-plan.txt", b"Hushed: the margin")
    back = return_order(order=order_of(rival.row), text="Hush: which warehouse?", by=boss)
    rebates.apply(rebates.policy(code="everyone", bands=[{"from": 0, "rate": "2%"}]))
    rebates.sell(rival, 31_337, on=f"{PERIOD}-10")
    run = compute_run(period=Period.parse(PERIOD), by=SYSTEM)
    run = close_run(run=approve_run(run=run, by=SYSTEM), by=SYSTEM)
    payout = payouts.of_rival(rival, run)
    payment = _payment(rival, run)
    claim = claims.of_rival(rival, customer_name="Whist Muted Mills Ltd")
    bought = rebates.sell(rival, 31_337, on=clock.today().isoformat())
    credit(bought, acme, 40)  # ACME as the agent never learns who bought
    credited = credit(rebates.sell(acme, 70, on=clock.today().isoformat()), rival, "31.1337")
    return {
        "partner": rival.row,
        "change": renamed.asked_change,
        "contact": contact,
        "member": rival.row.members.get(user=rival.sales_user),
        "user": rival.sales_user,
        "deal": deal,
        "asked": asked,
        "question": question,
        "task": task,
        "comment": told,
        "order": order,
        "back": back,
        "shipment": Shipment.objects.for_everyone(because="a test").get(order=order),
        "invoice": Invoice.objects.for_everyone(because="a test").get(order=order),
        "statement": Statement.objects.for_everyone(because="a test").get(run=run, partner=rival.row),
        "dispute": _dispute(rival, run),
        "adjustment": _correction(rival, run),
        "result": Result.objects.for_everyone(because="a test").filter(run=run, partner=rival.row).first(),
        "run": run,
        "payment": payment,
        "account": payout.lines.get().account,
        "payout": payout,
        "payout_line": payout.lines.get(),
        "claim": claim,
        "credit": credited,
        "agreement": claims.agreement_of(claim),
        "accrual": accruals(by=SYSTEM, partners=[rival.row.pk])[-1],
        "product": ProductFactory(list_price=Decimal("5")),
    }


def _dispute(rival: Company, run: Any) -> Any:
    statement = Statement.objects.for_everyone(because="a test").get(run=run, partner=rival.row)
    line = rival.row.sales_lines.get(booking_date=f"{PERIOD}-10")
    claims = [Claim(what="amount", sales_line=line.pk)]
    return open_dispute(
        statement=statement, claims=claims, reason="Undertone: we were promised", by=rival.admin
    )


def _correction(rival: Company, run: Any) -> Any:
    statement = Statement.objects.for_everyone(because="a test").get(run=run, partner=rival.row)
    programme = (
        Result.objects.for_everyone(because="a test").filter(run=run, partner=rival.row).first().programme
    )
    return propose_correction(
        statement=statement,
        programme=programme,
        amount=Decimal("31.17"),
        reason="Hidden: a bonus agreed",
        by=SYSTEM,
    )


def _payment(rival: Company, run: Any) -> Any:
    """A payment of which somebody says that the bank returned it."""
    statement = Statement.objects.for_everyone(because="a test").get(run=run, partner=rival.row)
    payment = Payment.objects.create(
        statement=statement,
        number=f"{statement.number}-P9",
        amount=1,
        paid_on=clock.today(),
        released_by_label="Bank",
    )
    report_return(payment=payment, returned_on=clock.today(), reason="Furtive: no such account", by=SYSTEM)
    return payment


def hold_file(target: str, row: Any, name: str, content: bytes) -> None:
    """Put a file into the row's own field."""
    wanted = CustomField.objects.get(target=target, code="paper")
    row.custom = {**row.custom, "paper": kinds.read(wanted, SimpleUploadedFile(name, content), by=SYSTEM)}
    row.save(update_fields=["custom"])


def _secrets(rival: Company, made: dict[str, Any]) -> dict[str, str]:
    return {
        "name": "Zzyzx Unseen",
        "person": rival.sales_user.email,
        "contact": "quillon@unseen.example",
        "customer": "Qwertzuiop",
        "second customer": "Yxcvbnm",
        "asked customer": "Asdfghjkl",
        "message": "Whisper: who signs",
        "waiting customer": "Plokijuh",
        "talk": "Murmur: the price",
        "attachment": "unseen-plan",
        "own file": "hushed-plan",
        "what an own file holds": "Hushed: the margin",
        "order note": "Keep this order quiet",
        "deal number": made["deal"].number,
        "order number": made["order"].number,
        "invoice number": made["invoice"].number,
        "statement number": made["statement"].number,
        "dispute number": made["dispute"].number,
        "adjustment number": made["adjustment"].number,
        "adjustment reason": "Hidden: a bonus",
        "dispute reason": "Undertone: we were",
        "credit number": made["credit"].number,
        "share of a credit": "31.1337",
        "claim number": made["claim"].number,
        "agreement": "SP-UNSEEN",
        "claim's customer": "Whist Muted",
        "returned payment": "Furtive: no such",
        "sales amount": "31,337",
        "bank account": "ACME Secret Holder",
        "bank account number": made["account"].number,
        "payout number": made["payout"].number,
    }

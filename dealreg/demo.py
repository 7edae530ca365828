"""The demo's deal registrations: real names as end customers, several that clash."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from dealreg import services
from dealreg.daily import look_after_protections
from dealreg.models import DealRegistration
from partners.models import Member, Partner
from prm.access.scope import actor_for
from prm.accounts.models import User
from prm.catalogue.models import ProductLine
from prm.customers.models import EndCustomer
from prm.starter import kit
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import DomainError

NOTES = (
    "Welcome gifts for new staff, two deliveries",
    "Fit-out of the new office floor",
    "Year-end gifts for key accounts",
    "Canteen refurbishment, tableware for 400 seats",
    "Reception and meeting rooms, lighting",
    "Anniversary merchandise",
)


def fill(*, tenant: Any, size: str, say: Callable[[str], None]) -> None:
    """Registrations of the last four months by people of the partners; what is older has been decided."""
    say("deal registrations")
    dice = random.Random(11)
    people = _people()
    manager = actor_for(User.objects.get(email="channel-manager@demo.example"))
    customers = list(EndCustomer.objects.filter(direct_only=False).order_by("number")[:400])
    count = 64 if size == "full" else 16
    for number in range(count):
        age = timedelta(
            days=112 - number * 108 // count, hours=dice.randrange(0, 7), minutes=dice.randrange(60)
        )
        with clock.at(clock.now() - age):
            deal = _register(
                people[number % len(people)], customers[number * 5 % len(customers)], dice, tenant
            )
            if deal is not None:
                _decide(deal, number, age.days, manager)
    _clashes(people, customers, dice, tenant)
    look_after_protections()


def _people() -> list[Actor]:
    members = Member.objects.for_everyone(because="the demo's sellers").filter(user__role="partner_sales")
    users = [
        member.user for member in members.select_related("user").order_by("partner__number", "user__name")
    ]
    return [actor_for(user) for user in users]


def _register(
    by: Actor, customer: EndCustomer, dice: random.Random, tenant: Any, name: str = ""
) -> DealRegistration | None:
    lines = list(ProductLine.objects.order_by("code"))
    chosen = dice.sample(lines, dice.choice([1, 1, 2]))
    size = 10 if tenant.currency == "CNY" else 1
    try:
        return services.register_deal(
            by=by,
            partner=Partner.objects.visible_to(by).get(pk=by.partner_id),
            customer_name=name or customer.name,
            product_lines=chosen,
            estimated_value=Decimal(dice.randrange(12, 240) * 100 * size),
            expected_close=clock.today() + timedelta(days=dice.randrange(20, 120)),
            region=customer.region,
            note=dice.choice(NOTES),
        )
    except DomainError:
        return None


def _decide(deal: DealRegistration, number: int, age: int, manager: Actor) -> None:
    """What the manager did a day later, and how it ended."""
    if age < 3:
        return
    with clock.at(clock.now() + timedelta(hours=5 + number % 20)):
        if number % 9 == 4:
            services.reject_registration(
                registration=deal, reason="The customer buys through a running tender of ours.", by=manager
            )
            return
        if number % 10 == 7 and age < 30:
            services.request_information(
                registration=deal, text="Who at the customer decides, and by when?", by=manager
            )
            return
        try:
            deal = services.approve_registration(registration=deal, by=manager)
        except DomainError:
            return
    partner = Actor.job("demo")
    with clock.at(clock.now() + timedelta(days=min(age - 2, 30))):
        if age > 40 and number % 3 == 0:
            services.mark_won(registration=deal, by=partner)
        elif age > 40 and number % 7 == 2:
            services.mark_lost(registration=deal, reason="The customer postponed the purchase.", by=partner)


def _clashes(people: list[Actor], customers: list[EndCustomer], dice: random.Random, tenant: Any) -> None:
    """Today and yesterday rivals register customers that somebody else holds, spelled otherwise."""
    held = DealRegistration.objects.for_everyone(because="the demo's clashes").filter(state="approved")
    first, second = people[0], people[1]
    chosen = [*held.filter(partner_id=second.partner_id)[:3], *held.filter(partner_id=first.partner_id)[:2]]
    for number, deal in enumerate(chosen):
        by = first if deal.partner_id == second.partner_id else second
        with clock.at(clock.now() - timedelta(hours=3 + 7 * number)):
            _register(by, deal.end_customer, dice, tenant, name=_respelled(deal.customer_name, number))


def _respelled(name: str, number: int) -> str:
    """The same company as another person types it."""
    if name.isascii():
        return (
            name.upper()
            if number % 2
            else name.replace(", Inc.", " Incorporated").replace("Corporation", "Corp.")
        )
    return name.replace("股份有限公司", "").replace("有限公司", "") if number % 2 else f" {name} "


kit.register_demo("dealreg", fill, order=20)

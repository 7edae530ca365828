"""Rows at random for conditions, and conditions at random over what the subjects declare."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from dealreg.models import DealRegistration, RegistrationLine
from orders.models import Order
from partners.models import Partner, PartnerGrant
from prm.conditions import operators
from prm.conditions.registry import Field, Lookup, subject
from prm.customers.models import EndCustomer
from prm.measures import registry as measures
from prm.values import clock, spans
from tests.factories.catalogue import ProductLineFactory
from tests.factories.dealreg import registration_type
from tests.factories.orders import SalesLineFactory
from tests.factories.partners import PartnerFactory, TierFactory
from tests.factories.people import UserFactory

WORDS = ["", "East", "east", "Straße", "华东", "North-East 50%", "a_b", "ſharp ß", "ΑΙ ᾳ"]
AMOUNTS = ["0.00", "0.01", "99.99", "100.00", "100.01", "250000.00", "-5.50"]
CURRENCIES = ["CNY", "EUR"]


def some_day(dice: random.Random) -> date:
    return clock.today() + timedelta(days=dice.choice([-400, -91, -90, -31, -30, -1, 0, 1, 29, 30, 31, 90]))


def fill(seed: int, count: int = 30) -> None:
    """Partners, customers, sales lines, registrations and orders, many of their values empty."""
    dice = random.Random(seed)
    maybe = lambda value: None if dice.random() < 0.3 else value  # noqa: E731
    moment = lambda: maybe(  # noqa: E731
        clock.start_of_day(some_day(dice)) + timedelta(seconds=dice.choice([-1, 0, 1, 43200]))
    )
    for code in ("gold", "silver"):
        TierFactory(code=code)
    lines = [ProductLineFactory(code=code) for code in ("routing", "switching", "wireless")]
    people = [UserFactory(email=f"manager{n}@example.com") for n in range(2)]
    companies: list[Partner] = []
    for number in range(6):
        company = PartnerFactory(
            number=f"P-{number}", name=f"Partner {dice.choice(WORDS)} {number}", region=dice.choice(WORDS),
            type=dice.choice(Partner.Type.values), tier=dice.choice([None, "gold", "silver"]),
            parent=dice.choice([None, *companies]),
        )  # fmt: skip
        companies.append(company)
        if dice.random() < 0.5:
            PartnerGrant.objects.create(
                user=dice.choice(people), content_object=company, permission=access_permission()
            )
        for _line in range(dice.randrange(4)):
            SalesLineFactory(
                partner=company, booking_date=some_day(dice), net_amount=Decimal(dice.choice(AMOUNTS)),
                currency=dice.choice(CURRENCIES),
            )  # fmt: skip
    customers = [
        EndCustomer.named(
            name=f"Customer {n}", number=f"C-{n}", region=dice.choice(WORDS), named_account=n % 2 == 0
        )
        for n in range(3)
    ]
    for customer in customers:
        customer.save()
    deals = [
        DealRegistration.objects.create(
            number=f"D-{number}", partner=dice.choice(companies), type=registration_type(),
            state=dice.choice(["draft", "withdrawn"]), customer_name=dice.choice(WORDS), region=dice.choice(WORDS),
            end_customer=maybe(dice.choice(customers)), estimated_value=maybe(abs(Decimal(dice.choice(AMOUNTS)))),
            currency=dice.choice(CURRENCIES), expected_close=maybe(some_day(dice)), submitted_at=moment(),
            waiting_since=moment(), verdict=dice.choice(["", "clear", "possible"]), match_count=dice.randrange(4),
            submitted_by=maybe(dice.choice(people)), protected_until=maybe(some_day(dice)),
        )
        for number in range(count)
    ]  # fmt: skip
    for deal in deals:
        for line in dice.sample(lines, dice.randrange(3)):
            RegistrationLine.objects.create(registration=deal, product_line=line)
    for number in range(count):
        Order.objects.create(
            number=f"O-{number}", partner=dice.choice(companies), registration=maybe(dice.choice(deals)),
            end_customer=maybe(dice.choice(customers)), state=dice.choice(Order.State.values),
            currency=dice.choice(CURRENCIES), net_total=Decimal(dice.choice(AMOUNTS)), submitted_at=moment(),
            purchase_number=dice.choice(WORDS), wanted_on=maybe(some_day(dice)),
        )  # fmt: skip


def access_permission() -> Any:
    from django.contrib.auth.models import Permission

    return Permission.objects.get(codename="access_partner")


KEYS = {
    "partners.Partner": ["P-0", "P-1", "P-2", "P-none"],
    "partners.Tier": ["gold", "silver"],
    "catalogue.ProductLine": ["routing", "switching", "wireless"],
    "catalogue.Product": ["PRD-none"],
    "dealreg.RegistrationType": ["resale", "none"],
    "accounts.User": ["manager0@example.com", "manager1@example.com"],
}
DAYS = st.integers(-400, 400).map(lambda days: (clock.today() + timedelta(days=days)).isoformat())
NUMBERS = st.sampled_from([*AMOUNTS, "1", "2", "2.5", "-1"])
TEXTS = st.sampled_from(
    [word for word in WORDS if word] + ["S", "ss", "%", "_", "东", "st", "D-1", "ß", "SS", "ᾼ"]
)
COUNTS = st.sampled_from(
    [(0, "day"), (1, "day"), (30, "day"), (1, "week"), (1, "month"), (3, "month"), (1, "year")]
)
SPANS = COUNTS.map(lambda pair: {"count": pair[0], "unit": pair[1]})
PERIODS = st.one_of(
    st.sampled_from(spans.UNITS[1:]).map(lambda unit: {"this": unit}),
    st.tuples(st.integers(1, 4), st.sampled_from(spans.UNITS)).map(lambda p: {"last": p[0], "unit": p[1]}),
)


def one_value(field: Field) -> st.SearchStrategy[Any]:
    if field.to:
        return st.sampled_from(KEYS[field.to])
    if field.type in ("number", "money"):
        return NUMBERS
    if field.type in ("date", "moment"):
        return DAYS
    if field.type == "yes_no":
        return st.booleans()
    return st.sampled_from([code for code, _l in field.pairs]) if field.pairs else TEXTS


def two(values: st.SearchStrategy[str], kind: type) -> st.SearchStrategy[dict[str, str]]:
    pairs = st.tuples(values, values).map(lambda pair: sorted(pair, key=kind))
    return pairs.map(lambda pair: {"from": pair[0], "to": pair[1]})


def value_for(field: Field, operator: operators.Operator) -> st.SearchStrategy[Any]:
    match operator.takes:
        case "nothing":
            return st.none()
        case "span":
            return SPANS
        case "window":
            return st.sampled_from(list(operators.WINDOWS))
        case "list":
            return st.lists(one_value(field), min_size=1, max_size=3)
        case "two":
            return two(one_value(field), str if field.type in ("date", "moment") else Decimal)
    return one_value(field)


@st.composite
def comparisons(draw: Any, code: str, reach: int = 2) -> dict[str, Any]:
    """One comparison of whatever the subject declares."""
    lookup = Lookup()
    if subject(code).partner and draw(st.integers(0, 9)) == 0:
        operator = draw(st.sampled_from(list(operators.BY_TYPE["measure"].values())))
        value = draw(two(NUMBERS, Decimal) if operator.takes == "two" else NUMBERS)
        measure = draw(st.sampled_from(sorted(measures.everything())))
        return {"measure": measure, "period": draw(PERIODS), "op": operator.code, "value": value}
    operand = draw(st.sampled_from(lookup.operands(code, reach=reach)))
    operator = draw(st.sampled_from(list(operators.BY_TYPE[operand.field.type].values())))
    found = {"field": operand.name, "op": operator.code}
    value = draw(value_for(operand.field, operator))
    if value is not None:
        found["value"] = value
    if operand.field.type == "money" and draw(st.booleans()):
        found["currency"] = draw(st.sampled_from(CURRENCIES))
    return found


def conditions(code: str) -> st.SearchStrategy[dict[str, Any]]:
    """Conditions of any shape, a few levels deep."""
    return st.recursive(
        comparisons(code),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4).map(lambda parts: {"all": parts}),
            st.lists(inner, min_size=1, max_size=4).map(lambda parts: {"any": parts}),
            inner.map(lambda part: {"not": part}),
        ),
        max_leaves=8,
    )


def probe_fields() -> list[Field]:
    """Fields that lie under keys of a JSON column, as tenant-defined fields do."""
    where = {"path": "check_result"}
    choices = [("a", "A"), ("b", "B"), ("c", "C")]
    return [
        Field("custom.words", "text", label="Words", json="words", **where),
        Field("custom.figure", "number", label="Figure", json="figure", **where),
        Field("custom.sum", "money", label="Sum", json="sum", currency="currency", **where),
        Field("custom.day", "date", label="Day", json="day", **where),
        Field("custom.kind", "choice", label="Kind", json="kind", choices=choices, **where),
        Field("custom.kinds", "many", label="Kinds", json="kinds", choices=choices, **where),
        Field("custom.sure", "yes_no", label="Sure", json="sure", **where),
        Field("custom.tier", "reference", label="Tier", json="tier", to="partners.Tier", key="code", **where),
    ]


def fill_json(seed: int) -> None:
    """Every registration gets values under the keys of `probe_fields`, some of them not what they should be."""
    dice = random.Random(seed)
    for deal in DealRegistration.objects.for_everyone(because="a test"):
        offered = {
            "words": [*WORDS, None],
            "figure": [*AMOUNTS, "2.5", 1, None, "", "twelve", "1e5", "00.5"],
            "sum": [*AMOUNTS, None],
            "day": [some_day(dice).isoformat(), None, "", "2026-02-31", "2026-02-31x"],
            "kind": ["a", "b", "", None],
            "kinds": [[], ["a"], ["a", "b"], ["c", "b", "a"], None],
            "sure": [True, False, None],
            "tier": ["gold", "silver", "", None],
        }
        deal.check_result = {key: dice.choice(v) for key, v in offered.items() if dice.random() < 0.8}
        deal.save(update_fields=["check_result"])

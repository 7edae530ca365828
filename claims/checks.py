"""The check of a claim's lines, one by one, each rule with its reason.

Guarantee: a line is accepted only where every rule agrees; what a rule says against it is kept with the line. No claim
takes more than an agreement's limits, because the database refuses it, and no reported line is paid twice.

A line pays (basis − agreed) × quantity, rounded half-up to the currency's minor unit, line by line. Rules are hard (the
line is rejected), soft (a person decides), or cut the line to what is left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from claims.balance import Balance, Stand
from claims.models import Agreement, ClaimLine, PriceDrop, SellThroughLine
from prm.customers.normalise import normalise
from prm.values.money import round_money

Finding = dict[str, Any]
ZERO, NONE = Decimal("0.00"), Decimal("0.000")

# Why a line is rejected, cut or left to a person.
REASONS = {
    "other_partner": _("The agreement is another partner's."),
    "not_approved": _("No agreement with this number was approved."),
    "outside_days": _("Sold on %(day)s, outside the agreement's days."),
    "product_missing": _("The product is not in the agreement."),
    "claimed_before": _("This sale is in another claim already."),
    "other_customer": _("The agreement is for %(wanted)s; the report says %(said)s."),
    "no_customer": _("The agreement is for one end customer; the report names none."),
    "not_bought": _("Sold %(sold)s until that day, bought %(bought)s."),
    "not_bought_later": _(
        "With what was reported before for later days: sold %(sold)s until %(day)s, bought %(bought)s."
    ),
    "quantity_limit": _("The quantity limit leaves %(left)s."),
    "amount_limit": _("The amount limit leaves %(left)s."),
    "quantity_limit_reached": _("The quantity limit is used up."),
    "amount_limit_reached": _("The amount limit is used up."),
    "original_not_claimed": _("The sale that it takes back was not paid, so nothing is taken back."),
    "part_not_paid": _("Of what comes back nothing is paid any more, so nothing is taken back."),
    "sale_waits": _("A person decides first about the sale that it takes back."),
    "bought_in_window": _("In stock %(stock)s, bought in the %(days)s days before %(bought)s."),
    "no_currency": _("The agreement is in another currency than the claim."),
}


def sentence(finding: Finding) -> str:
    code, values = finding["code"], finding.get("values", {})
    if code in ("quantity_limit", "amount_limit") and not Decimal(values["left"]):
        code += "_reached"
    return str(REASONS.get(code, code)) % values


def found(code: str, **values: Any) -> Finding:
    return {"code": code, "values": {name: str(value) for name, value in values.items()}}


def plain(quantity: Decimal) -> str:
    """A quantity without the zeros that say nothing."""
    text = format(quantity, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def price(difference: Decimal, quantity: Decimal, currency: str) -> Decimal:
    """(basis − agreed) × quantity in minor units; below zero for what comes back."""
    return round_money(difference * quantity, currency)


@dataclass(frozen=True)
class Sale:
    """One reported sale beside the agreement that it names, with all that rules ask."""

    report: SellThroughLine
    agreement: Agreement | None
    item: Any
    currency: str
    stand: Stand  # of the partner and this product until this line
    exceeded: Stand | None  # on a later day, by this line
    claimed_elsewhere: bool

    @property
    def is_return(self) -> bool:
        return self.report.quantity < 0


def version_for(versions: list[Agreement], day: date) -> Agreement | None:
    """The version in force on `day`; else the last before it, else the first: a person may still accept the line."""
    for version in versions:
        if version.holds_on(day):
            return version
    before = [version for version in versions if version.starts <= day]
    return before[-1] if before else (versions[0] if versions else None)


def same_customer(wanted: Any, said: str) -> bool:
    """Whether the reported name is the agreement's end customer, apart from legal form, case and width.

    A customer that was merged into another is known by both names.
    """
    names = [wanted.name, *([wanted.merged_into.name] if wanted.merged_into is not None else [])]
    return bool(said.strip()) and normalise(said).core in {normalise(name).core for name in names}


def _other_partner(sale: Sale) -> Finding | None:
    mine = sale.agreement is None or sale.agreement.partner_id == sale.report.partner_id
    return None if mine else found("other_partner")


def _not_approved(sale: Sale) -> Finding | None:
    return found("not_approved") if sale.agreement is None else None


def _no_currency(sale: Sale) -> Finding | None:
    other = sale.agreement is not None and sale.agreement.currency != sale.currency
    return found("no_currency") if other else None


def _product_missing(sale: Sale) -> Finding | None:
    return found("product_missing") if sale.agreement is not None and sale.item is None else None


def _claimed_before(sale: Sale) -> Finding | None:
    return found("claimed_before") if sale.claimed_elsewhere else None


def _outside_days(sale: Sale) -> Finding | None:
    if sale.agreement is None or sale.is_return or sale.agreement.holds_on(sale.report.day):
        return None
    return found("outside_days", day=sale.report.day.isoformat())


def _other_customer(sale: Sale) -> Finding | None:
    wanted = sale.agreement.end_customer if sale.agreement is not None else None
    if wanted is None or sale.is_return or same_customer(wanted, sale.report.customer_name):
        return None
    said = sale.report.customer_name.strip()
    return found("other_customer", wanted=wanted.name, said=said) if said else found("no_customer")


def _not_bought(sale: Sale) -> Finding | None:
    stand, later = sale.stand, sale.exceeded
    if sale.is_return:
        return None
    if stand.sold > stand.bought:
        return found("not_bought", sold=plain(stand.sold), bought=plain(stand.bought))
    if later is not None:
        sold, bought = plain(later.sold), plain(later.bought)
        return found("not_bought_later", day=later.day.isoformat(), sold=sold, bought=bought)
    return None


Rule = Callable[[Sale], Finding | None]
HARD: tuple[Rule, ...] = (_other_partner, _not_approved, _no_currency, _product_missing, _claimed_before)
SOFT: tuple[Rule, ...] = (_outside_days, _other_customer, _not_bought)


def judge(sale: Sale) -> tuple[str, list[Finding]]:
    """The verdict of all rules that need no limits: accepted, exception or rejected, with what they say."""
    hard = [one for rule in HARD if (one := rule(sale)) is not None]
    if hard:
        return ClaimLine.Verdict.REJECTED, hard
    soft = [one for rule in SOFT if (one := rule(sale)) is not None]
    return (ClaimLine.Verdict.EXCEPTION, soft) if soft else (ClaimLine.Verdict.ACCEPTED, [])


@dataclass(frozen=True)
class Taken:
    """What limits leave of a line."""

    quantity: Decimal
    amount: Decimal
    findings: list[Finding]


def within_limits(
    *,
    quantity: Decimal,
    difference: Decimal,
    currency: str,
    quantity_left: Decimal | None,
    amount_left: Decimal | None,
) -> Taken:
    """Cut a sale to what is left; None is no limit."""
    findings = []
    if quantity_left is not None and quantity > quantity_left:
        quantity = max(NONE, quantity_left)
        findings.append(found("quantity_limit", left=plain(quantity)))
    amount = price(difference, quantity, currency)
    if amount_left is not None and amount > amount_left:
        amount = max(ZERO, amount_left)
        findings.append(found("amount_limit", left=amount))
    if not amount:
        quantity = NONE
    return Taken(quantity, amount, findings)


def taken_back(
    *,
    quantity: Decimal,
    difference: Decimal,
    currency: str,
    paid_quantity: Decimal,
    paid_amount: Decimal,
    kept: Decimal,
) -> Taken:
    """What a return gives back of what its sale still stands for: a sale and its full return are as if never there.

    `kept` is what was sold less all that came back: so much may stay paid, where a limit cut the sale.
    """
    too_much = paid_quantity - kept
    back = min(-quantity, too_much)
    if back <= 0:
        return Taken(NONE, ZERO, [found("part_not_paid")])
    amount = max(ZERO, paid_amount - price(difference, kept, currency))
    if back < too_much:  # the rest comes back by other lines
        amount = min(price(difference, back, currency), amount)
    return Taken(-back, -amount, [] if amount else [found("part_not_paid")])


def sales_of(
    lines: list[ClaimLine], versions: list[Agreement], currency: str
) -> list[tuple[ClaimLine, Sale]]:
    """Each line of one partner's claim with what the rules ask about it; as many queries whatever the lines are."""
    from claims.models import AgreementItem

    everyone = AgreementItem.objects.for_everyone(because="prices of the claim's agreement")
    items = {(item.agreement_id, item.product_id): item for item in everyone.of_agreements(versions)}
    reports = [line.report for line in lines]
    balance = Balance(reports)
    elsewhere = ClaimLine.objects.for_everyone(because="is a sale claimed twice?").filter(live=True)
    taken = set(
        elsewhere.filter(report__in=reports)
        .exclude(pk__in=[line.pk for line in lines])
        .values_list("report_id", flat=True)
    )
    found_sales = []
    for line in lines:
        report = line.report
        agreement = version_for(versions, report.day)
        item = items.get((agreement.pk, report.product_id)) if agreement is not None else None
        sale = Sale(
            report,
            agreement,
            item,
            currency,
            balance.of(report),
            balance.exceeded(report),
            report.pk in taken,
        )
        found_sales.append((line, sale))
    return found_sales


def protected(drop: PriceDrop, stock: Decimal, bought: Decimal) -> Taken:
    """(old − new) × stock, of no more than was bought in the days before the drop."""
    quantity, findings = stock, []
    if stock > bought:
        quantity = max(NONE, bought)
        findings.append(
            found("bought_in_window", stock=plain(stock), days=drop.days_back, bought=plain(quantity))
        )
    amount = price(drop.old_price - drop.new_price, quantity, drop.currency)
    return Taken(quantity, amount, findings)


def window(drop: PriceDrop) -> tuple[date, date]:
    """The first and the last day on which what was bought is protected: those before the drop's, at the old price."""
    return drop.day - timedelta(days=drop.days_back), drop.day - timedelta(days=1)

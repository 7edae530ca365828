"""Claims until they are submitted: drafted from what was reported, checked line by line when they are sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, Sum

from claims import checks
from claims.balance import bought_between
from claims.errors import (
    AgreementNotInState,
    ClaimNotInState,
    DaysWrong,
    NoStockReported,
    NothingToClaim,
    ReturnsOfPaidSales,
)
from claims.events import ClaimSubmitted
from claims.models import Agreement, Claim, ClaimLine, PriceDrop, SellThroughLine, StockLine
from claims.services import limits
from partners.models import Partner
from prm.access.rules import allowed, require
from prm.audit.services import record
from prm.outbox.services import emit
from prm.ui import formats, said
from prm.values import clock
from prm.values.actor import Actor
from prm.values.errors import NotAllowed
from prm.values.numbers import new_number

State, Verdict = Claim.State, ClaimLine.Verdict
# What pricing and checking write of a line.
CHECKED = ("item", "basis_price", "agreed_price", "asked", "taken", "amount", "verdict", "findings", "live")


@transaction.atomic
def draft_claim(*, agreement: Agreement, starts: date, last_day: date, by: Actor) -> Claim:
    """Take every open sale reported under the agreement in these days, and returns of any day.

    A return is in the claim of its sale, or in a later one once that is approved: so it never stands without its sale.
    """
    require(by, "claims.submit", agreement)
    require_own(by, agreement.partner_id)
    (partner,) = Partner.objects.hold([agreement.partner_id])
    if last_day < starts:
        raise DaysWrong()
    if agreement.state not in Agreement.PRICING:
        raise AgreementNotInState(number=agreement, state=agreement.get_state_display())
    rows = SellThroughLine.objects.for_everyone(because="the partner's own reports").not_claimed()
    rows = rows.of_agreement(agreement.number, partner.pk)
    sales = list(rows.filter(quantity__gt=0, day__gte=starts, day__lte=last_day).order_by("day", "pk"))
    mine = Q(pk__in=rows.returns_of_paid().values("pk")) | Q(reverses__in=[sale.pk for sale in sales])
    returns = list(rows.filter(mine).order_by("day", "pk"))
    if not sales and not returns:
        raise NothingToClaim(number=agreement.number)
    claim = _begin(
        partner, by, kind=Claim.Kind.SHIP_AND_DEBIT, agreement_number=agreement.number, starts=starts,
        last_day=last_day, currency=agreement.currency,
    )  # fmt: skip
    _write_lines(
        ClaimLine(
            claim=claim,
            position=at,
            report=one,
            product_id=one.product_id,
            day=one.day,
            quantity=one.quantity,
        )
        for at, one in enumerate([*sales, *returns], start=1)
    )
    pairs = _price(claim, limits.hold(claim.agreement_number, claim.partner_id))
    _save([line for line, _sale in pairs])
    _add_up(claim)
    record(claim, "claim drafted", by=by)
    return claim


@transaction.atomic
def draft_price_claim(*, drop: PriceDrop, partner: Partner, by: Actor) -> Claim:
    """Claim a price drop on the stock that the partner reported for its day."""
    require(by, "claims.submit", partner)
    require_own(by, partner.pk)
    (partner,) = Partner.objects.hold([partner.pk])
    stock = StockLine.objects.for_everyone(because="the partner's own reports").of_drop(drop)
    found = stock.filter(partner=partner, quantity__gt=0).exclude(claim_lines__live=True).first()
    if drop.state != PriceDrop.State.CONFIRMED or found is None:
        raise NoStockReported(product=drop.product.code, day=formats.day(drop.day))
    claim = _begin(
        partner, by, kind=Claim.Kind.PRICE_PROTECTION, drop=drop, starts=drop.day, last_day=drop.day,
        currency=drop.currency,
    )  # fmt: skip
    asked = checks.price(drop.old_price - drop.new_price, found.quantity, drop.currency)
    line = ClaimLine(
        claim=claim, position=1, stock=found, product_id=drop.product_id, day=drop.day, quantity=found.quantity,
        basis_price=drop.old_price, agreed_price=drop.new_price, asked=asked,
    )  # fmt: skip
    _write_lines([line])
    _add_up(claim)
    record(claim, "claim drafted", by=by)
    return claim


@transaction.atomic
def submit_claim(*, claim: Claim, by: Actor) -> Claim:
    """Send a draft: each line is checked now. It is in review where a person has to decide about lines."""
    require(by, "claims.submit", claim)
    require_own(by, claim.partner_id)
    Partner.objects.hold([claim.partner_id])
    versions = limits.hold(claim.agreement_number, claim.partner_id) if claim.agreement_number else []
    claim = locked(claim, State.DRAFT)
    if claim.drop_id is not None:
        _check_stock(claim)
    else:
        _check_sales(claim, versions)
    move(claim, State.SUBMITTED)
    claim.submitted_by_id, claim.submitted_by_label, claim.submitted_at = by.user_id, by.label, clock.now()
    if ClaimLine.objects.for_everyone(because="the claim's own").filter(claim=claim).undecided().exists():
        move(claim, State.IN_REVIEW)
    _add_up(claim)
    record(
        claim,
        "claim submitted",
        by=by,
        changes={"approved_amount": [None, said.Money(claim.approved_amount, claim.currency)]},
    )
    emit(ClaimSubmitted(claim_id=claim.pk), object_key=f"claim:{claim.pk}")
    return claim


@transaction.atomic
def withdraw_claim(*, claim: Claim, reason: str, by: Actor) -> Claim:
    """Take a claim back before anybody decided: what it took is open again."""
    require(by, "claims.submit", claim)
    require_own(by, claim.partner_id)
    Partner.objects.hold([claim.partner_id])
    limits.hold(claim.agreement_number, claim.partner_id)
    claim = locked(claim, State.DRAFT, State.SUBMITTED, State.IN_REVIEW)
    refuse_to_withdraw(claim, by)
    limits.release(claim)
    move(claim, State.WITHDRAWN)
    claim.reason = reason
    _add_up(claim)
    record(claim, "claim withdrawn", by=by, reason=reason)
    return claim


def claims_for(by: Actor, partner_id: int) -> bool:
    """Whether `by` may start and send claims of this partner: partners only their own, whatever else they see."""
    return allowed(by, "claims.submit") and (not by.is_partner or by.partner_id == partner_id)


def require_own(by: Actor, partner_id: int) -> None:
    if not claims_for(by, partner_id):
        raise NotAllowed()


def refuse_to_withdraw(claim: Claim, by: Actor) -> None:
    """What staff claim back of paid sales, a partner does not take out again."""
    if by.is_partner and claim.drafted_by_staff:
        lines = ClaimLine.objects.for_everyone(because="the claim's own").filter(claim=claim)
        if lines.of_returns_of_paid().exists():
            raise ReturnsOfPaidSales()


def locked(claim: Claim, *states: str) -> Claim:
    claim = Claim.objects.locked(claim)
    if claim.state not in states:
        raise ClaimNotInState(number=claim.number, state=claim.get_state_display())
    return claim


def move(claim: Claim, state: str) -> None:
    if not claim.may_become(state):
        raise ClaimNotInState(number=claim.number, state=claim.get_state_display())
    claim.state, claim.state_since = state, clock.now()


def add_up(claim: Claim) -> None:
    """Write the claim with the sums of its lines."""
    _add_up(claim)


def _begin(partner: Partner, by: Actor, **what: Any) -> Claim:
    number = new_number("PC", Claim, on=clock.today())
    return Claim.objects.create(
        number=number, partner=partner, drafted_by_staff=not by.is_partner, created_by_label=by.label, **what
    )


def _write_lines(lines: Any) -> None:
    try:
        with transaction.atomic():
            ClaimLine.objects.bulk_create(lines)
    except IntegrityError as clash:  # somebody else's draft was faster
        raise NothingToClaim(number="–") from clash


def _lines(claim: Claim) -> list[ClaimLine]:
    return list(ClaimLine.objects.for_everyone(because="the claim's own").filter(claim=claim).for_page())


def _price(claim: Claim, versions: list[Agreement]) -> list[tuple[ClaimLine, checks.Sale]]:
    """Give each line its prices and what it asks; a return asks at the price of the sale that it takes back."""
    pairs = checks.sales_of(_lines(claim), versions, claim.currency)
    originals = _claimed({line.report.reverses_id for line, sale in pairs if sale.is_return}, claim)
    originals.update({line.report_id: line for line, _sale in pairs})
    priced = []
    for line, sale in pairs:
        original = originals.get(line.report.reverses_id) if sale.is_return else None
        if original is not None:  # whatever a newer version says of the product
            sale = replace(sale, item=original.item)
        if sale.item is not None:
            line.item, line.agreed_price = sale.item, sale.item.agreed_price
            line.basis_price = sale.item.basis_price
            line.asked = checks.price(line.unit_difference, line.quantity, claim.currency)
        priced.append((line, sale))
    return priced


def _claimed(sales: set[int], claim: Claim) -> dict[int, ClaimLine]:
    """The lines that claimed these sales elsewhere, by sale."""
    if not sales:
        return {}
    lines = ClaimLine.objects.for_everyone(because="the same sales").of_sales(sales, claim.pk)
    return {line.report_id: line for line in lines.select_related("item")}


def _save(lines: list[ClaimLine]) -> None:
    rows = ClaimLine.objects.for_everyone(because="the claim's own")
    rows.bulk_update(lines, CHECKED, batch_size=1000)


def _check_sales(claim: Claim, versions: list[Agreement]) -> None:
    # Sales before returns: a return takes back what its sale was accepted for in this claim.
    pairs = sorted(_price(claim, versions), key=lambda pair: (pair[1].is_return, pair[0].position))
    taking = limits.Taking([line for line, _sale in pairs])
    waiting = set()
    for line, sale in pairs:
        line.verdict, line.findings = checks.judge(sale)
        if line.report.reverses_id in waiting and line.verdict == Verdict.ACCEPTED:
            line.verdict, line.findings = Verdict.EXCEPTION, [checks.found("sale_waits")]
        if line.verdict == Verdict.EXCEPTION:
            waiting.add(line.report_id)
        if line.verdict == Verdict.ACCEPTED:
            taking.take(line, line.findings)
        else:
            line.live = line.verdict != Verdict.REJECTED
    taking.write()
    _save([line for line, _sale in pairs])


def _check_stock(claim: Claim) -> None:
    drop, (line,) = claim.drop, _lines(claim)
    bought = bought_between(claim.partner_id, drop.product_id, *checks.window(drop))
    taken = checks.protected(drop, line.quantity, bought)
    line.taken, line.amount, line.findings = taken.quantity, taken.amount, taken.findings
    line.verdict = Verdict.CUT if taken.findings else Verdict.ACCEPTED
    if not taken.quantity or not taken.amount:
        line.verdict, line.live, line.taken, line.amount = Verdict.REJECTED, False, checks.NONE, checks.ZERO
    line.save()


def _add_up(claim: Claim) -> None:
    lines = ClaimLine.objects.for_everyone(because="the claim's own").filter(claim=claim).order_by()
    sums = lines.aggregate(asked=Sum("asked"), amount=Sum("amount"))
    claim.asked, claim.approved_amount = sums["asked"] or checks.ZERO, sums["amount"] or checks.ZERO
    claim.save()

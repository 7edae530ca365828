"""May this partner register this end customer for these product lines, and what stands against it?

Guarantee: a live protection of another partner on the same customer and an overlapping line is always `blocked`;
whatever only might be the same customer is `possible`, and a person decides. What the partner hears
(`what_partner_hears`) is one of three words and never says who, why or how sure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from dealreg import errors
from dealreg.models import DealRegistration, Protection
from partners.models import Partner
from prm.catalogue.models import ProductLine
from prm.customers.identifiers import clean_domain, clean_phone, clean_tax_number
from prm.customers.matching import BLOCKED, CLEAR, POSSIBLE, Asked, Match, asked, find_many
from prm.customers.models import EndCustomer
from prm.customers.services import hold_name
from prm.values import clock

NOT_AVAILABLE, UNDER_REVIEW = "not_available", "under_review"
SHOWN = 5
SETTLED = 20  # so many like it are looked at before an approval
_HEARS = {CLEAR: "clear", POSSIBLE: UNDER_REVIEW, BLOCKED: NOT_AVAILABLE}
_RANK = {CLEAR: 0, POSSIBLE: 1, BLOCKED: 2}

# What may stand against a registration of the very same customer, strongest first, and what it leads to.
RULES = {
    "live_protection": BLOCKED,
    "direct_only": BLOCKED,
    "own_protection": BLOCKED,
    "own_registration": POSSIBLE,
    "open_registration": POSSIBLE,
    "named_account": POSSIBLE,
    "existing_customer": CLEAR,
}
POSSIBLE_MATCH, NOBODY = "possible_match", "nobody_on_file"


@dataclass(frozen=True, slots=True)
class Standing:
    """One thing that stands against registering a customer: `kind` is a key of RULES.

    It concerns the product lines in `line_ids`, every line where there are none; `lines` are their names as evidence.
    """

    kind: str
    partner: str = ""
    registration: str = ""
    lines: tuple[str, ...] = ()
    line_ids: tuple[int, ...] = ()
    since: str = ""
    until: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A customer on file that is or may be meant, with what stands against it. `same`: it certainly is that one."""

    match: Match
    same: bool
    verdict: str
    rule: str
    stands: tuple[Standing, ...] = ()
    decides: bool = False

    def as_json(self) -> dict[str, Any]:
        stands = [
            asdict(standing) | {"lines": list(standing.lines), "line_ids": list(standing.line_ids)}
            for standing in self.stands
        ]
        return self.match.as_dict() | {
            "identity": self.match.verdict,
            "same": self.same,
            "verdict": self.verdict,
            "rule": self.rule,
            "stands": stands,
            "decides": self.decides,
        }


@dataclass(frozen=True, slots=True)
class ConflictResult:
    """The answer of a check. `rule` names what decided; `own` is the partner's own registration, if that is it."""

    verdict: str
    rule: str
    score: int = 0
    matches: tuple[Finding, ...] = ()
    own: str = ""

    def as_json(self) -> dict[str, Any]:
        """Plain values for storing; for staff only."""
        return {
            "verdict": self.verdict,
            "rule": self.rule,
            "score": self.score,
            "own": self.own,
            "matches": [finding.as_json() for finding in self.matches],
        }


def what_partner_hears(result: ConflictResult) -> str:
    """`clear`, `under_review` or `not_available`; nothing else about the result may reach a partner."""
    return _HEARS[result.verdict]


def by_line(
    result: ConflictResult, product_lines: Iterable[ProductLine]
) -> dict[ProductLine, ConflictResult]:
    """What a check of several product lines says of each; nothing is read again."""
    return {
        line: _conclude([_of_line(finding, line.pk) for finding in result.matches]) for line in product_lines
    }


def _of_line(finding: Finding, line_id: int) -> Finding:
    stands = [one for one in finding.stands if not one.line_ids or line_id in one.line_ids]
    return _finding(finding.match, stands, resolved=finding.same)


def check(
    *,
    name: str,
    product_lines: Iterable[ProductLine],
    partner: Partner,
    tax_number: str = "",
    domain: str = "",
    region: str = "",
    phone: str = "",
    customer: EndCustomer | None = None,
    registration: DealRegistration | None = None,
    matches: list[Match] | None = None,
) -> ConflictResult:
    """Check a typed customer for `partner` and `product_lines`.

    `customer` is the end customer that the text was resolved to, if it was; `registration` is left out of what
    stands against it. `matches` are those of the text, where they were asked for before. Reads a bounded number of
    rows with a fixed number of queries.
    """
    if matches is None:
        typed = _typed(name=name, tax_number=tax_number, domain=domain, region=region, phone=phone)
        matches = find_many([typed], limit=SHOWN)[0]
    matches = [
        match
        for match in matches
        if match.verdict != CLEAR or (customer and match.customer_id == customer.pk)
    ]
    if customer and customer.pk not in {match.customer_id for match in matches}:
        matches.insert(0, Match(customer.pk, customer.number, customer.name, 100, BLOCKED, ()))
    stands = _standings([match.customer_id for match in matches], list(product_lines), partner, registration)
    findings = [
        _finding(
            match,
            stands.get(match.customer_id, []),
            resolved=customer is not None and match.customer_id == customer.pk,
        )
        for match in matches
    ]
    return _conclude([finding for finding in findings if not _is_itself(finding, customer)])


def _is_itself(finding: Finding, customer: EndCustomer | None) -> bool:
    """The customer that this very text made, with nothing against it, is no finding."""
    return (
        customer is not None
        and customer.pk == finding.match.customer_id
        and customer.provisional
        and finding.rule == "existing_customer"
    )


def _finding(match: Match, stands: list[Standing], *, resolved: bool) -> Finding:
    same = match.verdict == BLOCKED or resolved
    stands = sorted(stands, key=lambda standing: list(RULES).index(standing.kind))
    rule = stands[0].kind if stands else "existing_customer"
    verdict = RULES[rule] if same else POSSIBLE
    return Finding(match, same, verdict, rule if same else POSSIBLE_MATCH, tuple(stands))


def _conclude(findings: Sequence[Finding]) -> ConflictResult:
    """The strictest finding decides; among equals the one that certainly is the customer, then the likeliest."""
    if not findings:
        return ConflictResult(CLEAR, NOBODY)
    order = list(RULES)
    decides = max(
        findings,
        key=lambda one: (
            _RANK[one.verdict],
            one.same,
            -order.index(one.rule) if one.rule in order else -99,
            one.match.score,
        ),
    )
    own = next(
        (
            standing.registration
            for standing in decides.stands
            if standing.kind == decides.rule and standing.kind in ("own_protection", "own_registration")
        ),
        "",
    )
    marked = tuple(replace(finding, decides=finding is decides) for finding in findings)
    return ConflictResult(
        decides.verdict, decides.rule, decides.match.score, marked, own if decides.same else ""
    )


# What evidence is made of; whole rows of three tables cost more to read than to find.
OF_PROTECTION = (
    "end_customer_id", "first_day", "during", "registration__number", "registration__partner__name",
    "product_line__name", "product_line__name_zh",
)  # fmt: skip


def _standings(
    customers: list[int], lines: list[ProductLine], partner: Partner, registration: DealRegistration | None
) -> dict[int, list[Standing]]:
    """What stands against registering each of `customers`."""
    found: dict[int, list[Standing]] = defaultdict(list)
    if not customers:
        return found
    marks = EndCustomer.objects.filter(pk__in=customers).order_by("pk")
    for pk, direct_only, named_account in marks.values_list("pk", "direct_only", "named_account"):
        if direct_only:
            found[pk].append(Standing("direct_only"))
        if named_account:
            found[pk].append(Standing("named_account"))
    protections = (
        Protection.objects.for_everyone(because="a conflict is looked for among all partners")
        .live(clock.today())
        .filter(end_customer__in=customers, product_line__in=lines)
        .select_related("registration__partner", "product_line")
        .only(*OF_PROTECTION)
    )
    for protection in protections.order_by("id"):
        if registration is not None and protection.registration_id == registration.pk:
            continue
        found[protection.end_customer_id].append(_of_protection(protection, partner))
    return _with_open_registrations(found, customers, lines, partner, registration)


def _of_protection(protection: Protection, partner: Partner) -> Standing:
    own = protection.registration.partner_id == partner.pk
    return Standing(
        kind="own_protection" if own else "live_protection",
        partner=protection.registration.partner.name,
        registration=protection.registration.number,
        lines=(str(protection.product_line),),
        line_ids=(protection.product_line_id,),
        since=protection.first_day.isoformat(),
        until=protection.last_day.isoformat(),
    )


def _with_open_registrations(
    found: dict[int, list[Standing]],
    customers: list[int],
    lines: list[ProductLine],
    partner: Partner,
    registration: DealRegistration | None,
) -> dict[int, list[Standing]]:
    rows = (
        DealRegistration.objects.for_everyone(because="a conflict is looked for among all partners")
        .filter(end_customer__in=customers, state__in=DealRegistration.OPEN, lines__product_line__in=lines)
        .exclude(pk=registration.pk if registration is not None else None)
        .select_related("partner")
        .only("number", "partner__name", "end_customer_id", "submitted_at")
        .prefetch_related("lines__product_line")
        .order_by("submitted_at", "id")
        .distinct()
    )
    for row in rows[:50]:
        own = row.partner_id == partner.pk
        found[row.end_customer_id].append(
            Standing(
                kind="own_registration" if own else "open_registration",
                partner=row.partner.name,
                registration=row.number,
                lines=tuple(str(line.product_line) for line in row.lines.all()),
                line_ids=tuple(line.product_line_id for line in row.lines.all()),
                since=row.submitted_at.isoformat() if row.submitted_at else "",
            )
        )
    return found


def hold_customer(registration: DealRegistration) -> None:
    """Let no other submission or approval of a customer that might be this one run until the transaction ends."""
    customer = registration.end_customer
    hold_name(
        name=registration.customer_name,
        also=customer.name if customer else "",
        tax_number=customer.tax_number if customer else registration.tax_number,
        domain=customer.domain if customer else registration.domain,
    )


def _typed(*, name: str, tax_number: str, domain: str, region: str, phone: str) -> Asked:
    """The question that a typed customer asks."""
    return asked(
        name=name, tax_number=clean_tax_number(tax_number), domain=clean_domain(domain), region=region,
        phone=clean_phone(phone),
    )  # fmt: skip


def matches_for_approval(registration: DealRegistration) -> tuple[list[Match], list[Match]]:
    """Whom the registration's customer, and whom its typed text could mean: for `must_be_settled` and `check`.

    Both are asked in one round, and only once where the customer is called as it was typed.
    """
    customer = registration.end_customer
    text = _typed(
        name=registration.customer_name, tax_number=registration.tax_number, domain=registration.domain,
        region=registration.region, phone=registration.phone,
    )  # fmt: skip
    if customer is None:
        return [], find_many([text], limit=SHOWN)[0]
    own = asked(
        name=customer.name, tax_number=customer.tax_number, domain=customer.domain, region=customer.region
    )
    if own == text:
        both = find_many([own], limit=SETTLED)[0]
        return both, both[:SHOWN]
    of_customer, of_text = find_many([own, text], limit=SETTLED)
    return of_customer, of_text[:SHOWN]


def must_be_settled(
    registration: DealRegistration, product_lines: Iterable[ProductLine], matches: list[Match]
) -> None:
    """Refuse approval while the customer may be another one that is protected for one of the lines.

    Somebody merges the two, or confirms the typed one as a company of its own; until then two spellings of one
    company could both be protected. Call under `hold_customer`, with what `matches_for_approval` gave since.
    """
    customer = registration.end_customer
    if customer is None:
        return
    others = {m.customer_id: m for m in matches if m.customer_id != customer.pk and m.verdict != CLEAR}
    held = (
        Protection.objects.for_everyone(because="a conflict is looked for among all partners")
        .live(clock.today())
        .filter(end_customer__in=list(others), product_line__in=list(product_lines))
        .select_related("end_customer")
        .order_by("id")
    )
    for protection in held:
        if customer.provisional or protection.end_customer.provisional:
            raise errors.CustomerNotSettled(name=customer.name, other=protection.end_customer.name)


def move_to_survivor(customer: EndCustomer, into: EndCustomer) -> None:
    """When two customers are merged: what partners hold on the one is held on the other.

    Refused while both have a live protection on one product line, which a person must decide first.
    """
    protections = Protection.objects.for_everyone(because="both customers become one")
    live = protections.live(clock.today())
    both = set(live.filter(end_customer=customer).values_list("product_line_id", flat=True)) & set(
        live.filter(end_customer=into).values_list("product_line_id", flat=True)
    )
    if both:
        raise errors.BothProtected(name=customer.name, other=into.name)
    protections.filter(
        end_customer=customer, during__isempty=False, during__endswith__gt=clock.today()
    ).update(end_customer=into)
    DealRegistration.objects.for_everyone(because="both customers become one").filter(
        end_customer=customer
    ).update(end_customer=into)

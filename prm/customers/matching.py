"""Who on file could be meant by what somebody typed.

Guarantee: `blocked` is said only of the same tax number or the same full core name that nothing contradicts. The
weights of a match's reasons add up to its score. A search reads a bounded number of rows, whatever was typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from prm.customers import candidates
from prm.customers.candidates import Candidate
from prm.customers.evidence import SAME_CORE, likeness, places_differ
from prm.customers.identifiers import says_something
from prm.customers.normalise import NormalisedName, fold, normalise
from prm.customers.regions import leading_place, places

CLEAR, POSSIBLE, BLOCKED = "clear", "possible", "blocked"
SAME_TAX_NUMBER = 90.0
SAME_DOMAIN = 40.0
SAME_PHONE = 25.0
SAME_REGION = 8.0
OTHER_REGION = -14.0
OTHER_TAX_NUMBER = -30.0
POSSIBLE_FROM = 40
COMPARED = 40  # candidates of each script that are compared in full


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody typed, cleaned: see `asked`."""

    text: str
    name: NormalisedName
    tax_number: str = ""
    domain: str = ""
    region: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that speaks for (or, with a negative weight, against) a match: `a` was asked, `b` is on file."""

    reason: str
    weight: int
    field: str
    a: str
    b: str


@dataclass(frozen=True, slots=True)
class Match:
    """A customer on file that could be meant. `score` 0..100 is the sum of the reasons' weights."""

    customer_id: int
    number: str
    name: str
    score: int
    verdict: str
    reasons: tuple[Reason, ...]

    def as_dict(self) -> dict:
        """Plain values, as they are stored with a registration."""
        return asdict(self) | {"reasons": [asdict(reason) for reason in self.reasons]}


def place_of(region: str) -> str:
    """A typed region as a place in short Chinese: "广东 深圳市" → 深圳; unknown words stay as they are, folded."""
    text = fold(region).strip()
    if not text:
        return ""
    from prm.customers.regions import latin_places

    last = text.replace(",", " ").split()[-1]
    known = places().get(last) or leading_place(last + "  ")[0]
    return known.short if known else latin_places().get(last, last)


def asked(*, name: str, tax_number: str = "", domain: str = "", region: str = "", phone: str = "") -> Asked:
    """Prepare a question; the fields are taken as cleaned (prm.customers.identifiers)."""
    return Asked(
        text=name,
        name=normalise(name),
        tax_number=tax_number,
        domain=domain,
        region=place_of(region),
        phone=phone,
    )


def find_matches(
    *, name: str, tax_number: str = "", domain: str = "", region: str = "", phone: str = "", limit: int = 5
) -> list[Match]:
    """The customers that could be meant, best first; at most `limit`."""
    question = asked(name=name, tax_number=tax_number, domain=domain, region=region, phone=phone)
    return find_many([question], limit=limit)[0]


def find_many(questions: Sequence[Asked], *, limit: int = 5) -> list[list[Match]]:
    """`find_matches` for many questions with a fixed number of database round trips."""
    found = candidates.search(questions, most=COMPARED)
    return [_ranked(question, rows)[:limit] for question, rows in zip(questions, found, strict=True)]


def _ranked(question: Asked, rows: Iterable[Candidate]) -> list[Match]:
    ranked = []
    for row in rows:
        points = evidence(question, row)
        total = sum(weight for *_, weight in points)
        if total >= 1:
            ranked.append((total, row, points))
    ranked.sort(key=lambda one: (-one[0], -one[1].shared, one[1].number))
    best: dict[int, Match] = {}
    for _, row, points in ranked:
        if row.customer_id not in best:
            best[row.customer_id] = _match(question, row, points)
    return list(best.values())


Points = list[tuple[str, str, str, str, float]]


def evidence(question: Asked, row: Candidate) -> Points:
    """Everything that speaks for and against, as (reason, field, asked, on file, points)."""
    found: Points = []
    if question.tax_number and row.tax_number:
        same = question.tax_number == row.tax_number
        points = SAME_TAX_NUMBER if same else OTHER_TAX_NUMBER
        reason = "same_tax_number" if same else "other_tax_number"
        found.append((reason, "tax_number", question.tax_number, row.tax_number, points))
    on_file = normalise(row.name)
    alike = likeness(question.name, on_file)
    if alike.points:
        found.append((alike.reason, "name", question.text, row.name, alike.points))
    if says_something(question.domain) and question.domain == row.domain:
        found.append(("same_domain", "domain", question.domain, row.domain, SAME_DOMAIN))
    if question.phone and question.phone == row.phone:
        found.append(("same_phone", "phone", question.phone, row.phone, SAME_PHONE))
    if found and not (len(found) == 1 and found[0][4] < 0):
        found += _region_evidence(question, row, on_file)
    return found


def _region_evidence(question: Asked, row: Candidate, on_file: NormalisedName) -> Points:
    """Places typed apart from the name; those inside the names are already in the names' likeness."""
    asked_place = question.region or question.name.region
    file_place = place_of(row.region) or on_file.region
    if not asked_place or not file_place or not (question.region or row.region):
        return []
    if places_differ(asked_place, file_place):
        return [("other_region", "region", asked_place, file_place, OTHER_REGION)]
    return [("same_region", "region", asked_place, file_place, SAME_REGION)]


def _verdict(points: Points, score: int) -> str:
    reasons = {reason for reason, *_ in points}
    if "same_tax_number" in reasons:
        return BLOCKED
    if "same_core_name" in reasons and not reasons & {"other_tax_number", "other_region"}:
        return BLOCKED
    return POSSIBLE if score >= POSSIBLE_FROM or "same_core_name" in reasons else CLEAR


def _match(question: Asked, row: Candidate, points: Points) -> Match:
    weights = whole_weights([point[4] for point in points])
    reasons = tuple(
        Reason(reason, weight, field, a, b)
        for (reason, field, a, b, _), weight in zip(points, weights, strict=True)
    )
    score = sum(weights)
    return Match(row.customer_id, row.number, row.customer_name, score, _verdict(points, score), reasons)


def whole_weights(points: Sequence[float]) -> list[int]:
    """Points as whole weights whose sum is the score: at most 100, at least 0, largest remainder."""
    against = -sum(point for point in points if point < 0)
    in_favour = sum(point for point in points if point > 0)
    kept = min(against, in_favour)  # what speaks against never weighs more than what speaks for
    up = min(in_favour, 100.0 + kept) / in_favour if in_favour else 0.0
    down = kept / against if against else 0.0
    exact = [point * (up if point > 0 else down) for point in points]
    weights = [int(value // 1) for value in exact]
    missing = round(sum(exact)) - sum(weights)
    by_remainder = sorted(range(len(exact)), key=lambda i: (weights[i] - exact[i], i))
    for i in by_remainder[:missing]:
        weights[i] += 1
    return weights


assert SAME_CORE > POSSIBLE_FROM  # the same name is never called clear

"""Where a policy jumps: the edges of its bands at which the last unit of currency changes the rebate on all the others.

An edge at which the rebate only begins to rise faster is none. What a formula jumps at is told of partners that stood
near it, in `temptations.py`: its jumps hang on more than one figure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from rebates import arithmetic
from rebates.arithmetic import Figures
from rebates.mechanisms import NO_BOUND, Bands, bands_of
from rebates.models import Version
from rebates.payout_chart import EXAMPLE, example_reference, payout
from rebates.temptations import NEAR, Stood

HAIR = Decimal("1e-9")  # below the edge by less than anything that is sold


@dataclass
class Cliff:
    """An edge and by how much the rebate jumps there: on the edge itself, or on the example it is reckoned for.

    `low` is the bound as the policy's figures have it, which is a share of `share_of` where there is one; `edge` is
    the volume. `each`: so it goes on, a full increment after the other. `below` and `above` are how often each partner
    stood within a twentieth of the edge in the periods tried.
    """

    place: int  # of the version among those tried
    number: int  # from 1
    low: Decimal
    edge: Decimal
    jump: Decimal
    share_of: str = ""
    each: bool = False
    below: dict[int, int] = field(default_factory=dict)
    above: dict[int, int] = field(default_factory=dict)

    @property
    def partners(self) -> int:
        """How many partners stood near it, in whichever period."""
        return len(self.below.keys() | self.above.keys())

    @property
    def times(self) -> int:
        """In how many periods, of all of them together."""
        return sum(self.below.values()) + sum(self.above.values())


def cliffs_of(version: Version, place: int = 0) -> list[Cliff]:
    """The edges of a version at which its rebate jumps, lowest first."""
    policy, bands = version.policy, bands_of(version.policy)
    currency = policy["currency"]
    if bands.counts_increments:
        edge = bands.increment or Decimal(1)
        jump = arithmetic.rounded(_paid(policy, bands, edge) - _paid(policy, bands, Decimal(0)), currency)
        return [Cliff(place, 1, edge, edge, jump, each=True)] if jump else []
    if bands.expression:
        return []
    found, most = [], _most(bands)
    for number, low in enumerate(bands.lower, 1):
        edge = low * _scale(policy, bands)
        if low <= 0 or low == NO_BOUND or (most is not None and edge > most):
            continue
        jump = arithmetic.rounded(_paid(policy, bands, edge) - _paid(policy, bands, edge - HAIR), currency)
        if jump:
            found.append(Cliff(place, number, low, edge, jump, bands.share_of))
    return found


def stood(cliffs: Iterable[Cliff], version: Version, rows: Iterable[Stood]) -> None:
    """Note on the cliffs of a version who stood near them in a period."""
    bands, own = bands_of(version.policy), list(cliffs)
    plain = not bands.share_of and not bands.counts_increments
    spans = [(cliff.low * (1 - NEAR), cliff.low * (1 + NEAR)) for cliff in own]
    for one in rows if own else ():
        measured = one.base if bands.by_base else one.qualifier
        for cliff, (first, last) in zip(own, spans, strict=True):
            if plain and not first <= measured <= last:
                continue  # most partners, at the cost of a comparison
            missing = _missing(cliff, bands, one)
            if missing is None:
                continue
            edge, away = missing
            if edge <= 0 or abs(away) > NEAR * edge:
                continue
            side = cliff.below if away > 0 else cliff.above
            side[one.partner_id] = side.get(one.partner_id, 0) + 1


def _missing(cliff: Cliff, bands: Bands, one: Stood) -> tuple[Decimal, Decimal] | None:
    """The edge for this partner, and how far it stood below it (negative: above); None where it has none."""
    if cliff.each:
        bought = Decimal(one.counted) if one.counted is not None else one.qualifier
        if bought <= 0:
            return None
        over = bought % cliff.edge
        missing = cliff.edge - over
        return cliff.edge, missing if bought < cliff.edge or missing < over else -over
    if cliff.share_of and one.reference is None:
        return None
    edge = cliff.low * one.reference if cliff.share_of and one.reference is not None else cliff.low
    return edge, edge - (one.base if bands.by_base else one.qualifier)


def _most(bands: Bands) -> Decimal | None:
    return bands.most_base if bands.by_base else bands.most_counted


def _scale(policy: dict[str, Any], bands: Bands) -> Decimal:
    if bands.share_of == "total":
        return EXAMPLE
    return example_reference(policy) or Decimal(1)


def _paid(policy: dict[str, Any], bands: Bands, volume: Decimal) -> Fraction:
    """The exact rebate on a volume; of a mix, where so much of the example is sold of the focus lines."""
    if bands.share_of != "total":
        return Fraction(payout(policy, volume))
    figures = Figures(volume, EXAMPLE, EXAMPLE)
    return arithmetic.limited(bands, arithmetic.raw(bands, figures))

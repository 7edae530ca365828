"""The settlement's SQL agrees to the cent with the plain oracle on random policies, partners and lines."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product
from random import Random
from unittest import mock

import pytest
from django.db import transaction
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from orders.models import PaymentReceived, SalesLine, SerialMoved
from partners.models import Partner, TierMembership
from prm.values.periods import Period
from rebates import partner_pools, sums, verifier_mechanisms, verifier_terms
from rebates import verifier as oracle
from rebates.accruals import accruals
from rebates.minimums import kept_on
from rebates.models import Result, Statement, Version
from rebates.verifier_days import credits_for
from tests.conftest import LONG
from tests.factories.catalogue import ProductFactory
from tests.factories.partners import TierFactory
from tests.rebates import random_credits as crediting
from tests.rebates.measured import FIGURES, registered
from tests.rebates.random_lines import random_line, random_rates
from tests.rebates.random_policies import (
    CERTIFICATES,
    LINES,
    REGIONS,
    TIERS,
    TYPES,
    concerning,
    link,
    random_policy,
)
from tests.rebates.world import BY, apply, posted, settle


class World:
    """Random programmes, partners and lines; `store` writes lines, `expected` asks the oracle."""

    def __init__(self, seed: int):
        self.random = Random(seed)
        for code in TIERS[1:]:
            TierFactory(code=code)
        self.products = {line: ProductFactory(code=f"{line}-1", product_line__code=line) for line in LINES}
        self.policies = [random_policy(self.random, number) for number in range(8)]
        link(self.random, self.policies)
        self.rates = random_rates(self.random)
        self.spans: dict[int, list] = {}
        self.partners: list[tuple[Partner, str]] = []
        self.tops: dict[str, str] = {}  # the topmost partner above each
        for number in range(40):
            self.partners.append(self._partner(number))
        apply(*self.policies)
        self.asked = {
            name: {
                partner.pk: self.random.choice(["0", "1", "2.5", "3", "7"])
                for partner, _tier in self.partners
            }
            for name in (*CERTIFICATES, "tests.score")
        }
        self.receipts: dict[int, list[oracle.Receipt]] = {partner.pk: [] for partner, _tier in self.partners}
        self.totals: dict[tuple[int, str], Fraction] = {}
        self.lines: dict[int, list[oracle.Line]] = {partner.pk: [] for partner, _tier in self.partners}
        self.count = 0
        self.kept: dict[tuple[str, int], Fraction] = {}
        self.rows: dict[int, SalesLine] = {}
        self.sold: dict[tuple[int, str], list[str]] = {}
        self.serials: dict[int, tuple[str, ...]] = {}
        # By partner and programme: what each closed period paid, in the measure currency, and its paid base.
        self.settled: dict[tuple[int, str], list[dict]] = {}
        # What cumulative programmes posted so far in the year, in the measure currency.
        self.posted: dict[tuple[int, str], Fraction] = {}

    def _partner(self, number: int) -> tuple[Partner, str]:
        kind, region = self.random.choice(TYPES), self.random.choice(REGIONS)
        above = self.random.choice([None, *(partner for partner, _tier in self.partners[-9:])])
        partner = Partner.objects.create(
            number=f"X-{number}", name=f"X {number}", type=kind, region=region, parent=above
        )
        self.tops[partner.number] = self.tops[above.number] if above else partner.number
        spans = self.random.choice([self._always, self._changing])()
        for first, after, tier in spans:
            TierMembership.objects.create(
                partner=partner, tier=TierFactory(code=tier), during=(first, after), set_by="test"
            )
        self.spans[partner.pk] = [
            [first and first.isoformat(), after and after.isoformat(), tier] for first, after, tier in spans
        ]
        return partner, ""

    def _always(self) -> list:
        tier = self.random.choice(TIERS)
        return [(date(2020, 1, 1), None, tier)] if tier else []

    def _changing(self) -> list:
        """Tiers that follow each other, some with days without any between them."""
        days = sorted({date(2026, 6, 20) + timedelta(days=self.random.randint(0, 110)) for _ in range(4)})
        pairs = zip(days, [*days[1:], None], strict=True)
        return [(one, end, self.random.choice(TIERS[1:])) for one, end in pairs if self.random.random() < 0.8]

    def store(self, *, late: bool) -> None:
        """Sales first, then the returns that name one of them."""
        sales, returns = [], []
        for partner, _tier in self.partners:
            for _ in range(
                self.random.choice([0, 1, 2, 6, 12]) if not late else self.random.choice([0, 0, 1, 3])
            ):
                line = self._return_of(partner, random_line(self.random, late=late))
                self.lines[partner.pk].append(line)
                row = self._row(partner, line)
                self.rows[id(line)] = row
                (returns if line.origin else sales).append((row, line))
        self.pay(late=late)
        for pairs in (sales, returns):
            self.random.shuffle(pairs)
            for row, line in pairs:
                row.reverses_id = self.rows[id(line.origin)].pk if line.origin else None
            SalesLine.objects.bulk_create([row for row, _line in pairs])
            self._name_serials(pairs)
            crediting.give(self.random, [partner for partner, _tier in self.partners], late=late)
        known = {self.rows[id(line)].pk: line for lines in self.lines.values() for line in lines}
        self.credits = crediting.as_kits_have_them(known, self.receipts)
        if not late:
            self.credits_closed_with = {pk: len(rows) for pk, rows in self.credits.items()}

    def _name_serials(self, pairs: list) -> None:
        """Some pieces of each line; what was sold to a partner may come back from it once."""
        rows = []
        for row, line in pairs:
            key = (row.partner_id, line.product)
            if line.quantity > 0:
                names = [f"S-{row.line_number}-{number}" for number in range(self.random.randint(0, 3))]
                self.sold.setdefault(key, []).extend(names)
            else:
                names = [self.sold[key].pop() for _ in range(self.random.randint(0, 2)) if self.sold.get(key)]
            rows += [
                SerialMoved(
                    serial=name, product_id=row.product_id, line_id=row.pk, returned=line.quantity < 0
                )
                for name in names
            ]
            self.serials[id(line)] = tuple(names)
        SerialMoved.objects.bulk_create(rows)

    def _return_of(self, partner: Partner, line: oracle.Line) -> oracle.Line:
        """The line as a return of an earlier sale, now and then."""
        known = [one for one in self.lines[partner.pk] if one.amount > 0 and one.origin is None]
        if line.amount >= 0 or not known or self.random.random() < 0.3:
            return line
        sold = self.random.choice(known)
        return replace(
            line, origin=sold, product_line=sold.product_line, product=sold.product, currency=sold.currency
        )

    def pay(self, *, late: bool) -> None:
        """Part payments, too large ones, some taken back, some in another currency."""
        rows = []
        for partner, _tier in self.partners:
            for document in {line.document for line in self.lines[partner.pk]}:
                total = self.totals.setdefault(
                    (partner.pk, document), Fraction(self.random.choice([3, 700, 2999]))
                )
                for _ in range(self.random.choice([0, 1, 1, 2, 3] if not late else [0, 0, 0, 1])):
                    amount = total * self.random.choice(
                        [Fraction(1), Fraction(1, 3), Fraction(1, 2), Fraction(-1, 3)]
                    )
                    amount = Fraction(round(amount * 100), 100)
                    day = date(2026, 7, 1) + timedelta(days=self.random.randint(-3, 120))
                    receipt = oracle.Receipt(
                        document, day, amount, total, self.random.choice(["CNY"] * 9 + ["EUR"])
                    )
                    self.receipts[partner.pk].append(receipt)
                    rows.append(self._receipt(partner, receipt))
        PaymentReceived.objects.bulk_create(rows)

    def _receipt(self, partner: Partner, receipt: oracle.Receipt) -> PaymentReceived:
        self.count += 1
        return PaymentReceived(
            payment_number=f"RC-{self.count}", partner=partner, document=receipt.document, received_on=receipt.day,
            amount=Decimal(str(float(receipt.amount))), invoice_total=Decimal(int(receipt.total)),
            currency=receipt.currency, source="import",
        )  # fmt: skip

    def _row(self, partner: Partner, line: oracle.Line) -> SalesLine:
        self.count += 1
        product = self.products[line.product_line]
        return SalesLine(
            line_number=f"R-{self.count}", partner=partner, product=product, product_line=product.product_line,
            booking_date=line.day, quantity=Decimal(line.quantity.numerator), currency=line.currency,
            net_amount=(Decimal(line.amount.numerator) / line.amount.denominator).quantize(Decimal("0.01")),
            source="import", document=line.document, order_date=line.ordered, ship_date=line.shipped,
            tax_rate=Decimal(str(float(line.tax))),
            gross_amount=None if line.gross is None else Decimal(round(line.gross * 100)).scaleb(-2),
            recorded_at=datetime(line.recorded.year, line.recorded.month, line.recorded.day, 3, tzinfo=UTC),
        )  # fmt: skip

    def traits(self, partner: Partner, policies: list[dict], period: Period) -> dict:
        """What policies ask of a partner, and what their gates find."""
        figures = {name: asked[partner.pk] for name, asked in self.asked.items()}
        found = {policy["code"]: figures for policy in policies}
        held = [name for name in CERTIFICATES if Fraction(figures[name]) >= 1]
        return {
            "region": partner.region,
            "number": partner.number,
            "certificates": held,
            "found": found,
            "receipts": self.receipts[partner.pk],
            "collected": {
                policy["code"]: crediting.factors(policy, self.credits.get(partner.pk, []), self.receipts)
                for policy in policies
                if policy.get("counts") == "credited"
            },
            "spans": self.spans[partner.pk],
            "settled": {
                policy["code"]: [
                    one
                    for one in self.settled.get((partner.pk, policy["code"]), [])
                    if one["after"] < str(period.end)
                ]
                for policy in policies
            },
            "since": {policy["code"]: "2026-01-01" for policy in policies if policy.get("cumulative")},
            "before": {
                policy["code"]: self.posted.get((partner.pk, policy["code"]), Fraction(0))
                for policy in policies
                if policy.get("cumulative")
            },
        }

    def known(self, partner: Partner, *, years: bool) -> list[oracle.Line]:
        """A partner's lines; nothing is late within an open year."""
        lines = [replace(line, serials=self.serials[id(line)]) for line in self.lines[partner.pk]]
        given = self.credits.get(partner.pk, [])
        closed = self.credits_closed_with.get(partner.pk, 0)
        lines += credits_for({"credits_to": len(given), "credits_closed_with": closed}, given)
        return [replace(line, after_close=False) for line in lines] if years else lines

    def close(self, last_day: date) -> None:
        """Remember what the periods that end so paid, for returns at the original rate."""
        found: dict[tuple[int, str], Fraction] = {}
        for policy in self.policies:
            period, years = Period.of(policy["period"], last_day), bool(policy.get("cumulative"))
            if period.last_day != last_day:
                continue
            plain = [{k: v for k, v in one.items() if k != "payout_currency"} for one in self.policies]
            alike = ("period", "currency", "cumulative")
            mine = [one for one in plain if all(one.get(name) == policy.get(name) for name in alike)]
            (own,) = (one for one in mine if one["code"] == policy["code"])
            shares = self.shared_by_all(own, period, is_open=years)
            capped = self.capped(mine, period, is_open=years)
            if years and "as" in policy.get("who", {}):
                found |= {(pk, code): figure for (code, pk, _ends), figure in shares.items()}
                continue
            for partner, _tier in self.partners:
                lines = self.known(partner, years=years)
                more = self.traits(partner, mine, period) | {"pools": capped[partner.number]}
                tier = verifier_terms.tier_on(last_day, more)
                paid = oracle.together(
                    concerning(partner.number, mine), tier, partner.type, lines, period.start, period.end, 2,
                    self.rates, more,
                )  # fmt: skip
                if policy["code"] not in paid:
                    continue
                paid |= {code: figure for (code, pk, _ends), figure in shares.items() if pk == partner.pk}
                if years:
                    found[partner.pk, policy["code"]] = paid[policy["code"]]
                    continue
                how = "per_unit" if oracle.pays_units(policy) else "flat"
                summed = {k: v for k, v in policy.items() if k != "caps"} | {"mechanism": {"kind": how}}
                counted = oracle.as_counted(summed, lines, more)
                it, _read = oracle.added_up(summed, counted, period.start, period.end, self.rates, more)
                self.settled.setdefault((partner.pk, policy["code"]), []).append(
                    {
                        "first": str(period.start), "after": str(period.end), "paid": paid[policy["code"]],
                        "base": self.stated(policy, partner, last_day, it.base),
                    }
                )  # fmt: skip
        for key, amount in found.items():
            self.posted[key] = self.posted.get(key, Fraction(0)) + amount

    def stated(self, policy: dict, partner: Partner, last_day: date, base: Fraction) -> Fraction:
        """The base with as many decimals as its result keeps, which kits take as given: three at least."""
        rows = Result.objects.for_everyone(because="a test").filter(
            partner=partner, ends=Period.of("month", last_day).end
        )
        kept = (
            rows.filter(programme__code=policy["code"]).values_list("explanation__paid_on", flat=True).first()
        )
        found = oracle.rounded(base, "half_up", 3) if kept is None else Fraction(kept)
        assert abs(found - base) <= Fraction(1, 2000)
        return found

    def expected(
        self, last_day: date, *, kinds=(False, True), is_open=False
    ) -> dict[tuple[str, int, date], Fraction]:
        """What each programme pays each partner for the period that ends then; `kinds`: plain ones, cumulative ones.
        Nothing is late in an open period.
        """
        found = {}
        for length, years in product(("month", "quarter", "year"), kinds):
            period = Period.of(length, last_day)
            policies = [
                policy for policy in self.policies
                if policy["period"] == length and bool(policy.get("cumulative")) == years
            ]  # fmt: skip
            if period.last_day != last_day:
                continue
            capped = self.capped(policies, period, is_open=years or is_open)
            for partner, _tier in self.partners:
                lines = self.known(partner, years=years or is_open)
                more = self.traits(partner, policies, period) | {"pools": capped[partner.number]}
                tier = verifier_terms.tier_on(period.last_day, more)
                paid = oracle.together(
                    concerning(partner.number, policies), tier, partner.type, lines, period.start, period.end, 2,
                    self.rates, more,
                )  # fmt: skip
                found |= {(code, partner.pk, period.end): figure for code, figure in paid.items()}
            for policy in policies:
                found |= self.shared_by_all(policy, period, is_open=years or is_open)
        return found

    def shared_by_all(
        self, policy: dict, period: Period, *, is_open: bool
    ) -> dict[tuple[str, int, date], Fraction]:
        """What a programme pays to all partners, or to families, as a group."""
        how = policy.get("who", {}).get("as")
        tops = {"group": {""}, "family": {self.tops[partner.number] for partner, _tier in self.partners}}
        found: dict[tuple[str, int, date], Fraction] = {}
        for top in tops.get(how, ()):
            found |= self.shared_by_group(policy, period, top, is_open=is_open)
        return found

    def capped(self, policies: list[dict], period: Period, *, is_open: bool) -> dict[str, dict]:
        """By number what falls to each partner of the caps over all, as kits state it."""
        parts = {
            policy["code"]: self.parts_of_cap(policy, period, is_open=is_open)
            for policy in policies
            if partner_pools.cap_of(policy)
        }
        return {
            partner.number: {
                code: {"lowered": True, "paid": paid[partner.number]}
                for code, paid in parts.items()
                if partner.number in paid
            }
            for partner, _tier in self.partners
        }

    def parts_of_cap(self, policy: dict, period: Period, *, is_open: bool) -> dict[str, Fraction]:
        """What of a cap over all partners falls to each, by number."""
        digits = dict(self.rates.digits)[policy["currency"]]
        sums, paid = {}, {}
        for partner, _tier in self.partners:
            more = self.traits(partner, self.policies, period) | {"digits": digits}
            tier = verifier_terms.tier_on(period.last_day, more)
            (own,) = concerning(partner.number, [policy])
            if verifier_terms.takes_part(own, tier, partner.type, more):
                lines = self.known(partner, years=is_open)
                less = self.paid_before(policy, partner, tier, lines, period, more)
                figure = oracle.exact(own, lines, period.start, period.end, less, rates=self.rates, more=more)
                if figure is not None:
                    sums[partner.number] = figure
                    paid[partner.number] = oracle.rounded(figure, oracle.mode_of(policy), digits)
        most = Fraction(partner_pools.cap_of(policy)["amount"])
        verifier_terms.keep_to(most, {partner.number for partner, _tier in self.partners}, sums, paid, digits)
        return paid

    def paid_before(
        self, policy: dict, partner: Partner, tier: str, lines: list, period: Period, more: dict
    ) -> Fraction:
        """What the programmes pay that a policy is net of, with all that these are tied to, in the measure currency."""
        named = verifier_terms.stacked(policy, "net_of")
        if not named:
            return Fraction(0)
        beside = [
            one | {"payout_currency": one["currency"]}
            for one in concerning(partner.number, self.policies)
            if all(one.get(name) == policy.get(name) for name in ("period", "cumulative"))
            and not partner_pools.hangs_on_all(one)
        ]
        paid = oracle.together(
            beside, tier, partner.type, lines, period.start, period.end, 2, self.rates, more | {"before": {}}
        )
        return sum((paid.get(code, Fraction(0)) for code in named), Fraction(0))

    def less_posted(self, policy: dict, paid: dict[str, Fraction]) -> dict[str, Fraction]:
        """Of a cumulative programme the differences to what the year posted before, by number of the partner."""
        if not policy.get("cumulative"):
            return paid
        ids = {partner.number: partner.pk for partner, _tier in self.partners}
        return {
            number: figure - self.posted.get((ids[number], policy["code"]), Fraction(0))
            for number, figure in paid.items()
        }

    def paid_out(
        self, policy: dict, period: Period, paid: dict[str, Fraction]
    ) -> dict[tuple[str, int, date], Fraction]:
        """Figures by number of the partner, in the currency in which they are paid."""
        ids = {partner.number: partner.pk for partner, _tier in self.partners}
        target, mode = policy.get("payout_currency", policy["currency"]), oracle.mode_of(policy)
        if target != policy["currency"]:
            by = self.rates.factor(policy["currency"], target, period.last_day)
            places = dict(self.rates.digits)[target]
            paid = {number: oracle.rounded(figure * by, mode, places) for number, figure in paid.items()}
        return {(policy["code"], ids[number], period.end): figure for number, figure in paid.items()}

    def shared_by_group(
        self, policy: dict, period: Period, top: str, *, is_open: bool
    ) -> dict[tuple[str, int, date], Fraction]:
        """All partners that fit, or those of a family, as if they were one, and its figure by what each is paid on."""
        digits, after = dict(self.rates.digits)[policy["currency"]], period.end
        first = date(2026, 1, 1) if policy.get("cumulative") else period.start
        read, before, bases, own_factors, less = [], [], {}, {}, Fraction(0)
        for partner, _tier in self.partners:
            if top not in ("", self.tops[partner.number]):
                continue
            more = self.traits(partner, self.policies, period) | {"digits": digits}
            tier = verifier_terms.tier_on(period.last_day, more)
            if not verifier_terms.takes_part(policy, tier, partner.type, more):
                continue
            known = self.known(partner, years=is_open)
            lines = oracle.as_counted(policy, known, more)
            own, early = oracle.read_of(policy, lines, first, after, self.rates, more)
            read, before = read + own, before + early
            if oracle.facts(policy, own, early).lines:
                taken = self.paid_before(policy, partner, tier, known, period, more)
                bases[partner.number] = oracle.paid_base(policy, own, taken)
                less += oracle.paid_base(policy, own) - bases[partner.number]
                found = more["found"][policy["code"]]
                paid = [line for line in own if verifier_terms.paid_for(policy, line)]
                own_factors[partner.number] = verifier_terms.collected(
                    policy,
                    verifier_mechanisms.own_factor(policy, found),
                    paid,
                    oracle.pays_units(policy),
                    more,
                )
        it, mode = oracle.facts(policy, read, before), oracle.mode_of(policy)
        if less:  # what all members' own bases are lowered by, which may be more than the group's own
            on_base = (
                cap for cap in policy.get("caps", []) if cap["on"] == "measure" and cap["of"] != "qualifier"
            )
            most = [Fraction(str(cap["amount"])) for cap in on_base]
            it = replace(it, base=min([oracle.paid_base(policy, read) - less, *most]))
        side = -1 if sum(bases.values()) < 0 else 1
        weights = {number: base * side for number, base in bases.items() if base * side > 0}
        counting = {number: weight * own_factors[number] for number, weight in weights.items()}
        counts = sum(counting.values()) / sum(weights.values()) if weights else Fraction(1)
        figure = verifier_mechanisms.figure_of_group(policy, it, mode, digits, counts)
        if figure > 0:
            weights = {number: weight for number, weight in counting.items() if weight}
        cents = dict.fromkeys(bases, 0)
        shares = {
            number: abs(figure) * 10**digits * weight / sum(weights.values())
            for number, weight in weights.items()
        }
        cents |= {number: int(share) for number, share in shares.items()}
        left = abs(figure) * 10**digits - sum(cents.values()) if shares else 0
        by_rest = sorted(shares, key=lambda number: (cents[number] - shares[number], number))
        for number in by_rest[: int(left)]:
            cents[number] += 1
        sign = 1 if figure >= 0 else -1
        paid = {number: Fraction(sign * count, 10**digits) for number, count in cents.items()}
        return self.paid_out(policy, period, self.less_posted(policy, paid))

    def keeps(self, figures: dict[tuple[str, int, date], Fraction]) -> dict[tuple[str, int], Fraction]:
        """What each programme keeps for its minimum payout after a close that posted these figures."""
        own: dict[tuple[str, int], Fraction] = {}
        for (code, partner_id, _ends), figure in figures.items():
            own[code, partner_id] = own.get((code, partner_id), Fraction(0)) + figure
        minimums = {policy["code"]: policy.get("minimum_payout") for policy in self.policies}
        for key in own.keys() | self.kept.keys():
            minimum = minimums[key[0]]
            money = self.kept.get(key, Fraction(0)) + own.get(key, Fraction(0))
            self.kept[key] = oracle.kept_back(money, None if minimum is None else str(minimum))
        return {key: amount for key, amount in self.kept.items() if amount}


def kept_by(run) -> dict[tuple[str, int], Fraction]:
    rows = Statement.objects.for_everyone(because="a test").filter(run=run)
    return {
        (kept.programme.code, row.partner_id): Fraction(kept.now)
        for row in rows
        for kept in kept_on(row)
        if kept.now
    }


def months(*names: str) -> list[date]:
    return [Period.parse(name).last_day for name in names]


@pytest.mark.django_db
@settings(max_examples=320 if LONG else 7, deadline=None, phases=[Phase.generate])
@given(seed=st.integers(0, 2**32))
def test_settlement_late_lines_and_accruals_agree_with_the_oracle(seed):
    """Up to 8 programmes and 40 partners an example, three closed months and a fourth that adjusts them."""
    # Both ways of adding up: side by side, and in rows of their own.
    with ExitStack() as stack, transaction.atomic(), mock.patch.object(sums, "SIDE_BY_SIDE", seed % 2 * 40):
        stack.enter_context(registered())
        stack.enter_context(mock.patch.object(partner_pools, "LEAST_MEMBERS", 0))
        world = World(seed)
        FIGURES.clear()
        FIGURES.update(world.asked)
        world.store(late=False)
        expected = {}
        for last_day in months("2026-07", "2026-08", "2026-09"):
            closing = world.expected(last_day)
            expected |= closing
            live = accruals(by=BY, period=Period.parse("2026-09"))
            run = settle(f"{last_day:%Y-%m}", chunk=13)
            assert posted(run) == closing
            assert kept_by(run) == world.keeps(closing)
            world.close(last_day)
        assert {
            (row.programme.code, row.partner_id, row.period.end): Fraction(row.amount) for row in live
        } == closing

        world.store(late=True)
        october = settle("2026-10")
        after = {}
        for last_day in months("2026-07", "2026-08", "2026-09"):
            after |= world.expected(last_day, kinds=(False,))
        plain = {policy["code"] for policy in world.policies if not policy.get("cumulative")}
        # Of whom no line counts any more, because a payment was taken back.
        after |= {key: Fraction(0) for key in expected if key[0] in plain and key not in after}
        changed = {key: figure - expected.get(key, 0) for key, figure in after.items()}
        now = world.expected(october.period.last_day, is_open=True)
        own = {key: amount for key, amount in posted(october).items() if key[2] == october.ends}
        assert own == now
        late = {key: amount for key, amount in posted(october).items() if key[2] < october.ends}
        assert late == {key: amount for key, amount in changed.items() if amount}
        assert kept_by(october) == world.keeps(posted(october))
        _balances_add_up(expected | after | now)
        transaction.set_rollback(True)


def _balances_add_up(figures: dict[tuple[str, int, date], Fraction]) -> None:
    """Nothing was paid: each partner's last statement closes with all that was ever settled."""
    paid_in = {one.programme.code: one.paid_in for one in Version.objects.select_related("programme")}
    owed: dict[tuple[int, str], Fraction] = {}
    for (code, partner_id, _ends), figure in figures.items():
        place = (partner_id, paid_in[code])
        owed[place] = owed.get(place, Fraction(0)) + figure
    closing = {}
    for statement in Statement.objects.for_everyone(because="a test").order_by("ends"):
        place = (statement.partner_id, statement.currency)
        assert statement.opening == closing.get(place, 0)
        closing[place] = statement.closing
    october = {key: Fraction(value) for key, value in closing.items() if value}
    assert october == {key: value for key, value in owed.items() if value}

"""Random programmes of every kind, for worlds in which the engine is held to the verifier."""

from __future__ import annotations

from fractions import Fraction
from random import Random

from rebates import verifier_mechanisms as oracle
from rebates.links import waits_for
from rebates.mechanisms import partners_named
from rebates.own_targets import policy_of
from rebates.partner_pools import hangs_on_all

LINES = ("routing", "wireless", "care", "security")
TIERS = ("", "bronze", "silver", "gold")
TYPES = ("reseller", "distributor", "agent")
KINDS = (
    *(
        "marginal",
        "retroactive",
        "retroactive_from_floor",
        "flat",
        "per_unit",
        "per_unit_stepped",
        "lump_sum",
    ),
    *("marginal", "retroactive"),
    *("growth", "target", "linear", "per_increment", "mix", "bundle", "spif", "average", "top_slice"),
    *("formula", "formula"),
)
REGIONS = ("", "East", "West", "North")
CERTIFICATES = ("tests.routing", "tests.security")
STEPS = [
    [{"days": 30, "factor": "100%"}, {"days": 60, "factor": "0.3333"}],
    [{"days": 0, "factor": "120%"}, {"days": 45, "factor": "80%"}, {"days": 46, "factor": "79.99%"}],
    [{"days": 90, "factor": 1}],
]
FACTORS = [
    {
        "kind": "measure",
        "code": "tests.score",
        "bands": [{"from": 1, "factor": "80%"}, {"from": "2.5", "factor": "120%"}],
    },
    {
        "kind": "measure",
        "code": "tests.security",
        "bands": [{"from": 0, "factor": "33.33%"}, {"from": 3, "factor": 1}],
    },
]
GATES = [
    {"kind": "certificate", "code": "tests.routing"},
    {"kind": "certificate", "code": "tests.security", "at_least": 3},
    {"kind": "score", "code": "tests.score", "at_least": "2.5"},
]
RATES = ("0.5%", "1.25%", "2%", "3%", "0.0333", "5%", "7.5%")


def mechanism(random: Random) -> dict:
    kind = random.choice(KINDS)
    lower = sorted(
        random.sample([0, 50, 100, 999, "1000.01", 2500, 10000], random.randint(1, 4)), key=Fraction
    )
    if random.random() < 0.7:
        lower[0] = 0
    if kind == "flat":
        return {"kind": kind, "rate": random.choice(RATES)}
    if kind in ("average", "top_slice"):
        bands = [{"from": low, "rate": random.choice(RATES)} for low in lower]
        return {"kind": "marginal", "split": kind, "bands": bands}
    if kind in OTHERS:
        return OTHERS[kind](random)
    if kind == "per_unit":
        return {"kind": kind, "amount": random.choice(["1.25", "0.333", 7])}
    if kind in ("per_unit_stepped", "lump_sum"):
        return {
            "kind": kind,
            "bands": [{"from": low, "amount": random.choice(["1.5", 2, "0.335"])} for low in lower],
        }
    made = {"kind": kind, "bands": [{"from": low, "rate": random.choice(RATES)} for low in lower]}
    if kind == "retroactive_from_floor":
        made |= {"floor": random.choice([100, 1000, "33.33"]), "first_rate": random.choice(RATES)}
    return made


def shares(random: Random, *choices: str) -> list[dict]:
    chosen = sorted(random.sample(choices, random.randint(1, 3)), key=oracle.rate)
    return [{"from": share, "rate": random.choice(RATES)} for share in chosen]


def parts(random: Random) -> list[dict]:
    return [
        {"product_line": line, "quantity": random.choice([1, 2, "2.5", 30])}
        if random.random() < 0.6
        else {"product": f"{line}-1", "quantity": random.choice([1, 3])}
        for line in random.sample(LINES, random.randint(1, 3))
    ]


FORMULAS = (
    "base * 0.025",
    "base / 3 + tests_score",
    "if(qualifier >= 1000 and tests_score > 1, base * 3 / 100, max(base / 7, tests_routing * 2.5, 1))",
    "value(base * qualifier / tests_score, min(base, 12.345)) / 100",
    "round(base / 7, 2) - round(tests_score / 8) + 0.005",
    "if(not (tests_routing = 0 or qualifier / tests_routing < 300), base − qualifier ÷ 3, −tests_score × 2)",
)
OF_A_GROUP = (
    "base * 0.025",
    "if(qualifier >= 1000 and base > 1, base * 3 / 100, max(base / 7, 1))",
    "round(base / 7, 2) - round(qualifier / 8) / 100 + 0.005",
    "value(base * qualifier / (base - 500), min(base, 12.345)) / 100",
)
OTHERS = {
    "growth": lambda random: {
        "kind": "growth", "on": random.choice(["all", "growth"]), "bands": shares(random, "-10%", "0%", "20%", "33.3%"),
    },
    "target": lambda random: {
        "kind": "target", "target": random.choice([500, "1000", "3333.33"]), "on": random.choice(["all", "excess"]),
        "bands": shares(random, "50%", "80%", "100%", "120%"),
    },
    "linear": lambda random: {
        "kind": "linear",
        "points": [
            {"at": random.choice([0, 50, "33.33"]), "rate": random.choice(RATES)},
            {"at": random.choice([100, 1000, "1000.01"]), "rate": random.choice(RATES)},
        ],
    },
    "per_increment": lambda random: {
        "kind": "per_increment", "increment": random.choice([50, "0.3", 1000]), "amount": random.choice(["1.5", 7]),
    },
    "mix": lambda random: {
        "kind": "mix", "focus": random.sample(LINES, random.randint(1, 2)),
        "bands": shares(random, "10%", "25%", "30%", "50%"),
    },
    "bundle": lambda random: {"kind": "bundle", "parts": parts(random), "amount": random.choice(["12.5", 50])},
    "formula": lambda random: {
        "kind": "formula", "expression": random.choice(FORMULAS),
        "measures": ["tests.score", "tests.routing"],
    },
    "spif": lambda random: {
        "kind": "spif", "per": random.choice(["unit", "serial"]), "amount": random.choice(["1.5", 7]),
    },
}  # fmt: skip


def random_policy(random: Random, number: int) -> dict:
    rules = mechanism(random)
    made = {
        "code": f"p-{number}", "name": f"P {number}", "from": "2026-01-01", "currency": "CNY", "mechanism": rules,
        "period": random.choice(["month", "month", "month", "month", "quarter", "year"]) if number else "month",
        "rounding": {"on": "total", "mode": random.choice(["half_up", "half_even"])},
    }  # fmt: skip
    if random.random() < 0.5:
        made["who"] = {"tiers": random.sample(TIERS[1:], 2)}
    if random.random() < 0.3:
        made.setdefault("who", {})["types"] = random.sample(TYPES, 2)
    if "tiers" in made.get("who", {}) and random.random() < 0.4:
        made["tier_on"] = "line_date"
    if rules["kind"] == "target" and random.random() < 0.6:
        made["joining"] = "by_days"
    if rules["kind"] == "target" and random.random() < 0.5:
        whose = random.sample(range(40), 20)
        rules["targets"] = {f"X-{n}": random.choice([100, "999.99", 2500]) for n in whose}
        if random.random() < 0.5:
            rules.pop("target")
    if random.random() < 0.3:
        who = made.setdefault("who", {})
        name = random.choice(["regions", "certificates", "partners"])
        choices = {
            "regions": REGIONS[1:],
            "certificates": CERTIFICATES,
            "partners": [f"X-{n}" for n in range(40)],
        }
        who[name] = random.sample(choices[name], 25 if name == "partners" else 2)
    if random.random() < 0.3:
        made["gates"] = random.sample(GATES, random.randint(1, 2))
    kind = rules["kind"]
    if kind != "bundle" and random.random() < 0.5:
        made["qualify"] = {"product_lines": random.sample(LINES, 2)}
    if kind != "bundle" and random.random() < 0.2:
        made.setdefault("qualify", {})["products"] = [f"{line}-1" for line in random.sample(LINES, 2)]
    if kind != "bundle" and rules.get("on") not in ("growth", "excess") and random.random() < 0.4:
        made["pay"] = {"product_lines": random.sample(LINES, random.randint(1, 3))}
    by_quantity = (
        "formula",
        "retroactive",
        "flat",
        "lump_sum",
        "linear",
        "per_increment",
        "mix",
        "growth",
        "target",
    )
    if kind in by_quantity and rules.get("on") not in ("growth", "excess") and random.random() < 0.3:
        made["measure"] = "quantity"
    if kind == "growth" and random.random() < 0.8:
        made["baseline"] = random.choice(
            [
                {"kind": "prior_year", "new_partner": "zero"},
                {"new_partner": "zero"},
                {"new_partner": "stated", "amount": 400},
                {"kind": "stated", "amount": "1000.5"},
            ]
        )
    caps = random_caps(random, made)
    if caps:
        made["caps"] = caps
    if random.random() < 0.3:
        made["factors"] = [{"kind": "collection", "steps": random.choice(STEPS)}]
    if random.random() < 0.3:
        made.setdefault("factors", []).extend(random.sample(FACTORS, random.randint(1, 2)))
    if random.random() < 0.3:
        made["minimum_payout"] = random.choice(["0.5", 20, "99.99", 5000])
    if random.random() < 0.5:
        made["late"] = {"grace_days": random.choice([0, 5, 20])}
    if random.random() < 0.3:
        made["exchange"] = random.choice(["booking_date", "period_end"])
    if random.random() < 0.3:
        made["date_basis"] = random.choice(["order", "shipment", "payment"])
        if kind == "growth" and made["date_basis"] == "payment":
            made["baseline"] = {"kind": "stated", "amount": "1000.5"}
    if random.random() < 0.2:
        made["amount_basis"] = "gross"
        if random.random() < 0.4:
            made["tax_rate"] = random.choice(["13%", "0.0725"])
    if random.random() < 0.3:
        made["payout_currency"] = random.choice(["EUR", "USD", "JPY"])
        if made["payout_currency"] == "JPY" and "minimum_payout" in made:
            made["minimum_payout"] = 20
    if random.random() < 0.1:
        made["currency"] = "USD"
    no_period_before = (
        kind == "growth" and made.get("baseline", {}).get("kind", "prior_period") == "prior_period"
    )
    by_payment = made.get("date_basis") == "payment"
    if made["period"] != "year" and not no_period_before and not by_payment and random.random() < 0.3:
        made["cumulative"] = True
    if random.random() < 0.5:
        made["returns"] = (
            "by_origin"
            if kind == "bundle" or rules.get("per") == "serial"
            else random.choice(["by_origin", "at_original_rate"])
        )
    if rules.get("per") != "serial" and random.random() < 0.35:
        made["counts"] = "credited"
        if made.get("returns") == "at_original_rate":
            made["returns"] = "by_origin"
    if random.random() < 0.3:
        caps.append({"on": "payout", "amount": random.choice([1, 55, 1000]), "over": "partners"})
        made["caps"] = caps
    by_serial = kind == "spif" and rules.get("per") == "serial"
    if kind != "bundle" and not by_serial and "targets" not in rules and random.random() < 0.2:
        as_group(random, made)
    uncapped = all(cap["on"] == "payout" or cap["of"] == "qualifier" for cap in caps)
    yearly = made.get("cumulative") or made.get("returns") == "at_original_rate"
    alone = "as" not in made.get("who", {})
    if (
        kind in ("flat", "per_unit", "retroactive")
        and uncapped
        and not yearly
        and alone
        and random.random() < 0.5
    ):
        made["rounding"]["on"] = "line"
    return made


def as_group(random: Random, made: dict) -> None:
    """All partners as one, or each family: what has no meaning for them together is left out."""
    made.pop("joining", None)
    if made["mechanism"]["kind"] == "formula":
        made["mechanism"] = {"kind": "formula", "expression": random.choice(OF_A_GROUP)}
    if made.get("returns") == "at_original_rate":
        made["returns"] = "by_origin"
    if "caps" in made:
        made["caps"][:] = [cap for cap in made["caps"] if "over" not in cap]
    made.setdefault("who", {})["as"] = random.choice(["group", "family"])


def random_caps(random: Random, made: dict) -> list[dict]:
    kind, above = made["mechanism"]["kind"], made["mechanism"].get("on") in ("growth", "excess")
    caps = []
    if random.random() < 0.3:
        caps.append({"on": "payout", "amount": random.choice(["0.5", 3, "7.77", 20])})
    if kind != "bundle" and random.random() < 0.3:
        of = "base" if kind == "mix" else "both" if above else random.choice(["qualifier", "base", "both"])
        mixed = made.get("measure") == "quantity" and kind != "per_increment"
        of = "base" if of == "both" and mixed else of
        caps.append({"on": "measure", "amount": random.choice([40, 100, "999.99", 2500]), "of": of})
    return caps


def link(random: Random, policies: list[dict]) -> None:
    """Some of the monthly programmes share a cap, others stand in stacks."""
    years = random.random() < 0.3
    free = [
        one for one in policies
        if one["period"] == "month" and bool(one.get("cumulative")) == years and one["currency"] == "CNY"
    ]  # fmt: skip
    random.shuffle(free)

    def by_itself(one: dict) -> bool:
        return "as" not in one.get("who", {}) and not any("over" in cap for cap in one.get("caps", []))

    def take(count: int, fits=by_itself) -> list[dict]:
        found = [one for one in free if fits(one)][:count]
        free[:] = [one for one in free if one not in found]
        return found

    def money(one: dict) -> bool:
        rules = one["mechanism"]
        return (
            rules["kind"] in ("marginal", "retroactive", "flat", "lump_sum", "mix", "linear", "retroactive_from_floor")
            and one["rounding"]["on"] == "total"
        )  # fmt: skip

    sharing = [one for one in free if by_itself(one)]
    mates = [one for one in free if "as" not in one.get("who", {})]
    on_all = {one["code"] for one in policies if hangs_on_all(one)}
    earlier: dict[str, list[str]] = {}
    at_once: list[list[str]] = []

    def sound() -> bool:
        """Whether none waits for itself, and nothing that hangs on all partners for another that does."""
        waits = {one["code"]: waits_for(one["code"], at_once, earlier) for one in policies}
        return not any(code in waits[code] or (code in on_all and on_all & waits[code]) for code in waits)

    for last in take(random.randint(0, 2), money):
        names = [
            one["code"] for one in take(random.randint(1, 2), lambda one: "as" not in one.get("who", {}))
        ]
        earlier[last["code"]] = names
        if names and sound():
            last["stacking"] = {"kind": "net_of", "programmes": names}
        else:
            del earlier[last["code"]]

    def tied(among: list[dict], fits=by_itself) -> list[dict]:
        # The last states it: who is named is published before, so no two name each other.
        chosen = sorted(random.sample(among, min(len(among), random.randint(0, 3))), key=policies.index)
        if len(chosen) < 2 or not fits(chosen[-1]):
            return []
        at_once.append([one["code"] for one in chosen])
        if sound():
            return chosen
        at_once.pop()
        return []

    sharing = tied(sharing)
    if sharing:
        cap = {"on": "payout", "amount": random.choice(["0.05", "1", "9.99", 25])}
        sharing[-1].setdefault("caps", []).append(cap | {"programmes": [one["code"] for one in sharing[:-1]]})
    group = tied(mates, lambda one: "stacking" not in one)
    if group:
        group[-1]["stacking"] = {"kind": "best_of", "programmes": [one["code"] for one in group[:-1]]}


def concerning(number: str, policies: list[dict]) -> list[dict]:
    """The policies as they concern a partner: each with its own target, for those that take part in it."""
    return [
        policy_of(one, number)
        | ({"who": one.get("who", {}) | {"partners": named}} if named is not None else {})
        for one in policies
        for named in [partners_named(one)]
    ]

"""Programmes of every mechanism for the benchmarks, on the product lines b-0 to b-9 with a product each."""

from __future__ import annotations

from typing import Any

BANDS = [{"from": 0, "rate": "2%"}, {"from": 20_000, "rate": "3%"}, {"from": 60_000, "rate": "5%"}]
ABOVE = [{"from": "100%", "rate": "1%"}, {"from": "120%", "rate": "2%"}]
SHARES = [{"from": "10%", "rate": "1%"}, {"from": "30%", "rate": "1.5%"}]
STEPS = [{"from": 0, "amount": 1}, {"from": 50, "amount": 2}]
# What the loop computes for all of them: the kindest.
PLAIN = {
    "mechanism": {
        "kind": "marginal",
        "bands": [{"from": "0", "rate": "0.02"}, {"from": "20000", "rate": "0.03"}],
    },
    "currency": "CNY",
}
# Every mechanism, in its variants; a programme counts three of the ten product lines and takes the next of these.
MECHANISMS: list[dict[str, Any]] = [
    {"kind": "marginal", "bands": BANDS},
    {"kind": "retroactive", "bands": BANDS},
    {"kind": "flat", "rate": "2.5%"},
    {"kind": "retroactive_from_floor", "floor": 10_000, "first_rate": "1%", "bands": BANDS},
    {"kind": "lump_sum", "bands": [{"from": 20_000, "amount": 300}, {"from": 60_000, "amount": 1_200}]},
    {"kind": "linear", "points": [{"at": 20_000, "rate": "1%"}, {"at": 80_000, "rate": "3%"}]},
    {"kind": "growth", "on": "all", "bands": SHARES},
    {"kind": "growth", "on": "growth", "bands": SHARES},
    {"kind": "target", "target": 40_000, "on": "all", "bands": ABOVE},
    {"kind": "target", "target": 40_000, "on": "excess", "bands": ABOVE},
    {"kind": "mix", "bands": SHARES},
    {"kind": "per_unit", "amount": "1.25"},
    {"kind": "per_unit_stepped", "bands": STEPS},
    {"kind": "per_increment", "increment": 5_000, "amount": 40},
    {"kind": "spif", "per": "unit", "amount": 3},
    {"kind": "spif", "per": "serial", "amount": 30},
    {"kind": "bundle", "amount": 5},
    {"kind": "formula", "expression": "min(base * 0.02, 500)"},
    {"kind": "marginal", "split": "average", "bands": BANDS},
    {"kind": "marginal", "split": "top_slice", "bands": BANDS},
]  # fmt: skip


def programme(number: int) -> dict[str, Any]:
    lines = [f"b-{(number + step) % 10}" for step in range(3)]
    mechanism = MECHANISMS[number % len(MECHANISMS)]
    more: dict[str, Any] = {"qualify": {"product_lines": lines}}
    if mechanism["kind"] == "mix":
        mechanism = {**mechanism, "focus": lines[:1]}
    if mechanism["kind"] == "bundle":
        mechanism = {**mechanism, "parts": [
            {"product": f"B-{lines[0]}", "quantity": 3}, {"product_line": lines[1], "quantity": 1}]}  # fmt: skip
        more = {}  # the parts say what counts
    if mechanism["kind"] == "spif":
        more["pay"] = {"products": [f"B-{line}" for line in lines[:2]]}
    if "split" in mechanism:
        more["pay"] = {"product_lines": lines[:1]}
    return {
        "code": f"b-{number}", "name": f"B {number}", "from": "2026-01-01", "currency": "CNY",
        **more, "mechanism": mechanism,
    }  # fmt: skip

"""Policies that most channels know: where the editor may begin instead of with an empty form.

Each is the policy of a programme's text without code, name and dates; what it cannot know (which products, whose share)
is left for the form to ask.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from prm.values import clock
from prm.values.periods import Period
from rebates import programme_collection as collected
from rebates import programme_details as details
from rebates import programme_time as times


@dataclass(frozen=True)
class CommonPolicy:
    code: str
    name: Any
    says: Any
    policy: dict[str, Any]
    asks: str = ""  # a field that only the reader can fill in, and without which the policy would be another


def _bands(*pairs: tuple[str, str]) -> list[dict[str, str]]:
    return [{"from": low, "rate": rate} for low, rate in pairs]


COMMON = (
    CommonPolicy(
        "annual-volume", _("Annual volume"), _("The rate of the level reached in the year is paid on all of it."),
        {"period": "year", "mechanism": {"kind": "retroactive", "bands": _bands(
            ("0", "0.01"), ("1000000", "0.02"), ("3000000", "0.03"), ("5000000", "0.04"))}},
    ),
    CommonPolicy(
        "tiered", _("Tiered rebate"), _("Each level’s rate is paid on the part inside it, every month."),
        {"period": "month", "mechanism": {"kind": "marginal", "bands": _bands(
            ("0", "0.01"), ("100000", "0.02"), ("300000", "0.03"))}},
    ),
    CommonPolicy(
        "quarterly-growth", _("Quarterly growth"), _("Who grows over the same quarter a year before is paid on all."),
        {"period": "quarter", "baseline": {"kind": "prior_year", "new_partner": "skip"},
         "mechanism": {"kind": "growth", "on": "all", "bands": _bands(
             ("0.05", "0.005"), ("0.1", "0.01"), ("0.2", "0.02"))}},
    ),
    CommonPolicy(
        "target", _("Target attainment"), _("A quarter’s target, paid on all once it is reached, more from 120 % on."),
        {"period": "quarter", "mechanism": {"kind": "target", "target": "500000", "on": "all", "bands": _bands(
            ("1", "0.02"), ("1.2", "0.03"))}},
    ),
    CommonPolicy(
        "new-product", _("New-product SPIF"), _("A fixed amount for each unit sold of the products that you name."),
        {"period": "month", "mechanism": {"kind": "spif", "per": "unit", "amount": "50"}},
        asks="products",
    ),
    CommonPolicy(
        "mix", _("Product mix"), _("Who sells a good share of the focus lines is paid on everything."),
        {"period": "quarter", "mechanism": {"kind": "mix", "focus": [], "bands": _bands(("0.3", "0.015"))}},
    ),
    CommonPolicy(
        "purchase-discount", _("Purchase discount"), _("One rate on everything bought in the month."),
        {"period": "month", "mechanism": {"kind": "flat", "rate": "0.02"}},
    ),
    CommonPolicy(
        "collection", _("Collection rebate"),
        _("A rate on the quarter, paid in full on what is paid within 30 days, half within 60, and not after."),
        {"period": "quarter", "mechanism": {"kind": "flat", "rate": "0.02"}, "factors": [{
            "kind": "collection",
            "steps": [{"days": 30, "factor": "1"}, {"days": 60, "factor": "0.5"}]}]},
    ),
    CommonPolicy(
        "quarter-and-year", _("Quarter and year combined"),
        _("Each quarter pays the level that the year so far has reached on all of it, less what was paid before."),
        {"period": "quarter", "cumulative": True, "mechanism": {"kind": "retroactive", "bands": _bands(
            ("0", "0.01"), ("1000000", "0.02"), ("3000000", "0.03"))}},
    ),
    CommonPolicy(
        "sets", _("Complete sets"), _("A fixed amount for each complete set of the products that you name."),
        {"period": "month", "mechanism": {"kind": "bundle", "amount": "100", "parts": []}},
    ),
)  # fmt: skip


def find(code: str) -> CommonPolicy | None:
    return next((one for one in COMMON if one.code == code), None)


def beginning(common: CommonPolicy) -> dict[str, Any]:
    """What the form begins with: names in both languages, the next whole period, the mechanism's figures."""
    with translation.override("en"):
        name = str(common.name)
    with translation.override("zh-hans"):
        name_zh = str(common.name)
    length = common.policy["period"]
    policy = common.policy
    return (
        details.initial_details(policy)
        | collected.initial_factors(policy)
        | times.initial_time(policy)
        | {
            "period": length,
            "rounding": "half_up",
            "name": name,
            "name_zh": name_zh,
            "code": common.code,
            "starts": Period.of(length, clock.today()).next.start,
        }
    )

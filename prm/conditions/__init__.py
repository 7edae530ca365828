"""One language for every rule: flows, eligibility, tier criteria, list filters, saved views, form rules, reports.

    {"all": [c, …]}   {"any": [c, …]}   {"not": c}   {}                      {} and {"all": []} always hold
    {"field": "partner.region", "op": "is", "value": "East"}
    {"field": "estimated_value", "op": "at_least", "value": "100000.00", "currency": "EUR"}
    {"field": "expected_close", "op": "in_next", "value": {"count": 30, "unit": "day"}}
    {"measure": "orders.net_sales", "period": {"last": 4, "unit": "quarter"}, "op": "at_least", "value": "100000.00"}

    problems = validate(condition, "deal")      list[Problem(path, message, code)], [] when sound
    rows = narrow(queryset, condition, "deal")  set-based SQL
    truth = holds(condition, "deal", row)       one row: saved, unsaved, or a mapping of what was typed
    words = sentence(condition, "deal")         in the active language
    once = Condition(condition, "deal")         read once, asked often: once.narrow(rows), once.holds(row)

**What an empty value means**, the same in SQL and in Python: a comparison is true or false, never unknown. With an
empty value (NULL, "", no rows, or a relation that leads nowhere) every positive operator is false; `empty` is true.
`is_not`, `none_of`, `not_contains`, `not_empty` and `not` are the exact opposites of what they negate, so an empty
region *is not* East. Text: `is` and `one_of` compare letter by letter; contains, begins and ends take upper and lower
case as alike. Amounts compare only within one currency (the tenant's unless the condition names another): an amount
in another currency fits no positive operator. Days and "today" are the tenant's; a moment counts for its day there.
A partner without any line has a measure of 0.
"""

from prm.conditions import registry
from prm.conditions.language import Condition, holds, narrow, sentence, validate
from prm.conditions.reading import BadCondition, Problem
from prm.conditions.registry import Field, Relation

__all__ = [
    "BadCondition", "Condition", "Field", "Problem", "Relation", "holds", "narrow", "registry", "sentence", "validate",
]  # fmt: skip

"""Why an order that is tried pays what it pays: the steps behind a programme's own arithmetic that lower its figure."""

from __future__ import annotations

from decimal import Decimal

from prm.ui import formats
from rebates import limit_words
from rebates.explanations import explain
from rebates.whatif import Effect


def lowered(effect: Effect) -> list[str]:
    """A sentence for each step that takes something off the figure with the order, in their order; then a minimum that
    it does not come to.
    """
    if effect.accrual is None:
        return []
    policy, found, running = effect.accrual.version.policy, [], Decimal(0)
    for step in explain(effect.accrual).steps:
        if step.number not in (6, 7, 8) or step.value is None:
            continue
        if step.number > 6 and step.value < running:
            found.append(f"{step.title}{formats.colon()}{step.text}")
        running = step.value
    if "minimum_payout" in policy and 0 < effect.after < Decimal(policy["minimum_payout"]):
        found.append(limit_words.minimum(policy))
    return found

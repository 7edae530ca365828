"""The third step of an explanation: what counts, what it is held against, and what is paid on."""

from __future__ import annotations

from decimal import Decimal

from django.utils.translation import gettext as _

from rebates import arithmetic, group_words, linked_steps, mechanism_words, sales_words
from rebates.explained_lines import plan_of
from rebates.explained_steps import parts_of_set
from rebates.mechanisms import bands_of
from rebates.steps import Figure, Step


def sums(result: Figure, counted: Decimal, payable: Decimal) -> list[Step]:
    """What counts and what is paid on; of a member of a group its own, then the group's."""
    policy, group = result.version.policy, group_words.group_of(result)
    counts, paid = sales_words.qualifier(policy), sales_words.paid_on(policy)
    read_units = bands_of(policy).reads_units
    paid_units = bands_of(policy).pays_units or bands_of(policy).counts_sets
    if group is None:
        return [
            Step(3, _("Qualifier"), counts, counted, is_count=read_units),
            *([] if group_words.is_withheld(result) else _reference(result)),
            *parts_of_set(result),
            Step(3, _("Paid base"), paid, payable, is_count=paid_units),
            *linked_steps.net_of_own(result),
        ]
    is_net = "net_of" in result.explanation
    whole = _("Paid base of the group, net of earlier programmes") if is_net else _("Paid base of the group")
    return [
        Step(3, _("Own qualifier"), counts, result.qualifier, is_count=read_units),
        Step(3, _("Own paid base"), paid, result.base + linked_steps.less(result), is_count=paid_units),
        *linked_steps.net_of_own(result),
        Step(3, _("Qualifier of the group"), counts, group.counted, is_count=read_units),
        *_reference(result),
        Step(3, whole, paid, group.payable, is_count=paid_units),
    ]


def _reference(result: Figure) -> list[Step]:
    """What the bands are shares of, and the sales it was read from."""
    name = bands_of(result.version.policy).share_of
    if not name:
        return []
    text = mechanism_words.reference(result.version.policy, result.period, plan_of(result).baseline)
    said = result.explanation.get("joining")
    if said:
        text = _("%(rule)s, for %(days)s of %(of)s days") % {
            "rule": text,
            "days": said["days"],
            "of": said["of"],
        }
    return [Step(3, mechanism_words.reference_name(name), text, arithmetic.Figures.of(result).reference)]

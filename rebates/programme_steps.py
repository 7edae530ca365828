"""The steps of the programme's form: which fields each has, whether it is done, and in one line what is set in it.

Everything is read from the form as it is typed: the page, the preview and a reader without scripts see the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext, gettext_lazy, pgettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from rebates import programme_collection as collected
from rebates import programme_currency as money
from rebates import programme_details as details
from rebates import programme_factor as factor
from rebates import programme_limits as limits
from rebates.programme_details import BAND_ROWS, KINDS, PART_ROWS
from rebates.programme_who import GATE_ROWS

DONE, MISSING, WRONG, UNSET = "done", "missing", "wrong", "unset"
STATES = {
    DONE: gettext_lazy("done"),
    MISSING: gettext_lazy("something is missing"),
    WRONG: gettext_lazy("something is to correct"),
    UNSET: gettext_lazy("nothing set"),
}
# Parts of rows of which another part stands for the whole row.
BESIDE = ("gate_least_", "factor_from_", "factor_share_", "paid_within_", "paid_share_")


@dataclass(frozen=True)
class Step:
    """A section of the form. `optional` ones are folded while nothing is set in them and nothing is wrong."""

    code: str
    title: Any
    optional: bool = False
    usual: Any = ""  # what holds where nothing is set
    state: str = DONE
    parts: tuple[str, ...] = field(default=())

    @property
    def is_open(self) -> bool:
        return bool(self.parts) or self.state in (MISSING, WRONG)

    @property
    def said(self) -> str:
        return " · ".join(self.parts) or str(self.usual)

    @property
    def state_words(self) -> str:
        return str(STATES[self.state])


STEPS = (
    Step("mechanism", _("Mechanism")),
    Step("bands", _("What it pays")),
    Step("counts", _("What counts"), True, _("All sales of the partner count, on the day of their booking.")),
    Step("who", pgettext_lazy("of a policy", "Who"), True, _("Every partner takes part, each by itself.")),
    Step("limits", _("Gates, factors and caps"), True, _("None: everything is paid.")),
    Step("terms", _("Currency, rounding, returns"), True, _("As usual.")),
    Step("budget", _("Budget"), True, _("None.")),
    Step("text", _("Name, dates, words")),
)  # fmt: skip


def steps_of(form: Any) -> dict[str, Step]:
    """The steps by code, in the form's order, as the form stands."""
    return {step.code: _seen(step, form, list(_fields(step.code, form))) for step in STEPS}


def _fields(code: str, form: Any) -> Iterator[str]:
    kind = form.kind
    if code == "mechanism":
        yield from ("mechanism", "period")
    elif code == "bands":
        yield from details.fields_of(kind)
        yield from (f"{name}_{row}" for row in range(BAND_ROWS) for name in ("from", "rate"))
        yield from (f"{name}_{row}" for row in range(PART_ROWS) for name in ("part", "count"))
    elif code == "counts":
        yield from (*KINDS[kind].counting, "counts", "cumulative", "date_basis")
    elif code == "who":
        yield from (bound.name for bound in form.taking_part)
    elif code == "limits":
        yield from (f"{name}_{row}" for row in range(GATE_ROWS) for name in ("gate", "gate_least"))
        yield "factor_measure"
        yield from (f"factor_{name}_{row}" for row in range(factor.ROWS) for name in ("from", "share"))
        yield from (f"paid_{name}_{row}" for row in range(collected.ROWS) for name in ("within", "share"))
        yield from limits.FIELDS
    elif code == "terms":
        yield from money.FIELDS
        yield from ("payout_as", "rounding", "returns", "rounding_on", "grace_days", "dispute_days")
    elif code == "budget":
        yield from (bound.name for bound in form.budgeting)
    else:
        yield from ("sign_off", "name", "name_zh", "code", "starts", "until", "clause", "text", "text_zh")


def _seen(step: Step, form: Any, names: list[str]) -> Step:
    parts = tuple(_parts(form, names)) if step.optional else ()
    return Step(step.code, step.title, step.optional, step.usual, _state(step, form, names, parts), parts)


def _state(step: Step, form: Any, names: list[str], parts: tuple[str, ...]) -> str:
    found = form.errors.as_data() if form.is_bound else {}
    errors = [error for name in names for error in found.get(name, [])]
    lacks = any(form.fields[name].required and _is_empty(form[name].value()) for name in names)
    lacks = lacks or (step.code == "bands" and _lacks_rows(form))
    if lacks or (step.code == "counts" and _lacks_products(form)):
        return MISSING
    if any(error.code != "required" for error in errors):
        return WRONG
    return UNSET if step.optional and not parts else DONE


def _lacks_rows(form: Any) -> bool:
    """Whether the mechanism is paid by rows, and none is filled in."""
    kind = KINDS[form.kind]
    pairs = [("from", "rate", kind.rows), ("part", "count", PART_ROWS if form.kind == "bundle" else 0)]
    for one, other, rows in pairs:
        filled = [
            row
            for row in range(rows)
            if not _is_empty(form[f"{one}_{row}"].value()) and not _is_empty(form[f"{other}_{row}"].value())
        ]
        if rows and not filled:
            return True
    return False


def _lacks_products(form: Any) -> bool:
    """Whether the policy that the form began with is one of certain products, and none is named yet."""
    named = [
        form[name].value() for name in ("products", "product_lines") if name in KINDS[form.kind].counting
    ]
    return bool(form.asks == "products" and named and all(_is_empty(one) for one in named))


def _is_empty(value: Any) -> bool:
    return value in (None, "", [], ())


def _parts(form: Any, names: list[str]) -> Iterator[str]:
    """What is set among these fields, each with its label, where it is not what the form begins with."""
    for name in names:
        value, usual = form[name].value(), form.fields[name].initial
        if name.startswith(BESIDE) or _is_empty(value) or str(value) == str(usual):
            continue
        yield gettext("%(name)s: %(value)s") % {"name": form[name].label, "value": _words(form, name, value)}
    days = [form[f"paid_within_{row}"].value() for row in range(collected.ROWS)]
    typed = [str(one) for one in days if not _is_empty(one)]
    if typed and "paid_within_0" in names:
        yield gettext("Collection within %(days)s days") % {"days": _listed(typed)}


def _words(form: Any, name: str, value: Any) -> str:
    """A value as the form shows it: the words of a choice, not its code."""
    choices = getattr(form.fields[name], "choices", None)
    if choices is None:
        return str(value)
    known = {str(code): str(label) for code, label in _flat(choices)}
    chosen = [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]
    return _listed([known.get(code, code) for code in chosen])


def _flat(choices: Any) -> Iterator[tuple[Any, Any]]:
    for code, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield code, label


def _listed(words: list[str]) -> str:
    return pgettext("between the words of a list", ", ").join(words)

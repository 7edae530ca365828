"""The language of computed fields: exact decimals over declared fields, and nothing else.

    round(estimated_value * margin / 100, 2)
    if(users > 100 and value(discount, 0) < 10, users * 12, users * 15)
    expected_close - first_contact                      days between two dates

Operators + - * / (also − × ÷), = != < <= > >= (also ≠ ≤ ≥), and, or, not; functions if, min, max, round, value.
Guarantee: arithmetic is on exact fractions and rounded once at the end, half-up. An empty operand, or a division by
zero, makes the result empty; `value(x, 0)` says what stands for an empty one. There are no loops, names of Python or
attributes: an expression can only read the fields that it is given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.values.errors import DomainError

MOST_CHARACTERS = 500
DEEPEST = 40
LARGEST = Fraction(10**15)
TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign><=|>=|!=|[-+*/()=<>,]))"
)
SAME = {
    "−": "-",
    "×": "*",
    "÷": "/",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "，": ",",
    "（": "(",
    "）": ")",
    "＝": "=",
}
FUNCTIONS = {"if": (3, 3), "min": (1, 20), "max": (1, 20), "round": (1, 2), "value": (2, 2)}
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")

Kinds = Mapping[str, str]
Values = Mapping[str, Any]


class BadExpression(DomainError):
    code = "expression_bad"
    field = "expression"
    message = _("The expression cannot be read at “%(at)s”.")


class EndsTooEarly(BadExpression):
    code = "expression_ends_too_early"
    message = _("The expression ends too early, after “%(at)s”.")


class BracketOpen(BadExpression):
    code = "expression_bracket_open"
    message = _("A bracket is opened and not closed. Write “)” where it ends.")


class UnknownName(BadExpression):
    code = "expression_unknown_name"
    message = _("“%(at)s” is no number or date field here. Use: %(known)s.")


class WrongKind(BadExpression):
    code = "expression_wrong_kind"
    message = _("“%(at)s” cannot be used with these operands: %(kinds)s.")


class DividesByZero(BadExpression):
    code = "expression_divides_by_zero"
    message = _(
        "“%(at)s” is always zero, and nothing can be divided by it. Divide by a field or another number."
    )


class ExpressionTooLong(BadExpression):
    code = "expression_too_long"
    message = _("The expression is too long or nested too deep.")


class ResultTooLarge(DomainError):
    code = "computed_too_large"
    message = _("The computed value of “%(label)s” is too large.")


@dataclass(frozen=True)
class Node:
    """A part of an expression: what it is, its operands, and the kind of its result: number, date or truth."""

    what: str
    parts: tuple[Any, ...]
    kind: str


def parse(text: str, kinds: Kinds) -> Node:
    """The expression as a tree. `kinds` maps the names that may be read to "number" or "date"."""
    if len(text) > MOST_CHARACTERS:
        raise ExpressionTooLong()
    return _Parser(text, kinds).whole()


def names_in(node: Node) -> set[str]:
    """The fields that an expression reads."""
    if node.what == "name":
        return {node.parts[0]}
    return set().union(*(names_in(part) for part in node.parts if isinstance(part, Node)), set())


def refuse_division_by_zero(node: Node) -> None:
    """Refuse what would always be empty: DividesByZero names the divisor that is zero whatever the fields say."""
    if node.what == "/" and folded(node.parts[1]) == 0:
        raise DividesByZero(at=text_of(node.parts[1]))
    for part in node.parts:
        if isinstance(part, Node):
            refuse_division_by_zero(part)


def folded(node: Node) -> Fraction | bool | None:
    """What a part is whenever it is not empty, without looking at a field; None when that depends on fields."""
    if node.what in ("number", "name"):
        return node.parts[0] if node.what == "number" else None
    known = [folded(part) for part in node.parts]
    if node.what == "if" and known[0] is not None:
        return known[1] if known[0] else known[2]
    if node.what in ("if", "value"):
        return known[-1] if known[-1] == known[-2] else None
    if node.what in ("and", "or") and (node.what == "or") in known:
        return node.what == "or"
    if node.what in ("*", "/") and known[0] == 0 or node.what == "*" and known[1] == 0:
        return Fraction(0)
    if node.what == "-" and node.kind == "number" and node.parts[0] == node.parts[1]:
        return Fraction(0)
    if None in known:
        return None
    if node.what in ("and", "or"):
        return all(known) if node.what == "and" else any(known)
    return _result(node.what, known)


def text_of(node: Node) -> str:
    """An expression written out again."""
    if node.what == "name":
        return node.parts[0]
    if node.what == "number":
        return f"{float(node.parts[0]):g}"
    parts = [text_of(part) for part in node.parts]
    if node.what in FUNCTIONS:
        return f"{node.what}({', '.join(parts)})"
    if len(parts) == 1:
        return f"-{parts[0]}" if node.what == "negative" else f"not {parts[0]}"
    return f"({parts[0]} {node.what} {parts[1]})"


class _Parser:
    def __init__(self, text: str, kinds: Kinds):
        self.kinds, self.depth, self.at = kinds, 0, 0
        self.tokens = _tokens(text)

    def whole(self) -> Node:
        node = self.either()
        if self.at < len(self.tokens):
            raise BadExpression(at=self.tokens[self.at])
        if node.kind == "truth":
            raise WrongKind(at=self.tokens[0], kinds=_("a computed field needs a number or a date"))
        return node

    @property
    def next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        token = self.next
        if not token:
            raise BracketOpen() if wanted == ")" else EndsTooEarly(at=self.tokens[-1])
        if wanted and token != wanted:
            raise BadExpression(at=token)
        self.at += 1
        return token

    def chain(self, words: tuple[str, ...], below: Callable[[], Node]) -> Node:
        node = below()
        while self.next in words:
            node = _joined(self.take(), node, below())
        return node

    def either(self) -> Node:
        self.depth += 1
        if self.depth > DEEPEST:
            raise ExpressionTooLong()
        node = self.chain(("or",), lambda: self.chain(("and",), self.negated))
        self.depth -= 1
        return node

    def negated(self) -> Node:
        turns = 0
        while self.next == "not":
            self.take()
            turns += 1
        node = self.compared()
        if turns:
            _must(node.kind == "truth", "not", node)
        return Node("not", (node,), "truth") if turns % 2 else node

    def compared(self) -> Node:
        node = self.sum()
        return _joined(self.take(), node, self.sum()) if self.next in COMPARISONS else node

    def sum(self) -> Node:
        return self.chain(("+", "-"), lambda: self.chain(("*", "/"), self.signed))

    def signed(self) -> Node:
        minus = False
        while self.next in ("-", "+"):
            minus ^= self.take() == "-"
        node = self.atom()
        if minus:
            _must(node.kind == "number", "-", node)
        return Node("negative", (node,), "number") if minus else node

    def atom(self) -> Node:
        token = self.take()
        if token == "(":
            node = self.either()
            self.take(")")
            return node
        if token[0].isdigit():
            return Node("number", (Fraction(token),), "number")
        if token in FUNCTIONS and self.next == "(":
            return self.call(token)
        if token not in self.kinds:
            if not (token[0].isalpha() or token[0] == "_"):
                raise BadExpression(at=token)
            raise UnknownName(at=token, known=", ".join(sorted(self.kinds)) or "—")
        return Node("name", (token,), self.kinds[token])

    def call(self, name: str) -> Node:
        self.take("(")
        parts = [self.either()]
        while self.next == ",":
            self.take()
            parts.append(self.either())
        self.take(")")
        fewest, most = FUNCTIONS[name]
        if not fewest <= len(parts) <= most:
            raise BadExpression(at=name)
        return _called(name, parts)


def _tokens(text: str) -> list[str]:
    for sign, plain in SAME.items():
        text = text.replace(sign, plain)
    found, at = [], 0
    while text[at:].strip():
        match = TOKEN.match(text, at)
        if match is None:
            raise BadExpression(at=text[at : at + 20].strip())
        found.append(match[match.lastgroup or 0])
        at = match.end()
    if not found:
        raise BadExpression(at=text[:20])
    return found


def _must(fits: bool, sign: str, *parts: Node) -> None:
    if not fits:
        words = {"number": _("number"), "date": _("date"), "truth": _("comparison")}
        raise WrongKind(at=sign, kinds=", ".join(str(words[part.kind]) for part in parts))


def _joined(sign: str, left: Node, right: Node) -> Node:
    kinds = (left.kind, right.kind)
    if sign in ("and", "or"):
        _must(kinds == ("truth", "truth"), sign, left, right)
        return Node(sign, (left, right), "truth")
    if sign in COMPARISONS:
        _must(kinds in (("number", "number"), ("date", "date")), sign, left, right)
        return Node(sign, (left, right), "truth")
    results = {("number", "number"): "number"}
    if sign == "-":
        results |= {("date", "date"): "number", ("date", "number"): "date"}
    if sign == "+":
        results |= {("date", "number"): "date", ("number", "date"): "date"}
    _must(kinds in results, sign, left, right)
    return Node(sign, (left, right), results[kinds])


def _called(name: str, parts: list[Node]) -> Node:
    kinds = [part.kind for part in parts]
    if name == "if":
        _must(kinds[0] == "truth" and kinds[1] == kinds[2] != "truth", name, *parts)
        return Node(name, tuple(parts), kinds[1])
    if name == "round":
        fits = kinds == ["number"] * len(kinds)
        if len(parts) == 2:
            fits = fits and parts[1].what == "number" and parts[1].parts[0] in range(9)
        _must(fits, name, *parts)
    else:
        _must(len(set(kinds)) == 1 and kinds[0] != "truth", name, *parts)
    return Node(name, tuple(parts), kinds[0])


def evaluate(node: Node, values: Values) -> Fraction | date | bool | None:
    """The exact result; None when it is empty. `values` are Decimals, ints and dates by name."""
    if node.what == "number":
        return node.parts[0]
    if node.what == "name":
        value = values.get(node.parts[0])
        return value if value is None or isinstance(value, date) else Fraction(value)
    if node.what in ("if", "and", "or", "value"):
        return _lazily(node, values)
    operands = [evaluate(part, values) for part in node.parts]
    if any(operand is None for operand in operands):
        return None
    return _result(node.what, operands)


def _lazily(node: Node, values: Values) -> Any:
    """What looks at one operand before it looks at the next."""
    first = evaluate(node.parts[0], values)
    if node.what == "value":
        return evaluate(node.parts[1], values) if first is None else first
    if node.what == "if":
        return None if first is None else evaluate(node.parts[1 if first else 2], values)
    second = evaluate(node.parts[1], values)
    if node.what == "and":
        return False if first is False or second is False else None if None in (first, second) else True
    return True if first or second else None if None in (first, second) else False


def _result(what: str, operands: list[Any]) -> Any:
    left, right = operands[0], operands[1] if len(operands) > 1 else None
    if what == "negative":
        return -left
    if what == "not":
        return not left
    if what == "round":
        return Fraction(_rounded(left, int(right or 0)))
    if what in ("min", "max"):
        return (min if what == "min" else max)(operands)
    if what in COMPARISONS:
        return {
            "=": left == right, "!=": left != right, "<": left < right, "<=": left <= right, ">": left > right,
            ">=": left >= right,
        }[what]  # fmt: skip
    if what == "*":
        return left * right
    if what == "/":
        return left / right if right else None
    return _moved(left, right, 1 if what == "+" else -1)


def _moved(left: Any, right: Any, sign: int) -> Any:
    """Sum or difference of numbers, days between dates, a date some whole days away."""
    if isinstance(left, date) and isinstance(right, date):
        return Fraction((left - right).days)
    if isinstance(left, date) or isinstance(right, date):
        day, days = (left, right) if isinstance(left, date) else (right, left)
        try:
            return day + timedelta(days=sign * int(_rounded(days, 0)))
        except OverflowError:
            return None
    return left + sign * right


def _rounded(number: Fraction, places: int) -> Decimal:
    """Half-up by magnitude: −0.505 to two places is −0.51."""
    scaled = abs(number) * 10**places
    whole = int(scaled + Fraction(1, 2))
    return Decimal(-whole if number < 0 else whole).scaleb(-places)


def result_of(node: Node, values: Values, *, places: int, label: str) -> Decimal | date | None:
    """The value that is stored: rounded once, to `places`. Raises ResultTooLarge from 10^15 on."""
    found = evaluate(node, values)
    if found is None or isinstance(found, date):
        return found
    exact = Fraction(found)
    if abs(exact) >= LARGEST:
        raise ResultTooLarge(label=label)
    return _rounded(exact, places)

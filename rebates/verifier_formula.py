"""The part of the verifier that computes formulas: an expression of figures, on exact fractions.

Shares no code with the product and needs only Python's standard library. A recompute kit holds it within `verify.py`.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

WORDS = re.compile(r"\d+(?:\.\d+)?|[A-Za-z_]\w*|<=|>=|!=|[-+*/()=<>,]")
PLAIN = str.maketrans({"−": "-", "×": "*", "÷": "/", "≤": "≤", "，": ",", "（": "(", "）": ")", "＝": "="})


class Formula:
    """Reads and computes at once; None is an empty value."""

    def __init__(self, text: str, figures: dict[str, Fraction]):
        for sign, plain in (("≤", "<="), ("≥", ">="), ("≠", "!=")):
            text = text.replace(sign, plain)
        self.words = [*WORDS.findall(text.translate(PLAIN)), ""]
        self.figures = figures

    def eat(self, *wanted: str) -> str:
        if self.words[0] in wanted:
            return self.words.pop(0)
        return ""

    def any_of(self) -> Any:
        found = self.all_of()
        while self.eat("or"):
            other = self.all_of()
            found = True if True in (found, other) else None if None in (found, other) else False
        return found

    def all_of(self) -> Any:
        found = self.opposite()
        while self.eat("and"):
            other = self.opposite()
            found = False if False in (found, other) else None if None in (found, other) else True
        return found

    def opposite(self) -> Any:
        if self.eat("not"):
            found = self.opposite()
            return None if found is None else not found
        return self.held_against()

    def held_against(self) -> Any:
        left = self.total()
        sign = self.eat("=", "!=", "<", "<=", ">", ">=")
        if not sign:
            return left
        right = self.total()
        if left is None or right is None:
            return None
        order = (left > right) - (left < right)
        return order in {"=": (0,), "!=": (-1, 1), "<": (-1,), "<=": (-1, 0), ">": (1,), ">=": (0, 1)}[sign]

    def total(self) -> Any:
        found = self.product()
        while sign := self.eat("+", "-"):
            other = self.product()
            found = (
                None if found is None or other is None else found + other if sign == "+" else found - other
            )
        return found

    def product(self) -> Any:
        found = self.single()
        while sign := self.eat("*", "/"):
            other = self.single()
            if found is None or other is None or (sign == "/" and other == 0):
                found = None
            else:
                found = found * other if sign == "*" else found / other
        return found

    def single(self) -> Any:
        if self.eat("-"):
            found = self.single()
            return None if found is None else -found
        if self.eat("+"):
            return self.single()
        if self.eat("("):
            found = self.any_of()
            self.eat(")")
            return found
        word = self.words.pop(0)
        if word[0].isdigit():
            return Fraction(word)
        if self.words[0] == "(" and word in ("if", "min", "max", "round", "value"):
            return self.called(word)
        return self.figures[word]

    def called(self, name: str) -> Any:
        self.eat("(")
        given = [self.any_of()]
        while self.eat(","):
            given.append(self.any_of())
        self.eat(")")
        if name == "value":
            return given[1] if given[0] is None else given[0]
        if name == "if":
            return None if given[0] is None else given[1] if given[0] else given[2]
        if None in given:
            return None
        if name == "round":
            unit = 10 ** int(given[1]) if len(given) > 1 else 1
            whole = (abs(given[0]) * unit * 2 + 1) // 2
            return Fraction(whole if given[0] >= 0 else -whole, unit)
        return min(given) if name == "min" else max(given)


def formula(rules: dict[str, Any], base: Fraction, qualifier: Fraction, found: dict[str, Any]) -> Fraction:
    """What the expression pays; `found` are the measures' figures by code, or by the names that formulas give them."""
    figures = {"base": base, "qualifier": qualifier}
    for code in rules.get("measures", []):
        name = re.sub(r"\W", "_", code)
        figures[name] = Fraction(str(found.get(code, found.get(name, 0))))
    value = Formula(rules["expression"], figures).any_of()
    if base < 0 or value is None or abs(value) >= 10**15:
        return Fraction(0)
    return Fraction(value)

"""Printed mathematics read back by its conventions, without a look at the tree it comes from.

Vectors are columns. A factor after a sum or a log belongs to what is summed; a product by entries
and one of matrices must not stand side by side without brackets. What can be read in two ways is
refused, so that a misprint shows either as another value or as a refusal.
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from flint import fmpq

from gradaudit.language.formula import numeral
from gradaudit.language.functions import EXACT, identity
from gradaudit.language.numbers import each

TOKEN = re.compile(
    r'\s*(dot\.op|dot\.o|<=|>=|!=|bold\(1\)|"[^"]*"|\d+(?:\.\d+)?|[A-Za-z]+|#\$|⊘|.)'
)
GIVEN = {"W^((1))": "W1", "b^((1))": "b1", "w^((2))": "w2", "b^((2))": "b2"}
RELATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, ">": operator.gt, "=": operator.eq,
    "<=": operator.le, ">=": operator.ge, "!=": operator.ne,
}  # fmt: skip
FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    **EXACT,
    "ReLU": EXACT["relu"],
    "max": lambda one, *other: EXACT["larger"](one, *other) if other else max(one.flat),
    "min": lambda one, *other: EXACT["smaller"](one, *other) if other else min(one.flat),
    "norm": lambda one: EXACT["norm"](one.ravel()),
    "softmax": lambda one: EXACT["softmax"](one[:, 0])[:, None],
    "tr": EXACT["trace"],
    "sgn": EXACT["sign"],
    "diag": lambda one: (
        EXACT["diag"](one[:, 0]) if one.shape[1] == 1 else column(EXACT["diagonal"](one))
    ),
}
CALLED = ("exp", "abs", "sqrt", "log", "max", "min", "sin", "cos", "tanh", "det", "norm")
END = {"", ")", "]", ",", "+", "-", "$", *RELATIONS}
ONES = "ones"


class Ambiguous(Exception):
    """It can be read in more than one way, or in none."""


def column(value: Any) -> Any:
    """Return a vector as a matrix of one column; anything else as it is."""
    return value[:, None] if np.ndim(value) == 1 else value


class Reader:
    """Reads one text; values: names of the question, exact numbers or arrays."""

    def __init__(self, text: str, values: Mapping[str, Any], sets: Mapping[str, int]) -> None:
        self.tokens = [*TOKEN.findall(text), ""]
        self.place = 0
        self.values = {name: column(value) for name, value in values.items()}
        self.sets = sets

    @property
    def next(self) -> str:
        return str(self.tokens[self.place])

    def take(self, wanted: str = "") -> str:
        token = self.next
        if wanted and token != wanted:
            raise Ambiguous(f"{wanted!r} is wanted, found {token!r}")
        self.place += 1
        return token

    def read(self) -> Any:
        value = self.sum()
        if self.next:
            raise Ambiguous(f"{self.next!r} is left over")
        return value

    def sum(self) -> Any:
        value = self.signed()
        while self.next in ("+", "-"):
            sign = -1 if self.take() == "-" else 1
            value = joined(operator.add, value, sign * self.product())
        return value

    def signed(self) -> Any:
        if self.next == "-":
            self.take()
            return -self.product()
        return self.product()

    def product(self) -> Any:
        value, kind = self.factor(), ""
        while self.next not in END:
            sign = self.take() if self.next in ("thin", "dot.op", "dot.o", "⊘") else ""
            if self.next == "-":
                raise Ambiguous("a minus in a product")
            by_entries = sign in ("dot.o", "⊘")
            if kind == "⊘" or (kind and by_entries != (kind == "dot.o")):
                raise Ambiguous("products of two kinds side by side")
            if sign == "":
                raise Ambiguous(f"{self.next!r} without a sign before it")
            factor, kind = self.factor(), sign
            value = multiplied(value, sign, factor)
        return value

    def factor(self) -> Any:
        if self.next == "limits":
            return self.big_sum()
        if self.next == "log" and self.tokens[self.place + 1] != "(":
            self.take()
            value = FUNCTIONS["log"](self.atom())
            if self.next not in END:
                raise Ambiguous("a factor after a log without brackets")
            return value
        return self.atom()

    def big_sum(self) -> Any:
        for token in ("limits", "(", "sum", ")"):
            self.take(token)
        if self.next == "(":
            value = self.atom()
            if self.next not in END:
                raise Ambiguous("a factor after a sum without brackets")
            return np.sum(value)
        self.take("_")
        if self.next != "(":
            return self.over(self.take(), None)
        self.take("(")
        index = self.take()
        self.take("in")
        size = self.sets[self.take()]
        self.take(")")
        return self.over(index, size)

    def over(self, index: str, size: int | None) -> Any:
        """Return the sum of what follows, over so many values of an index, or all there are."""
        start, outer, terms = self.place, self.values, []
        for k in range(99 if size is None else size):
            self.place = start
            self.values = {**outer, index: fmpq(k)}
            try:
                terms.append(self.product())
            except IndexError:
                if size is not None:
                    raise
                break
        self.values = outer
        return sum(terms[1:], terms[0])

    def atom(self) -> Any:
        token = self.take()
        if token in (*CALLED, "op", "frac", "attach"):
            value = self.call(token)
        elif token == "(":
            value = self.sum()
            self.take(")")
        elif token == "[":
            value = self.condition()
        elif token == "bold(1)":
            return ONES
        elif token == "delta":
            return self.delta()
        elif token[0].isdigit():
            value = numeral(token)
        else:
            return self.name(token)
        return self.raised(value)

    def raised(self, value: Any) -> Any:
        while self.next == "^":
            self.take()
            if self.next == "top":
                self.take()
                value = value.T
                continue
            self.take("(")
            if self.next == "dot.o":
                self.take()
            elif np.ndim(value) and self.next == "-":
                self.take("-")
                self.take("1")
                self.take(")")
                value = EXACT["inv"](value)
                continue
            elif np.ndim(value):
                raise Ambiguous("a power of a matrix")
            value = EXACT["**"](value, self.sum())
            self.take(")")
        return value

    def call(self, token: str) -> Any:
        self.take("(")
        if token == "frac":
            over = self.sum()
            self.take(",")
            under = self.sum()
            self.take(")")
            if np.ndim(under):
                raise Ambiguous("a fraction with an array below")
            return over / under
        if token == "attach":
            value = self.sum()
            for one in (",", "b", ":", "#$"):
                self.take(one)
            return self.at(value, self.indices("$", ")"))
        if token == "op":
            token = self.take().strip('"')
            self.take(")")
            self.take("(")
        values = [self.sum()]
        while self.next == ",":
            self.take()
            values.append(self.sum())
        self.take(")")
        return FUNCTIONS[token](*values)

    def condition(self) -> Any:
        left: Any = self.sum()
        truth: Any = fmpq(1)
        while self.next in RELATIONS:
            relation = RELATIONS[self.take()]
            right = self.sum()
            truth = truth * each(lambda one: fmpq(int(one)), joined(relation, left, right))
            left = right
        self.take("]")
        return truth

    def delta(self) -> fmpq:
        self.take("_")
        self.take("(")
        one, other = self.indices(")")
        return fmpq(int(one == other))

    def name(self, token: str) -> Any:
        bold = token == "bold"
        if bold:
            self.take("(")
            token = self.take()
            self.take(")")
        if token == "upright":
            for one in ("(", "I", ")", "_", "("):
                self.take(one)
            size = self.sets[self.take()]
            self.take(")")
            return identity(size)
        if self.next == "^" and self.tokens[self.place + 1 : self.place + 3] == ["(", "("]:
            token += "".join(self.take() for _ in range(6))
        value = self.values[GIVEN.get(token, token)]
        if self.next == "_":
            self.take()
            self.take("(")
            value = self.at(value, self.indices(")"))
        if token[0].islower() and bold != (np.ndim(value) > 0):
            raise Ambiguous(f"{token} is bold, or is not, against its shape")
        return self.raised(value)

    def indices(self, *ends: str) -> list[Any]:
        chosen: list[Any] = []
        while self.next != ends[0]:
            if self.next in (",", "thin"):
                self.take()
            elif self.next == ":":
                self.take()
                chosen.append(slice(None))
            else:
                between = self.tokens[self.place + 1] in (*ends, ",") or len(self.next) > 1
                letter = re.fullmatch("[a-z]", self.next)
                value = self.atom() if letter and not between else self.sum()
                chosen.append(int(value))
        for one in ends:
            self.take(one)
        return chosen

    @staticmethod
    def at(value: Any, chosen: list[Any]) -> Any:
        flat = value[:, 0] if value.shape[1] == 1 and len(chosen) == 1 else value
        entry = flat[tuple(chosen)]
        return column(entry)


def joined(function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Join by entries; a vector that meets a matrix stands for each of its rows."""
    if np.ndim(left) and np.ndim(right) and np.shape(left) != np.shape(right):
        wide = [np.shape(one)[1] > 1 for one in (left, right)]
        left = left.T if wide[1] and not wide[0] else left
        right = right.T if wide[0] and not wide[1] else right
    return function(left, right)


def multiplied(left: Any, sign: str, right: Any) -> Any:
    """Multiply by the sign that stands between."""
    if sign in ("dot.o", "⊘"):
        return joined(operator.mul if sign == "dot.o" else operator.truediv, left, right)
    if isinstance(right, str):
        return np.sum(left, axis=1, keepdims=True)
    if not np.ndim(left) or not np.ndim(right):
        return left * right
    if sign == "dot.op":
        return (left.T @ right)[0, 0]
    return left @ right

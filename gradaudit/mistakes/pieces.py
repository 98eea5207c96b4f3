"""A formula at one input with many other texts in it, each piece of which is read once."""

import ast
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, FormulaError, Scope, parse
from gradaudit.language.numbers import FIRST_PRECISION, precision
from gradaudit.language.outcomes import Missing
from gradaudit.mistakes.edits import Loop, Source

NO_VALUE = (Missing, FormulaError, ArithmeticError, ValueError, TypeError)
LEFT, RIGHT = "left", "right"  # the names of what is put together


Loops = tuple[Loop, ...]
Said = tuple[str, ...]  # a form such as "{} * {}", and what stands in its braces
Value = tuple[Any, tuple[int, ...]]  # as `Env.inner` has it


def as_text(said: Said) -> str:
    """Return a text as it is written."""
    form, *texts = said
    return form.format(*texts)


class Pieces:
    """The pieces of a formula at one input: what is around its places, and what is put there.

    To read each text as a whole takes longer than all else that is done with it.
    """

    def __init__(self, source: Source, scope: Scope, env: Env) -> None:
        self.source, self.scope, self.env = source, scope, env
        self.hole = "_" + max(scope.names(), key=len)  # longer than any other name
        self._with_hole = replace(scope, given=scope.given | {self.hole})
        self._around = cache(_or_none(self._read_around))
        self._part = cache(_or_none(self._value_of_part))

    def value(self, node: ast.expr, loops: Loops, said: Said) -> Any:
        """Return the value with another text in place of a node, None where it must be read whole.

        loops: the indices that are known at the node.
        """
        form, *texts = said
        around, parts = self._around(node), [self._part(text, loops) for text in texts]
        if around is None or None in parts or len(dict(loops)) < len(loops):
            return None
        env = self.env.under(dict(loops))
        for name, part in zip((LEFT, RIGHT), parts, strict=False):
            env = env.holding(name, *part)
        try:
            with precision(FIRST_PRECISION), np.errstate(all="ignore"):
                value = env.inner(_put_together(form).tree)
                return self.env.holding(self.hole, *value).entries(around.tree)
        except NO_VALUE:
            return None

    def _read_around(self, node: ast.expr) -> Formula:
        return parse(self.source.replaced(node, self.hole), self._with_hole)

    def _value_of_part(self, text: str, loops: Loops) -> Value:
        part = parse(text, replace(self.scope, free=dict(loops)))
        with precision(FIRST_PRECISION), np.errstate(all="ignore"):
            return self.env.under(dict(loops)).inner(part.tree)


@cache
def _put_together(form: str) -> Formula:
    return parse(form.format(LEFT, RIGHT), Scope(frozenset({LEFT, RIGHT})))


def _or_none(find: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that returns None where there is no value."""

    def found(*arguments: Any) -> Any:
        try:
            return find(*arguments)
        except NO_VALUE:
            return None

    return found

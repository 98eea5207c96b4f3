"""A formula at one input with many other texts in it, each piece of which is read once."""

import ast
from dataclasses import replace
from functools import cache
from typing import Any

from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, FormulaError, Scope, parse
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
        self._around = cache(self._read_around)
        self._part = cache(self._read_part)
        self._value = cache(self._value_of_part)
        self._beside = cache(self._env_beside)

    def value(self, node: ast.expr, loops: Loops, said: Said) -> Any:
        """Return the value with another text in place of a node, None where it must be read whole.

        loops: the indices that are known at the node. Raises as `Env.entries` does.
        """
        form, *texts = said
        around, parts = self._around(node), [self._part(text, loops) for text in texts]
        if around is None or None in parts or len(dict(loops)) < len(loops):
            return None
        value = self._value(texts[0], loops)
        if form != "{}":
            env = self._beside(texts[0], loops)
            for other in texts[1:]:
                env = env.holding(RIGHT, *self._value(other, loops))
            value = env.inner(_put_together(form).tree)
        return self.env.holding(self.hole, *value).entries(around.tree)

    def _read_around(self, node: ast.expr) -> Formula | None:
        return _read(self.source.replaced(node, self.hole), self._with_hole)

    def _read_part(self, text: str, loops: Loops) -> Formula | None:
        return _read(text, replace(self.scope, free=dict(loops)))

    def _value_of_part(self, text: str, loops: Loops) -> Value:
        part = self._part(text, loops)
        assert part is not None
        return self.env.under(dict(loops)).inner(part.tree)

    def _env_beside(self, text: str, loops: Loops) -> Env:
        """Return what the right side of something is evaluated with, of which this is the left."""
        return self.env.under(dict(loops)).holding(LEFT, *self._value(text, loops))


def _read(text: str, scope: Scope) -> Formula | None:
    try:
        return parse(text, scope)
    except FormulaError:
        return None


@cache
def _put_together(form: str) -> Formula:
    return parse(form.format(LEFT, RIGHT), Scope(frozenset({LEFT, RIGHT})))

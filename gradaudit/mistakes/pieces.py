"""A formula at one input with many other texts in it, each piece of which is read once."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import Any

import numpy as np

from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, FormulaError, Scope, parse
from gradaudit.language.outcomes import Missing
from gradaudit.mistakes.edits import Loop, Source

NO_VALUE = (Missing, FormulaError, ArithmeticError, ValueError, TypeError)
AT_ONCE = 64  # texts that are put in one place at once
CASE = 0  # the number of the index of these
LEFT, RIGHT = "left", "right"  # the names of what is put together


Loops = tuple[Loop, ...]
Said = tuple[str, ...]  # a form such as "{} * {}", and what stands in its braces
Value = tuple[Any, tuple[int, ...]]  # as `Env.inner` has it


def written_out(said: Said) -> str:
    """Return a text as it is written."""
    form, *texts = said
    return form.format(*texts)


class Pieces:
    """The pieces of a formula at one input: what is around its places, and what is put there.

    To read each text as a whole takes longer than all else that is done with it.
    """

    def __init__(self, source: Source, scope: Scope, values: Mapping[str, Any], sizes: Any) -> None:
        self.source, self.scope = source, scope
        self.env = Env(
            values, sizes, scope.defined, scope.free, floats=True, cases=AT_ONCE, varied=()
        )
        names = (one.id for one in ast.walk(source.tree) if isinstance(one, ast.Name))
        self.in_where = "where" in names  # of which not all needs to have a value
        self.hole = "_" + max(scope.names(), key=len)  # longer than any other name
        self._with_hole = replace(scope, given=scope.given | {self.hole})
        self._around = cache(self._read_around)
        self._part = cache(self._read_part)
        self._value = cache(self._value_of_part)
        self._beside = cache(self._env_beside)

    def values(
        self, node: ast.expr, loops: Loops, texts: Sequence[Said]
    ) -> Iterator[tuple[Sequence[Said], Any]]:
        """Yield texts with the values of the formula where each stands in place of a node.

        loops: the indices that are known there. The first axis is that of the texts. It is None
        where they must be read as a whole, and those that have no value anywhere are left out.
        """
        around = self._around(node)
        if around is None or len(dict(loops)) < len(loops):
            yield texts, None
            return
        alike: dict[Any, dict[Said, Any]] = {}
        for said in texts:
            if None in [self._part(text, loops) for text in said[1:]]:
                yield [said], None
                continue
            try:
                value, over = self._put(said, loops)
                alike.setdefault((over, np.shape(value)), {})[said] = value
            except NO_VALUE:
                if self.in_where:
                    yield [said], None
        for (over, shape), some in alike.items():
            for first in range(0, len(some), AT_ONCE):
                few = list(islice(some, first, first + AT_ONCE))
                value = np.stack([some[said] for said in few], axis=len(shape) - len(over))
                env = self.env.holding(self.hole, value, (CASE, *over), cases=len(few))
                try:
                    found = env.entries(around.tree)
                except NO_VALUE:
                    found = None
                if found is not None or self.in_where:
                    yield few, found

    def _put(self, said: Said, loops: Loops) -> Value:
        """Return the value of a text by itself."""
        form, first, *second = said
        if form == "{}":
            return self._value(first, loops)
        env = self._beside(first, loops)
        for other in second:
            env = env.holding(RIGHT, *self._value(other, loops))
        return env.inner(_put_together(form).tree)

    def _read_around(self, node: ast.expr) -> Formula | None:
        return read_or_none(self.source.replaced(node, self.hole), self._with_hole)

    def _read_part(self, text: str, loops: Loops) -> Formula | None:
        return read_or_none(text, replace(self.scope, free=dict(loops)))

    def _value_of_part(self, text: str, loops: Loops) -> Value:
        part = self._part(text, loops)
        assert part is not None
        return self.env.under(dict(loops)).inner(part.tree)

    def _env_beside(self, text: str, loops: Loops) -> Env:
        """Return what the right side of something is evaluated with, of which this is the left."""
        return self.env.under(dict(loops)).holding(LEFT, *self._value(text, loops))


def read_or_none(text: str, scope: Scope) -> Formula | None:
    """Return a formula, if a text is one."""
    try:
        return parse(text, scope)
    except FormulaError:
        return None


@cache
def _put_together(form: str) -> Formula:
    return parse(form.format(LEFT, RIGHT), Scope(frozenset({LEFT, RIGHT})))

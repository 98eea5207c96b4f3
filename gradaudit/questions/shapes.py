"""The shapes of names and formulas of a question, found where all sizes differ."""

import ast
import math
from typing import Any

import numpy as np

from gradaudit.language.evaluate import Env
from gradaudit.language.formula import FUNCTIONS, FormulaError, Scope, indices
from gradaudit.language.outcomes import NoValue, Unfit
from gradaudit.questions.question import Question

MOST_ENTRIES = 10**6  # of an array, where shapes are tried out
NOT_TOLD = (NoValue, FormulaError, ValueError, FloatingPointError)


def free_indices(text: str, question: Question) -> dict[str, str]:
    """Return the free indices of a part with the index sets they run over, from where they stand.

    Nothing is refused here: the parser does that, and knows the column.
    """
    try:
        tree = ast.parse(text.partition("#")[0].strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    known = {*question.scope.names(), *question.sets, *FUNCTIONS}
    bound = {
        clause.target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.GeneratorExp)
        for clause in node.generators
        if isinstance(clause.target, ast.Name)
    }
    found: dict[str, tuple[int, str]] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Subscript) or not isinstance(node.value, ast.Name):
            continue
        axes = axes_of(node.value.id, question)
        for axis, index in zip(axes, indices(node), strict=False):
            if isinstance(index, ast.Name) and index.id not in known | bound:
                found.setdefault(index.id, (index.col_offset, axis))
    return {name: axis for name, (_, axis) in sorted(found.items(), key=lambda one: one[1])}


def axes_of(name: str, question: Question) -> tuple[str, ...]:
    """Return the index sets of the axes of a name, found where all their sizes differ."""
    if name in question.given:
        return question.given[name].axes
    if name not in question.scope.defined:
        return ()
    sizes, shape = shape_of(ast.Name(name, col_offset=1), question.scope, question)
    by_size = {size: one for one, size in sizes.items()}
    return tuple(by_size.get(size, "") for size in shape or ())


def unfit(question: Question) -> str:
    """Return what line of a model has shapes that do not go together where all sizes differ."""
    for name, written in question.scope.written.items():
        try:
            _apart(ast.Name(name, col_offset=1), question.scope, question)
        except Unfit as reason:
            sizes = ", ".join(f"{one} = {size}" for one, size in _sizes(question).items())
            return f"{written}: {reason}, where {sizes}"
        except NOT_TOLD:
            continue
    return ""


def shape_of(
    tree: ast.expr, scope: Scope, question: Question
) -> tuple[dict[str, int], tuple[int, ...] | None]:
    """Return the shape of a value where all sizes differ, and these; None if it can't be told."""
    try:
        return _sizes(question), np.shape(_apart(tree, scope, question))
    except NOT_TOLD:
        return _sizes(question), None


def _sizes(question: Question) -> dict[str, int]:
    return question.sized({one: 7 + 3 * k for k, one in enumerate(question.free_sets)}) or {}


def _apart(tree: ast.expr, scope: Scope, question: Question) -> Any:
    """Return a value where all sizes differ. Raises one of NOT_TOLD."""
    sizes = _sizes(question)
    values: dict[str, Any] = {}
    for name, one in question.given.items():
        shape = [sizes.get(axis, MOST_ENTRIES) for axis in one.axes]
        if not sizes or math.prod(shape) > MOST_ENTRIES:
            raise NoValue("it is too large")
        values[name] = (
            np.full(shape, 0.0 if one.within else 1.0) if shape else float(not one.within)
        )
    values |= {name: float(sizes.get(one, 0)) for name, one in question.counts.items()}
    with np.errstate(all="ignore"):
        return Env(values, sizes, scope.defined, scope.free, floats=True).entries(tree)

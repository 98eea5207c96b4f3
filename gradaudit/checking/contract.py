"""What a derivative owes besides its values: form, memory, the same answer again."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import combinations
from typing import Any

import numpy as np

from gradaudit.checking import kinds
from gradaudit.checking.calls import ELSEWHERE, FORMS, answers, is_float, is_the_same
from gradaudit.checking.charts import Array
from gradaudit.checking.lines import NoValue
from gradaudit.checking.points import Input
from gradaudit.checking.products import has_one_product, is_adjoint, is_linear, is_one_product
from gradaudit.checking.refusals import Fault
from gradaudit.checking.specs import Leaf
from gradaudit.checking.trees import as_array, copies

ROLLABLE = {"int", "bool", "count", "sign", "onehot", "unit", "simplex", "unitvec"}
OFTEN = 6  # how many times more it is called at the first inputs


def keeps_its_contract(point: Input, forms: bool = False) -> list[str]:
    """Check the contract at an input, and return remarks. Raises Fault.

    Its first answer becomes that which the point judges. forms: other orders of memory, read-only
    and strided arguments as well.
    """
    if point.pair.kind == "jvp":
        is_one_product(point)
        return []
    first, given = answers(point, point.args)
    gradients = point.checked(first)
    _has_the_dtype(point, gradients)
    _shares_no_memory(point, gradients, given)
    kept = [g.copy() for g in gradients]
    point.slopes = point.atlas.slopes(kept)
    again, _ = answers(point, point.args)
    _is_another_memory(point, first, again)
    is_the_same(point, kept, again, "when it is called again")
    with suppress(Fault, NoValue):  # there, f may have no value either
        point.gradient(point.moved(point.scales, ELSEWHERE))
    if forms:  # nor may it read what the last call of f left behind
        with suppress(NoValue):
            point.value(point.scales, ELSEWHERE)
    is_the_same(point, kept, answers(point, point.args)[0], "after a call elsewhere")
    is_the_same(point, kept, first, "once it was returned: a later call overwrites it")
    remarks = []
    if forms:
        for _ in range(OFTEN):  # what it does now and then may be what it did at first
            is_the_same(point, kept, answers(point, point.args)[0], "when it is called again")
        remarks += _changed_by_f(point)
        has_one_product(point)
        for name, args in _forms(point):
            try:
                other, _ = answers(point, args)
            except Fault as fault:
                remarks.append(f"{name} arguments are not taken: {fault}")
            else:
                is_the_same(point, kept, other, f"for {name} arguments")
    if point.pair.kind in {"jacobian", "elementwise"}:
        _stays_as_returned(point, kept)
    if point.pair.kind == "vjp":
        is_linear(point, kept)
    if point.pair.forward is not None or forms:
        is_adjoint(point)
    return remarks


def _stays_as_returned(point: Input, kept: Sequence[Array]) -> None:
    """Check that a later call changes no Jacobian, nor an operator that stands for one."""
    returned = point.jacobians()
    with suppress(Fault, NoValue):
        answers(point, point.moved(point.scales, ELSEWHERE))
    later = point.weighed(returned, copies(point.cotangent))
    is_the_same(point, kept, later, "once it was returned: a later call changes it")


def another(leaf: Leaf, value: Any) -> Any:
    """Return another value of a leaf, if one of its kind is near."""
    if leaf.choices:
        return next((one for one in leaf.choices if one != value), value)
    if leaf.kind in kinds.SCALABLE:
        return value * 0.75
    return np.roll(value, 1, axis=0) if np.ndim(value) and leaf.kind in ROLLABLE else value


def knows_the_argument(point: Input, other: Input, name: str) -> None:
    """Check that nothing is kept of an input for another that differs by one argument."""
    if point.pair.kind == "jvp":
        return
    point.gradient(copies(point.args))
    kept = [g.copy() for g in other.checked(other.gradient(copies(other.args)))]
    other.slopes = other.atlas.slopes(kept)
    spec = other.pair.spec
    with suppress(Fault, NoValue):
        other.gradient(spec.rebuild(list(map(another, spec.leaves, other.leaves))))
    again = other.gradient(copies(other.args))
    when = f"once it was called elsewhere: something is kept from a call with another {name}"
    is_the_same(other, kept, again, when)


def _changed_by_f(point: Input) -> list[str]:
    """Return a remark on each argument that f changes: it is given copies, its users may not be."""
    given = copies(point.args)
    try:
        point.pair.f(*point.pair.of(given))
    except Exception:  # it is judged elsewhere
        return []
    return [
        f"f changes its argument {leaf.path}: here it is given copies"
        for leaf, old, new in zip(
            point.pair.spec.leaves, point.leaves, point.pair.spec.flatten(given), strict=True
        )
        if not np.array_equal(old, new, equal_nan=is_float(old))
    ]


def _has_the_dtype(point: Input, gradients: Sequence[Array]) -> None:
    for i, name, g in zip(point.pair.moved, point.pair.names(), gradients, strict=True):
        wanted = np.asarray(point.leaves[i]).dtype
        if g.dtype != wanted and isinstance(point.leaves[i], np.ndarray):
            raise Fault("the form", f"{name} is of {g.dtype}, and {wanted} is wanted")


def _shares_no_memory(point: Input, gradients: Sequence[Array], given: tuple[Any, ...]) -> None:
    names = point.pair.names()
    for leaf, x in zip(point.pair.spec.leaves, point.pair.spec.flatten(given), strict=True):
        for name, g in zip(names, gradients, strict=True):
            if isinstance(x, np.ndarray) and np.shares_memory(x, g):
                raise Fault("memory of its own", f"{name} is memory of the argument {leaf.path}")
    for (one, g), (other, h) in combinations(zip(names, gradients, strict=True), 2):
        if np.shares_memory(g, h):
            raise Fault("memory of its own", f"{other} shares memory with {one}")


def _is_another_memory(point: Input, first: Sequence[Any], again: Sequence[Any]) -> None:
    for name, g, h in zip(point.pair.names(), first, again, strict=True):
        if isinstance(h, np.ndarray) and np.shares_memory(as_array(g), h):
            raise Fault("memory of its own", f"{name} is the same memory at every call")


def _forms(point: Input) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Yield the arguments in other forms, each with its name."""
    for name, change in FORMS:
        leaves = [
            change(leaf) if isinstance(leaf, np.ndarray) and leaf.ndim else leaf
            for leaf in point.pair.spec.flatten(copies(point.args))
        ]
        yield name, point.pair.spec.rebuild(leaves)

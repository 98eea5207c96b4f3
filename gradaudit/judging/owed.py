"""What an answer to a question owes besides being right: identities, which the question states.

They see what they see without any derivative. They are asked for away from kinks, where one answer
may take another side than the next.
"""

import ast
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt
from flint import arb

from gradaudit.judging.calling import Function
from gradaudit.judging.cases import Case
from gradaudit.judging.contract import Floats, ask, compare, foresee
from gradaudit.judging.digits import but_for_digits
from gradaudit.judging.laws import DoesNotApply, Refusal
from gradaudit.judging.oracles import Estimate, oracle
from gradaudit.language.balls import settled
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Formula, FormulaError
from gradaudit.language.numbers import FIRST_PRECISION, Dual, each, ends, precision, primal
from gradaudit.language.outcomes import Missing, present
from gradaudit.questions.question import Owed
from gradaudit.questions.simple import KEPT, exact_float, floats

Changes = tuple[tuple[str, Formula], ...]  # of a name that is given, to what a formula says


@dataclass(frozen=True)
class Identity:
    """What an answer owes besides, at an input and at others that are made of it.

    others: these. check: compares what the function returned at all of them.
    """

    others: Callable[[Case], Sequence[Case]]
    check: Callable[..., None]

    def __call__(self, judged: Function, case: Case) -> None:
        """Refuse an answer that does not obey it."""
        several = [case, *self.others(case)]
        found = ask(judged, *several)
        with but_for_digits(judged, *several):
            self.check(case, *found)

    def foresee(self, judged: Function, cases: Iterable[Case]) -> None:
        """Ask for all that will be asked for at inputs."""
        wanted: list[Case] = []
        for case in cases:
            with suppress(Missing, DoesNotApply):  # which is met again when it is judged
                wanted += (case, *self.others(case))
        foresee(judged, wanted)


def identity_of(owed: Owed) -> Identity:
    """Return what an answer owes besides."""
    if owed.that is not None:
        return Identity(_none, partial(_obeys, owed.that))
    if owed.order:
        return Identity(partial(_moved, owed.order), partial(_follows_the_order, owed.order))
    if owed.adds_up:
        return Identity(partial(_each_alone, owed.adds_up), _adds_up)
    if owed.linear:
        return Identity(partial(_with_units, owed.linear), partial(_is_linear, owed.linear))
    changes = tuple((name, change) for name, several in owed.same.items() for change in several)
    return Identity(partial(_changed, changes), partial(_is_the_same, changes))


def _none(_: Case) -> Sequence[Case]:
    return ()


def _obeys(that: Formula, case: Case, found: Floats) -> None:
    """Refuse an answer that does not obey an equation, beyond what its own rounding explains.

    The equation is computed exactly, of the numbers that the function returned.
    """
    if not np.isfinite(found).all():
        raise Refusal("", "finite numbers", float(found[~np.isfinite(found)][0]))
    assert case.call is not None
    assert isinstance(that.tree, ast.Compare)
    splits = np.cumsum([int(np.prod(shape)) for shape in case.results().values()])[:-1]
    shapes = case.results().values()
    names = [f"d{case.question.parts[part].by}" for part in case.call.parts]
    answer = {
        name: each(exact_float, part.reshape(shape)[()])
        for name, part, shape in zip(names, np.split(found, splits), shapes, strict=True)
    }
    env = Env({**case.values, **answer}, case.sizes, that.scope.defined)
    env = env.seeded(*names, slopes=True)
    own = oracle(case).own_rounding(found)
    with precision(FIRST_PRECISION):
        sides = [env.evaluate(side) for side in (that.tree.left, that.tree.comparators[0])]
        off = np.ravel(np.array(sides[0] - sides[1], dtype=object))
        for one in off:
            slopes = one.slopes if isinstance(one, Dual) else {}
            allowed = 0.0
            for place, slope in slopes.items():
                steep = max(float(abs(arb(end)).upper()) for end in ends(present(slope)))
                allowed += steep * own[place]
            if not abs(float(arb(primal(one)).mid())) <= allowed:
                left, right = (float(arb(primal(np.ravel(s)[0])).mid()) for s in sides)
                raise Refusal(ast.unparse(that.tree.left), right, left, allowed)


def _moved(index_set: str, case: Case) -> list[Case]:
    return [moved for _, moved, _ in _reordered(index_set, case)]


def _follows_the_order(index_set: str, case: Case, found: Floats, *others: Floats) -> None:
    error = 2 * oracle(case).own_rounding(found)
    for (order, _, places), other in zip(_reordered(index_set, case), others, strict=True):
        note = f"with {index_set} in the order {order}"
        compare(case, other, Estimate(found[places], error[places]), note=note)


@lru_cache(maxsize=KEPT)
def _reordered(index_set: str, case: Case) -> list[tuple[list[int], Case, npt.NDArray[np.int64]]]:
    """Return a case with an index set in other orders, and where entries of an answer are then."""
    several = orders(case.sizes[index_set])
    return [
        (order, moved, _places(case, index_set, order))
        for order in several
        if (moved := case.picked(index_set, order))
    ]


def _places(case: Case, index_set: str, order: Sequence[int]) -> npt.NDArray[np.int64]:
    """Return where each entry of an answer stands when an index set is in another order."""
    assert case.call is not None
    places, start = list[npt.NDArray[Any]](), 0
    for part, shape in zip(case.call.parts, case.results().values(), strict=True):
        at: npt.NDArray[Any] = start + np.arange(int(np.prod(shape))).reshape(shape)
        start += at.size
        for axis, one in enumerate(case.question.parts[part].axes):
            at = at.take(order, axis=axis) if one == index_set else at
        places.append(np.ravel(at))
    return np.concatenate(places)


def _adds_up(case: Case, found: Floats, *parts: Floats) -> None:
    own = oracle(case).own_rounding
    error = own(found) + own(np.abs(parts).sum(axis=0))
    compare(case, found, Estimate(np.sum(parts, axis=0), error))


@lru_cache(maxsize=KEPT)
def _each_alone(index_set: str, case: Case) -> list[Case]:
    picked = (case.picked(index_set, [k]) for k in range(case.sizes[index_set]))
    return [one for one in picked if one]


def _is_linear(name: str, case: Case, found: Floats, *parts: Floats) -> None:
    weights = np.ravel(floats(case.given[name]))
    own = oracle(case).own_rounding
    error = own(found) + own(np.abs(weights) @ np.abs(parts))
    compare(case, found, Estimate(weights @ np.array(parts), error))


@lru_cache(maxsize=KEPT)
def _with_units(name: str, case: Case) -> list[Case]:
    shape = np.shape(case.given[name])
    size = int(np.prod(shape))
    units = each(exact_float, np.eye(size)).reshape(size, *shape)
    return [replace(case, given={**case.given, name: unit}) for unit in units]


def _is_the_same(changes: Changes, case: Case, found: Floats, *others: Floats) -> None:
    each_ = zip(changes, _changed(changes, case), others, strict=True)
    for (name, change), moved, other in each_:
        error = oracle(case).own_rounding(found) + oracle(moved).own_rounding(found)
        compare(case, other, Estimate(found, error), note=f"with {change.text} for {name}")


@lru_cache(maxsize=KEPT)
def _changed(changes: Changes, case: Case) -> list[Case]:
    found = []
    for name, change in changes:
        evaluate = partial(case.env(change).evaluate, change.tree)
        try:
            value = each(exact_float, settled(evaluate))
        except (Missing, FormulaError) as none:
            raise DoesNotApply(f"{change.text}: {none}") from None
        found.append(replace(case, given={**case.given, name: value}))
    return found


def orders(size: int) -> list[list[int]]:
    """Return a rotation and a swap, which generate every order of `size` things."""
    straight = list(range(size))
    rotated = [*straight[1:], *straight[:1]]
    swapped = [*straight[1::-1], *straight[2:]]
    return [rotated, swapped] if size > 2 else [swapped] if size == 2 else []

"""Values in another form, such as another shape or order: it is undone, and they are judged."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from gradaudit.judging.calling import Observed, Result
from gradaudit.judging.cases import Case
from gradaudit.judging.laws import CannotGoOn
from gradaudit.judging.oracles import oracle
from gradaudit.language.outcomes import Missing, NoValue
from gradaudit.language.showing import plural

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Place:
    """Where a wanted result stands among those returned, and what is to be undone.

    axes: those of size 1 too many. summed: it has a row for each sample; they are to be summed.
    """

    index: int
    axes: Shape = ()
    summed: bool = False

    def take(self, returned: Sequence[Result]) -> Result:
        """Return the result in the wanted form, or as it is where that cannot be."""
        one = returned[self.index]
        if isinstance(one, str):
            return one
        one = np.asarray(one, dtype=np.float64)
        if max(self.axes, default=-1) >= one.ndim:
            return one
        if self.summed and one.ndim:
            return np.asarray(one.sum(axis=0))
        return one.squeeze(self.axes) if all(one.shape[a] == 1 for a in self.axes) else one


@dataclass(frozen=True)
class Form:
    """How the results of a function differ in form from those that are wanted.

    places: where each wanted result is to be found. told: each difference, in a phrase.
    """

    places: tuple[Place, ...]
    told: tuple[str, ...]

    @property
    def summed(self) -> bool:
        """Whether a sum is left out, which is more than a form."""
        return any(place.summed for place in self.places)


class InForm:
    """A function whose results are brought into the wanted form, where it can be told how.

    It is told at one input, `shown`, whose sizes differ, so that no two shapes coincide. wanted:
    name and shape of each result there; their values tell the order of equal shapes.
    """

    def __init__(self, judged: Any, shown: Case) -> None:
        self.judged = judged
        self.shown = shown
        self.wanted = shown.results()
        self.order = order_of(judged.arguments, list(shown.blocks))

    def observe(self, calls: Sequence[Sequence[Any]]) -> Observed:
        """Return what calls in a row showed, in the wanted form. Raises NoValue or CannotGoOn."""
        form = self.form
        observed = self._called(calls)
        if form is None:
            return observed
        returned = [
            held[1] if held else results
            for results, held in zip(observed.results, observed.held, strict=True)
        ]
        order = [place.index for place in form.places]
        return replace(
            observed,
            results=[
                [place.take(one) for place in form.places] if max(order) < len(one) else one
                for one in returned
            ],
            shared=[
                ((call, order.index(index)), (later, order.index(other)))
                for (call, index), (later, other) in observed.shared
                if index in order and other in order
            ],
        )

    def _called(self, calls: Sequence[Sequence[Any]]) -> Observed:
        """Return what calls showed of which each argument goes where the function names it."""
        observed: Observed = self.judged.observe([[call[k] for k in self.order] for call in calls])
        back = [self.order.index(k) for k in range(len(self.order))]
        return replace(observed, inputs=[[one[k] for k in back] for one in observed.inputs])

    @cached_property
    def form(self) -> Form | None:
        """The form of the results; None where it is the wanted one, or cannot be undone."""
        try:
            observed = self._called([self.shown.arguments()])
        except (NoValue, CannotGoOn):
            return None  # which every other call says as well
        names, returned = observed.held[0] or ([], observed.results[0])
        arrays = [one for one in returned if not isinstance(one, str)]
        count = len(self.wanted)
        if len(arrays) < max(count, len(returned)):
            return None
        places = self._places(arrays, names)
        if places is None:
            return None
        order = [place.index for place in places]
        names = [name for k, name in enumerate(names) if k in order]
        told = []
        wanted_order = list(self.shown.blocks)
        if self.order != sorted(self.order):
            came = ", ".join(wanted_order[k] for k in self.order)
            told.append(f"the arguments are {came}; {', '.join(wanted_order)} is wanted")
        for one in _beside(arrays, order):
            what = "the loss" if self._is_loss(one) else "a number"
            told.append(f"{what} is returned as well, the gradient alone is wanted")
        if names:
            wanted = "a tuple" if count > 1 else "an array"
            told.append(f"the result is a dict of {', '.join(names)}, {wanted} is wanted")
        elif order != sorted(order):
            in_order = sorted(zip(places, self.wanted, strict=True), key=lambda one: one[0].index)
            came = ", ".join(_short(name) for _, name in in_order)
            told.append(f"the order is {came}; {', '.join(map(_short, self.wanted))} is wanted")
        for (name, shape), place in zip(self.wanted.items(), places, strict=True):
            shapes = f"is {arrays[place.index].shape}, {shape} is wanted"
            if place.summed:
                over = self._over(arrays[place.index].shape[0])
                told.append(f"{_short(name)} is not summed over {over}: its shape {shapes}")
            elif place.axes:
                told.append(f"the shape of {_short(name)} {shapes}")
            if (dtype := arrays[place.index].dtype) != np.float64:
                told.append(f"the dtype of {_short(name)} is {dtype}, float64 is wanted")
        return Form(places, tuple(told)) if told else None

    @property
    def _summed(self) -> list[str]:
        """The index sets that every result is summed over."""
        question = self.shown.question
        kept = {axis for one in question.parts.values() for axis in one.axes}
        return [one for one in question.sets if one not in kept]

    def _over(self, size: int) -> str:
        """Return the things of which there are so many."""
        index_set = next(one for one in self._summed if self.shown.sizes[one] == size)
        called = self.shown.question.called
        return f"the {plural(called[index_set][0])}" if index_set in called else index_set

    def _places(self, arrays: Sequence[Any], names: Sequence[str]) -> tuple[Place, ...] | None:
        """Return where each wanted result stands, by its name or else by shapes and values."""
        orders: Any = itertools.permutations(range(len(arrays)), len(self.wanted))
        if names and len(self.wanted) > 1:
            short = [_short(name)[1:].lower() for name in self.wanted]
            found = [[k for k, name in enumerate(names) if one in name.lower()] for one in short]
            orders = [tuple(k for one in found for k in one)]
            if len(set(orders[0])) != len(short) or any(len(k) != 1 for k in found):
                return None
        fitting = []
        for order in sorted(orders, key=lambda order: order != tuple(sorted(order))):
            if any(one.ndim for one in _beside(arrays, order)):
                continue  # only a number can be left out
            places = [
                self._place(index, arrays[index].shape, shape)
                for index, shape in zip(order, self.wanted.values(), strict=True)
            ]
            if None not in places:
                fitting.append(tuple(place for place in places if place))
        if len(fitting) < 2:
            return fitting[0] if fitting else None
        try:
            right = oracle(self.shown).estimate
        except Missing:  # no value tells one order from another
            return fitting[0]
        ends = np.cumsum([int(np.prod(shape)) for shape in self.wanted.values()])[:-1]
        values, errors = np.split(right.value, ends), np.split(right.error, ends)

        came = [np.ravel(np.asarray(place.take(arrays))) for place in fitting[0]]
        opposite = zip(came, values, errors, strict=True)
        minus = [bool((abs(one + value) <= error).all()) for one, value, error in opposite]

        def right_ones(places: tuple[Place, ...]) -> list[bool]:
            found = [np.ravel(np.asarray(place.take(arrays))) for place in places]
            close = zip(found, values, errors, strict=True)
            return [bool((abs(one - value) <= error).all()) for one, value, error in close]

        def losses(places: tuple[Place, ...]) -> int:
            return sum(map(self._is_loss, _beside(arrays, [place.index for place in places])))

        def is_meant(places: tuple[Place, ...]) -> bool:
            moved = [place != other for place, other in zip(places, fitting[0], strict=True)]
            right = list(itertools.compress(right_ones(places), moved))
            several = [
                value.any() and value.size > 1 for value in itertools.compress(values, moved)
            ]
            by_chance = not any(itertools.compress(several, right))  # as one number may be right
            if any(moved) and all(itertools.compress(minus, moved)):  # another sign as well
                return False
            return losses(places) > 0 or all(right) or not by_chance

        # The first, that as they came, unless another is better, and not by chance.
        return max(
            filter(is_meant, fitting), key=lambda places: sum(right_ones(places)) + losses(places)
        )

    def _is_loss(self, number: Any) -> bool:
        """Return whether a number is the loss, within the rounding of that."""
        known = oracle(self.shown)
        return bool(abs(number - known.loss) <= known.loss_rounding)

    def _place(self, index: int, shape: Shape, wanted: Shape) -> Place | None:
        ones = tuple(axis for axis, size in enumerate(shape) if size == 1)
        if shape in [(self.shown.sizes[one], *wanted) for one in self._summed]:
            return Place(index, summed=True)
        rest = tuple(size for size in shape if size != 1)
        return Place(index, ones) if rest == wanted else None


def order_of(own: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Return which of the wanted arguments a function names at each place: as they are, if none.

    Names that differ in case only are the same, where that makes no two alike.
    """
    named, known = ([one.lower() for one in names] for names in (own, wanted))
    if len(set(known)) < len(known):
        named, known = list(own), list(wanted)
    return list(map(known.index, named)) if sorted(named) == sorted(known) else [*range(len(known))]


def _beside(arrays: Sequence[Any], order: Sequence[int]) -> list[Any]:
    return [one for k, one in enumerate(arrays) if k not in order]


def _short(name: str) -> str:
    """Return `dx` for `dL/dx`."""
    return name.partition("/")[2]

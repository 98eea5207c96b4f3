"""What the numbers of an exercise can't show: which mistakes leave its answers right.

For whoever sets the exercise. A mistake in the mask cannot be seen in dL/dw2, whatever the data:
it is invisible there. What shows on other data of the same shape is hidden, and such are proposed.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from flint import fmpq

from gradaudit.language.numbers import each, object_array
from gradaudit.language.outcomes import NoValue
from gradaudit.mistakes.catalogue import (
    GRADIENTS,
    NETWORK_LINES,
    NETWORK_MISTAKES,
    Variant,
    variants,
)
from gradaudit.questions.inputs import Array, Network

TRIES = 60  # data sets of the right kind that are compared
TENTHS = range(-10, 11)
ONE_PLACE = fmpq(1, 20)  # half a unit of the last digit that is written

Pair = tuple[Variant, str]  # a variant of a mistake, and a part of the answer


@dataclass(frozen=True)
class Lint:
    """What is to be said of an exercise.

    dead: units that no sample activates. idle: samples that activate no unit. near: (sample,
    unit) pairs whose pre-activation is at or near the kink. hidden: for each part, the mistakes
    that leave it right on these data, though they show on others. invisible: for each part,
    the mistakes that show on no data of this shape that were tried.
    """

    dead: tuple[int, ...]
    idle: tuple[int, ...]
    near: tuple[tuple[int, int], ...]
    hidden: dict[str, tuple[str, ...]]
    invisible: dict[str, tuple[str, ...]]

    @property
    def clean(self) -> bool:
        """Whether nothing could be better."""
        return not (self.dead or self.idle or self.near or any(self.hidden.values()))


def lint(network: Network) -> Lint:
    """Say what an exercise's numbers can't show."""
    known = variants(NETWORK_MISTAKES, NETWORK_LINES)
    z = network.pre_activations()
    shown = set(_shown(network, known))
    can_show = shown | set(_search(*network.sizes.values())[1])
    closeness = half_unit(network)

    def ids(pairs: set[Pair], part: str) -> tuple[str, ...]:
        """Return the mistakes none of whose variants is among the pairs, in their own order."""
        names = dict.fromkeys(one.ids[0] for one in known)
        there = {one.ids[0] for one in known if (one, part) in pairs}
        return tuple(name for name in names if name not in there)

    unseen = {part: ids(shown, part) for part in GRADIENTS}
    invisible = {part: ids(can_show, part) for part in GRADIENTS}
    return Lint(
        dead=tuple(int(j) for j in np.flatnonzero(~(z > 0).any(axis=0))),
        idle=tuple(int(k) for k in np.flatnonzero(~(z > 0).any(axis=1))),
        near=tuple((k, j) for (k, j), value in np.ndenumerate(z) if abs(value) < closeness),
        hidden={
            part: tuple(name for name in unseen[part] if name not in invisible[part])
            for part in GRADIENTS
        },
        invisible=invisible,
    )


def half_unit(network: Network) -> fmpq:
    """Return half a unit of the finest decimal place that the data use."""
    numbers = np.concatenate([np.ravel(np.array(block)) for block in network.blocks.values()])
    unit = fmpq(1)
    while any((number / unit).q != 1 for number in numbers) and unit > fmpq(1, 10**50):
        unit /= 10
    return unit / 2


def better(network: Network) -> Network:
    """Return data of the same shape on which most mistakes show in most parts.

    They have one decimal, no pre-activation near 0, no dead unit and no sample that activates
    nothing. The same shape gives the same data every time. Raises LookupError for a shape for
    which none were found.
    """
    best, _ = _search(*network.sizes.values())
    if best is None:
        raise LookupError("no data of this shape were found")
    return best


@cache
def _search(n: int, d: int, h: int) -> tuple[Network | None, frozenset[Pair]]:
    """Return the best data of a shape, and what shows on some data of that shape."""
    known = variants(NETWORK_MISTAKES, NETWORK_LINES)
    best, most, any_shows = None, -1, set[Pair]()
    for candidate in _candidates(n, d, h):
        shown = _shown(candidate, known)
        any_shows.update(shown)
        if len(shown) > most:
            best, most = candidate, len(shown)
    return best, frozenset(any_shows)


def _candidates(n: int, d: int, h: int) -> Iterator[Network]:
    """Yield random data of a shape with one decimal that meet all conditions."""
    source = random.Random(0)  # the same data every time
    found = 0
    for _ in range(600 * TRIES):
        tenths = {
            "W1": _integers(source, (d, h)),
            "b1": _integers(source, (h,)),
            "X": _integers(source, (n, d)),
        }
        z = tenths["X"] @ tenths["W1"] + 10 * tenths["b1"]  # in hundredths
        active = z > 0
        far = np.abs(z) >= 100 * ONE_PLACE
        if not (far.all() and active.any(axis=0).all() and active.any(axis=1).all()):
            continue
        blocks = {name: _tenths(value) for name, value in tenths.items()}
        blocks["w2"] = _tenths(_integers(source, (h,)))
        blocks["t"] = _tenths(_integers(source, (n,)))
        yield Network(b2=fmpq(source.choice(TENTHS), 10), **blocks)
        found += 1
        if found == TRIES:
            return


def _integers(source: random.Random, shape: tuple[int, ...]) -> Array:
    return np.array([source.choice(TENTHS) for _ in range(int(np.prod(shape)))]).reshape(shape)


def _tenths(integers: Array) -> Array:
    whole = object_array([int(number) for number in integers.ravel()], integers.shape)
    tenths: Array = each(lambda number: fmpq(number, 10), whole)
    return tenths


def _shown(network: Network, known: Sequence[Variant]) -> list[Pair]:
    """Return where a mistake changes a part of the answer."""
    right = Variant((), NETWORK_LINES, lambda same: same).gradients(network)
    shown = []
    for one in known:
        try:
            wrong = one.gradients(network)
        except NoValue:
            wrong = {}
        shown += [
            (one, part)
            for part in GRADIENTS
            if part not in wrong or not np.array_equal(wrong[part], right[part])
        ]
    return shown

"""The inputs to judge on: hard cases that are listed and always tried, and others around them.

All of them are valid by construction, and nothing is filtered away. The numbers are short and
simple. Where chance has a say it comes from `random.Random` with a fixed seed, so that the inputs
are the same everywhere, whatever the version or profile of Hypothesis.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import cycle
from random import Random
from typing import Any

import numpy as np
from flint import fmpq

from gradaudit.language.numbers import object_array
from gradaudit.questions.inputs import Array, Logits, Network, exact, one_hot

EXAMPLES, THOROUGH = 100, 10_000


@dataclass(frozen=True, eq=False)
class Domain:
    """Inputs that a law speaks of.

    contains: what all of them obey. listed: the hard cases. strategy: makes one more by chance,
    None where there are no more.
    """

    name: str
    contains: Callable[[Any], bool]
    listed: Callable[[], Iterable[Any]] = tuple
    strategy: Callable[[Random], Any] | None = None


@dataclass
class _Settings:
    examples: int = EXAMPLES
    random: bool = False


_settings = _Settings()


def draw_settings(examples: int | None = None, *, thorough: bool = False) -> None:
    """Say how many inputs each law is held to; thorough: many more, and other ones in every run.

    No profile of Hypothesis has a say in it.
    """
    _settings.examples = examples or (THOROUGH if thorough else EXAMPLES)
    _settings.random = thorough


def draw_inputs(domain: Domain) -> list[Any]:
    """Return inputs of a domain: all that are listed, then drawn ones up to the number wanted.

    They are made once, for every law that speaks of the domain.
    """
    return _inputs(domain, _settings.examples, _settings.random)


@cache
def listed_inputs(domain: Domain) -> Sequence[Any]:
    """Return the inputs of a domain that are listed: those that `draw_inputs` begins with."""
    return tuple(domain.listed())


@cache
def _inputs(domain: Domain, count: int, anew: bool) -> list[Any]:
    inputs = list(listed_inputs(domain))
    if domain.strategy is not None:
        random = Random() if anew else Random(domain.name)
        wanted = max(count - len(inputs), count // 10)  # some in any case
        inputs += [domain.strategy(random) for _ in range(wanted)]
    return inputs


TINY, HUGE, FAR = fmpq(1, 2**12), fmpq(2**12), fmpq(2**10)
MINUTE, SPECK = fmpq(1, 2**30), fmpq(1, 2**43)
VAST = fmpq(2**40)

Change = Callable[[Network], Network]

ODD = tuple(map(fmpq, (1, -1, 3, -3)))
STEPS = (*ODD, *map(fmpq, (0, 2, -2)))
CELLS = (fmpq(1), fmpq(1, 2), fmpq(1, 8))
SIZES = (  # n, d, h
    *((1, 1, 1), (1, 1, 2), (1, 3, 1), (3, 1, 1)),  # all of them 1, or all but one
    *((1, 2, 3), (3, 1, 2), (2, 3, 1), (1, 2, 2), (2, 1, 2), (2, 2, 1)),  # one of them 1
    *((2, 2, 3), (3, 2, 2), (2, 3, 2), (2, 2, 2), (3, 3, 3), (4, 4, 4)),  # some of them equal
    *((2, 3, 4), (4, 2, 3), (3, 4, 2)),  # none
)
LARGE = ((12, 2, 9), (9, 12, 2), (2, 9, 12), (5, 6, 7), (6, 8, 5), (7, 5, 8), (8, 7, 6))
SQUARE = (2, 3, 3)


def _plain(random: Random, sizes: Sequence[int], steps: Sequence[fmpq] = ODD) -> Network:
    """Return a network of simple numbers whose every unit is on at some sample.

    Until it is finished its targets are its errors. Odd steps leave no pre-activation at 0.
    """
    n, d, h = sizes

    def lattice(*shape: int) -> Array:
        return object_array(random.choices(steps, k=int(np.prod(shape))), shape)

    cell_X, cell_W1, cell_w2, cell_t = random.choices(CELLS, k=4)
    X, W1 = lattice(n, d) * cell_X, lattice(d, h) * cell_W1
    b1 = (lattice(h) + d % 2) * cell_X * cell_W1
    side = np.where((X @ W1 + b1 <= 0).all(axis=0), -1, 1)
    w2, b2 = lattice(h) * cell_w2, random.choice(steps) * cell_w2
    return Network(W1 * side, b1 * side, w2, b2, X, lattice(n) * cell_t)


def _finished(network: Network) -> Network:
    """Return a network whose targets are as far from its outputs as its errors say, in floats."""
    return replace(network, t=network.outputs() - network.t).rounded()


def _times(**factors: Any) -> Change:
    """Return a change that multiplies arrays, and the biases with what they are added to."""

    def change(c: Network) -> Network:
        blocks = {name: value * factors.get(name, 1) for name, value in c.blocks.items()}
        blocks["b1"] = c.b1 * (factors.get("X", 1) * factors.get("W1", 1) or 1)
        return Network(**blocks)

    return change


def _put(name: str, place: Any, value: Callable[[Any], Any]) -> Change:
    """Return a change that replaces some entries of an array by what comes of the array."""

    def change(c: Network) -> Network:
        array = c.blocks[name].copy()
        array[place] = value(array) * fmpq(1)
        return replace(c, **{name: array})

    return change


def _both(*changes: Change) -> Change:
    def change(c: Network) -> Network:
        for one in changes:
            c = one(c)
        return c

    return change


CHANGES: tuple[Change, ...] = (
    # a whole array is 0, or all that is usual at the start, or a part of one
    *(_times(**{name: 0}) for name in ("W1", "X", "w2", "b2")),
    *(_times(w2=0, b2=0), _times(W1=0, w2=0, b2=0)),
    *(_put("W1", 0, lambda _: 0), _put("W1", (slice(None), 0), lambda _: 0)),
    *(_put("X", 0, lambda _: 0), _put("X", (slice(None), 0), lambda _: 0)),
    *(_put("w2", 0, lambda _: 0), _put("X", (0, 0), lambda _: 0)),
    # ties, duplicates, symmetry, one sign
    lambda c: c.with_samples([0] * len(c.t)),
    lambda c: c.with_samples([*range(1, len(c.t)), 1 % len(c.t)]),
    lambda c: c.with_units([0] * len(c.b1)),
    *(_put("X", ..., lambda X: X[:, :1]), _put("X", 0, lambda X: -X[1:].sum(axis=0))),
    *(_put("W1", ..., lambda W1: W1[0, 0]), _put("w2", ..., lambda w2: w2[0])),
    lambda c: replace(c, W1=c.W1 + c.W1.T) if len(set(c.W1.shape)) == 1 else c,
    _put("W1", ..., lambda W1: np.eye(*W1.shape, dtype=int)),
    *(_put(name, ..., sign) for name in ("w2", "X") for sign in (abs, lambda v: -abs(v))),
    # errors: all of them 0, one, none but nearly, that cancel, that are large
    *(_times(t=0), _put("t", 0, lambda _: 0), _times(t=TINY), _times(t=MINUTE)),
    _put("t", 0, lambda t: -t[1:].sum()),
    *(_times(t=FAR), _put("t", 0, lambda t: t[0] * FAR)),
    # scales
    *(_times(X=TINY), _times(W1=TINY), _times(X=TINY, W1=TINY), _times(X=HUGE), _times(W1=HUGE)),
    *(_times(w2=TINY, b2=TINY), _times(w2=HUGE, b2=HUGE)),
    *(_times(**dict.fromkeys(("X", "W1", "w2", "b2", "t"), scale)) for scale in (TINY, HUGE)),
    *(_times(w2=scale, b2=scale, t=scale) for scale in (1 / VAST, VAST)),
    *(_times(X=scale, W1=scale) for scale in (fmpq(1, 2**25), fmpq(2**18))),
    # an offset that all share, which hides how far apart they are; one entry far from the others
    lambda c: replace(c, X=c.X + FAR, b1=c.b1 - FAR * c.W1.sum(axis=0)),
    lambda c: replace(c, b2=c.b2 + FAR),
    *(_put(name, 0, lambda v: v[0] + FAR) for name in ("X", "W1", "w2")),
)


def _biases(of: Callable[[Network, Array], Any], *, only_first: bool = False) -> Change:
    """Return a change of the biases of the first layer to something of X W1."""

    def change(c: Network) -> Network:
        b1 = c.b1 * 0 + of(c, c.X @ c.W1)
        return replace(c, b1=np.append(b1[:1], c.b1[1:]) if only_first else b1)

    return change


def _beyond(z: Array) -> Any:
    return abs(z).max(axis=0) + (abs(z).max() or 1)


def _asleep(c: Network) -> Network:
    """Return the network where the first sample activates nothing, and its opposite everything."""
    X = np.append(c.X[:-1], -c.X[:1], axis=0)
    z = X[0] @ c.W1
    return replace(c, X=X, W1=c.W1 * np.where(z > 0, -1, 1), b1=abs(z) / 2)


def _beside(c: Network, z: Array) -> Any:
    """Return biases that bring the first sample next to every kink, on either side of it."""
    terms = abs(c.X).max() * abs(c.W1).sum(axis=0)
    return terms * fmpq(1, 2**36) * np.where(np.arange(len(terms)) % 2, -1, 1) - z[0]


AWAY: tuple[Change, ...] = (
    *(_biases(lambda c, z: 0), _biases(lambda c, z: _beyond(z)), _biases(lambda c, z: -_beyond(z))),
    *(_biases(lambda c, z: -_beyond(z), only_first=True), _asleep, _biases(_beside)),
    *(_both(zero, _biases(lambda c, z: 0)) for zero in (_times(b2=0), _times(w2=0, b2=0))),
)
AT_KINKS: tuple[Change, ...] = (
    _biases(lambda c, z: -z[0], only_first=True),
    _biases(lambda c, z: -z[0]),
    _biases(lambda c, z: [-z[j % len(z), j] for j in range(z.shape[1])]),
)
# What float64 only rounds; not at a kink, where it must compute 0 whatever the order of its sums.
TENTHS = _times(**dict.fromkeys(("X", "W1", "w2", "b2", "t"), fmpq(1, 10)))
ROUNDED = (TENTHS, _both(TENTHS, _times(t=0)))
START = tuple(
    _both(zero, AWAY[0]) for zero in (_times(W1=0), _times(X=0), _times(W1=0, w2=0, b2=0))
)


def _listed_networks(*, kinks: bool) -> Iterator[Network]:
    random = Random(3)
    settled = cycle(AT_KINKS if kinks else (_off_kinks,))
    for sizes in SIZES:
        yield _finished(next(settled)(_plain(random, sizes)))
    for change in CHANGES:
        yield _finished(next(settled)(change(_plain(random, SQUARE))))
    for change in (*AWAY, *(START if kinks else ROUNDED)):
        yield _finished(change(_plain(random, SQUARE)))
    for target in (0, 1):
        network = _finished(next(settled)(_plain(random, SQUARE)))
        yield replace(network, t=network.t * 0 + target)
    for sizes in LARGE:
        yield _finished(next(settled)(_plain(random, sizes)))


def _drawn_network(random: Random, *, kinks: bool) -> Network:
    network = _plain(random, random.choices((1, 2, 3, 4, 4), k=3), STEPS)
    network = _both(*random.sample(CHANGES, k=random.choice((0, 1, 1, 2))))(network)
    if kinks:
        network = random.choice((*AT_KINKS, *AWAY))(network)
        return _finished(_off_kinks(network, all_of_them=False))
    if random.random() < 1 / 4:
        network = random.choice(AWAY)(network)
    return _finished(_off_kinks(random.choice((TENTHS, _both()))(network)))


def _near_kinks(network: Network) -> Any:
    """Return at which samples and units (n, h) float64 need not tell a pre-activation from 0.

    A right function may scale, shift and turn the inputs first, all samples together.
    """
    scale = abs(network.X).max() * abs(network.W1).sum(axis=0) + abs(network.b1)
    return abs(network.pre_activations()) <= scale * fmpq(1, 2**40)


def _off_kinks(network: Network, *, all_of_them: bool = True) -> Network:
    """Return the network with units moved off a kink by their biases, by half of what is free.

    all_of_them: else those only that are near one, not at it.
    """
    near, z = _near_kinks(network), network.pre_activations()
    units = (near if all_of_them else near & (z != 0)).any(axis=0)
    free = abs(z)
    free[near] = fmpq(1)
    return replace(network, b1=network.b1 + free.min(axis=0) / 2 * units)


def away_from_kinks(network: Network) -> bool:
    """Return whether no pre-activation is 0, nor so near that float64 could see it there."""
    return not _near_kinks(network).any()


def kinks_are_exact(network: Network) -> bool:
    """Return whether every pre-activation that float64 cannot tell from 0 is 0."""
    return not network.pre_activations()[_near_kinks(network)].any()


NETWORKS = Domain(
    "networks away from every kink",
    away_from_kinks,
    lambda: _listed_networks(kinks=False),
    lambda random: _drawn_network(random, kinks=False),
)
KINKED = Domain(
    "networks, kinks included",
    kinks_are_exact,
    lambda: _listed_networks(kinks=True),
    lambda random: _drawn_network(random, kinks=True),
)


Patterns = Callable[[int, int], tuple[Any, ...]]  # entry k of n, of every pattern


def _logits(k: int, n: int) -> tuple[Any, ...]:
    first, last = k == 0, k == n - 1
    return (
        *(k, 0, 2, -2 * k, fmpq((-1) ** k * (k + 1), 2), fmpq(k, 10), k * TINY, 1 + k * MINUTE),
        *(3 if k < 2 else k - 3, 2 if first else -1, 20 * last, 100 if first else k, 40 - 30 * k),
        *(-500 - k, 600 + k, -690 * last, 690 * first),
    )


def _far_logits(k: int, n: int) -> tuple[Any, ...]:
    """Return those that no formula needs many digits for: far out, and not so far apart."""
    first, last = k == 0, k == n - 1
    return (
        *(1000 + k, -1000 - k, 1000, 10**4 + fmpq(k, 2), 10**5 + k, -(10**5) - k),
        *(800 * first, -800 * last),
    )


def _huge_logits(k: int, n: int) -> tuple[Any, ...]:
    first, last = k == 0, k == n - 1
    return (
        *(*_far_logits(k, n), 10**5 * (-1 - k), -(10**4) * (not last), 900 * k, 10**16 * last),
        *(10**300 * (k - n), 10**300 * (first - last) or -1),
    )


def _targets_of_sum_one(k: int, n: int) -> tuple[Any, ...]:
    first, last = k == 0, k == n - 1
    return (
        *(first, last, fmpq(1, n), 2 * first - last, fmpq(9, 10) * first + fmpq(1, 10 * n)),
        *(1 - (n - 1) * small if first else small for small in (TINY, MINUTE, SPECK)),
        *(large * first + (1 - large) * last for large in (FAR, HUGE, HUGE**2)),
        *(fmpq(first or last, 2 - (n == 1)), -2000 * first + 2001 * last),
    )


def _targets(k: int, n: int) -> tuple[Any, ...]:
    first = k == 0
    return (
        *(2 - 3 * k, 1, -1 - k, fmpq(1, 2), k - fmpq(n - 1, 2), first + TINY, first - MINUTE),
        *((k + 1) * scale for scale in (TINY, SPECK, HUGE, HUGE**2)),
        *(first + SPECK, first - SPECK, k < 2, k % 2, 0),
        *_targets_of_sum_one(k, n),
    )


@cache
def _all(patterns: Patterns, n: int) -> list[Array]:
    """Return every pattern for n classes."""
    return list(exact([fmpq(0) + number for number in patterns(k, n)] for k in range(n)).T)


def _case(y: Array, targets: Patterns | None, i: int) -> Logits:
    """Return logits with the i-th of all targets, or of all classes."""
    n = len(y)
    if targets is None:
        return Logits(y, one_hot(n, i % n), i % n)
    several = _all(targets, n)
    return Logits(y, several[i % len(several)])


def _listed_logits(logits: Patterns, targets: Patterns | None) -> Iterator[Logits]:
    """Yield every pattern for two and three classes, and some for others, with targets in turn."""
    for n, shift, part in (
        *((3, 0, 1), (2, 1, 1), (3, 6, 1), (1, 0, 4)),
        *((4, 3, 3), (4, 8, 3), (5, 4, 4), (6, 5, 6), (7, 9, 6), (8, 2, 6), (9, 13, 4), (12, 8, 4)),
    ):
        several = _all(logits, n)
        for i in range(len(several) // part):
            yield _case(several[(i + shift) % len(several)], targets, 2 * i + shift)


def _listed_for_formulas(logits: Patterns, targets: Patterns | None) -> Iterator[Logits]:
    yield from _listed_logits(logits, targets)
    for i, y in enumerate(_all(_far_logits, 3)):
        yield _case(y, targets, 2 * i + 1)


def _drawn_logits(random: Random, logits: Patterns, targets: Patterns | None) -> Logits:
    n = random.choice((2, 3, 4))
    y = random.choice(_all(logits, n))
    if logits is _logits and random.random() < 1 / 2:
        y = exact(random.choices((*STEPS, fmpq(1, 2), fmpq(1, 10), fmpq(20), fmpq(100)), k=n))
    return _case(y, targets, random.randrange(1000)).in_order(random.sample(range(n), n))


def moderate(case: Logits) -> bool:
    """Return whether no exp of a logit, or of a difference of two, leaves the range of float64."""
    return bool(max(case.y) - min(case.y) <= 700 and max(map(abs, case.y)) <= 700)


def huge(case: Logits) -> bool:
    """Return whether some exp leaves that range, and float64 can still tell the logits apart.

    Rightly written functions lose all digits where logits tie at 1e16, so there the largest is far
    above the others.
    """
    *rest, largest = sorted(case.y)
    apart = all(largest - other >= 750 for other in rest)
    return not moderate(case) and bool(apart or max(map(abs, case.y)) <= 10**6)


def sums_to_one(case: Logits) -> bool:
    """Return whether the targets sum to 1."""
    return bool(case.t.sum() == 1)


def targets_are_one_hot(case: Logits) -> bool:
    """Return whether the targets are the one-hot vector of the true class."""
    return bool(case.c is not None and (case.t == one_hot(len(case.y), case.c)).all())


def _domains_with(
    targets: str, obeys: Callable[[Logits], bool], patterns: Patterns | None
) -> tuple[Domain, Domain, Domain]:
    """Return logits with targets of a kind: moderate ones, huge ones, and those for formulas."""

    def domain(
        name: str, fits: Callable[[Logits], bool], logits: Patterns, listed: Any = _listed_logits
    ) -> Domain:
        return Domain(
            f"{name} with {targets}",
            lambda case: fits(case) and obeys(case),
            lambda: listed(logits, patterns),
            lambda random: _drawn_logits(random, logits, patterns),
        )

    return (
        domain("logits", moderate, _logits),
        domain("huge logits", huge, _huge_logits),
        domain("logits for formulas", lambda case: True, _logits, _listed_for_formulas),
    )


ANY_TARGETS, HUGE_LOGITS, FORMULA_ANY = _domains_with("any targets", lambda case: True, _targets)
SUM_ONE, HUGE_SUM_ONE, FORMULA_SUM_ONE = _domains_with(
    "targets that sum to 1", sums_to_one, _targets_of_sum_one
)
TRUE_CLASS, HUGE_TRUE_CLASS, FORMULA_TRUE_CLASS = _domains_with(
    "a true class", targets_are_one_hot, None
)

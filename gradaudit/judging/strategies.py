"""Inputs drawn by Hypothesis: valid by construction, simplest first, and made to reach hard cases.

All numbers come from short lists or lattices. Nothing is filtered away.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from flint import fmpq
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from gradaudit.language.numbers import object_array
from gradaudit.questions.inputs import (
    Array,
    Logits,
    Network,
    Rate,
    Start,
    exact,
    exact_float,
    one_hot,
)


@dataclass(frozen=True, eq=False)
class Domain:
    """Inputs that a law speaks of.

    contains: what all of them obey. strategy: how they are drawn, None where none are.
    always: those that are tried before any is drawn.
    """

    name: str
    contains: Callable[[Any], bool]
    strategy: st.SearchStrategy[Any] | None = None
    always: tuple[Any, ...] = ()


def draw_inputs(domain: Domain) -> list[Any]:
    """Return inputs of a domain, as many and as random as Hypothesis' current profile says.

    They are drawn once for every law that speaks of the domain.
    """
    return _drawn(domain, settings().max_examples, settings().derandomize)


@cache
def _drawn(domain: Domain, count: int, derandomize: bool) -> list[Any]:
    inputs = list(domain.always)
    if domain.strategy is None:
        return inputs

    @settings(
        max_examples=count,
        derandomize=derandomize,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        # Health checks go by the clock, and judge a test by its time; here nothing is tested yet.
        suppress_health_check=list(HealthCheck),
    )
    @given(domain.strategy)
    def collect(drawn: Any) -> None:
        inputs.append(drawn)

    collect()
    return inputs


SIZES = st.sampled_from((1, 2, 3, 4, 4, 4))
STEPS = st.sampled_from((1, 0, -1, 2, -2, 3, -3))
CELLS = st.sampled_from((fmpq(1), fmpq(1, 8), fmpq(1, 10)))
DYADIC_CELLS = st.sampled_from((fmpq(1), fmpq(1, 8)))
TINY, HUGE = fmpq(1, 2**12), fmpq(2**12)
SCALES = st.sampled_from((fmpq(1), fmpq(1), fmpq(1), TINY, HUGE))
SCALES_OF_X_AND_W1 = st.sampled_from(  # both tiny make a pre-activation below a millionth
    (
        *[(fmpq(1), fmpq(1))] * 2,
        (TINY, TINY),
        (TINY, fmpq(1)),
        (fmpq(1), TINY),
        (HUGE, fmpq(1)),
        (fmpq(1), HUGE),
    )
)
UNITS_OFF = st.sampled_from((*["as they come"] * 7, "one", "one", "all"))
HARD_DATA = st.sampled_from(("as drawn", "as drawn", "a hit", "a far miss", "a duplicate"))
FAR_BELOW = 100  # lattice steps; more than X W1 can be above zero


@st.composite
def _networks(draw: st.DrawFn, *, kinks: bool) -> Network:
    """Networks on a lattice: z is a whole number of cells, plus half a cell unless kinks are meant.

    X and W1 are whole multiples of their cells, so X W1 is of the product of the cells; a bias
    half a product off keeps every z at least that far from 0. Each block has a scale of its own.
    """
    n, d, h = draw(SIZES), draw(SIZES), draw(SIZES)
    # At a kink float64 must compute z = 0 exactly, whatever the order of its sums.
    cells = DYADIC_CELLS if kinks else CELLS
    scale_X, scale_W = draw(SCALES_OF_X_AND_W1)
    cell_X, cell_W = draw(cells) * scale_X, draw(cells) * scale_W
    cell_w2 = draw(cells) * draw(SCALES)

    def steps(*shape: int) -> Array:
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        return object_array([fmpq(draw(STEPS)) for _ in range(count)], shape)

    bias = steps(h)
    match draw(UNITS_OFF):
        case "one":
            bias[0] -= FAR_BELOW
        case "all":
            bias -= FAR_BELOW
    network = Network(
        W1=steps(d, h) * cell_W,
        b1=(bias + (0 if kinks else fmpq(1, 2))) * cell_X * cell_W,
        w2=steps(h) * cell_w2,
        b2=draw(STEPS) * cell_w2,
        X=steps(n, d) * cell_X,
        t=steps(n) * draw(cells),
    ).rounded()
    X, t = network.X, network.t
    match draw(HARD_DATA):
        case "a hit":
            t[0] = exact_float(network.outputs()[0])
        case "a far miss":
            t[0] += 1000
        case "a duplicate":
            X[-1], t[-1] = X[0], t[0]
    return network


def away_from_kinks(network: Network) -> bool:
    """Return whether no pre-activation is 0, nor so near that float64 could see it there."""
    z = network.pre_activations()
    terms = network.twin().pre_activations()
    return all(abs(a) > b * fmpq(1, 2**40) for a, b in zip(z.flat, terms.flat, strict=True))


# A unit that is on, with a weight of 0 and an error: rarest of what an audit is to reach.
IDLE_UNIT = Network(
    W1=exact([[fmpq(1)]]),
    b1=exact([fmpq(1, 2)]),
    w2=exact([fmpq(0)]),
    b2=fmpq(0),
    X=exact([[fmpq(1)]]),
    t=exact([fmpq(1)]),
)
NETWORKS = Domain(
    "networks away from every kink", away_from_kinks, _networks(kinks=False), (IDLE_UNIT,)
)
KINKED = Domain("networks, kinks included", lambda network: True, _networks(kinks=True))


LOGITS = st.sampled_from(
    (*map(fmpq, (0, 1, -1, 2, -2, 3, -3)), fmpq(1, 2), fmpq(1, 10), *map(fmpq, (20, 100, -500)))
)
TARGETS = st.sampled_from((*map(fmpq, (1, 0, 2, -1, -2, 3)), fmpq(1, 2), fmpq(1, 10)))
CLASSES = st.sampled_from((2, 3, 1, 4))
SUMS = st.sampled_from((*["as drawn"] * 4, "balanced", "nearly one", "tiny", "huge"))
TIES = st.sampled_from((False, False, False, True))


def _logits(draw: st.DrawFn) -> Array:
    n = draw(CLASSES)
    if draw(TIES):
        return exact([draw(LOGITS)] * n)
    return exact([draw(LOGITS) for _ in range(n)])


@st.composite
def _any_targets(draw: st.DrawFn) -> Logits:
    y = _logits(draw)
    t = exact([draw(TARGETS) for _ in y])
    match draw(SUMS):
        case "nearly one":
            t[-1] += 1 - t.sum() + TINY
        case "balanced":
            t[-1] -= t.sum()
        case "tiny":
            t = t * TINY
        case "huge":
            t = t * HUGE
    return Logits(y, t)


@st.composite
def _targets_of_sum_one(draw: st.DrawFn) -> Logits:
    y = _logits(draw)
    if draw(st.sampled_from(("one-hot", "spread"))) == "one-hot":
        return Logits(y, one_hot(len(y), draw(st.sampled_from(range(len(y))))))
    t = exact([draw(TARGETS) for _ in y])
    t[-1] += 1 - t.sum()
    return Logits(y, t)


@st.composite
def _one_hot_targets(draw: st.DrawFn) -> Logits:
    y = _logits(draw)
    c = draw(st.sampled_from(range(len(y))))
    return Logits(y, one_hot(len(y), c), c)


HUGE_SCALES = st.sampled_from((fmpq(10**4), fmpq(10**5), fmpq(10**16), fmpq(10**300)))
LEVELS = st.sampled_from((*map(fmpq, (-1, 0)), fmpq(-1, 2), fmpq(1, 2)))


@st.composite
def _huge_logits(draw: st.DrawFn, *, targets: bool) -> Logits:
    """Logits with gaps of their own huge order, and one that is larger than all others."""
    n, scale = draw(CLASSES), draw(HUGE_SCALES)
    top = draw(st.sampled_from(range(n)))
    y = exact([fmpq(1) if k == top else draw(LEVELS) for k in range(n)]) * scale
    y = y - draw(st.sampled_from(tuple(map(fmpq, (0, 1, 2))))) * scale  # or 0, or far below it
    if targets:
        return Logits(y, exact([draw(TARGETS) for _ in range(n)]))
    c = draw(st.sampled_from(range(n)))
    return Logits(y, one_hot(n, c), c)


def moderate(case: Logits) -> bool:
    """Return whether no exp of a difference of logits leaves the range of float64."""
    return bool(max(case.y) - min(case.y) <= 700 and max(map(abs, case.y)) <= 700)


def gap_is_huge(case: Logits) -> bool:
    """Return whether exp of the gap below the largest logit underflows to 0 in float64."""
    *rest, largest = sorted(case.y)
    return all(largest - other >= 750 for other in rest)


def targets_are_one_hot(case: Logits) -> bool:
    """Return whether the targets are the one-hot vector of the true class."""
    return bool(case.c is not None and (case.t == one_hot(len(case.y), case.c)).all())


ANY_TARGETS = Domain("logits with any targets", moderate, _any_targets())
SUM_ONE = Domain(
    "logits with targets that sum to 1",
    lambda case: moderate(case) and case.t.sum() == 1,
    _targets_of_sum_one(),
)
TRUE_CLASS = Domain(
    "logits with a true class",
    lambda case: moderate(case) and targets_are_one_hot(case),
    _one_hot_targets(),
)
HUGE_LOGITS = Domain("huge logits with any targets", gap_is_huge, _huge_logits(targets=True))
HUGE_SUM_ONE = Domain(
    "huge logits with targets that sum to 1",
    lambda case: gap_is_huge(case) and case.t.sum() == 1,
    _huge_logits(targets=False).map(lambda case: Logits(case.y, case.t)),
)
HUGE_TRUE_CLASS = Domain(
    "huge logits with a true class",
    lambda case: gap_is_huge(case) and targets_are_one_hot(case),
    _huge_logits(targets=False),
)


FIFTH = fmpq(1, 5)
NEAREST = fmpq(1, 10**12)  # a float any nearer to an end may round to it in a right formula
LANDMARKS = (FIFTH, fmpq(0), fmpq(1, 10), fmpq(2, 5), fmpq(1), fmpq(-1, 10), fmpq(-1), fmpq(2))
BESIDE = tuple(
    mark + side * fmpq(size, 10**k)
    for k in range(12, 1, -1)
    for mark in LANDMARKS[:3]
    for side in (1, -1)
    for size in (1, 3)
)
FAR = tuple(side * fmpq(10) ** k for k in (1, 2, 3, 6, 12, 100) for side in (1, -1))
_ANYWHERE = st.builds(
    lambda p, q, s: fmpq(s * p, q),
    st.sampled_from(range(1, 100)),
    st.sampled_from((500, 100, 1000, 50, 7, 3)),
    st.sampled_from((1, 1, 1, -1)),
)


def told_apart(rate: Rate) -> bool:
    """Return whether a rate is an end of the range, or far enough from both for a float."""
    return all(rate.eta == end or abs(rate.eta - end) >= NEAREST for end in (FIFTH, fmpq(0)))


RATES = Domain(
    "learning rates",
    told_apart,
    _ANYWHERE.map(Rate),
    always=tuple(map(Rate, (*LANDMARKS, *BESIDE, *FAR))),
)
STARTS = Domain(
    "starting points and learning rates",
    lambda start: True,
    st.builds(
        Start,
        st.sampled_from((*map(fmpq, (1, -1, 2, 0, -3, 1000)), fmpq(1, 2), fmpq(1, 10**6))),
        st.one_of(st.sampled_from(LANDMARKS), _ANYWHERE),
    ),
)

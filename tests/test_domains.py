"""Each domain lists its hard cases, and every input, listed or drawn, obeys its invariant."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from flint import fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from gradaudit.judging import domains as drawing
from gradaudit.judging import laws
from gradaudit.judging.cases import is_smooth
from gradaudit.judging.domains import Domain, draw_inputs, listed_inputs
from gradaudit.judging.hard import OFFSET
from gradaudit.judging.iterations import domains
from gradaudit.judging.oracles import oracle
from gradaudit.questions.iteration import Rate
from gradaudit.questions.simple import floats
from tests import assignment
from tests.assignment import NETWORKS, QUESTION1, QUESTION3

MARKS, RATES, STARTS = domains(QUESTION3, ("eta",))
DOMAINS = [*assignment.DOMAINS, MARKS, RATES, STARTS]
DRAWN = [one for one in DOMAINS if one.strategy is not None]


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_everything_drawn_obeys_the_invariant(domain: Domain) -> None:
    assert all(domain.contains(case) for case in draw_inputs(domain))


@pytest.mark.parametrize("domain", DRAWN, ids=lambda domain: domain.name)
def test_at_least_a_hundred_inputs_are_drawn(domain: Domain) -> None:
    assert len(draw_inputs(domain)) >= 100


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_a_drawn_input_has_a_simpler_one(domain: Domain) -> None:
    case = max(draw_inputs(domain), key=lambda case: case.effort())
    assert any(one.effort() < case.effort() for one in case.simpler())


class View:
    """An input with its arrays as attributes."""

    def __init__(self, case: Any) -> None:
        self.case = case
        self.sizes = case.sizes
        self.blocks = case.blocks

    def __getattr__(self, name: str) -> Any:
        if name == "t" and "c" in self.case.given:
            return np.array([fmpq(int(k == self.c)) for k in range(len(self.y))], dtype=object)
        return self.case.given[name]

    def pre_activations(self) -> Any:
        return assignment.pre_activations(self.case)

    @property
    def gradient(self) -> Any:
        case = assignment.bound(self.case)
        return oracle(case).value if is_smooth(case) else np.zeros(1)


def units(network: View) -> Any:
    """Return for each hidden unit whether it is active on some sample."""
    return (network.pre_activations() > 0).any(axis=0)


def errors(network: View) -> Any:
    return assignment.errors(network.case)


def sizes(network: View) -> tuple[int, int, int]:
    return network.sizes["N"], network.sizes["A"], network.sizes["H"]


def zero(name: str) -> Callable[[View], bool]:
    """Return whether an array is all 0, among two samples, inputs and units or more."""
    return lambda c: not np.any(c.blocks[name]) and min(sizes(c)) > 1


def nearest(network: View) -> Any:
    """Return for each pre-activation how far it is from 0, as a part of its terms."""
    largest = abs(network.X) @ abs(network.W1) + abs(network.b1)
    return floats(abs(network.pre_activations()) / (largest + (largest == 0)))


def X_spread(network: View) -> Any:  # noqa: N802  # X is the name of the array
    return max(network.X.ravel()) - min(network.X.ravel())


def rows(network: View) -> set[tuple[float, ...]]:
    return set(map(tuple, np.column_stack([floats(network.X), floats(network.t)])))


def only_one_is_one(k: int, network: View) -> bool:
    first, *others = sizes(network)[k:] + sizes(network)[:k]
    return first == 1 < min(others)


def is_of(size: int, k: int, network: View) -> bool:
    return sizes(network)[k] == size


def has_classes(n: int, logits: View) -> bool:
    return len(logits.y) == n


def targets_cancel_beyond(size: int, logits: View) -> bool:
    return bool(max(logits.t) > size and min(logits.t) < -size)


def is_within(low: float, high: float, rate: Rate) -> bool:
    return low < float(rate.at) < high


def beyond(least: int, k: int, network: View) -> bool:
    return sizes(network)[k] > least


def has_target_below(most: float, logits: View) -> bool:
    return any(0 < float(v) < most for v in logits.t)


NETWORK_CASES: dict[str, Callable[[View], Any]] = {
    "a dead unit beside an active one": lambda c: units(c).any() and not units(c).all(),
    "every unit dead": lambda c: not units(c).any(),
    "every unit active on every sample": lambda c: (c.pre_activations() > 0).all(),
    "a sample that activates nothing beside one that does": lambda c: (
        0 < (c.pre_activations() > 0).any(axis=1).sum() < len(c.t)
    ),
    "one sample": lambda c: sizes(c)[0] == 1,
    "one input": lambda c: sizes(c)[1] == 1,
    "one hidden unit": lambda c: sizes(c)[2] == 1,
    "n, d and h all different": lambda c: len(set(sizes(c))) == 3,
    "d = h, more than one": lambda c: sizes(c)[1] == sizes(c)[2] > 1,
    "n = h, more than one": lambda c: sizes(c)[0] == sizes(c)[2] > 1,
    "four samples": lambda c: sizes(c)[0] >= 4,
    "equal samples": lambda c: len(rows(c)) < len(c.t),
    "a zero in w2": lambda c: (c.w2 == 0).any(),
    "a negative w2 at an active unit": lambda c: any((c.w2 < 0) & units(c)),
    "an error of exactly zero": lambda c: (errors(c) == 0).any(),
    "an error beyond 10": lambda c: (abs(errors(c)) > 10).any(),
    "four samples, four inputs and four units": lambda c: sizes(c) == (4, 4, 4),
    "a zero in w2 at a unit that is on, and an error": lambda c: bool(
        ((c.w2 == 0) & (c.pre_activations() > 0).all(axis=0)).any() and (errors(c) != 0).any()
    ),
    **{f"{name} all 0": zero(name) for name in ("W1", "b1", "w2", "b2", "X", "t")},
    "both biases 0": lambda c: zero("b1")(c) and c.b2 == 0,
    "all 1": lambda c: sizes(c) == (1, 1, 1),
    "n = d, more than one": lambda c: sizes(c)[0] == sizes(c)[1] > 1,
    **{f"one size of 1, it is {name}": partial(only_one_is_one, k) for k, name in enumerate("ndh")},
    **{
        f"{name} of {size}": partial(is_of, size, k)
        for k, name in enumerate("ndh")
        for size in (6, 7, 8, 9, 12)
    },
    "an error beyond 1e9": lambda c: (abs(errors(c)) > 10**9).any(),
    "every error below 1e-10, and one not 0": lambda c: (
        errors(c).any() and (abs(errors(c)) < fmpq(1, 10**10)).all()
    ),
    **{f"{name} beyond 8": partial(beyond, 8, k) for k, name in enumerate("ndh")},
    "all sizes beyond 4": lambda c: min(sizes(c)) > 4,
    "a perfect fit": lambda c: len(c.t) > 1 and not errors(c).any(),
    "a loss below a millionth": lambda c: 0 < float((errors(c) ** 2).sum()) < 1e-6,
    "errors that cancel": lambda c: errors(c).any() and errors(c).sum() == 0,
    "a symmetric W1": lambda c: len(c.W1) > 1 and np.array_equal(c.W1, c.W1.T),
    "samples that are all alike": lambda c: len(rows(c)) == 1 < len(c.t),
    "units that are all alike": lambda c: len({(*w, b) for *w, b in [*c.W1.T]}) == 1 < len(c.b1),
    "a large offset of X": lambda c: X_spread(c) < OFFSET / 10 < min(abs(c.X.ravel())),
    "an entry of X far from the others": lambda c: X_spread(c) > OFFSET / 2,
    "a pre-activation just beside the kink, on": lambda c: bool(
        ((nearest(c) < 1e-9) & (c.pre_activations() > 0)).any()
    ),
    "a pre-activation just beside the kink, off": lambda c: bool(
        ((nearest(c) < 1e-9) & (c.pre_activations() < 0)).any()
    ),
    "numbers that float64 only rounds": lambda c: any(x.q > 2**30 for x in c.X.flat),
}
AWAY_CASES: dict[str, Callable[[View], Any]] = {
    **NETWORK_CASES,
    "a tiny error that is not zero": lambda c: any(
        0 < abs(e) < 1e-3 for e in map(float, errors(c))
    ),
    "a gradient of norm beyond 1000": lambda c: float(np.linalg.norm(c.gradient)) > 1000,
    "an active pre-activation below a millionth, that matters": lambda c: bool(
        (
            (floats(c.pre_activations()) > 0)
            & (floats(c.pre_activations()) < 1e-6)
            & np.outer(floats(errors(c)) != 0, floats(c.w2) != 0)
        ).any()
    ),
    "an active pre-activation below 1e-14, that matters": lambda c: bool(
        (
            (floats(c.pre_activations()) > 0)
            & (floats(c.pre_activations()) < 1e-14)
            & np.outer(floats(errors(c)) != 0, floats(c.w2) != 0)
        ).any()
    ),
    "a pre-activation beyond 1e9": lambda c: bool((floats(c.pre_activations()) > 1e9).any()),
    "a pre-activation beyond 1000": lambda c: bool((floats(c.pre_activations()) > 1000).any()),
}
KINKED_CASES: dict[str, Callable[[View], Any]] = {
    **{name: case for name, case in NETWORK_CASES.items() if "float64" not in name},
    "the usual start": lambda c: zero("W1")(c) and not c.b1.any(),
    "all parameters 0": lambda c: all(zero(name)(c) for name in QUESTION1.parts),
    "a sample at every kink": lambda c: (
        c.pre_activations().any() and bool((c.pre_activations() == 0).all(axis=1).any())
    ),
    "a kink of every unit": lambda c: bool(
        len(c.b1) > 1 and (c.pre_activations() == 0).any(axis=0).all()
    ),
    "a perfect fit at a kink": lambda c: (
        not errors(c).any() and not c.pre_activations().all() and len(c.t) > 1
    ),
    "a pre-activation at the kink, that matters": lambda c: bool(
        ((c.pre_activations() == 0) & np.outer(errors(c) != 0, c.w2 != 0)).any()
    ),
}


KINKED_ONLY = {name: one for name, one in KINKED_CASES.items() if name not in NETWORK_CASES}


def sum_of_targets(case: View) -> Any:
    return case.t.sum()


def spread(case: View) -> float:
    return float(max(case.y) - min(case.y))


LOGITS_CASES: dict[str, Callable[[View], bool]] = {
    "one class": lambda c: len(c.y) == 1,
    "four classes": lambda c: len(c.y) == 4,
    **{f"{n} classes": partial(has_classes, n) for n in (5, 6, 7, 8, 9, 12)},
    "an offset of 600, with a small spread": lambda c: min(c.y) >= 600 and 0 < spread(c) < 10,
    "one class far below the others": lambda c: sorted(c.y)[1:2] == [0] and min(c.y) < -600,
    "one class far above the others": lambda c: len(c.y) > 2 and sorted(c.y)[-2] < max(c.y) - 600,
    "a loss below a millionth": lambda c: (
        len(c.y) > 1 and set(c.t) == {0, 1} and sorted(c.y)[-2] + 15 < c.y[list(c.t).index(1)]
    ),
    "logits a hair apart": lambda c: 0 < spread(c) < 1e-6,
    "all logits tied": lambda c: len(c.y) > 1 and len(set(c.y)) == 1,
    "two logits tied among others": lambda c: 1 < len(set(c.y)) < len(c.y),
    "no logits tied": lambda c: len(c.y) > 2 and len(set(c.y)) == len(c.y),
    "a gap of 20": lambda c: max(c.y) - min(c.y) >= 20,
    "logits of a hundred": lambda c: 100 in c.y,
    "logits far below zero": lambda c: -500 in c.y,
    "a logit that float64 only rounds": lambda c: any(v.q > 2**30 for v in c.y),
}
ANY_CASES: dict[str, Callable[[View], bool]] = {
    **LOGITS_CASES,
    "targets that do not sum to one": lambda c: sum_of_targets(c) != 1,
    "targets whose sum is nearly one": lambda c: 0 < abs(float(sum_of_targets(c) - 1)) < 1e-3,
    "targets that sum to zero, not all zero": lambda c: (
        sum_of_targets(c) == 0 and any(v != 0 for v in c.t)
    ),
    "negative targets": lambda c: any(v < 0 for v in c.t),
    "a target of zero": lambda c: any(v == 0 for v in c.t),
    "targets all 0": lambda c: len(c.t) > 2 and not c.t.any(),
    "targets within a billionth of a sum of one": lambda c: (
        0 < abs(float(sum_of_targets(c) - 1)) < 1e-9
    ),
    "targets below 1e-11": lambda c: all(0 < float(v) < 1e-11 for v in c.t),
    "large targets": lambda c: any(abs(v) > 1000 for v in c.t),
    "targets beyond a million": lambda c: any(abs(v) > 10**6 for v in c.t),
    "targets within 1e-12 of a sum of one": lambda c: 0 < abs(float(sum_of_targets(c) - 1)) < 1e-12,
    "targets of 1 at two classes, of three and more": lambda c: (
        len(c.t) > 2 and sorted(c.t)[-2:] == [1, 1] and set(c.t) == {0, 1}
    ),
    "tiny targets": lambda c: any(0 < abs(v) < 1e-3 for v in map(float, c.t)),
}
SUM_CASES: dict[str, Callable[[View], bool]] = {
    **LOGITS_CASES,
    "one-hot targets": lambda c: len(c.y) > 1 and sorted(c.t)[-1] == 1 and set(c.t) <= {0, 1},
    **{
        f"a target below 1e-{digits} beside others": partial(has_target_below, 10.0**-digits)
        for digits in (3, 8, 12)
    },
    "targets of a half at two classes, of three and more": lambda c: (
        len(c.t) > 2 and set(c.t) == {0, fmpq(1, 2)}
    ),
    **{
        f"targets beyond {size} that cancel": partial(targets_cancel_beyond, size)
        for size in (900, 10**6)
    },
    "spread targets": lambda c: sum(v != 0 for v in c.t) > 1,
    "negative targets": lambda c: any(v < 0 for v in c.t),
}
ONE_HOT_CASES: dict[str, Callable[[View], bool]] = {
    **LOGITS_CASES,
    "the last of nine classes is true": lambda c: c.c == 8,
    "the first class is true": lambda c: len(c.y) > 1 and c.c == 0,
    "the last class is true": lambda c: len(c.y) > 1 and c.c == len(c.y) - 1,
    "the largest logit is the true class": lambda c: len(c.y) > 1 and c.y[int(c.c)] == max(c.y),
    "the smallest logit is the true class": lambda c: (
        len(set(c.y)) > 1 and c.y[int(c.c)] == min(c.y)
    ),
}
HUGE_CASES: dict[str, Callable[[View], bool]] = {
    "one class": lambda c: len(c.y) == 1,
    "four classes": lambda c: len(c.y) == 4,
    "an offset of a thousand, with a small spread": lambda c: (
        len(c.y) > 2 and min(map(abs, c.y)) >= 1000 and 0 < spread(c) < 10
    ),
    "a tie of a thousand": lambda c: len(c.y) > 1 and set(c.y) == {1000},
    "one class far below two that tie": lambda c: (
        len(c.y) > 2 and sorted(c.y)[-2] == max(c.y) > min(c.y) + 750
    ),
    **{f"{n} classes": partial(has_classes, n) for n in (5, 6, 7, 8, 9, 12)},
    "logits of 1e300": lambda c: any(abs(v) >= fmpq(10) ** 300 for v in c.y),
    "logits of ten thousand": lambda c: 0 < max(map(abs, c.y)) <= 20_000,
    "every logit far below zero": lambda c: len(c.y) > 1 and max(c.y) <= -10_000,
    "the largest logit zero": lambda c: len(c.y) > 1 and max(c.y) == 0,
    "ties below the largest": lambda c: len(set(c.y)) < len(c.y),
}
MARK_CASES: dict[str, Callable[[Rate], bool]] = {
    "zero": lambda c: c.at == 0,
    "a fifth": lambda c: c.at == fmpq(1, 5),
    "the optimum": lambda c: c.at == fmpq(1, 10),
    "just below a fifth": lambda c: 0 < fmpq(1, 5) - c.at <= fmpq(1, 10**12),
    "just above a fifth": lambda c: 0 < c.at - fmpq(1, 5) <= fmpq(1, 10**12),
    "just above zero": lambda c: 0 < c.at <= fmpq(1, 10**12),
    "just below zero": lambda c: 0 < -c.at <= fmpq(1, 10**12),
    "inside": lambda c: 0 < c.at < fmpq(1, 5),
    "above": lambda c: c.at > 1,
    "below": lambda c: c.at < -1,
    "far above": lambda c: c.at > 1000,
    "far below": lambda c: c.at < -1000,
    "inside, by every power of ten": lambda c: c.at == fmpq(3, 10**5),
}
FAR_CASES: dict[str, Callable[[View], bool]] = {
    "a logit beyond 5000": lambda c: max(c.y) > 5000,
    "a logit below -5000": lambda c: min(c.y) < -5000,
    "a logit just beyond 700, and others": lambda c: 700 < max(c.y) < 900 and min(c.y) == 0,
    "a logit just below -700, and others": lambda c: -900 < min(c.y) < -700 and max(c.y) == 0,
}
RATE_CASES: dict[str, Callable[[Rate], bool]] = {
    **MARK_CASES,
    "a hundredth": lambda c: c.at == fmpq(7, 100),
    **{
        f"one from {low} to {high}": partial(is_within, low, high)
        for low, high in (
            *((0.1234, 0.1236), (0.0512, 0.0514), (0.251, 0.252), (-0.051, -0.05)),
            *((4, 5), (-5, -4), (6e5, 7e5), (-9e8, -8e8), (2e-6, 3e-6), (-3e-6, -2e-6)),
        )
    },
}

REACH: dict[Domain, dict[str, Callable[[Any], Any]]] = {
    assignment.EVERYWHERE: {**AWAY_CASES, **KINKED_CASES},
    assignment.NETWORKS: AWAY_CASES,
    assignment.KINKED: KINKED_ONLY,
    assignment.FORMULA_NETWORKS: AWAY_CASES,
    assignment.LOGITS: {**ANY_CASES, **HUGE_CASES},
    assignment.ANY_TARGETS: {**ANY_CASES, **HUGE_CASES},
    assignment.TARGETS_OF_SUM_ONE: {**SUM_CASES, **HUGE_CASES},
    assignment.TRUE_CLASS: {**ONE_HOT_CASES, **HUGE_CASES},
    assignment.FORMULA_ANY: {**ANY_CASES, **FAR_CASES},
    assignment.FORMULA_SUM_ONE: {**SUM_CASES, **FAR_CASES},
    assignment.FORMULA_TRUE_CLASS: {**ONE_HOT_CASES, **FAR_CASES},
    MARKS: MARK_CASES,
    RATES: RATE_CASES,
    STARTS: {
        "a start at zero": lambda c: c.start == 0,
        "a start below zero": lambda c: c.start < 0,
        "a rate of zero, and a start elsewhere": lambda c: c.at == 0 != c.start,
        "a rate of a fifth, and a start elsewhere": lambda c: c.at == fmpq(1, 5) and c.start != 0,
        "the optimum": lambda c: c.at == fmpq(1, 10),
        "a rate inside": lambda c: 0 < c.at < fmpq(1, 5),
        "a rate above": lambda c: c.at > fmpq(1, 5),
        "a rate below": lambda c: c.at < 0,
    },
}


@pytest.mark.parametrize(
    ("domain", "wanted"),
    [
        pytest.param(domain, wanted, id=f"{domain.name}, with {name}")
        for domain, cases in REACH.items()
        for name, wanted in cases.items()
    ],
)
def test_every_audit_lists(domain: Domain, wanted: Callable[[Any], bool]) -> None:
    shown = (lambda case: case) if domain in (MARKS, RATES, STARTS) else View
    assert any(wanted(shown(case)) for case in listed_inputs(domain))


def test_the_reach_of_every_domain_is_tested() -> None:
    assert set(REACH) == set(DOMAINS)


def test_no_network_away_from_kinks_comes_near_one_in_float64() -> None:
    for network in draw_inputs(NETWORKS):
        W1, b1, _, _, X, _ = network.arguments()
        assert ((X @ W1 + b1 > 0) == (assignment.pre_activations(network) > 0)).all()


def test_at_a_kink_float64_computes_zero_exactly() -> None:
    for network in draw_inputs(assignment.KINKED):
        W1, b1, _, _, X, _ = network.arguments()
        assert ((X @ W1 + b1 == 0) == (assignment.pre_activations(network) == 0)).all()


def blocks(domain: Domain) -> list[str]:
    drawing._inputs.cache_clear()
    return [str(case.blocks) for case in draw_inputs(domain)]


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_an_audit_draws_the_same_inputs_every_time(domain: Domain) -> None:
    assert blocks(domain) == blocks(domain)


@pytest.fixture
def _settings_as_they_were() -> Iterator[None]:
    before = drawing._settings.examples, drawing._settings.random
    yield
    drawing.draw_settings(before[0], thorough=before[1])


@pytest.mark.usefixtures("_settings_as_they_were")
class TestSettings:
    def test_a_profile_of_hypothesis_changes_nothing(self) -> None:
        before = blocks(NETWORKS)
        settings.register_profile("of the project", max_examples=1)
        settings.load_profile("of the project")
        try:
            assert blocks(NETWORKS) == before
        finally:
            settings.load_profile("ci")

    @pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
    def test_what_is_listed_is_always_tried(self, domain: Domain) -> None:
        drawing.draw_settings(1)
        assert len(draw_inputs(domain)) == len(list(domain.listed()))

    def test_more_that_is_wanted_is_drawn(self) -> None:
        drawing.draw_settings(300)
        assert len(draw_inputs(NETWORKS)) == 300

    def test_what_is_random_differs_from_run_to_run(self) -> None:
        drawing.draw_settings(100, thorough=True)
        assert blocks(NETWORKS) != blocks(NETWORKS)


@pytest.mark.parametrize("domain", DRAWN, ids=lambda domain: domain.name)
@given(data=st.data())
def test_whatever_chance_brings_obeys_the_invariant(domain: Domain, data: st.DataObject) -> None:
    assert domain.strategy is not None
    assert domain.contains(domain.strategy(data.draw(st.randoms(use_true_random=True))))


def test_most_networks_have_a_gradient_to_be_wrong_about() -> None:
    drawn = draw_inputs(NETWORKS)
    shows = [any(oracle(network).value[: network.given["W1"].size] != 0) for network in drawn]
    assert sum(shows) > len(drawn) / 2


@pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.name)
def test_shrinking_ends_inside_the_domain_where_nothing_simpler_is_left(domain: Domain) -> None:
    for case in draw_inputs(domain)[:5]:
        smallest = laws._shrink(case, lambda _: True, domain)
        assert domain.contains(smallest)
        simpler = (one for one in smallest.simpler() if one.effort() < smallest.effort())
        assert not any(map(domain.contains, simpler))

"""The slope of a function from values on a line: the truth lies within its bound."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from benchmarks.honesty import families, measured
from gradaudit.checking.lines import (
    Line,
    NoValue,
    climbs_stairs,
    estimate,
    grid_of,
    moves_close_by,
    noise_of,
)


def slope(f: Callable[[Any], Any], at: float = 0.0) -> Any:
    return estimate(Line(lambda t: f(np.float64(at + t))))


@pytest.mark.parametrize("extended", [False, True], ids=["float64", "long double"])
@pytest.mark.parametrize("family", families())
def test_the_truth_lies_within_the_bound_for(family: str, extended: bool) -> None:
    settled, outside, _ = measured(family, 25, extended)
    assert (settled, outside) == (25, 0)


@pytest.mark.parametrize(
    ("family", "width"),
    [("exp", 1e-11), ("an offset of 1e9", 1e-2), ("rounded to float32", 1e-3)],
)
def test_the_bound_is_narrow_for(family: str, width: float) -> None:
    assert measured(family, 25, extended=False)[2] < width


class TestAtAKink:
    def test_the_interval_holds_both_slopes(self) -> None:
        found = slope(lambda x: 3 * max(x, 0) - max(-x, 0))
        assert (found.kink, found.low <= 1, found.high >= 3) == (True, True, True)

    def test_it_holds_little_more(self) -> None:
        found = slope(abs)
        assert found.high - found.low == pytest.approx(2, abs=1e-9)

    def test_one_that_is_near_does_not_hide_the_slope(self) -> None:
        found = slope(lambda x: math.exp(x) + max(x - 1e-3, 0))
        assert (found.kink, abs(found.middle - 1) < 1e-8) == (False, True)


def test_a_value_that_is_replaced_at_the_place_is_a_jump() -> None:
    assert slope(lambda x: x * x + (x == 0)).jump


def test_a_step_beside_the_place_is_a_jump() -> None:
    assert slope(lambda x: x + (x > 0)).jump


def test_a_smooth_function_does_not_jump() -> None:
    assert not slope(math.exp).jump


def test_a_root_at_its_end_is_steep() -> None:
    assert slope(lambda x: math.sqrt(x) if x >= 0 else math.nan).steep


def test_the_slope_to_one_side_is_enough_where_the_domain_ends() -> None:
    found = slope(lambda x: x**1.5 + 2 * x if x >= 0 else math.nan)
    assert found.low <= 2 <= found.high


def test_there_is_none_where_the_function_is_not_finite() -> None:
    with pytest.raises(NoValue, match="not finite"):
        slope(lambda x: math.nan)


def test_there_is_none_where_no_step_stays_inside() -> None:
    with pytest.raises(NoValue, match="no step"):
        slope(lambda x: 0.0 if x == 0 else math.nan)


def test_the_noise_of_values_is_measured() -> None:
    random = np.random.default_rng(0)
    values = np.sin(1 + 1e-6 * np.arange(8)) + 1e-9 * random.standard_normal(8)
    assert 1e-10 < noise_of(values) < 1e-8


def test_a_smooth_function_has_no_noise_to_measure() -> None:
    assert noise_of(np.sin(1 + 1e-6 * np.arange(8))) < 1e-15


@pytest.mark.parametrize(
    ("values", "grid"),
    [([0.5, 0.75], 0.25), ([3.0, 5.0], 1.0), ([np.float32(0.1), np.float32(0.3)], 2.0**-27)],
    ids=["quarters", "whole numbers", "float32"],
)
def test_the_grid_of_values_is_found(values: list[float], grid: float) -> None:
    assert grid_of(np.float64(one) for one in values) == grid


STAIRS = 2.0**-5  # how far it is from one riser to the next


def stairs(t: float) -> float:
    return 3 * STAIRS * math.floor(t / STAIRS + 0.3) + t * t + t


class TestStairs:
    """Their treads have the slope 1, and they climb by 3 more."""

    @pytest.mark.parametrize("slope", [3.5, 4.0, 4.5])
    def test_climb_with_a_slope(self, slope: float) -> None:
        assert climbs_stairs(Line(stairs), 1.0, slope, 0.5)

    @pytest.mark.parametrize("slope", [-2.0, 1.5, 2.0, 7.0, 10.0])
    def test_climb_with_no_other_slope(self, slope: float) -> None:
        assert not climbs_stairs(Line(stairs), 1.0, slope, 0.5)

    @pytest.mark.parametrize(
        "phi",
        [
            lambda t: t + 3 * max(t - 0.01, 0.0),
            lambda t: t + 0.1 * (t > 0.03),
            math.exp,
            lambda t: t + 0.01 * math.sin(300 * t),
        ],
        ids=["a kink", "one jump", "a smooth function", "a fast wave"],
    )
    @pytest.mark.parametrize("slope", [2.0, 2.5, 4.0])
    def test_are_nothing_else(self, phi: Callable[[float], float], slope: float) -> None:
        assert not climbs_stairs(Line(phi), 1.0, slope, 0.5)


def close_by(phi: Callable[[float], Any], slope: float, gap: float) -> bool:
    """Tell whether phi has a slope close by, once its slope by all steps was sought."""
    line = Line(lambda t: np.asarray(phi(t), getattr(phi(t), "dtype", float))[()])
    estimate(line)
    return moves_close_by(line, slope, gap, abs(slope))


@pytest.mark.parametrize(
    ("phi", "slope", "gap"),
    [
        (lambda t: math.floor(4683.4 + 4683.4 * t), 0.0, 4683.0),
        (lambda t: 0.7 * math.floor(300.5) + math.floor(300.5) * t + math.floor(90 * t), 300.0, 90),
        (lambda t: math.floor(1000 * t), 0.0, 1000.0),
        (lambda t: round((1 + t) * 2e8 * 2**16) / 2**16, 0.0, 2e8),
    ],
    ids=["far from zero", "beside a linear part", "at a riser", "of which treads are narrow"],
)
def test_a_staircase_moves_close_by_as_its_treads_do(
    phi: Callable[[float], Any], slope: float, gap: float
) -> None:
    assert close_by(phi, slope, gap)


@pytest.mark.parametrize(
    ("phi", "slope"),
    [
        (lambda t: 1 + t, 0.0),
        (lambda t: 1 + t, 2.0),
        (lambda t: 1e9 + t, 0.0),
        (lambda t: np.float32(1 + t), 0.0),
        (lambda t: float(np.float32(1 + t)), 2.0),
        (lambda t: t + math.floor(40 * t + 0.5), 2.0),
        (lambda t: t if t >= 0 else math.nan, 2.0),
    ],
    ids=[
        "zero of a smooth function",
        "twice that of a smooth function",
        "zero where steps are lost in the value itself",
        "zero of values in float32",
        "twice that of values rounded to float32",
        "twice that of treads",
        "twice that at the end of a domain",
    ],
)
def test_no_other_slope_is_that_of_steps_close_by(
    phi: Callable[[float], Any], slope: float
) -> None:
    assert not close_by(phi, slope, 1.0)

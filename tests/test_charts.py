"""How inputs move: inside of their domain, and as their gradients are read."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from gradaudit.checking.charts import Array, Atlas, chart_of
from gradaudit.checking.inputs import inputs
from gradaudit.checking.specs import read_spec

KINDS = {
    "float": "x: [n,m]",
    "positive": "x: positive[n]",
    "nonnegative": "x: nonnegative[n]",
    "unit": "x: unit[n,m]",
    "simplex": "x: simplex[n,k]",
    "unitvec": "x: unitvec[n,k]",
    "spd": "x: spd[d,d]",
    "symmetric": "x: symmetric[d,d]",
    "lower": "x: lower[d,d]",
    "orthogonal": "x: orthogonal[d,d]",
    "complex": "x: complex[n]",
}

INSIDE: dict[str, Callable[[Array], Any]] = {
    "positive": lambda x: x > 0,
    "nonnegative": lambda x: x >= 0,
    "unit": lambda x: (x >= 0) & (x <= 1),
    "simplex": lambda x: (x >= 0).all() and np.allclose(x.sum(axis=-1), 1, atol=1e-12),
    "unitvec": lambda x: np.allclose((x * x).sum(axis=-1), 1, atol=1e-12),
    "spd": lambda x: (x == x.T).all() and np.linalg.eigvalsh(x).min() > 0,
    "symmetric": lambda x: x == x.T,
    "lower": lambda x: np.triu(x, 1) == 0,
    "orthogonal": lambda x: np.allclose(x @ x.T, np.eye(len(x)), atol=1e-12),
}


def points(kind: str) -> list[Array]:
    return [np.asarray(x) for (x,) in inputs(read_spec(KINDS[kind]), 60)]


def moves(size: int, random: np.random.Generator) -> Array:
    return random.choice([-1.0, 1.0], size) * random.uniform(1, 2, size)


@pytest.mark.parametrize("kind", INSIDE)
def test_a_move_stays_inside_of_its_domain(kind: str) -> None:
    random = np.random.default_rng(0)
    for x in points(kind):
        chart = chart_of(kind, x)
        move = moves(chart.size, random) * chart.scales()
        for t in (-0.25, 2.0**-13, 0.25):
            assert np.all(INSIDE[kind](chart.at(move, t)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_move_begins_along_its_tangent(kind: str) -> None:
    random = np.random.default_rng(0)
    for x in points(kind):
        chart = chart_of(kind, x)
        move = moves(chart.size, random) * chart.scales()
        difference = (chart.at(move, 1e-6) - chart.at(move, -1e-6)) / 2e-6
        size = np.abs(x).max(initial=1.0)
        assert np.abs(difference - chart.tangent(move)).max(initial=0) <= 1e-8 * size


@pytest.mark.parametrize("kind", KINDS)
def test_slopes_are_those_of_the_gradient_along_the_tangent(kind: str) -> None:
    random = np.random.default_rng(0)
    for x in points(kind):
        chart = chart_of(kind, x)
        gradient = random.standard_normal(x.shape).astype(chart.x.dtype)
        if kind == "complex":
            gradient = gradient + 1j * random.standard_normal(x.shape)
        move = moves(chart.size, random)
        along = (np.conj(gradient) * chart.tangent(move)).real.sum()
        assert np.isclose(chart.slopes(gradient) @ move, along, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("kind", "x", "coordinate", "entry"),
    [
        ("float", np.zeros((2, 3)), 4, (1, 1)),
        ("float", np.zeros(()), 0, ()),
        ("symmetric", np.eye(3), 4, (2, 1)),
        ("symmetric", np.zeros((2, 2, 2)), 4, (1, 1, 0)),
        ("lower", np.eye(3), 2, (1, 1)),
        ("complex", np.zeros(3, complex), 4, (1,)),
        ("orthogonal", np.eye(3), 2, (1, 2)),
    ],
    ids=[
        "an array",
        "a number",
        "a symmetric matrix",
        "a stack of symmetric matrices",
        "a triangular matrix",
        "an imaginary part",
        "a plane of two columns",
    ],
)
def test_a_coordinate_is_told_by_the_entry_that_it_moves(
    kind: str, x: Array, coordinate: int, entry: tuple[int, ...]
) -> None:
    assert chart_of(kind, x).entry(coordinate) == entry


def test_an_atlas_has_the_coordinates_of_all_its_charts() -> None:
    atlas = Atlas([chart_of("float", np.zeros((2, 2))), chart_of("symmetric", np.eye(2))])
    assert (atlas.size, atlas.place(3), atlas.place(4)) == (7, (0, (1, 1)), (1, (0, 0)))

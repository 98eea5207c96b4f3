"""At a kink there is no derivative, but a set of slopes; a side is never picked in silence."""

from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq

from gradaudit.language.balls import agree
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Scope, parse
from gradaudit.language.numbers import Dual, ends, object_array
from gradaudit.language.outcomes import CannotTell, NoValue

SCOPE = Scope(given=frozenset({"x", "y", "v"}), sets=frozenset({"K"}))
V = object_array([fmpq(2), fmpq(0), fmpq(2)], (3,))
VALUES = {"x": fmpq(0), "y": fmpq(1), "v": V}


def env(**given: Any) -> Env:
    return Env({**VALUES, **given}, {"K": 3}, {})


def slope(text: str, by: str = "x", **given: Any) -> Any:
    return env(**given).evaluate(parse(f"d({text}, {by})", SCOPE).tree)


def slopes(text: str, by: str = "x", **given: Any) -> Any:
    found = env(**given).seeded(by, slopes=True).evaluate(parse(text, SCOPE).tree)
    return found.tangent if isinstance(found, Dual) else object_array([fmpq(0)], (1,))


KINKS = [  # at x = 0, y = 1: a function, why it has no derivative, and its slopes
    ("relu(x)", "relu has no derivative at 0", (0, 1)),
    ("abs(x)", "abs has no derivative at 0", (-1, 1)),
    ("3 - 2*abs(x)", "abs has no derivative at 0", (-2, 2)),
    ("max(x, 0)", "max has no derivative where two are equal", (0, 1)),
    ("max(2*x, -x)", "max has no derivative where two are equal", (-1, 2)),
    ("min(x, 5*x)", "min has no derivative where two are equal", (1, 5)),
    ("max(x*v)", "max has no derivative where two are equal", (0, 2)),
    ("where(x > 0, 2*x, 5*x)", "where has no derivative at its boundary", (2, 5)),
    ("where(x >= 0, 2*x, 5*x)", "where has no derivative at its boundary", (2, 5)),
    ("where(y > 1, x + 1, y)", "", (0, 0)),
    ("relu(x) + relu(y - 1)", "relu has no derivative at 0", (0, 1)),
    ("relu(x)*y", "relu has no derivative at 0", (0, 1)),
    ("exp(relu(x))", "relu has no derivative at 0", (0, 1)),
    ("sum(relu(x*v))", "relu has no derivative at 0", (0, 4)),
]
JUMPS = [  # where there is no slope at all
    ("sqrt(x)", "sqrt has no derivative at 0"),
    ("sqrt(x**2)", "sqrt has no derivative at 0"),
    ("sqrt(sum((x*v)**2))", "sqrt has no derivative at 0"),
    ("norm(sqrt(x)*v)", "sqrt has no derivative at 0"),
    ("x**(1/2)", "a power of 0 that is not whole has no derivative"),
    ("sign(x)", "sign has no derivative at 0"),
    ("(x > 0)", "a comparison has no derivative where its sides are equal"),
    ("(x >= 0) * x", "a comparison has no derivative where its sides are equal"),
    ("(y == x + 1)", "a comparison has no derivative where its sides are equal"),
    ("not (x > 0)", "a comparison has no derivative where its sides are equal"),
    ("((x > 0) and y)", "a comparison has no derivative where its sides are equal"),
    ("((x > 0) or 0)", "a comparison has no derivative where its sides are equal"),
    ("(not x)", "a condition has no derivative where it changes"),
    ("delta(x, 0)", "a comparison has no derivative where its sides are equal"),
    ("where(x > 0, 1, 2)", "where has no derivative at its boundary"),
    ("where(x >= 0, 1, 1/x)", "where has no derivative at its boundary"),
]
SMOOTH = [  # though a part is at a kink, with the slope by x
    ("relu(x**2)", 0),
    ("relu(x)**2", 0),
    ("x*abs(x)", 0),
    ("norm(x*v)**2", 0),
    ("x + norm(x**2*v)", 1),
    ("relu(x)*(y - 1)", 0),
    ("max(x, x)", 1),
    ("max(x, sin(x))", 1),
    ("where(x > 0, x, sin(x))", 1),
    ("where(x > 0, x**2, 0)", 0),
    ("where(x <= y, x, 7)", 1),
    ("x + relu(y - 1)", 1),
    ("x + sqrt(y - 1)", 1),
    ("x + (y > 1)", 1),
    ("((x > 0) and 0) + x", 1),
    ("((x > 0) or 1) + x", 1),
    ("x + (y == 1)", 1),
    ("0 * sign(x) + x", 1),
    ("relu(x - 1) + x", 1),
    ("max(x, y)", 0),
]


@pytest.mark.parametrize(("text", "why", "between"), KINKS, ids=[one[0] for one in KINKS])
def test_at_a_kink_there_is_no_derivative_but_a_set_of_slopes(
    text: str, why: str, between: tuple[int, int]
) -> None:
    by = "x" if why else "y"
    with pytest.raises(NoValue, match=why or "where has no derivative"):
        slope(text, by)
    if why:
        assert ends(slopes(text)[0]) == between


@pytest.mark.parametrize(("text", "why"), JUMPS, ids=[one[0] for one in JUMPS])
def test_at_a_jump_there_is_no_slope(text: str, why: str) -> None:
    with pytest.raises(NoValue, match=why):
        slope(text)
    assert any(isinstance(one, NoValue) for one in slopes(text))


@pytest.mark.parametrize(("text", "expected"), SMOOTH, ids=[one[0] for one in SMOOTH])
def test_what_is_smooth_has_a_derivative_where_a_part_is_at_a_kink(
    text: str, expected: int
) -> None:
    found, (among,) = slope(text), slopes(text)
    assert found == expected
    assert all(agree(fmpq(found), fmpq(end)) for end in ends(among))


def test_the_slopes_of_a_norm_of_zeros_are_those_of_all_vectors_of_at_most_length_1() -> None:
    with pytest.raises(NoValue, match="norm has no derivative at 0"):
        slope("norm(x*v)")
    low, high = ends(slopes("norm(x*v)")[0])
    assert agree(low, -arb(8).sqrt())
    assert agree(high, arb(8).sqrt())
    assert [*map(ends, slopes("norm(v - v*y)", "v"))] == [(0, 0)] * 3
    assert [*map(ends, slopes("norm(v*x)", "v"))] == [(0, 0)] * 3


def test_each_entry_has_a_derivative_of_its_own() -> None:
    found = env().entries(parse("d(sum(relu(v)), v)", SCOPE).tree)
    assert (found[0], found[2]) == (1, 1)
    assert isinstance(found[1], NoValue)
    assert [*map(ends, slopes("sum(abs(v)) + max(v)", "v"))] == [(1, 2), (-1, 1), (1, 2)]


def test_the_slopes_of_a_tie_of_many_are_their_hull() -> None:
    assert ends(slopes("max(x, max(3*x, max(-2*x, 2*x)))")[0]) == (-2, 3)
    assert ends(slopes("relu(relu(x) - abs(x))")[0]) == (-1, 2)


def test_a_ball_across_a_kink_cannot_be_told() -> None:
    across = arb(0, 1)
    with pytest.raises(CannotTell):
        slope("relu(x)", x=across)
    with pytest.raises(CannotTell):
        slope("where(x > 0, x, 2*x)", x=across)
    value = env(x=across).evaluate(parse("relu(x) + abs(x)", SCOPE).tree)
    assert value.contains(2)
    assert value.contains(0)


@pytest.mark.parametrize(
    "text",
    ["x**3 - x", "exp(x)*sin(x)", "tanh(x)/(2 + x)", "softmax(x*v)[1]", "log1p(x)*sqrt(2 + x)"],
)
def test_a_ball_of_inputs_has_all_derivatives_in_its_ball(text: str) -> None:
    around = slope(text, x=arb("0.5", "0.25"))
    for x in np.linspace(0.25, 0.75, 9):
        assert around.contains(arb(slope(text, x=fmpq(*float(x).as_integer_ratio()))))


def test_a_derivative_within_a_derivative_is_that_of_the_derivative() -> None:
    formula = parse("d(x**3 * y**2, x)", SCOPE)
    found = env(x=fmpq(5), y=fmpq(7)).seeded("x", "y").evaluate(formula.tree)
    assert found.value == 3 * 25 * 49
    assert found.tangent.tolist() == [6 * 5 * 49, 3 * 25 * 14]

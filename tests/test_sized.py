"""A number that knows its rounding is no further from float64 than it says."""

from random import Random
from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq

from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Scope, parse
from gradaudit.language.numbers import FIRST_PRECISION, Dual, object_array, precision, primal
from gradaudit.language.sized import UNIT, Sized
from gradaudit.questions.inputs import exact_float

SCOPE = Scope(given=frozenset({"x", "y", "v", "A"}), sets=frozenset({"K"}))
RANDOM = Random(7)

FORMULAS = [
    "x + y - x",
    "x*y - y*x/3",
    "(x + 1)**3 - x**3 - 3*x**2",
    "exp(x) - exp(-y)",
    "log(1 + x**2) - log1p(y**2)",
    "expm1(x) + 1 - exp(x)",
    "sqrt(x**2 + y**2) - norm(v)",
    "tanh(x) - sigmoid(2*x)",
    "sin(x)**2 + cos(x)**2 - 1",
    "erf(x) + erf(-y)",
    "relu(x - y) + abs(x) - max(x, y)",
    "max(v) - min(v) + sum(v)",
    "softmax(v)[0] - softmax(A, axis=1)[0,1]",
    "sum(v * (v > 0))",
    "sum(where(v > x, v - x, x - v))",
    "v @ A @ v - trace(A)",
    "det(A + 3*eye(K))",
    "sum(inv(A + 5*eye(K)))",
    "(1 + x**2)**(-3/2) + (2 + y**2)**0.3",
    "-sum(v * log(softmax(v)))",
    "sum(v[k]**2 for k in K) - sum(v)**2 / 3",
    "sign(x) * (x <= y)",
]


def drawn(scale: float) -> dict[str, Any]:
    def number() -> float:
        return RANDOM.uniform(-2, 2) * scale ** RANDOM.random()

    values = {"x": number(), "y": number(), "v": [number() for _ in range(3)]}
    values["A"] = [[number() for _ in range(3)] for _ in range(3)]
    return {name: np.array(one) for name, one in values.items()}


def exact(values: dict[str, Any]) -> Env:
    numbers = {
        name: object_array([exact_float(x) for x in one.flat], one.shape)[()]
        for name, one in values.items()
    }
    return Env(numbers, {"K": 3}, {})


@pytest.mark.parametrize("scale", [1.0, 1e-3, 30.0])
@pytest.mark.parametrize("text", FORMULAS)
def test_float64_is_no_further_off_than_a_number_says(text: str, scale: float) -> None:
    tree = parse(text, SCOPE).tree
    for _ in range(10):
        values = drawn(scale)
        in_floats = Env({n: v[()] for n, v in values.items()}, {"K": 3}, {}, floats=True)
        with precision(FIRST_PRECISION), np.errstate(all="ignore"):
            found = exact(values).sized().evaluate(tree)
            alone = exact(values).evaluate(tree)
            if not isinstance(found, Sized):
                assert found == alone
                continue
            assert (arb(found.value) - arb(alone)).contains(0)
            off = abs(arb(exact_float(in_floats.evaluate(tree))) - arb(found.value))
            assert float(off.mid()) <= found.error
            assert float(abs(arb(found.value)).mid()) <= found.size * (1 + UNIT)


@pytest.mark.parametrize("text", FORMULAS)
def test_what_a_number_says_is_not_much_more_than_a_rounding_of_its_size(text: str) -> None:
    values = drawn(1.0)
    with precision(FIRST_PRECISION):
        found = exact(values).sized().evaluate(parse(text, SCOPE).tree)
    if isinstance(found, Sized) and "inv" not in text and "det" not in text:
        assert found.error <= 1000 * UNIT * found.size


def test_the_size_is_that_of_the_terms_where_they_cancel() -> None:
    env = Env({"x": fmpq(10**6), "y": fmpq(3)}, {}, {}).sized()
    found = env.evaluate(parse("x + y - x", SCOPE).tree)
    assert (found.value, found.size) == (3, 2 * 10**6 + 3)


def test_at_a_kink_that_rounding_may_cross_either_side_counts() -> None:
    near = fmpq(1, 2**60)
    env = Env({"x": fmpq(1), "y": near}, {}, {}).sized()
    for text in ("relu(x + y - x)", "max(x + y, x) - x", "where(x + y > x, x + y, x) - x"):
        found = env.evaluate(parse(text, SCOPE).tree)
        assert found.value == near
        assert found.error >= float(near)
    slope = env.evaluate(parse("d(relu(x + y - x), y)", SCOPE).tree)
    assert (slope.value, slope.error >= 1) == (1, True)
    bit = env.evaluate(parse("x + y > x", SCOPE).tree)
    assert (bit.value, bit.error) == (1, 1)
    far = env.evaluate(parse("d(relu(x + y), y)", SCOPE).tree)
    assert primal(far) == 1
    assert getattr(far, "error", 0) == 0


def test_a_slope_of_a_sized_number_is_sized() -> None:
    env = Env({"x": exact_float(0.3), "y": exact_float(0.7)}, {}, {}).sized().seeded("x", "y")
    found = env.evaluate(parse("exp(x*y) * sin(x)", SCOPE).tree)
    assert isinstance(found, Dual)
    by_x, by_y = found.tangent
    assert all(0 < one.error < 1e-14 for one in (found.value, by_x, by_y))
    x, y = 0.3, 0.7
    truth = np.exp(x * y) * (y * np.sin(x) + np.cos(x)), np.exp(x * y) * x * np.sin(x)
    for one, float64 in zip((by_x, by_y), truth, strict=True):
        assert abs(float(arb(one.value).mid()) - float64) <= 2 * one.error


def test_a_given_number_is_one_float_without_an_error() -> None:
    v = object_array([fmpq(1), fmpq(2)], (2,))
    values = Env({"x": fmpq(-3), "v": v}, {}, {}).sized().values
    assert (values["x"].size, values["x"].error) == (3, 0)
    assert [one.size for one in values["v"]] == [1, 2]

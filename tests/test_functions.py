"""The functions of the language: their values, exactly, in float64 and under a derivative."""

import itertools
from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq

from gradaudit.language.balls import agree, settled
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Scope, parse
from gradaudit.language.numbers import FIRST_PRECISION, object_array, precision
from gradaudit.language.outcomes import NoValue

SCOPE = Scope(
    given=frozenset({"x", "a", "v", "A", "B", "T"}),
    free={},
    sets=frozenset({"K", "M"}),
    sizes=frozenset({"n"}),
)
SIZES = {"K": 3, "M": 2}


def rationals(values: Any) -> Any:
    array = np.array(values)
    return object_array([fmpq(str(one)) for one in array.flat], array.shape)


VALUES = {
    "x": fmpq(3, 7),
    "a": fmpq(5, 2),
    "v": rationals([2, -1, 3]),
    "A": rationals([[2, 1, 0], [1, 3, -1], [0, 2, 5]]),
    "B": rationals([[1, -4, 2], [0, 2, 6]]),
    "T": rationals(np.arange(24).reshape(2, 3, 4)),
    "n": fmpq(3),
}


def value(text: str, free: dict[str, str] | None = None, **given: Any) -> Any:
    scope = Scope(SCOPE.given, SCOPE.sizes, free or {}, SCOPE.sets)
    env = Env({**VALUES, **given}, SIZES, {}, free)
    return settled(lambda: env.evaluate(parse(text, scope).tree))


def in_floats(text: str, **given: Any) -> Any:
    values = {**VALUES, **given}
    floats = {
        name: np.vectorize(float)(one) if np.ndim(one) else np.float64(float(one))
        for name, one in values.items()
    }
    with np.errstate(all="ignore"):
        return Env(floats, SIZES, {}, floats=True).evaluate(parse(text, SCOPE).tree)


SAME = [  # two ways of writing one value
    ("tanh(x)", "(exp(x) - exp(-x)) / (exp(x) + exp(-x))"),
    ("sigmoid(x)", "1 / (1 + exp(-x))"),
    ("sigmoid(0)", "1/2"),
    ("log1p(x)", "log(1 + x)"),
    ("expm1(x)", "exp(x) - 1"),
    ("sin(x)**2 + cos(x)**2", "1"),
    ("erf(-x)", "-erf(x)"),
    ("sign(-x) + 2 * sign(x) + sign(0)", "1"),
    ("norm(v)", "sqrt(14)"),
    ("norm(A)", "sqrt(sum(A**2))"),
    ("norm(A, axis=0)", "sqrt(sum(A**2, axis=0))"),
    ("max(x, a)", "a"),
    ("min(x, a)", "x"),
    ("max(v, 1)", "v * (v > 1) + (v <= 1)"),
    ("min(v)", "-1"),
    ("max(A, axis=1)", "max(A.T, axis=0)"),
    ("min(A, axis=-1)[1]", "-1"),
    ("sum(T, axis=2)[1]", "sum(T, axis=-1)[1]"),
    ("sum(T, axis=0)[2,3]", "T[0,2,3] + T[1,2,3]"),
    ("softmax(A, axis=1)[1]", "softmax(A[1])"),
    ("softmax(A, axis=0)[:,1]", "softmax(A[:,1])"),
    ("det(A)", "2*(15 + 2) - 1*(5 - 0)"),
    ("inv(A) @ A", "eye(K)"),
    ("trace(A)", "A[0,0] + A[1,1] + A[2,2]"),
    ("diag(v) @ v", "v**2"),
    ("diag(diag(v))", "v"),
    ("diag(A)", "A[0,0] * (v == 2) + A[1,1] * (v == -1) + A[2,2] * (v == 3)"),
    ("eye(M)[1,0] + eye(M)[1,1]", "1"),
    ("x**a", "exp(a * log(x))"),
    ("4**(-3/2)", "1/8"),
    ("(9/4)**0.5", "3/2"),
    ("0**(1/2)", "0"),
    ("x**(1/3) * x**(2/3)", "x"),
    ("where(x > 0, x, 1/0)", "x"),
    ("where(x < 0, log(-x), 2)", "2"),
    ("where(v > 0, 1/(v + 1), 0)", "1/(v + 1) if v > 0"),
    ("sum(where(k > 0, 1/k, 0) for k in K)", "3/2"),
    ("sum(where(k < 2, v[k+1], 0) for k in K)", "2"),
    ("sum(where(1 > 0, 5, v[k]) for k in K)", "15"),
    ("sum(det(A * k) for k in K)", "9 * det(A)"),
    ("sum(inv(A * (k + 1)) for k in K)", "inv(A) * (1 + 1/2 + 1/3)"),
    ("sum(max(v * k) for k in K)", "9"),
    ("sum(softmax(v * k) for k in M)", "softmax(v) + 1/3"),
    ("sum(trace(diag(v * k)) for k in K)", "12"),
    ("sum(norm(v * k) for k in K)", "3 * norm(v)"),
]


@pytest.mark.parametrize(("one", "other"), SAME, ids=[one for one, _ in SAME])
def test_a_function_has_the_value_of_its_definition(one: str, other: str) -> None:
    found = value(one)
    expected = rationals(["1/3", "0", "1/4"]) if " if " in other else value(other)
    assert np.shape(found) == np.shape(expected)
    assert all(map(agree, np.ravel(found), np.ravel(expected)))
    assert np.allclose(
        np.array(in_floats(one), dtype=float),
        [float(arb(number).mid()) for number in np.ravel(found)]
        if not np.ndim(found)
        else np.vectorize(lambda number: float(arb(number).mid()))(found),
    )


@pytest.mark.parametrize("x", ["3/7", "-2", "1/1000000"])
@pytest.mark.parametrize(
    ("text", "derivative"),
    [
        ("tanh(x)", "1 - tanh(x)**2"),
        ("sigmoid(x)", "sigmoid(x) * (1 - sigmoid(x))"),
        ("log1p(x**2)", "2*x / (1 + x**2)"),
        ("expm1(x)", "exp(x)"),
        ("erf(x)", "exp(-x**2) * 1.1283791670955125738961589031215451716881012586580"),
        ("sin(x)", "cos(x)"),
        ("cos(x)", "-sin(x)"),
        ("sign(x)", "0"),
        ("norm(x * v)", "sign(x) * norm(v)"),
        ("max(x, 0)", "(x > 0)"),
        ("min(x, 1) + max(x, a)", "(x < 1)"),
        ("(x**2)**a", "2*a*x * (x**2)**(a - 1)"),
        ("a**x", "log(a) * a**x"),
        ("(1 + x**2)**(-3/2)", "-3*x * (1 + x**2)**(-5/2)"),
        ("det(A + x*eye(K))", "det(A + x*eye(K)) * trace(inv(A + x*eye(K)))"),
        ("det(x**2 * eye(K) - 4 * eye(K))", "6 * x * (x**2 - 4)**2"),
        ("sum(inv(A + x*eye(K)))", "-sum(inv(A + x*eye(K)) @ inv(A + x*eye(K)))"),
        ("trace(diag(x * v) @ A)", "trace(diag(v) @ A)"),
        ("where(x > 0, x**2, x**3)", "where(x > 0, 2*x, 3*x**2)"),
        ("softmax(x * A, axis=1)[1,2]", "d(softmax(x * A[1])[2], x)"),
    ],
)
def test_d_is_the_derivative_of_a_function(text: str, derivative: str, x: str) -> None:
    found, expected = (value(one, x=fmpq(x)) for one in (f"d({text}, x)", derivative))
    with precision(FIRST_PRECISION):
        difference = arb(found) - arb(expected)
        assert abs(difference).upper() < arb(10) ** -30


@pytest.mark.parametrize(
    "text",
    [
        "log1p(-1)",
        "norm(1)",
        "max(A)",
        "min(1)",
        "softmax(v, axis=1)",
        "sum(v, axis=-2)",
        "det(B)",
        "det(v)",
        "inv(B)",
        "inv(A - A)",
        "inv(outer(v, v))",
        "trace(x)",
        "diag(x)",
        "diag(B)",
        "(-1)**(1/2)",
        "0**(-1/2)",
        "0**(0*x - 1/3)",
        "x**v",
        "where(1/0 > 0, 1, 2)",
        "where(x > 0, 1/0, 2)",
        "where(v > 0, 1/0, 1)",
        "where(v > 0, B.T, 1)",
    ],
)
def test_a_function_outside_of_its_domain_has_no_value(text: str) -> None:
    with pytest.raises(NoValue):
        value(text)


@pytest.mark.parametrize("text", ["det(A * (i + 1))", "max(v - i)", "inv(A + i*eye(K))[0]"])
def test_a_function_of_an_index_has_a_value_at_each_of_its_places(text: str) -> None:
    every = value(text, {"i": "M"})
    for place in range(SIZES["M"]):
        alone = value(
            text.replace("i ", f"{place} ").replace("i)", f"{place})").replace("i*", f"{place}*")
        )
        assert all(map(agree, np.ravel(every[place]), np.ravel(alone)))


def test_a_determinant_has_slopes_where_it_is_zero() -> None:
    found = value("d(det(A), A)", A=rationals(np.ones((3, 3), dtype=int)))
    assert all(number == 0 for number in found.flat)
    found = value("d(det(A), A)", A=rationals([[1, 2], [2, 4]]))
    assert found.tolist() == [[4, -2], [-2, 1]]


def test_one_side_of_where_may_be_missing_at_each_entry_of_its_own() -> None:
    at = itertools.product((-1, 0, 2), repeat=3)
    for v in at:
        found = value("where(v == 0, 7, 1/v)", v=rationals(v))
        assert found.tolist() == [fmpq(7) if one == 0 else 1 / fmpq(one) for one in v]


def test_where_takes_the_side_of_each_entry_in_floats() -> None:
    assert in_floats("where(v > 0, log(v), v[n])").tolist()[0] == np.log(2)
    assert np.isnan(in_floats("where(v > 0, log(v), v[n])")[1])

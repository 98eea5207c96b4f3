"""The formula language: what it means, what it refuses and where, and that nothing else happens."""

import math
import re
from collections.abc import Iterable
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np
import pytest
from flint import arb, fmpq
from hypothesis import HealthCheck, example, given, reject, settings
from hypothesis import strategies as st

from gradaudit.judging.iterations import iteration_of
from gradaudit.language.balls import agree, settle, settled
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import (
    FUNCTIONS,
    FormulaError,
    Scope,
    numeral,
    parse,
    parse_definitions,
)
from gradaudit.language.numbers import ZERO, object_array
from gradaudit.language.outcomes import CannotTell, Missing, NoValue
from tests.assignment import DATA, NETWORK, ONE_HOT_SCOPE, QUESTION3, SOFTMAX, logits, network
from tests.formulas import formulas_of_an_entry


def exact(rows: Iterable[Any]) -> Any:
    """Return nested sequences of exact numbers as an object array."""
    return np.array(list(rows), dtype=object)


CASE = logits(exact(map(fmpq, (0, 1, 2))), exact(map(fmpq, (1, 0, -3))))

RATE = iteration_of(QUESTION3).truth.scope


def value(text: str) -> Any:
    formula = parse(text, SOFTMAX)
    env = Env(CASE.values, CASE.sizes, SOFTMAX.defined, SOFTMAX.free)
    return settled(lambda: env.evaluate(formula.tree))


def of_network(text: str) -> Any:
    env = Env(DATA.values, DATA.sizes, NETWORK.defined, NETWORK.free)
    return env.evaluate(parse(text, NETWORK).tree)


class TestMeaning:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("0.2", "1/5"),
            ("1e-3", "1/1000"),
            ("1_000", "1000"),
            ("-2**2", "-4"),
            ("2**-1", "1/2"),
            ("2**3**0", "2"),
            ("7 - 2 - 1", "4"),
            ("8 / 4 / 2", "1"),
            ("1 < 2 < 3", "1"),
            ("1 < 2 > 3", "0"),
            ("(1 < 2) * 5", "5"),
            ("not 0", "1"),
            ("1 and 0 or 1", "1"),
            ("3 == 3.0", "1"),
            ("y[2]", "2"),
            ("sum(y)", "3"),
            ("sum(y[k] * t[k] for k in K)", "-6"),
            ("sum(sum(y[k] * t[m] for k in K) for m in K)", "-6"),
            ("sum(y[k] * t[m] for k in K for m in K)", "-6"),
            ("sum(1 for i in K)", "3"),
            ("n", "3"),
            ("max(y)", "2"),
            ("y @ t", "-6"),
            ("abs(t[2])", "3"),
            ("relu(t[2]) + relu(t[0])", "1"),
            ("sqrt(9/4)", "3/2"),
            ("exp(0) + log(1)", "1"),
            ("delta(1, 1) + delta(1, 2)", "1"),
            ("outer(y, t)[2, 0]", "2"),
            ("outer(y, t).T[0, 2]", "2"),
            ("sum(outer(y, t), axis=0)[2]", "-9"),
            ("sum(outer(y, t), axis=1)[2]", "-4"),
            ("softmax(y*0)[0]", "1/3"),
            ("d(y[0]**3 * y[1], y[1])", "0"),
            ("d(sum(y)**2, y[1])", "6"),
            ("d(sum(y)**2, y)[2]", "6"),
            ("sum(d(y[k]**2, y[k]) for k in K)", "6"),
            ("0**0", "1"),
        ],
    )
    def test_a_formula_has_its_exact_value(self, text: str, expected: str) -> None:
        assert str(value(text)) == expected

    def test_a_free_index_stands_for_each_of_its_values(self) -> None:
        assert list(map(str, value("y[i] + i"))) == ["0", "2", "4"]

    def test_a_sum_may_bind_a_free_index(self) -> None:
        assert list(map(str, value("sum(y[i] for i in K) + y[i]"))) == ["3", "4", "5"]

    def test_exp_is_a_ball_that_holds_the_number(self) -> None:
        found = value("exp(y[1])")
        assert isinstance(found, arb)
        assert found.overlaps(arb(1).exp())

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("d(L, W1[a,j])", "sum(e[k] * w2[j] * (z[k,j] > 0) * X[k,a] for k in N)"),
            ("d(L, W1[a,j])", "(X.T @ (outer(e, w2) * (z > 0)))[a,j]"),
            ("d(L, b1[j])", "sum(outer(e, w2) * (z > 0), axis=0)[j]"),
            ("d(L, w2[j])", "(h.T @ e)[j]"),
            ("d(L, b2)", "sum(e)"),
        ],
    )
    def test_the_derivative_of_the_loss_is_what_we_derived(self, one: str, other: str) -> None:
        assert np.array_equal(of_network(one), of_network(other))

    def test_own_names_are_read_in_order(self) -> None:
        scope = parse_definitions(["p = softmax(y)", "q = p * sum(t)"], SOFTMAX)
        formula = parse("q - t", scope)
        env = Env(CASE.values, CASE.sizes, scope.defined)
        found = settled(lambda: env.evaluate(formula.tree))
        assert all(map(agree, found, value("softmax(y) * sum(t) - t")))

    def test_an_own_name_depends_on_what_d_differentiates(self) -> None:
        scope = parse_definitions(["s = sum(y)**2"], SOFTMAX)
        env = Env(CASE.values, CASE.sizes, scope.defined)
        assert env.evaluate(parse("d(s, y[0])", scope).tree) == 6

    @pytest.mark.parametrize(
        ("lines", "text", "expected"),
        [
            (["u[k] = y[k] * t[k] for k in K"], "u", [0, 0, -6]),
            (["u[k] = y[k] for k in K"], "sum(u[k+1] for k in K when 1)", None),
            (
                ["u[k,m] = y[k] - t[m] for k in K for m in K"],
                "u",
                "outer(y, t*0 + 1) - outer(y*0 + 1, t)",
            ),
            (["u[k,m] = y[k] - t[m] for k in K for m in K"], "u[0,2]", 3),
            (["u[k] = y * k for k in K"], "u", "outer(y, y)"),
            (["u[k] = 7 for k in K"], "u", [7, 7, 7]),
            (["u[k] = sum(y[m] for m in K) for k in K"], "sum(u)", 9),
            (["u[k] = where(k + 1 < n, y[k + 1], 0) for k in K"], "u", [1, 2, 0]),
            (
                ["s = sum(t)", "u[k] = s * k for k in K", "v[m] = u[m]**2 for m in K"],
                "v",
                [0, 4, 16],
            ),
            (["u[i] = y[i] * t[i] for i in K"], "u[i] + i", [0, 1, -4]),
            (["u[k] = y[k] + i for k in K"], "sum(u)", [3, 6, 9]),
        ],
    )
    def test_an_own_array_is_read_by_its_entries(
        self, lines: list[str], text: str, expected: Any
    ) -> None:
        scope = parse_definitions(lines, SOFTMAX)
        env = Env(CASE.values, CASE.sizes, scope.defined, scope.free)
        if expected is None:
            with pytest.raises(FormulaError):
                parse(text, scope)
            return
        found = env.evaluate(parse(text, scope).tree)
        wanted = value(expected) if isinstance(expected, str) else expected
        assert np.array(found).tolist() == np.array(wanted).tolist()
        places = {name: np.vectorize(float)(one) for name, one in CASE.values.items()}
        floats = Env(places, CASE.sizes, scope.defined, scope.free, floats=True)
        assert np.array_equal(
            floats.evaluate(parse(text, scope).tree), np.array(found, dtype=float)
        )

    def test_a_convolution_is_written_with_shifted_indices(self) -> None:
        scope = Scope(frozenset({"x", "w"}), sets=frozenset({"M", "F"}))
        scope = parse_definitions(["y[i] = sum(w[f] * x[2*i + f] for f in F) for i in M"], scope)
        x, w = exact(map(fmpq, (1, 2, 3, 4, 5))), exact(map(fmpq, (1, -1, 10)))
        env = Env({"x": x, "w": w}, {"M": 2, "F": 3}, scope.defined)
        assert env.value_of("y").tolist() == [29, 49]
        slope = env.evaluate(parse("d(sum(y**2), x)", scope).tree)
        assert slope.tolist() == [58, -58, 678, -98, 980]
        by_entry = env.evaluate(parse("sum(d(y[i], x[i + 2]) for i in M)", scope).tree)
        assert by_entry == 20 - 1 - 10

    def test_an_index_may_be_given_by_data_and_a_set_have_a_longer_name(self) -> None:
        scope = Scope(frozenset({"E", "ids"}), sets=frozenset({"Words", "Dims"}))
        scope = parse_definitions(["x[w, j] = E[ids[w], j] for w in Words for j in Dims"], scope)
        table = exact([[fmpq(10 * a + b) for b in range(2)] for a in range(3)])
        values = {"E": table, "ids": exact(map(fmpq, (2, 0, 2)))}
        env = Env(values, {"Words": 3, "Dims": 2}, scope.defined)
        assert env.value_of("x").tolist() == [[20, 21], [0, 1], [20, 21]]
        found = env.evaluate(parse("d(sum(x) / sum(1 for j in Dims), E)", scope).tree)
        half = fmpq(1, 2)
        assert found.tolist() == [[half, half], [0, 0], [1, 1]]

    @pytest.mark.parametrize(
        ("lines", "text", "expected"),
        [
            (["p = softmax(y)"], "d(E, p[i])", "-t[i] / softmax(y)[i]"),
            (["p = softmax(y)"], "d(E, p)", "-t / softmax(y)"),
            (["p = softmax(y)"], "sum(d(E, p[k]) * d(p[k], y[i]) for k in K)", "d(E, y[i])"),
            (["p = softmax(y)"], "d(E, p) @ d(p, y)", "d(E, y)"),
            (["p = softmax(y)"], "(diag(p) - outer(p, p)) @ (-t/p)", "d(E, y)"),
            (["p = softmax(y)"], "d(p, y)", "d(softmax(y)[i], y)"),
            (["s = sum(y)"], "d(s**2 + y[0], s)", "2*sum(y)"),
            (["s = sum(y)", "q = s * y"], "d(q, s)", "y"),
            (["s = sum(y)", "q = sum(y) * y"], "d(q[i], s)", "y[i]"),
            (["u[k] = y[k]**2 for k in K"], "d(sum(u * t), u[i])", "t[i]"),
            (["u[k] = y[k]**2 for k in K"], "d(sum(y[k]**2 * t[k] for k in K), u[i])", "t[i]"),
            (["s = n * 2"], "d(sum(n * 2 for n in K) + s, s)", "1"),
            ([], "d(E, E)", "1"),
        ],
    )
    def test_d_is_by_a_defined_name_too(self, lines: list[str], text: str, expected: str) -> None:
        scope = parse_definitions(lines, SOFTMAX)
        env = Env(CASE.values, CASE.sizes, scope.defined, scope.free)
        found = settled(lambda: env.evaluate(parse(text, scope).tree))
        wanted = value(expected)
        assert np.shape(found) == np.shape(wanted)
        assert all(map(agree, np.ravel(found), np.ravel(wanted)))

    def test_the_assumption_and_the_reason_are_kept(self) -> None:
        formula = parse("y - t  when sum(t) == 1  # because", SOFTMAX)
        assert (formula.text, formula.condition, formula.reason) == (
            "y - t",
            "sum(t) == 1",
            "because",
        )


class TestUndefined:
    @pytest.mark.parametrize(
        "text",
        [
            "1/0",
            "1/(n - 3)",
            "0**-1",
            "log(0)",
            "log(-1)",
            "sqrt(-1)",
            "y[3]",
            "y[-1]",
            "y[1/2]",
            "y[y]",
            "n[0]",
            "y[0,0]",
            "y @ 2",
            "y @ outer(y, y)[0, 0]",
            "outer(y, 1)",
            "softmax(1)",
            "max(outer(y, y))",
            "sum(1)",
            "delta(y, y)",
            "2**y[0]**y",
            "(-2)**(n/2)",
            "d(abs(y[0]), y[0])",
            "sum(y, axis=1)",
        ],
    )
    def test_what_has_no_value_is_undefined(self, text: str) -> None:
        with pytest.raises((NoValue, NoValue)):
            value(text)

    def test_sides_of_a_chain_that_do_not_go_together_have_no_value(self) -> None:
        with pytest.raises(NoValue, match="do not go together"):
            of_network("z[0] < 1 < t")

    def test_what_no_precision_tells_apart_is_undecided(self) -> None:
        with pytest.raises(CannotTell, match="too close to tell apart"):
            value("exp(y[1]) * exp(y[2]) == exp(y[1] + y[2])")

    def test_what_some_precision_tells_apart_is_decided(self) -> None:
        assert value("exp(1) < exp(1) * (1 + 1e-50**2 * 1e-50**3)") == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "column", "says"),
        [
            ("", 1, "missing"),
            ("   ", 4, "missing"),
            ("y +", None, "not a formula"),
            ("y + x", 5, "unknown name `x`"),
            ("sofmax(y) - t", 1, "did you mean `softmax`"),
            ("y - T", 5, "unknown name `T`"),
            ("η", 1, "unknown name"),
            ("ü + q", 1, "unknown name"),
            ("t + ü", 5, "unknown name `ü`"),
            ("__import__('os')", 1, "unknown function"),
            ("().__class__", 1, "after a dot only T"),
            ("y.sum()", 1, "only a function's name"),
            ("y.T.real", 1, "after a dot only T"),
            ("lambda: 1", 1, "lambda"),
            ("[y for k in K]", 1, "inside sum"),
            ("(y for k in K)", 1, "inside sum"),
            ("max(y for k in K)", 4, "inside sum"),
            ("{1}", 1, "list"),
            ("y, t", 1, "list"),
            ("'y'", 1, "text"),
            ("f'{y}'", 1, "not in the language"),
            ("True", 1, "not a number"),
            ("None", 1, "not a number"),
            ("...", 1, "`...` may stand last only, as a line of what is not finished"),
            ("1j", 1, "not a number"),
            ("0x10", 1, "not a decimal"),
            ("y if t else y", 1, "no `if`"),
            ("y // t", 3, "operators"),
            ("~y", 1, "operators"),
            ("y in t", 1, "comparisons"),
            ("y is t", 1, "comparisons"),
            ("(q := y)", 2, "not in the language"),
            ("y ** 64.5", 6, "within ±64"),
            ("y ** 65", 6, "within ±64"),
            ("y ** -65", 6, "within ±64"),
            ("1e51", 1, "exponent"),
            ("1e999999999", 1, "exponent"),
            ("1" * 51, 1, "more than 50 digits"),
            ("sum(y[k] for k in y)", 19, "index set"),
            ("sum(d(E, y[i]) for d in K)", 20, "`d` is a function"),
            ("sum(y[k] for k in K if k)", 24, "multiply by the condition"),
            ("sum(1 for a in K for b in K for k in K for m in K)", 4, "nested sums"),
            ("sum(y, axis=0.5)", 13, "axis is a whole number"),
            ("sum(y, axis=99)", 13, "at most 8 axes"),
            ("sum(y, keepdims=1)", 1, "no such argument"),
            ("exp()", 1, "one argument"),
            ("exp(y, y)", 1, "one argument"),
            ("outer(y)", 1, "two arguments"),
            ("exp(*y)", 5, "not in the language"),
            ("exp", 1, "write exp(...)"),
            ("K + 1", 1, "index set"),
            ("d(E, n)", 6, "with respect to"),
            ("d(E, q)", 1, "does not contain q: write q in it"),
            ("d(E, r)", 3, "r is of one i only; define it for all of them"),
            ("d(E, y[:])", 6, "whole array or one entry"),
            ("d(d(E, y[0]), y[1])", 1, "derivative of a derivative"),
            ("y[0:1]", 3, "single colon"),
            ("-" * 60 + "1", 52, "nested more than 50"),
            ("(" * 1000, None, "not a formula"),
            ("-" * 1999 + "1", None, "nested"),
            ("y" * 2001, 2001, "2001 characters"),
            ("y\0", None, "not a formula"),
            ("y when", 7, "missing"),
            ("y when x", 8, "unknown name `x`"),
            ("y when t when t", None, "not a formula"),
            ("y = t", None, "not a formula"),
            ("y; t", None, "not a formula"),
            ("y) + (t", None, "not a formula"),
            ("@", None, "not a formula"),
        ],
    )
    def test_a_text_outside_the_language_is_refused_at_its_column(
        self, text: str, column: int | None, says: str
    ) -> None:
        scope = SOFTMAX
        if "q)" in text or "r)" in text:
            scope = scope.define("q", "exp(t)").define("r", "y[i]")
        with pytest.raises(FormulaError) as refused:
            parse(text, scope)
        assert says in refused.value.message
        assert column in (refused.value.column, None)

    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            ("2y", "a product is written with *"),
            ("2(y)", "a product is written with *"),
            ("y = t", "two sides are compared by =="),
            ("= y - t", "leave out the =: a line is the right side alone"),
            ("sum(y, i)", "over an index it is sum(... for k in K)"),
            ("y =< t", "it is written <= or >="),
            ("(y - t", "its brackets do not match"),
            ("y => t", "it is written <= or >="),
            ("e**y[i]", "the exponential is exp(...)"),
            ("e^y", "the exponential is exp(...)"),
            ("exp y", "a function takes brackets"),
            ("ln(y)", "write log(...)"),
            ("dot(y, t)", "write a @ b"),
            ("np.dot(y, t)", "write a @ b"),
            ("Diag(t) @ y", "did you mean `diag`"),
            ("logsumexp(y)", r"log(sum(exp(y)))"),
            ("dE/dy", "a derivative is written d(E, w[i])"),
            ("d E / d y", "a derivative is written d("),
            ("K*y", "its size is sum(1 for k in K)"),
            ("sum(y[k] for k != i)", "one is left out of a sum by a factor"),
            ("identity(n) @ y", "eye(K) of an index set"),
            ("1[i == 0]", "a condition in brackets counts as 0 or 1"),
            ("indicator(y > 0)", "a condition in brackets counts as 0 or 1"),
            ("y(i)", "an entry is written y[i]"),
            ("softmax(y)(i)", "an entry is written softmax(y)[i]"),
            ("softmax(y)_i", "an entry is written softmax(y)[i]"),
            ("p_i - t_i", "an entry is written p[i]"),
            ("y_1", "an entry is written y[1]"),
            ("y^T @ t", "the transpose is A.T"),
            ("y' @ t", "the transpose is A.T"),
            ("Y - t", "did you mean `y`"),
            ("maximum(y, 0)", "write max(a, b)"),
            ("outer(y, t)[:, None]", "outer(u, v) makes a matrix of two vectors"),
            ("softmax(y) \u2212 t", "\u2212 is written -"),
            ("\u03a3 t", "\u03a3 is written sum("),
            ("\u2202E/\u2202y", "\u2202 is written d(F, v)"),
            ("\u03b4(i, 0)", "\u03b4 is written delta(i, j)"),
            (r"\frac{1}{2}", "not in TeX"),
            ("sum_k t[k]", "a sum is written sum(... for k in K)"),
            ("dE/dy = y - t", "own names are defined in `where`"),
            ("y - t;", "one formula stands alone"),
            ("lambda y: y", "write what it returns"),
            ("y + ...", "`...` may stand last only"),
            ("y + lambda*t", "`lambda` is a word of Python; choose another name, such as lam"),
            ("sum(is[k] for k in K)", "`is` is a word of Python; choose another name, such as is_"),
            ("t @ in", "`in` is a word of Python; choose another name, such as in_"),
            ("y^2", "a power is **"),
            ("y·t", "· is written *"),
            ("y × t", "× is written *"),
            ("y if n == 1", "an assumption is stated after `when`"),
            ("sum(t[k] for k = 1)", "a sum runs over an index set"),
            ("np.sum(t)", "write sum(...)"),
            ("y_i", "an entry is written y[i]"),
            ("t[k]", "bound by sum(... for k in K); the part asks for entry i of K: write i for k"),
            ("d(E, y[u])", "the part asks for entry i of K: write i for u"),
            ("y[k] > 0 for k in K", "a condition on an array is one on each of its entries: w > 0"),
            ("(y - t)[j]", "an index is free (i) or bound by sum(... for j in ...)"),
            ("p - t", "own names are defined in `where`"),
            ("d(E, p)", "write p in it, or what p is defined as, to the letter"),
            ("sum(y[k] for k in K when k != i)", "in a sum, multiply by the condition"),
            ("max(y[k] for k in K)", "an array by its entries: u[k] = x[k]**2 for k in K"),
            ("max(y, t, 0)", "of three it is max(a, max(b, c))"),
            ("sum(y, 0)", "along an axis it is sum(A, axis=0)"),
            ("norm(y, 1)", "sum(abs(v)) and max(abs(v)) are others"),
            ("y[i](1 - y[i])", "a product is written with *"),
            ("I @ y", "the identity matrix is eye(K) of an index set"),
            ("tan(y)", "write sin(x)/cos(x)"),
            ("arctan(y)", "inverse angles are not in the language"),
            ("erfc(y)", "write 1 - erf(x)"),
            ("psi(y)", "the gamma function is not in the language"),
            ("sort(y)", "places are compared: sum((y[j] < y[k]) for j in K)"),
            ("inner(y, t)", "write a @ b"),
            ("grad(E, y)", "a derivative is written d(L, w[i])"),
            ("-inf", "numbers are finite"),
            ("2*π", "π is written pi"),
            ("(y > 0) ? 1 : 0", "a choice is written where(condition, a, b)"),
            ("(y <> t)", "it is written !="),
            ("y .* t", "entries are multiplied by *"),
            ("1{y[i] > 0}", "a condition in brackets counts as 0 or 1: (i == c)*x"),
            ("sum(y[k] for k < i)", "a part of an index set is taken by a factor"),
            (r"sum(y[k] for k in K \ {i})", "a part of an index set is taken by a factor"),
        ],
    )
    def test_a_likely_slip_gets_a_hint(self, text: str, hint: str) -> None:
        scope = SOFTMAX.define("p", "softmax(y - 1)") if text == "d(E, p)" else SOFTMAX
        with pytest.raises(FormulaError, match=re.escape(hint)):
            parse(text, scope)

    @pytest.mark.parametrize(
        ("text", "hint"),
        [
            ("0 \u2039 \u03b7 < 1/5", "\u2039 is written <, \u03b7 is written eta"),
            *(
                (f"0 < {name} < 1/5", "the rate is written eta")
                for name in ("alpha", "lr", "\u03b7", "x")
            ),
            *(
                (text, "a range is written 0 < eta < 1/5")
                for text in ("(0, 0.2)", "eta in (0, 1/5)", "0<eta<0,2", "]0, 1/5[", "lambda < 1/5")
            ),
            ("|1-10 eta|<1", "the absolute value is abs(...)"),
            ("|1-10 eta|<1", "a product is written with *"),
            ("0 < 10eta < 2", "a product is written with *"),
            ("0 < eta and < 1/5", "each side is whole"),
            ("eta > 0 & eta < 1/5", "conditions are joined by `and`"),
            ("eta > 0 && eta < 1/5", "conditions are joined by `and`"),
            ("0 < eta < 1/5 for all x", "words about it go after a #"),
        ],
    )
    def test_a_likely_slip_in_a_condition_gets_a_hint(self, text: str, hint: str) -> None:
        with pytest.raises(FormulaError, match=re.escape(hint)):
            parse(text, RATE)

    def test_a_class_used_as_a_one_hot_vector_gets_a_hint(self) -> None:
        with pytest.raises(FormulaError, match="its one-hot vector is t"):
            parse("softmax(y)[i] - c[i]", ONE_HOT_SCOPE)

    def test_an_entry_that_some_sizes_lack_gets_a_hint(self) -> None:
        with pytest.raises(
            NoValue, match=re.escape("sum over all, or state the size: ... when n == 4")
        ):
            value("y[0] + y[3]")

    def test_brackets_alone_do_not_nest(self) -> None:
        assert value("(" * 60 + "n" + ")" * 60) == 3

    @pytest.mark.parametrize("text", ["9**9**9", "(10**64)**64", "((y[2] + 1/3)**64)**64"])
    def test_what_grows_too_large_is_refused_when_evaluated(self, text: str) -> None:
        with pytest.raises(FormulaError):
            value(text)

    def test_what_takes_too_long_is_refused_when_evaluated(self) -> None:
        text = "+".join(["sum(y[k]*t[m]*y[j_]" + " for k in K for m in K for j_ in K)"] * 30)
        case = logits(exact([fmpq(1)] * 40), exact([fmpq(1)] * 40))
        with pytest.raises(FormulaError, match="operations"):
            Env(case.values, case.sizes, SOFTMAX.defined).evaluate(parse(text, SOFTMAX).tree)

    def test_doubling_through_own_names_is_refused_when_evaluated(self) -> None:
        lines = ["a0 = y[1] + 1/3", *(f"a{k + 1} = a{k} * a{k}" for k in range(40))]
        scope = parse_definitions(lines, SOFTMAX)
        with pytest.raises(FormulaError, match="bits"):
            Env(CASE.values, CASE.sizes, scope.defined).evaluate(parse("a40", scope).tree)

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            ("p", "name = formula"),
            ("p == 1", "name = formula"),
            ("1 = y", "name = formula"),
            ("for = y", "`for` is a word of Python; choose another name, such as for_"),
            ("is[k] = y[k] for k in K", "`is` is a word of Python"),
            ("p[in] = y[in] for in in K", "`in` is a word of Python"),
            ("y = t", "already has a meaning"),
            ("softmax = t", "already has a meaning"),
            ("K = t", "already has a meaning"),
            ("i = t", "already has a meaning"),
            ("when = t", "already has a meaning"),
            ("p = p", "unknown name `p`"),
            ("p = y when t", "belongs to a formula"),
            ("p[k] = y[k]", "say what k runs over: for k in ... at the end"),
            ("p[k,m] = y[k] for k in K", "not k, m, in this order"),
            ("p[k] = y[k] for k in y", "runs over an index set (K)"),
            ("p[0] = 1", "`name[i] = formula for i in K`"),
            ("p[] = 1", "`name[i] = formula for i in K`"),
            ("p[k] = q[k] for k in K if k", "no `if`"),
        ],
    )
    def test_a_bad_own_name_is_refused_with_its_line(self, line: str, says: str) -> None:
        with pytest.raises(FormulaError, match="line 2, column ") as refused:
            parse_definitions(["q = y", line], SOFTMAX)
        assert says in refused.value.message

    def test_an_own_name_that_is_used_too_early_is_said_to_be_defined_below(self) -> None:
        said = "line 1, column 7: unknown name `q`; it is defined below: move that line up"
        with pytest.raises(FormulaError, match=said):
            parse_definitions(["p = 2*q", "r = t", "q[k] = y[k] for k in K"], SOFTMAX)

    def test_an_own_name_cannot_be_given_twice(self) -> None:
        with pytest.raises(FormulaError, match="already has a meaning"):
            parse_definitions(["p = y", "p = t"], SOFTMAX)

    def test_the_true_class_is_unknown_for_any_targets(self) -> None:
        with pytest.raises(FormulaError, match="unknown name `c`"):
            parse("softmax(y) - c", SOFTMAX)

    def test_a_long_sum_does_not_nest(self) -> None:
        assert value("+".join(["1"] * 900)) == 900


WORDS = [
    *FUNCTIONS,
    *(
        "y",
        "t",
        "E",
        "n",
        "i",
        "K",
        "k",
        "c",
        "eta",
        "L",
        "W1",
        "z",
        "when",
        "#",
        "for",
        "in",
        "if",
    ),
    *("+", "-", "*", "/", "**", "@", "<", "<=", "==", "!=", ">", "(", ")", "[", "]", ",", ":", "."),
    *("0", "1", "2", "1/5", "0.2", "1e50", "64", "axis=0", "T", "not", "and", "or", " ", "lambda"),
    *(
        "'",
        '"',
        "=",
        ":=",
        "\\",
        "\n",
        "\t",
        "\0",
        "é",
        "𝛼",
        "²",
        "{",
        "}",
        "~",
        "%",
        "!",
        ";",
        "_",
    ),
]
SCOPES = {"q1": NETWORK, "q2": SOFTMAX, "one-hot": ONE_HOT_SCOPE, "q3": RATE}
VALUES = {
    "q1": (DATA.values, DATA.sizes),
    "q2": (CASE.values, CASE.sizes),
    "one-hot": ({"y": CASE.given["y"], "n": fmpq(3), "c": fmpq(0)}, CASE.sizes),
    "q3": ({"eta": fmpq(1, 7)}, {}),
}
TEXTS = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=30).map("".join),
    st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join),
    st.text(max_size=60),
)


@pytest.mark.parametrize("question", SCOPES)
@given(text=TEXTS)
@example("sum(y[k] for k in K)")
@example("d(E, y[i])")
@example("exp(exp(exp(exp(exp(9)))))")
def test_any_text_gives_a_value_or_one_line_of_refusal(question: str, text: str) -> None:
    values, sizes = VALUES[question]
    scope = SCOPES[question]
    try:
        formula = parse(text, scope)
        env = Env(values, sizes, scope.defined, scope.free)
        found = settled(lambda: env.evaluate(formula.tree))
    except (FormulaError, NoValue, CannotTell) as error:
        found, refusal = ZERO, str(error)
    else:
        refusal = ""
    assert "\n" not in refusal
    assert all(isinstance(v, fmpq | arb | int) for v in np.ravel(np.array(found, dtype=object)))


RANDOM = Random(3)


def some(*shape: int) -> Any:
    numbers = [fmpq(RANDOM.randint(-3, 3), RANDOM.randint(1, 3)) for _ in range(math.prod(shape))]
    return object_array(numbers, shape)


OF_SIZES = network(W1=some(2, 4), b1=some(4), w2=some(4), b2=fmpq(1, 2), X=some(3, 2), t=some(3))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(text=formulas_of_an_entry(4))
@example("X[0,j] + a")
@example("y[j] / a")
@example("sum(X[j]) * h[a,3-j]")
@example("sum(a / (a - j) * (k > 1) for k in N)")
@example("sum(sum(X[k,a] for k in N) * z[k,j] for k in N)")
@example("d(L, W1[a,j]) + d(h[a,j], b1[j])")
@example("(X @ d(e[a], W1))[2,j]")
@example("X[:,a] @ outer(e, w2)[:,j]")
@example("softmax(outer(e, w2)[a] / j)[j]")
def test_at_each_place_an_index_stands_for_its_number(text: str) -> None:
    found = at_each_place(text)
    for place in np.ndindex(2, 4):
        alone = at_each_place(
            re.sub(r"\ba\b", str(place[0]), re.sub(r"\bj\b", str(place[1]), text))
        )
        here: Any = found[place] if np.ndim(found) else found
        assert isinstance(alone, NoValue) == isinstance(here, NoValue)
        assert isinstance(alone, Missing) or agree(alone, here)


def at_each_place(text: str) -> Any:
    env = Env(OF_SIZES.values, OF_SIZES.sizes, NETWORK.defined, NETWORK.free)
    try:
        return settle(lambda: env.entries(parse(text, NETWORK).tree))
    except NoValue as none:
        return none
    except FormulaError:
        reject()


@given(text=st.text(max_size=30))
@example("1e5")
@example("-0.5E-3")
@example("٣")
@example("1__0")
def test_any_text_is_a_numeral_with_the_value_of_a_fraction_or_refused(text: str) -> None:
    try:
        found = numeral(text)
    except ValueError:
        return
    assert (int(found.p), int(found.q)) == Fraction(text).as_integer_ratio()

"""The inputs of a spec obey it, reach the hard cases, and become smaller while they still fail."""

from collections.abc import Callable
from functools import cache
from itertools import combinations, product
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradaudit.checking.inputs import draw, hard_inputs, inputs, near, strategy
from gradaudit.checking.smaller import effort, literal, shrink, smaller
from gradaudit.checking.specs import Leaf, Spec, read_spec

NET = read_spec("X: [n,d], W1: [d,h], b1: [h], w2: [h], b2: [], t: [n]")
KINDS = {
    "a classifier": "Z: [n,k], y: int[n] < k, p: simplex[n,k], o: onehot[n,k], s: sign[n]",
    "a regression": "X: [n,d], w: [d], c: count[n], q: positive[n], r: nonnegative[n], u: unit[n]",
    "matrices": "A: spd[d,d], S: symmetric[d,d], L: lower[d,d], Q: orthogonal[d,d], B: spd[n,d,d]",
    "directions": "v: unitvec[n,d], z: complex[n], b: bool[n], e: positive, k: int < n, i: int[n]",
    "float32": "q: float32 positive[n], p: float32 simplex[n,k], A: float32 spd[k,k]",
    "float16": "x: float16[n], q: float16 positive[n], p: float16 simplex[n,k], i: int32[n]",
    "complex64": "z: complex64[n], Q: float32 orthogonal[n,n], L: float32 lower[n,n], u: []",
    "a convolution": "x: [n], f: [k], y: [m], m = n + k - 1, n >= 2, k <= 5",
    "options": "x: [n], stride: 1..3, mode: {'mean', 'sum'}, causal: bool, y: [(n-1)//stride+1]",
    "trees": "p: {W: [d,h], b: [h]}, l: ([d,h], list([h], [h])), w: list[n], v: list int32[n] < 3",
    "a packed vector": "theta: packed(W[d,h], b[h]), X: [n,d]",
    "a number": "x: []",
    "sizes that differ": "A: [n,m], n != m, m % 2 = 0",
    "fixed sizes": "A: [2,3], y: int[4] < 5",
}
SPECS = {"a network": NET, **{name: read_spec(text) for name, text in KINDS.items()}}
each_spec = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)


def same(one: Any, other: Any) -> bool:
    """Return whether two values agree in type, shape and every bit."""
    return type(one) is type(other) and literal(one) == literal(other)


def close(one: Any, other: Any, dtype: str) -> bool:
    return bool(np.all(np.abs(one - other) <= 64 * np.finfo(dtype).eps))


def of_its_kind(leaf: Leaf, value: Any, bound: int) -> bool:
    """Return whether all entries are what the kind says, told in other words than the maker's."""
    a = np.asarray(value)
    turned = np.swapaxes(a, -1, -2) if a.ndim > 1 else a
    match leaf.kind:
        case "positive":
            return bool(np.all(a > 0))
        case "nonnegative":
            return bool(np.all(a >= 0))
        case "unit":
            return bool(np.all((a >= 0) & (a <= 1)))
        case "simplex":
            return bool(np.all(a >= 0)) and close(a.sum(-1, dtype=float), 1, leaf.dtype)
        case "unitvec":
            return close((a.astype(float) ** 2).sum(-1), 1, leaf.dtype)
        case "onehot":
            return set(np.unique(a)) <= {0, 1} and bool(np.all(a.sum(-1) == 1))
        case "sign":
            return set(np.unique(a)) <= {-1, 1}
        case "count":
            return bool(np.all(a >= 0)) and bool(np.all(a == np.floor(a)))
        case "int":
            return not bound or bool(np.all((a >= 0) & (a < bound)))
        case "spd":
            return bool(np.all(a == turned)) and bool(np.all(np.linalg.eigvalsh(a) > 0))
        case "symmetric":
            return bool(np.all(a == turned))
        case "lower":
            diagonal = np.diagonal(a, axis1=-2, axis2=-1)
            return not np.triu(a, 1).any() and bool(np.all(diagonal > 0))
        case "orthogonal":
            return close(a @ turned, np.eye(a.shape[-1]), leaf.dtype)
    return True


def obeys(spec: Spec, args: tuple[Any, ...]) -> bool:
    """Return whether an input is what the spec says, with shapes, dtypes and memory of its own."""
    sizes, values = spec.sizes(args), spec.flatten(args)
    arrays = [one for one in values if isinstance(one, np.ndarray)]
    for leaf, one in zip(spec.leaves, values, strict=True):
        if leaf.choices:
            if one not in leaf.choices:
                return False
            continue
        bound = int(sizes.get(leaf.below) or leaf.below) if leaf.below else 0
        if np.shape(one) != leaf.shape_at(sizes) or not np.all(np.isfinite(one)):
            return False
        if leaf.shape and (one.dtype != leaf.dtype or not one.flags.c_contiguous):
            return False
        if not of_its_kind(leaf, one, bound):
            return False
    return not any(np.shares_memory(one, other) for one, other in combinations(arrays, 2))


@each_spec
def test_every_input_obeys_the_spec(spec: Spec) -> None:
    assert all(obeys(spec, args) for args in inputs(spec, 150))


@each_spec
def test_all_hard_inputs_obey_the_spec(spec: Spec) -> None:
    assert all(obeys(spec, args) for args in hard_inputs(spec))


@each_spec
def test_inputs_are_the_same_for_the_same_seed(spec: Spec) -> None:
    once, again = inputs(spec, 100, seed=3), inputs(spec, 100, seed=3)
    assert all(map(same, once, again))


def test_other_seeds_draw_other_inputs_after_the_same_hard_ones() -> None:
    once, other = inputs(NET, 100), inputs(NET, 100, seed=1)
    agree = list(map(same, once, other))
    assert agree == [True] * 60 + [False] * 40


def test_values_are_those_of_every_machine() -> None:
    """A change of these bits changes what everybody's check tries."""
    first = inputs(read_spec("x: [n], A: spd[n,n], p: simplex[n]"), 1)[0]
    assert literal(first[0]) == (
        "np.array([0.6336251294535451, 0.23532325747642613, 0.7489951492103777])"
    )


@pytest.mark.parametrize("count", [0, 1, 7, 1000])
def test_there_are_as_many_inputs_as_asked_for(count: int) -> None:
    assert len(inputs(NET, count)) == count


@pytest.mark.parametrize("name", ["a network", "a regression", "a convolution", "a packed vector"])
def test_a_third_of_the_inputs_are_ordinary_numbers(name: str) -> None:
    spec = SPECS[name]

    def ordinary(view: View) -> bool:
        floats = [view.leaves[leaf.path] for leaf in spec.leaves if leaf.kind == "float"]
        return not any(np.any(4 * one == np.rint(4 * one)) for one in floats)

    assert sum(map(ordinary, views(spec))) >= 33


# ---- reach


class View:
    """An input by the names of its leaves."""

    def __init__(self, spec: Spec, args: tuple[Any, ...]) -> None:
        self.sizes = spec.sizes(args)
        values = map(np.asarray, spec.flatten(args))
        self.leaves = {leaf.path: one for leaf, one in zip(spec.leaves, values, strict=True)}

    def __getattr__(self, name: str) -> Any:
        return self.leaves[name]


@cache
def views(spec: Spec, count: int = 100) -> list[View]:
    return [View(spec, args) for args in inputs(spec, count)]


SIZED = [name for name, spec in SPECS.items() if len(spec.size_names) > 1 and not spec.conditions]


@pytest.mark.parametrize("spec", [SPECS[name] for name in SIZED], ids=SIZED)
class TestSizes:
    def test_each_is_one_alone(self, spec: Spec) -> None:
        ones = {tuple(name for name in spec.size_names if v.sizes[name] == 1) for v in views(spec)}
        assert {(name,) for name in spec.size_names} <= ones

    def test_every_two_are_equal(self, spec: Spec) -> None:
        for one, other in combinations(spec.size_names, 2):
            assert any(v.sizes[one] == v.sizes[other] > 1 for v in views(spec))

    def test_each_is_beyond_nine(self, spec: Spec) -> None:
        assert all(any(v.sizes[name] > 9 for v in views(spec)) for name in spec.size_names)

    @pytest.mark.parametrize(
        "case",
        [
            pytest.param(lambda sizes: set(sizes) == {1}, id="one"),
            pytest.param(lambda sizes: min(sizes) == max(sizes) > 1, id="equal"),
            pytest.param(lambda sizes: len(set(sizes)) == len(sizes), id="different"),
            pytest.param(lambda sizes: min(sizes) >= 4, id="four and more"),
            pytest.param(lambda sizes: 5 <= min(sizes) <= max(sizes) <= 9, id="five to nine"),
        ],
    )
    def test_all_are(self, spec: Spec, case: Callable[[list[int]], bool]) -> None:
        assert any(case([v.sizes[name] for name in spec.size_names]) for v in views(spec))


def many(a: Any) -> bool:
    """Return whether rows are so long that a part of one is not all of it."""
    return bool(a.ndim and a.shape[-1] > 2)


def tied(a: Any, count: int) -> bool:
    """Return whether so many entries, and not all, are the largest of their row."""
    largest = (a == a.max(-1, keepdims=True)).sum(-1)
    return bool(a.shape[-1] > count and np.any(largest == count))


def alone(a: Any, number: float) -> bool:
    """Return whether one entry is a number far from all others."""
    return bool(np.any(a == number) and np.sum(np.abs(a) > 10) == 1)


FLOATS: dict[str, Callable[[Any], Any]] = {
    "an entry of zero": lambda a: np.sum(a == 0) == 1 and a.size > 2,
    "all entries equal": lambda a: a.size > 2 and np.all(a == a.flat[0]) and np.any(a),
    "a tie of the largest two": lambda a: a.ndim and tied(a, 2),
    "a tie of the largest three": lambda a: a.ndim and tied(a, 3),
    "rows of equal entries": lambda a: many(a) and np.all(a == a[..., :1]) and np.any(a),
    "two equal rows": lambda a: a.ndim and len(a) > 2 and np.all(a[0] == a[-1]) and np.ptp(a),
    "tiny numbers": lambda a: 0 < np.abs(a).max() < 1e-6,
    "large numbers": lambda a: 1e3 < np.abs(a).max() < 2e4 and np.abs(a).min() > 1,
    "huge numbers": lambda a: np.abs(a).max() > 1e5,
    "an offset with small spread": lambda a: a.size > 2 and a.min() > 990 and 0 < np.ptp(a) < 10,
    "one entry far below": lambda a: alone(a, -800),
    "one entry far above": lambda a: alone(a, 900),
    "saturation": lambda a: np.all(np.abs(a) == 40),
    "far saturation": lambda a: np.all(np.abs(a) == 750),
    "negative numbers only": lambda a: a.size > 2 and np.all(a < 0),
    "positive numbers only": lambda a: a.size > 2 and np.all(a > 0),
    "whole numbers": lambda a: np.all(a == np.rint(a)) and len(np.unique(a)) > 3,
    "ones and halves": lambda a: set(np.unique(np.abs(a))) == {0.5, 1},
    "a sum of zero": lambda a: many(a) and np.all(a.sum(-1) == 0) and np.any(a),
    "a sum of one": lambda a: many(a) and np.all(a.sum(-1) == 1) and np.any(a < 0),
}
FIELDS = {
    "X": "a network",
    "Z": "a classifier",
    "x": "a convolution",
    "w": "trees",
    "theta": "a packed vector",
    "A": "fixed sizes",
}
SPARE = {
    ("A", "a tie of the largest three"),
    ("A", "two equal rows"),
    ("theta", "two equal rows"),
}


@pytest.mark.parametrize(
    ("path", "case"),
    [
        pytest.param(path, case, id=f"{case} of {path} in {FIELDS[path]}")
        for path, case in product(FIELDS, FLOATS)
        if (path, case) not in SPARE
    ],
)
def test_an_array_of_floats_meets(path: str, case: str) -> None:
    assert any(FLOATS[case](v.leaves[path]) for v in views(SPECS[FIELDS[path]], 300))


@pytest.mark.parametrize("case", FLOATS)
def test_a_network_meets_somewhere(case: str) -> None:
    assert any(FLOATS[case](one) for v in views(NET) for one in v.leaves.values())


@pytest.mark.parametrize("path", [leaf.path for leaf in NET.leaves])
def test_each_array_alone_is_zero(path: str) -> None:
    assert any(all(np.any(a) == (one != path) for one, a in v.leaves.items()) for v in views(NET))


OTHERS: dict[str, dict[str, Callable[[View], Any]]] = {
    "a network": {
        "all arrays zero": lambda v: not any(np.any(a) for a in v.leaves.values()),
        "a hidden value of zero": lambda v: np.any((v.X @ v.W1 + v.b1 == 0) & (v.X @ v.W1 != 0)),
        "two equal columns": lambda v: many(v.X) and np.all(v.X[:, 0] == v.X[:, -1]),
        "a sample twice": lambda v: (
            len(v.t) > 2 and np.all(v.X[0] == v.X[-1]) and v.t[0] == v.t[-1]
        ),
        "two equal arrays": lambda v: np.all(v.b1 == v.w2) and np.ptp(v.b1),
    },
    "a classifier": {
        "a repeated class": lambda v: len(np.unique(v.y)) == len(v.y) - 1 > 1,
        "one class only": lambda v: many(v.Z) and len(v.y) > 2 and np.ptp(v.y) == 0,
        "the last class only": lambda v: many(v.Z) and set(v.y) == {v.Z.shape[1] - 1},
        "the first and the last class": lambda v: many(v.Z) and set(v.y) == {0, v.Z.shape[1] - 1},
        "each class": lambda v: many(v.Z) and len(np.unique(v.y)) == v.Z.shape[1],
        "a vertex of the simplex": lambda v: many(v.p) and np.all(v.p.max(-1) == 1),
        "the middle of the simplex": lambda v: many(v.p) and np.ptp(v.p) == 0,
        "nearly a vertex": lambda v: many(v.p) and np.all(np.abs(1 - v.p.max(-1) - 1e-8) < 1e-8),
        "one-hot rows that are the same": lambda v: len(v.o) > 2 and np.all(v.o == v.o[0]),
        "signs that are all 1": lambda v: len(v.s) > 2 and np.all(v.s == 1),
        "signs that are all -1": lambda v: len(v.s) > 2 and np.all(v.s == -1),
        "both signs": lambda v: np.ptp(v.s) == 2,
    },
    "a regression": {
        "counts of zero": lambda v: len(v.c) > 2 and not np.any(v.c),
        "large counts": lambda v: np.max(v.c) >= 100,
        "positive numbers near zero": lambda v: np.max(v.q) < 1e-6,
        "one positive number near zero": lambda v: len(v.q) > 2 and np.sum(v.q < 1e-6) == 1,
        "positive numbers that are one": lambda v: len(v.q) > 2 and np.all(v.q == 1),
        "large positive numbers": lambda v: np.max(v.q) > 1e5,
        "nonnegative numbers that are zero": lambda v: not np.any(v.r),
        "both ends of the unit interval": lambda v: set(v.u) == {0, 1},
        "only the inside of the unit interval": lambda v: np.all((v.u > 0) & (v.u < 1)),
    },
    "matrices": {
        "an identity": lambda v: len(v.A) > 2 and np.all(np.eye(len(v.A)) == v.A),
        "a diagonal": lambda v: np.all(np.diag(np.arange(1, len(v.A) + 1)) == v.A) and many(v.A),
        "an ill-conditioned matrix": lambda v: np.linalg.cond(v.A) > 1e5,
        "repeated eigenvalues": lambda v: many(v.A) and v.A[0, 1] and len(np.unique(v.A)) == 2,
        "a symmetric matrix of zeros": lambda v: not np.any(v.S),
        "a factor with a small diagonal": lambda v: many(v.L) and np.diag(v.L).max() < 0.01,
        "a mirror": lambda v: many(v.Q) and np.linalg.det(v.Q) < 0,
        "a turn": lambda v: many(v.Q) and np.linalg.det(v.Q) > 0 and np.all(v.Q),
    },
    "directions": {
        "an axis": lambda v: many(v.v) and np.all(np.abs(v.v).max(-1) == 1),
        "all true": lambda v: len(v.b) > 2 and np.all(v.b),
        "all false": lambda v: len(v.b) > 2 and not np.any(v.b),
        "true and false": lambda v: np.ptp(v.b.astype(int)),
        "real numbers only": lambda v: np.any(v.z) and not np.any(v.z.imag),
        "imaginary numbers only": lambda v: np.any(v.z) and not np.any(v.z.real),
        "the last index": lambda v: v.k == len(v.z) - 1 > 2,
    },
}


@pytest.mark.parametrize(
    ("name", "case"),
    [
        pytest.param(name, case, id=f"{phrase} in {name}")
        for name, cases in OTHERS.items()
        for phrase, case in cases.items()
    ],
)
def test_inputs_meet(name: str, case: Callable[[View], Any]) -> None:
    assert any(case(view) for view in views(SPECS[name]))


def test_each_size_is_drawn_beyond_sixteen_and_is_thirteen() -> None:
    spec, random = read_spec("X: [n,d], w: [d]"), Random(0)
    sizes = [spec.sizes(draw(spec, random)) for _ in range(2000)]
    for name in spec.size_names:
        assert {one[name] for one in sizes} >= {13, 17, 20}


def test_ordinary_numbers_lie_between_those_of_size_one_and_the_far_ones() -> None:
    spec, random = read_spec("x: [n]"), Random(0)
    numbers = np.concatenate([np.abs(x) for _ in range(600) for x in draw(spec, random)])
    assert ((numbers > 12) & (numbers < 35)).sum() > 20
    assert ((numbers > 2e-7) & (numbers < 2e-3)).sum() > 20


SPREAD = read_spec("X: [n,d], w: [d], q: positive, A: spd[d,d], z: complex[n]")


@pytest.mark.parametrize("path", [leaf.path for leaf in SPREAD.leaves])
def test_an_array_has_nearly_all_scales_from_a_millionth_to_ten_million(path: str) -> None:
    found = [np.abs(view.leaves[path]).max() for view in views(SPREAD)]
    met = {int(one) for one in np.floor(np.log10([one for one in found if one]))}
    assert len(met & set(range(-6, 8))) >= 11
    assert max(met) >= 6


@pytest.mark.parametrize("seed", range(4))
def test_arrays_far_apart_in_scale_meet_both_ways(seed: int) -> None:
    far = [np.abs(X).max() / np.abs(w).max() for X, w, *_ in inputs(SPREAD, 100, seed) if w.any()]
    assert min(one for one in far if one) < 1e-6
    assert max(far) > 1e6


@pytest.mark.parametrize("low", [10, 20, 50, 100, 300])
def test_numbers_between_ten_and_a_thousand_are_met_alone_and_in_arrays(low: int) -> None:
    for text in ("x: []", "x: [n]", "x: positive[n]"):
        drawn = [np.abs(args[0]) for args in inputs(read_spec(text), 100)]
        assert any(np.any((x > low) & (x < 3 * low)) for x in drawn)


def test_every_small_count_is_met() -> None:
    spec = read_spec("k: count[n]")
    counts = np.concatenate([k for args in inputs(spec, 100) for k in args])
    assert set(counts.tolist()) >= set(range(10))


def test_every_combination_of_options_is_met() -> None:
    spec = SPECS["options"]
    met = {args[1:4] for args in inputs(spec, 100)}
    assert met == set(product((1, 2, 3), ("mean", "sum"), (False, True)))


def test_of_many_options_every_pair_is_met() -> None:
    spec = read_spec("a: 1..4, b: 1..4, c: 1..4, d: 1..4")
    met = {pair for args in inputs(spec, 200) for pair in combinations(enumerate(args), 2)}
    assert len(met) == 6 * 16


def test_of_an_option_of_very_many_choices_the_ends_and_many_between_are_met() -> None:
    met = {args[1] for args in inputs(read_spec("x: [n], lag: 0..900"), 100)}
    assert {0, 900} <= met
    assert len(met) > 20


def test_of_many_options_more_than_two_change_at_once() -> None:
    spec = read_spec("a: bool, b: bool, c: bool, d: bool, e: bool")
    met = set(inputs(spec, 100))
    assert {sum(flags) for flags in met} == {0, 1, 2, 3, 4, 5}


# ---- strategies, samples


def test_a_strategy_gives_inputs_of_the_spec() -> None:
    @settings(database=None, derandomize=True)
    @given(strategy(NET))
    def check(args: tuple[Any, ...]) -> None:
        assert obeys(NET, args)

    check()


def test_a_strategy_of_ones_own_decides_the_sizes_of_the_others() -> None:
    own = {"t": st.integers(1, 6).map(lambda n: np.full(n, 7.0))}
    found = inputs(NET, 50, own=own)
    assert all(np.all(args[5] == 7) and len(args[0]) == len(args[5]) for args in found)
    assert len({len(args[5]) for args in found}) > 3


def test_own_values_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"t: found shape \(2, 2\), expected \[n\]"):
        inputs(NET, 5, own={"t": st.just(np.ones((2, 2)))})


def test_a_strategy_for_no_argument_is_refused() -> None:
    with pytest.raises(ValueError, match="no argument u; known are X, W1"):
        inputs(NET, 5, own={"u": st.just(1)})


def test_own_values_leave_nothing_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    inputs(read_spec("x: []"), 20, own={"x": st.floats(0, 1)})
    assert list(tmp_path.iterdir()) == []


@each_spec
def test_inputs_near_a_sample_obey_the_spec(spec: Spec) -> None:
    for k, args in enumerate(inputs(spec, 30)):
        assert all(obeys(spec, near(args, spec, Random(10 * k + i))) for i in range(10))


def test_a_batch_of_one_becomes_a_batch_of_two() -> None:
    sample = next(args for args in inputs(NET, 10) if len(args[5]) == 1)
    found = [near(sample, NET, Random(k)) for k in range(20)]
    assert any(len(args[5]) == 2 == len(args[0]) for args in found)


@pytest.mark.parametrize(
    ("phrase", "case"),
    {
        "a sample less": lambda args: len(args[5]) == 2,
        "a sample more": lambda args: len(args[5]) == 4,
        "the same sample twice": lambda args: any(
            np.all(args[0][i] == args[0][j]) and args[5][i] == args[5][j]
            for i, j in combinations(range(len(args[5])), 2)
        ),
        "an entry of zero": lambda args: np.sum(args[0] == 0) == 1,
        "a whole array of zeros": lambda args: not np.any(args[1]),
        "another scale": lambda args: np.abs(args[1]).max() > 20,
    }.items(),
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_near_a_sample_there_is(phrase: str, case: Callable[[tuple[Any, ...]], bool]) -> None:
    sample = draw(NET, Random(3))
    while NET.sizes(sample) != {"n": 3, "d": 2, "h": 4}:
        sample = inputs(NET, 1)[0]
    assert any(case(near(sample, NET, Random(k))) for k in range(200))


# ---- smaller inputs


@each_spec
def test_smaller_inputs_obey_the_spec_and_are_smaller(spec: Spec) -> None:
    for args in inputs(spec, 12)[::4]:
        most = effort(spec, args)
        for one in smaller(spec, args):
            assert obeys(spec, one)
            assert effort(spec, one) < most


def test_the_smallest_input_with_three_samples_is_of_zeros_and_ones() -> None:
    X = np.array([[0.3, 2.0, -1.0], [1.0, 3.7, 0.5], [9.0, 1.5, 1.1], [0.0, 7.0, 2.0]])
    start = (X, np.ones((3, 2)), np.ones(2), np.full(2, 0.1), np.float64(2.5), X[:, 0])
    found = shrink(NET, start, lambda args: len(args[5]) >= 3 and args[0].max() > 2.5)
    assert literal(found) == (
        "(np.array([[0.0], [0.0], [3.0]]), np.array([[0.0]]), np.array([0.0]), "
        "np.array([0.0]), np.float64(0.0), np.array([0.0, 0.0, 0.0]))"
    )


def test_sizes_that_depend_on_others_shrink_with_them() -> None:
    spec = SPECS["a convolution"]
    found = shrink(spec, inputs(spec, 10)[9], lambda args: len(args[1]) >= 2)
    assert [len(one) for one in found] == [2, 2, 3]


def test_options_shrink_to_their_first() -> None:
    spec = SPECS["options"]
    start = next(args for args in inputs(spec, 50) if args[1:4] == (3, "sum", True))
    assert shrink(spec, start, lambda args: args[1] > 1)[1:4] == (2, "mean", False)


def test_no_more_calls_are_made_than_allowed() -> None:
    calls = []

    def fails(args: tuple[Any, ...]) -> bool:
        calls.append(args)
        return False

    shrink(NET, inputs(NET, 60)[59], fails, budget=50)
    assert len(calls) == 50


def test_an_array_of_a_fixed_size_becomes_zero_but_for_what_it_takes() -> None:
    spec = read_spec("w: [3137]")
    (found,) = shrink(spec, inputs(spec, 1)[0], lambda args: bool(args[0][5] > 0.5))
    assert found[5] == 1
    assert np.count_nonzero(found) == 1


def test_long_arrays_are_given_up_early() -> None:
    spec = read_spec("w: [100001]")
    calls = []

    def fails(args: tuple[Any, ...]) -> bool:
        calls.append(args)
        return bool(np.all(args[0]))

    shrink(spec, inputs(spec, 1)[0], fails)
    assert len(calls) < 50


# ---- literals


@each_spec
def test_a_literal_gives_the_same_bits(spec: Spec) -> None:
    assert all(same(eval(literal(args), {"np": np}), args) for args in inputs(spec, 60))


@pytest.mark.parametrize(
    "value",
    [
        np.array([np.nan, -np.inf, -0.0]),
        np.array([0.1, 1 / 3], np.float32),
        np.array([complex(1, -0.0), complex(np.nan, 2), -1 + 2j]),
        np.zeros((0, 3), np.float32),
        np.zeros((3, 4)),
        np.float32(0.1),
        np.bool_(True),
        {"a": [1, 2.5, None], "b": ("x", (True,))},
        float("inf"),
    ],
    ids=repr,
)
def test_a_literal_gives_back(value: Any) -> None:
    again = eval(literal(value), {"np": np})
    assert same(again, value)
    assert np.asarray(again).tobytes() == np.asarray(value).tobytes() or isinstance(value, dict)

"""A spec says in one line what a function is given, and is inferred from an example."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

from gradaudit.checking.inferring import infer
from gradaudit.checking.specs import KINDS, BadSpec, read_spec

SPECS = {
    "arrays": "X: [n,d], W1: [d,h], b1: [h], b2: [], t: [n]",
    "kinds": "y: int[n] < k, A: spd[d,d], p: simplex[n,k], e: positive, c: complex, i: int < n",
    "dtypes": "q: float32 positive[n], u: float16, z: complex64[n], j: int32 < 3, s: int64 sign[n]",
    "sizes that are expressions": "a: [n+1], b: [2*h], c: [m-k+1], d: int < n+1, e: [(n-1)//2+1]",
    "options": "stride: 1..3, mode: {'mean', 'sum', None}, p: {1, 2.5, -1}, causal: bool, one: {2}",
    "conditions": "x: [n], f: [k], y: [m], m = n + k - 1, n >= 2, k <= n, n != 7, n % 2 = 0",
    "trees": "p: {W: [d,h], 'a b': ([h], []), 3: (bool,)}, l: list([d], list int[n] < 3)",
    "packed vectors": "theta: packed(W1[d,h], b1[h], c[]), v: float32 packed(W[d])",
    "a long packed vector": f"theta: packed({', '.join(f'W{k}[d,h]' for k in range(30))})",
    "every kind": ", ".join(f"{kind}_: {kind}[d,d]" for kind in KINDS),
}


@pytest.mark.parametrize("text", SPECS.values(), ids=SPECS)
class TestText:
    def test_it_is_read_again(self, text: str) -> None:
        assert read_spec(str(read_spec(text))) == read_spec(text)

    def test_it_is_the_same_without_blanks(self, text: str) -> None:
        spaced = re.sub(r"([,:\[\](){}<=])", r" \1 ", text).replace("<  =", "<=")
        spaced = re.sub(r"([!<>])\s+=", r"\1=", spaced)
        assert read_spec(spaced) == read_spec(text)

    def test_it_is_told_as_it_was_written(self, text: str) -> None:
        assert str(read_spec(text)) == text.replace("float[", "[")


def test_entries_may_stand_on_lines_of_their_own() -> None:
    spec = read_spec("X: [n,\n  d]\ne: positive\n\nn >= 2; k: 1..3\n")
    assert str(spec) == "X: [n,d], e: positive, k: 1..3, n >= 2"


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("X: foo[n]", 4, r'"foo" is no kind of array; known are float, positive'),
        ("X: postive[n]", 4, r'"postive" is no kind of array; did you mean `positive`\?'),
        ("X: [n], y: float32 float16[n]", 20, '"float16" is no kind of array'),
        ("X: positive positive[n]", 13, '"positive" stands there twice'),
        ("X [n,d]", 1, "a colon is missing behind X"),
        ("X: [n], y", 9, '"y" is neither an argument such as X: .* nor a condition such as n >= 2'),
        ("X: [n", 6, r"found the end, expected , or \]"),
        ("X: [n d]", 5, '"n d" cannot be read; a size is made of names, whole numbers'),
        ("X: [n.5]", 5, '"." cannot be read'),
        ("X: [n**2]", 5, r'"n\*\*2" cannot be read'),
        ("X: [n<2]", 5, '"n<2" cannot be read; a condition follows the arguments'),
        ("X: [if]", 5, '"if" cannot be read'),
        ("X: [n] [d]", 8, r'found "\[", expected a comma'),
        ("v: [d] > 0", 8, r'found ">", .*; what entries obey is a kind, such as positive\[n\]'),
        ("X: ", 4, r"what X is, is missing, such as \[n,d\] or positive"),
        ("", 1, r"there is no argument; one is written X: \[n,d\]"),
        ("A: spd[d]", 4, r"spd needs two equal sizes: spd\[n,n\]"),
        ("A: spd[d,e]", 4, r"spd needs two equal sizes: spd\[n,n\]"),
        ("p: simplex", 4, r"simplex needs simplex\[n\]"),
        ("X: [n] < 3", 4, "only int has a bound, not float"),
        ("X: int64 positive[n]", 4, "positive cannot be of int64"),
        ("w: list", 4, r"a list has sizes: list\[n\]"),
        ("X: [n], X: [n]", 9, "there are two arguments X"),
        ("n: int, X: [n]", 1, "n is an argument and a size; only an option such as n:"),
        ("X: [n], n >= 2 and", 9, r'"n >= 2 and" cannot be read; a condition compares sizes'),
        ("X: [n], k >= 2", 9, "nothing has a size of k >= 2"),
        ("X: [n], n < 1", 9, "no sizes were found that meet all conditions"),
        ("X: [n], n = k, k = n + 1", 9, "no sizes were found that meet all conditions"),
        ("X: [0]", 1, "no sizes were found"),
        ("m: {'a', 'a'}", 10, "'a' stands there twice"),
        ("m: {mean, sum}", 5, "mean cannot be read; a text has quotes"),
        ("m: {}", 5, 'options are written {"mean", "sum"}'),
        ("m: 3..1", 4, "a range goes up"),
        ("p: {a: [n], a: [n]}", 4, "there is a key twice"),
        ("p: ()", 4, "there is nothing in this tuple"),
        (
            f"p: packed({', '.join(f'W{k}[n]' for k in range(101))})",
            10,
            "a packed vector has at most",
        ),
        ("p: packed([n])", 10, "each part of a packed vector has a name"),
        ("X: [1000000,1000000]", 1, "X has 1000000000000 entries, more than 10000000"),
    ],
)
def test_a_wrong_spec_is_refused_with_its_column(text: str, column: int, said: str) -> None:
    with pytest.raises(BadSpec, match=f"^column {column}: {said}"):
        read_spec(text)


def test_on_several_lines_the_line_is_told() -> None:
    with pytest.raises(BadSpec, match=r'^line 2, column 5: "foo" is no kind of array'):
        read_spec("X: [n],\n y: foo[n]")


@pytest.mark.parametrize(
    "text",
    {
        "very long": "X: [n], " * 10_000,
        "deep brackets": "X: " + "(" * 5_000,
        "deep lists": "X: " + "list(" * 1_500 + "[n]" + ")" * 1_500,
        "deep expressions": "X: [" + "(" * 95 + "n",
        "deep minus signs": "X: [" + "-" * 99 + "n]",
        "many names": "X: [" + ",".join(f"n{k}" for k in range(1_000)) + "]",
        "many options": ", ".join(f"o{k}: 1..99" for k in range(500)),
        "huge numbers": f"X: [{'9' * 90}]",
        "huge sizes": "X: [n], n = 999999999*999999999*999999999",
        "many conditions": "X: [a,b,c,d], " + ", ".join(f"a*b*c*d = {k}" for k in range(300)),
        "a division by zero": "X: [n//(n-n)]",
        "odd characters": "X: [\0n], \u202e: [n]",
    }.items(),
    ids=lambda value: value[0],
)
def test_a_hostile_spec_is_read_or_refused_in_one_line(text: tuple[str, str]) -> None:
    said = ""
    try:
        read_spec(text[1])
    except BadSpec as error:
        said = str(error)
    assert len(said.splitlines()) <= 1
    assert len(said) < 400


# ---- leaves


def test_a_leaf_is_told_by_its_place() -> None:
    spec = read_spec("X: [n], p: {W: [d,h], 'a b': ([h], [])}, l: list([d], [n])")
    paths = ["X", "p['W']", "p['a b'][0]", "p['a b'][1]", "l[0]", "l[1]"]
    assert [leaf.path for leaf in spec.leaves] == paths


@pytest.mark.parametrize(
    ("text", "index", "told"),
    [
        ("X: [n,d]", (0, 2), "X[0,2]"),
        ("p: {W: [d,h]}", (1, 0), "p['W'][1,0]"),
        ("b: []", (), "b"),
        ("x: [n]", 3, "x[3]"),
    ],
)
def test_an_entry_is_told_as(text: str, index: int | tuple[int, ...], told: str) -> None:
    assert read_spec(text).leaves[0].entry(index) == told


@pytest.mark.parametrize(("index", "told"), [(0, "W[0,0]"), (5, "W[1,2]"), (7, "b[1]"), (9, "c")])
def test_an_entry_of_a_packed_vector_is_told_as(index: int, told: str) -> None:
    spec = read_spec("theta: packed(W[d,h], b[h], c[])")
    assert spec.leaves[0].entry(index, {"d": 2, "h": 3}) == told


def test_numbers_move_and_classes_do_not() -> None:
    spec = read_spec(SPECS["every kind"] + ", mode: {1, 2}, causal: bool")
    stay = {leaf.kind for leaf in spec.leaves if not leaf.moves}
    assert stay == {"onehot", "sign", "count", "int", "bool", "option"}


def test_flatten_and_rebuild_are_inverse() -> None:
    spec = read_spec("p: {W: [d], b: ([], list([d], [n]))}, w: list[n,d], k: 1..3")
    args = ({"W": 1, "b": (2, [3, 4])}, [[5.0, 6.0]], 2)
    leaves = spec.flatten(args)
    assert [np.shape(one) for one in leaves] == [(), (), (), (), (1, 2), ()]
    assert spec.rebuild(leaves) == args


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((1,), "found 1 arguments, expected 2: p, x"),
        (([1, 2], 1), "p: expected a dict of 1"),
        (({"V": 1}, 1), "p: there is no 'W' in it"),
    ],
)
def test_other_arguments_are_refused(args: tuple[Any, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_spec("p: {W: [n]}, x: [n]").flatten(args)


# ---- sizes


def test_sizes_are_those_of_the_arrays() -> None:
    spec = read_spec("x: [n], f: [k], y: [m], m = n + k - 1")
    assert spec.sizes((np.zeros(5), np.zeros(3), np.zeros(7))) == {"n": 5, "k": 3, "m": 7}


def test_sizes_are_found_where_only_expressions_tell_them() -> None:
    spec = read_spec("theta: packed(W[d,h], b[h]), X: [n,d]")
    assert spec.sizes((np.zeros(16), np.zeros((5, 3)))) == {"d": 3, "h": 4, "n": 5}


@pytest.mark.parametrize(
    ("shapes", "said"),
    [
        (((5, 3), (4,)), r"w: found shape \(4,\), expected \[d\] with d = 3"),
        (((5,), (4,)), r"X: found shape \(5,\), expected \[n,d\]"),
        (((1, 3), (3,)), "no sizes fit the spec"),
    ],
    ids=["another size", "an axis less", "a condition that is not met"],
)
def test_shapes_that_do_not_fit_are_refused(shapes: tuple[Any, ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_spec("X: [n,d], w: [d], n >= 2").sizes([np.zeros(one) for one in shapes])


@pytest.mark.parametrize(
    ("text", "wanted", "found"),
    [
        ("X: [n], n >= 2", {"n": 1}, {"n": 2}),
        ("X: [n], n >= 1000", {"n": 1}, {"n": 1000}),
        ("X: [n], y: [m], m = 2*n", {"n": 3, "m": 3}, {"n": 3, "m": 6}),
        ("X: [n-k+1]", {"n": 1, "k": 3}, {"n": 1, "k": 1}),
        ("X: [n,k], n != k", {"n": 2, "k": 2}, {"n": 2, "k": 1}),
        ("s: 1..3, y: [(n-1)//s+1]", {"n": 4, "s": 3}, {"s": 3, "n": 4}),
        ("X: [n], m % 2 = 0, n = m + 1", {"n": 4, "m": 3}, {"m": 2, "n": 3}),
    ],
)
def test_sizes_obey_the_conditions_and_are_near_those_wanted(
    text: str, wanted: dict[str, int], found: dict[str, int]
) -> None:
    assert read_spec(text).sized(wanted) == found


# ---- inferred specs

RANDOM = np.random.default_rng(0)
NORMAL = RANDOM.standard_normal


class Pair(NamedTuple):
    W: Any
    b: Any


EXAMPLES: dict[str, tuple[dict[str, Any], str]] = {
    "arrays": (
        {"X": NORMAL((5, 3)), "W": NORMAL((3, 4)), "b": NORMAL(4), "c": 0.3, "t": NORMAL(5)},
        "X: [n,m], W: [m,k], b: [k], c: [], t: [n]",
    ),
    "classes of which each is seen": (
        {"Z": NORMAL((5, 3)), "y": np.array([0, 2, 1, 1, 0])},
        "Z: [n,m], y: int[n] < m",
    ),
    "two classes that are as many as the features": (
        {"X": NORMAL((5, 2)), "y": np.array([0, 1, 1, 1, 0])},
        "X: [n,m], y: int[n] < 2, m >= 2",
    ),
    "indices of which some are seen": (
        {"E": NORMAL((10, 4)), "i": np.array([0, 2, 5])},
        "E: [n,m], i: int[k] < n",
    ),
    "signs": ({"y": np.array([1, -1, 1])}, "y: int64 sign[n]"),
    "a covariance": ({"A": np.cov(NORMAL((3, 20)))}, "A: spd[n,n]"),
    "a Cholesky factor": ({"L": np.linalg.cholesky(np.cov(NORMAL((3, 9))))}, "L: lower[n,n]"),
    "a rotation": ({"Q": np.linalg.qr(NORMAL((3, 3)))[0]}, "Q: orthogonal[n,n]"),
    "a symmetric matrix": ({"S": np.array([[1.0, 5.0], [5.0, 1.0]])}, "S: symmetric[n,n]"),
    "any square matrix": ({"M": NORMAL((3, 3))}, "M: [n,n]"),
    "rows that sum to one": ({"t": np.full((3, 4), 0.25)}, "t: [n,m]"),
    "one-hot rows": ({"t": np.eye(3)[[0, 1, 1, 2]]}, "t: [n,m]"),
    "other dtypes": (
        {"x": np.ones(3, np.float32), "z": np.ones(1, np.complex64), "b": np.ones(3, bool)},
        "x: float32[n], z: complex64[m], b: bool[n]",
    ),
    "nested lists": ({"w": [[1.0, 2.0], [3.0, 4.5], [0.0, 1.0]]}, "w: list[n,m]"),
    "trees": (
        {"p": {"W": NORMAL((2, 3)), "b": [NORMAL(3), (1.0, NORMAL(2))]}},
        "p: {W: [n,m], b: list([m], ([], [n]))}",
    ),
    "a named tuple": ({"p": Pair(NORMAL(3), 1.0)}, "p: ([n], [])"),
    "options": (
        {"mode": "mean", "stride": 3, "causal": True, "mask": None},
        "mode: {'mean'}, stride: {3}, causal: bool, mask: {None}",
    ),
    "an axis to spread along": ({"x": NORMAL((4, 1)), "y": NORMAL((1, 4))}, "x: [n,1], y: [m,n]"),
}  # fmt: skip


@pytest.mark.parametrize(("example", "told"), EXAMPLES.values(), ids=EXAMPLES)
class TestInferred:
    def test_it_is(self, example: dict[str, Any], told: str) -> None:
        assert str(infer(list(example), list(example.values()))) == told

    def test_it_is_read_again_and_fits_the_example(
        self, example: dict[str, Any], told: str
    ) -> None:
        spec = infer(list(example), list(example.values()))
        assert read_spec(told) == spec
        assert set(spec.sizes(list(example.values()))) == set(spec.size_names)

    def test_each_leaf_that_is_narrower_is_told(self, example: dict[str, Any], told: str) -> None:
        spec = infer(list(example), list(example.values()))
        wide = {"float", "complex", "bool"}
        narrow = [one.path for one in spec.leaves if one.kind not in wide or "1" in one.shape]
        assert [one.partition(": ")[0] for one in spec.guesses] == narrow


def positive(args: tuple[Any, ...]) -> bool:
    return bool(np.all(args[0] > 0))


@pytest.mark.parametrize(
    ("example", "works", "told"),
    [
        (RANDOM.random(5), lambda args: True, "x: [n]"),
        (RANDOM.random(5), positive, "x: positive[n]"),
        (RANDOM.random(5), lambda args: bool(np.all(args[0] >= 0)), "x: nonnegative[n]"),
        (RANDOM.random(5), lambda args: abs(args[0] - 0.5).max() <= 0.5, "x: unit[n]"),
        (np.full((2, 3), 1 / 3), lambda args: np.allclose(args[0].sum(-1), 1), "x: simplex[n,m]"),
        (np.full((2, 3), 1 / 3), lambda args: True, "x: [n,m]"),
        (0.5, positive, "x: positive"),
        ([0.5, 1.0], lambda args: min(args[0]) > 0, "x: list positive[n]"),
    ],
    ids=["any", "positive", "nonnegative", "unit", "simplex", "any sum", "number", "list"],
)
def test_the_widest_kind_with_a_value_is_inferred(
    example: Any, works: Callable[[tuple[Any, ...]], bool], told: str
) -> None:
    spec = infer(["x"], [example], works=works)
    assert str(spec) == told
    assert len(spec.guesses) == (spec.leaves[0].kind != "float")


def test_a_function_that_raises_has_no_value() -> None:
    def works(args: tuple[Any, ...]) -> bool:
        if not positive(args):
            raise FloatingPointError
        return True

    assert str(infer(["x"], [RANDOM.random(5)], works=works)) == "x: positive[n]"


def test_the_sizes_of_a_packed_vector_are_those_of_the_other_arrays() -> None:
    example = [NORMAL(16), NORMAL((5, 3))]
    spec = infer(["theta", "X"], example, packed={"theta": "W[d,h] b[h]"})
    assert str(spec) == "theta: packed(W[d,h], b[h]), X: [n,d]"
    (guess,) = spec.guesses
    assert guess == "theta: d = 3, h = 4, since then packed(W[d,h], b[h]) has 16 entries"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.zeros(0), "x: nothing can be inferred of an empty array; write a spec"),
        ({}, "x: nothing can be inferred of an empty dict; write a spec"),
        (object(), "x: nothing can be inferred of object; write a spec"),
        ({(1, 2): 3.0}, "x: keys are texts or whole numbers"),
    ],
    ids=["an empty array", "an empty dict", "an object", "other keys"],
)
def test_of_some_values_nothing_is_inferred(value: Any, said: str) -> None:
    with pytest.raises(BadSpec, match=said):
        infer(["x"], [value])

"""The document prints what was tested: formulas from the checked tree, text as text."""

import contextlib
import json
import re
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flint import fmpq
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradaudit.answers.asked import sheet_called
from gradaudit.answers.checking import Checked, check
from gradaudit.answers.parts import Answer
from gradaudit.answers.reading import read
from gradaudit.answers.verdicts import Audit, audit
from gradaudit.command import main
from gradaudit.judging.iterations import iteration_of
from gradaudit.language.balls import agree, settled
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import FormulaError, Scope, parse, parse_definitions
from gradaudit.language.numbers import each
from gradaudit.language.outcomes import CannotTell, NoValue
from gradaudit.questions.files import Unreadable
from gradaudit.questions.question import Question
from gradaudit.questions.reading import _Reader, read_questions
from gradaudit.telling import report
from gradaudit.telling.prose import in_words
from gradaudit.telling.report import document, handout
from gradaudit.telling.showing import NotSet
from gradaudit.telling.typesetting import BREAK, definition, mathematics
from tests.assignment import NETWORK, ONE_HOT_SCOPE, QUESTION3, SOFTMAX
from tests.derivations import RIGHT
from tests.formulas import SHAPES, SIZES, formulas
from tests.reading import Ambiguous, Reader, column

WEIGHTED = Path(__file__).parent.parent / "examples" / "weighted" / "question.toml"
typst = pytest.importorskip("typst", reason="it comes with the extra `report`")

RATE = iteration_of(QUESTION3).truth.scope


def audited(folder: Path, content: str, name: str = "answer.toml") -> Audit:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return audit(read(str(path)))


def question(told: dict[str, Any], number: int) -> dict[str, Any]:
    (one,) = (one for one in told["questions"] if one["title"] == f"Question {number}")
    return dict(one)


def parts(told: dict[str, Any], number: int, kind: str) -> list[Any]:
    return [one for one in question(told, number)["parts"] if one["kind"] == kind]


def text(runs: list[Any]) -> str:
    """Return a sentence of the document, its mathematics as the code that stands for it."""
    return "".join(run if isinstance(run, str) else run["code"] for run in runs)


def signs(runs: list[Any]) -> list[str]:
    """Return the mathematics in a sentence of the document, without that of bare numbers."""
    return [run["math"] for run in runs if not isinstance(run, str) and run["math"]]


class TestMathematics:
    @pytest.mark.parametrize(
        ("scope", "text", "printed"),
        [
            (SOFTMAX, "y[i]", "y_(i)"),
            (SOFTMAX, "y - t", "bold(y) - bold(t)"),
            (SOFTMAX, "y[i] - (t[i] - n)", "y_(i) - (t_(i) - n)"),
            (SOFTMAX, "y[i] - t[i] - n", "y_(i) - t_(i) - n"),
            (SOFTMAX, "(y[i] - n) * t[i]", "(y_(i) - n) thin t_(i)"),
            (SOFTMAX, "t[i] * (1 - n)", "t_(i) thin (1 - n)"),
            (SOFTMAX, "n * 2", "n dot.op 2"),
            (SOFTMAX, "n * (n * n)", "n thin (n thin n)"),
            (SOFTMAX, "n * n / n", "frac(n thin n, n)"),
            (SOFTMAX, "n / (n / 2)", "frac(n, frac(n, 2))"),
            (SOFTMAX, "-1 / n * n", "-frac(1, n) thin n"),
            (SOFTMAX, "n - -n", "n - (-n)"),
            (SOFTMAX, "n * -n", "n thin (-n)"),
            (SOFTMAX, "-n**2", "-n^(2)"),
            (SOFTMAX, "(-n)**2", "(-n)^(2)"),
            (SOFTMAX, "exp(n)**2", "(exp(n))^(2)"),
            (SOFTMAX, "y * t", "bold(y) dot.o bold(t)"),
            (SOFTMAX, "y / t", "bold(y) ⊘ bold(t)"),
            (SOFTMAX, "y**2", "bold(y)^(dot.o 2)"),
            (SOFTMAX, "2 * y * t", "(2 thin bold(y)) dot.o bold(t)"),
            (SOFTMAX, "y @ t", "bold(y) dot.op bold(t)"),
            (SOFTMAX, "y @ t * n", "(bold(y) dot.op bold(t)) thin n"),
            (SOFTMAX, "outer(y, t) * outer(t, y)",
             "(bold(y) thin bold(t)^top) dot.o (bold(t) thin bold(y)^top)"),
            (NETWORK, "X.T @ e", "X^top thin bold(e)"),
            (NETWORK, "e @ h", "bold(h)^top thin bold(e)"),
            (NETWORK, "e @ h @ W1.T", "W^((1)) thin (bold(h)^top thin bold(e))"),
            (NETWORK, "sum(h, axis=0)", "bold(h)^top thin bold(1)"),
            (NETWORK, "sum(h, axis=1)", "bold(h) thin bold(1)"),
            (NETWORK, "W1[a, j]**2", "(W^((1))_(a j))^(2)"),
            (NETWORK, "z[:, j]", "bold(z)_(:, j)"),
            (NETWORK, "d(y[0], W1)", "frac(partial y_(0), partial W^((1)))"),
            (NETWORK, "(z > 0)[0, j] * 1", "attach([bold(z) > 0], b: #$0, j$) dot.op 1"),
            (SOFTMAX, "sum(t)", "limits(sum)_k t_(k)"),
            (SOFTMAX, "sum(t) * n", "(limits(sum)_k t_(k)) thin n"),
            (SOFTMAX, "n * sum(t)", "n thin limits(sum)_k t_(k)"),
            (SOFTMAX, "sum(t[k] + 1 for k in K)", "limits(sum)_(k in K) (t_(k) + 1)"),
            (SOFTMAX, "sum(t[k] for k in K)**2", "(limits(sum)_(k in K) t_(k))^(2)"),
            (SOFTMAX, "log(n) * n", "(log n) thin n"),
            (SOFTMAX, "log(n + 1)", "log(n + 1)"),
            (SOFTMAX, "softmax(y)[i]", 'attach(op("softmax")(bold(y)), b: #$i$)'),
            (SOFTMAX, "d(n * E, y[i]) * n",
             "(frac(partial, partial y_(i)) (n thin E)) thin n"),
            (SOFTMAX, "delta(i, 0)", "delta_(i, 0)"),
            (SOFTMAX, "(i == 0) * n", "[i = 0] thin n"),
            (SOFTMAX, "0.10 + 1e-20 + 1e20 + 1_000", "0.1 + 10^(-20) + 10^(20) + 1000"),
            (ONE_HOT_SCOPE, "delta(i, c)", "delta_(i c)"),
            (SOFTMAX, "n * (sum(t) - sum(y))",
             "n thin (limits(sum)_k t_(k) - limits(sum)_k y_(k))"),
            (SOFTMAX, "y > 0", "[bold(y) > 0]"),
            (SOFTMAX, "2 * (1/2) * n", "2 dot.op frac(1, 2) thin n"),
            (SOFTMAX, "y / y * t", "(bold(y) ⊘ bold(y)) dot.o bold(t)"),
            (SOFTMAX, "d(E, y)[i]", "attach((frac(partial E, partial bold(y))), b: #$i$)"),
            (SOFTMAX, "outer(y * t, t)", "(bold(y) dot.o bold(t)) thin bold(t)^top"),
            (NETWORK, "-sum(h, axis=0) @ h.T", "bold(h) thin (-bold(h)^top thin bold(1))"),
            (NETWORK, "X.T.T @ W1", "X thin W^((1))"),
            (NETWORK, "z[0]", "bold(z)_(0)"),
            (NETWORK, "z[a*j, 0]", "z_((a thin j), 0)"),
            (SOFTMAX, "2 * pi * n", "2 thin pi thin n"),
        ],
    )  # fmt: skip
    def test_a_formula_reads_as_its_tree(self, scope: Scope, text: str, printed: str) -> None:
        assert mathematics(parse(text, scope)).replace(BREAK, "") == printed

    @pytest.mark.parametrize(
        ("text", "printed"),
        [
            ("0 < eta <= 1/5", "0 < eta <= frac(1, 5)"),
            ("not eta == 1", 'upright("not") thin (eta = 1)'),
            (
                "(eta > 0 or eta < 0) and eta < 1",
                '(eta > 0 quad upright("or") quad eta < 0) quad upright("and") quad eta < 1',
            ),
        ],
    )
    def test_a_condition_reads_as_its_tree(self, text: str, printed: str) -> None:
        told = mathematics(parse(text, RATE), condition=True)
        assert told.replace(BREAK, "") == printed

    @pytest.mark.parametrize(
        ("line", "text"),
        [
            ("p_i = softmax(y)[i]", "sum(p_i * t[i] for i in K)"),
            ("q = t[i]", "sum(n * q for i in K)"),
            ("q = y[0] * n", "sum(q for n in K)"),
        ],
    )
    def test_a_sum_that_would_capture_an_index_is_unprintable(self, line: str, text: str) -> None:
        with pytest.raises(NotSet):
            mathematics(parse(text, parse_definitions([line], SOFTMAX)))

    def test_every_right_derivation_can_be_set_in_pieces(self) -> None:
        pieces = []
        for part, where, lines in RIGHT.values():
            whole = {"1": NETWORK, "2": ONE_HOT_SCOPE, "3": RATE}[part[1]]
            scope = parse_definitions(where, whole)
            for line in lines:
                with contextlib.suppress(NotSet):
                    text = mathematics(parse(line, scope), condition=part[1] == "3")
                    pieces += text.split(BREAK)
            for name in scope.written:
                with contextlib.suppress(NotSet):
                    pieces += definition(name, scope).split(BREAK)
        source = '#for one in json(bytes(sys.inputs.all)) { eval(one, mode: "math") }'
        typst.compile(source.encode(), sys_inputs={"all": json.dumps(pieces)}, format="png", ppi=9)
        assert len(pieces) > len(RIGHT)

    @pytest.mark.parametrize("text", ["n @ y", "y[i, i]", "n[0]", "abs(" * 20 + "n" + ")" * 20])
    def test_what_has_no_sign_is_unprintable(self, text: str) -> None:
        with pytest.raises(NotSet):
            mathematics(parse(text, SOFTMAX))

    @pytest.mark.parametrize(
        ("line", "printed"),
        [
            ("p = softmax(y)", 'bold(p) = op("softmax")(bold(y))'),
            ("alpha = n", "alpha = n"),
            ("rest = y", 'bold(sans("rest")) = bold(y)'),
            ("π = n", 'italic("π") = n'),
            ("标 = n", 'sans("U6807") = n'),
            ("m = y > 0", "bold(m) = [bold(y) > 0]"),
            ("δ = y", 'bold(italic("δ")) = bold(y)'),
            (
                "u[k] = y[k] * t[k] for k in K",
                'u_(k) = y_(k) thin t_(k) quad upright("for") thick k in K',
            ),
            (
                "u[k] = y * k for k in K",
                'bold(u)_(k) = bold(y) thin k quad upright("for") thick k in K',
            ),
        ],
    )
    def test_an_own_name_is_set_by_what_it_stands_for(self, line: str, printed: str) -> None:
        scope = parse_definitions([line], SOFTMAX)
        assert definition(re.split(r"\W", line)[0], scope).replace(BREAK, "") == printed

    def test_names_that_double_do_not_take_for_ever(self) -> None:
        lines = ["a0 = y", *(f"a{k + 1} = a{k} * a{k}" for k in range(45))]
        scope = parse_definitions(lines, SOFTMAX)
        assert "dot.o" in mathematics(parse("a45 * a45", scope))


MODEL = {
    "given": "x[N], m1[N], W[N,A], V[N,A,A], fg[N], y, y1",
    "define": ["s1 = sum(x)"],
    "print": {"fg": "f", "s1": "s_new", "W": "W^(1)", "y": "h'"},
}


class TestSigns:
    """How names are printed: as the question says, else as they are."""

    @pytest.mark.parametrize(
        ("text", "printed"),
        [
            ("m1", "bold(m)_(1)"),
            ("m1[0]", "(m_(1))_(0)"),
            ("fg", "bold(f)"),
            ("fg[0]", "f_(0)"),
            ("s1", 's_(sans("new"))'),
            ("W", "W^((1))"),
            ("y", "h^(prime)"),
            ("y**2", "(h^(prime))^(2)"),
            ("y1", 'sans("y1")'),
            ("V[0, 1]", "bold(V)_(0, 1)"),
            ("V[0, 1, 1]", "V_(0, 1, 1)"),
            ("sum(x[f] for f in N)", 'limits(sum)_(sans("f") in N) x_(sans("f"))'),
            ("sum(1 for k in N)", "abs(N)"),
            ("sum(V, axis=1)", 'limits(sum)_(upright("axis 1")) (V)'),
        ],
    )
    def test_a_name_is_printed(self, text: str, printed: str) -> None:
        scope = model(MODEL).scope
        assert mathematics(parse(text, scope)).replace(BREAK, "") == printed

    def test_an_own_name_is_never_printed_as_another(self) -> None:
        scope = parse_definitions(["f = sum(fg)", "x1 = f"], model(MODEL).scope)
        told = mathematics(parse("f * fg[0] * x1 * x[1]", scope))
        assert told == 'sans("f") thin f_(0) thin sans("x1") thin x_(1)'

    @pytest.mark.parametrize(
        ("name", "sign", "said"),
        [
            ("fig", "f", "q.print.fig: no such name; did you mean `fg`?"),
            ("fg", "f g", "q.print.fg: letters are wanted, or these with an index or a prime"),
            ("fg", "x", "q.print.fg: `x` is another name; choose another sign"),
            ("fg", "x_i", "q.print.fg: `x_i` is another name; choose another sign"),
            ("fg", "W^(1)", "q.print.fg: `W^(1)` is another name; choose another sign"),
        ],
    )
    def test_a_sign_that_is_none_is_refused_in_a_line(
        self, name: str, sign: str, said: str
    ) -> None:
        with pytest.raises(Unreadable) as refused:
            model({**MODEL, "print": {"W": "W^(1)", name: sign}})
        assert str(refused.value).startswith(said)

    @pytest.mark.parametrize(
        ("titles", "said"),
        [
            ({"v": "T"}, "weighted.titles.v: no such name"),
            ({"w": 1}, "weighted.titles.w: a string"),
        ],
    )
    def test_a_title_of_no_part_is_refused_in_a_line(
        self, titles: dict[str, Any], said: str
    ) -> None:
        table = tomllib.loads(WEIGHTED.read_text(encoding="utf-8"))["weighted"]
        with pytest.raises(Unreadable) as refused:
            _Reader("weighted", {**table, "titles": titles}).question()
        assert str(refused.value).startswith(said)


def model(table: dict[str, Any]) -> Question:
    """Return a question of which nothing is asked."""
    return _Reader("q", table).model()


def network_values() -> dict[str, Any]:
    """Return exact values of the names of Question 1."""
    random = np.random.default_rng(4)
    shapes = {name: SHAPES[name] for name in ("X", "W1", "b1", "w2", "t")}
    drawn = {name: random.integers(-99, 99, size=shape) for name, shape in shapes.items()}
    given = {name: each(lambda one: fmpq(int(one), 32), value) for name, value in drawn.items()}
    given |= {"b2": fmpq(1, 4), "n": fmpq(3)}
    env = Env(given, SIZES, NETWORK.defined)
    return {**given, **{name: env.value_of(name) for name in ("z", "h", "y", "e")}}


EXACT = network_values()


class TestReading:
    """What is printed, read back by the conventions of mathematics, is what was tested."""

    # Whether it takes long to draw is a matter of the clock, not of the formulas.
    @settings(max_examples=300, suppress_health_check=list(HealthCheck))
    @given(text=st.sampled_from(((), (4,), (3, 4))).flatmap(lambda shape: formulas(shape, 3)))
    def test_a_random_formula_reads_as_it_was_evaluated(self, text: str) -> None:
        formula = parse(text, NETWORK)
        env = Env(EXACT, SIZES, {})
        try:
            expected = column(settled(lambda: env.evaluate(formula.tree)))
            printed = mathematics(formula).replace(BREAK, "")
        except (ArithmeticError, FormulaError, NoValue, CannotTell, NotSet):
            return  # it has no value, such as 1 / 0, or is shown as code
        found = settled(lambda: Reader(printed, EXACT, SIZES).read())
        assert np.shape(found) == np.shape(expected)
        assert all(map(agree, np.ravel(found), np.ravel(expected))), printed

    @settings(max_examples=300, suppress_health_check=list(HealthCheck))
    @given(text=st.sampled_from(((), (4,), (3, 4))).flatmap(lambda shape: formulas(shape, 2)))
    def test_what_is_mathematics_in_a_reason_reads_as_it_is_written(self, text: str) -> None:
        env = Env(EXACT, SIZES, {})
        for piece, sign in in_words(f"since {text}, i.e. that", NETWORK):
            try:
                tree = parse(piece if sign else "0", NETWORK).tree
                expected = column(settled(partial(env.evaluate, tree)))
            except (ArithmeticError, NoValue, CannotTell):
                continue
            found = settled(Reader(sign or "0", EXACT, SIZES).read)
            assert np.shape(found) == np.shape(expected)
            assert all(map(agree, np.ravel(found), np.ravel(expected))), sign

    @pytest.mark.parametrize(
        "text",
        [
            "inv(z.T @ z + eye(H))",
            "det(z.T @ z + eye(H)) * trace(z.T @ z)",
            "diag(w2) @ diag(z.T @ z)",
            "z @ inv(diag(w2))",
            "max(w2) - min(w2) + max(w2, 1) @ min(0, w2)",
            "norm(z) + cos(b2)",
            "softmax(w2)",
            "expm1(b2) + log1p(b2)",
        ],
    )
    def test_a_function_reads_as_it_was_evaluated(self, text: str) -> None:
        formula = parse(text, NETWORK)
        expected = column(settled(lambda: Env(EXACT, SIZES, {}).evaluate(formula.tree)))
        printed = mathematics(formula).replace(BREAK, "")
        found = settled(lambda: Reader(printed, EXACT, SIZES).read())
        assert np.shape(found) == np.shape(expected)
        assert all(map(agree, np.ravel(found), np.ravel(expected))), printed

    @pytest.mark.parametrize(
        ("text", "printed"),
        [
            (
                "2 * where(b2 > 0, b2, 1)",
                '2 thin (cases(display(b^((2))) &quad upright("if") thick b^((2)) > 0, '
                'display(1) &quad upright("otherwise")))',
            ),
            ("max(z, axis=0)", 'max_(upright("columns"))(bold(z))'),
            ("softmax(z, axis=-1)", 'op("softmax")_(upright("rows"))(bold(z))'),
            ("norm(z, axis=1)", 'norm(bold(z))_(upright("rows"))'),
        ],
    )
    def test_cases_and_axes_are_in_words(self, text: str, printed: str) -> None:
        assert mathematics(parse(text, NETWORK)).replace(BREAK, "") == printed

    @pytest.mark.parametrize("said", ["z_kj", "z[k,j]"])
    def test_an_entry_in_a_reason_reads_as_that_entry(self, said: str) -> None:
        scope = replace(NETWORK, free={**NETWORK.free, "k": "N"})
        (sign,) = (sign for _, sign in in_words(f"of {said}.", scope) if sign)
        values = {**EXACT, "k": fmpq(1), "j": fmpq(2)}
        assert Reader(sign, values, SIZES).read() == EXACT["z"][1, 2]

    @pytest.mark.parametrize(
        "printed",
        [
            "bold(t) dot.o bold(t) thin n",
            "bold(t) ⊘ bold(t) dot.o bold(t)",
            "log n thin n",
            "n thin -n",
            "bold(z)^(2)",
            "n n",
            "t",
        ],
    )
    def test_the_reader_refuses_what_can_be_read_in_two_ways(self, printed: str) -> None:
        with pytest.raises(Ambiguous):
            Reader(printed, EXACT, SIZES).read()


WRONG = """
[question1]
W1 = [[0.0122, 0, 0.061], [-0.0268, 0, -0.135]]
[question2]
where = ["p = softmax(y)"]
gradient = ["d(E, y[i])", "p[i]*sum(t) - t[i]   # by the chain rule", "p[i] + t[i]"]
one_hot = "y[[1"
[question3]
converges = "0 < eta <= 1/5"
"""


class TestInWords:
    @pytest.mark.parametrize(
        ("said", "printed"),
        [
            ("W1 and w2", ["W^((1))", "bold(w)^((2))"]),
            ("z[k,j], h_kj", ["z_(k j)", "h_(k j)"]),
            ("X.T @ e", ["X^top", "bold(e)"]),
            ("e**2 or e²", ["bold(e)^(dot.o 2)", "bold(e)"]),
            ("sum(t), the sum of y", ["limits(sum)_m t_(m)", "bold(y)"]),
            ("d(y[0], b2)", ["frac(partial y_(0), partial b^((2)))"]),
            ("y's entries; 2n", ["bold(y)", "n"]),
            ("delta over N", ["delta", "N"]),
            ("f(e), y(n), e[q]", ["bold(e)", "bold(y)", "n", "bold(e)"]),
            ("a bias; A unit; I, i.e. not e.g. don't", []),
            ("W10, W1x, 1e5, h.x, 't', b_1", []),
            ("y[#panic()] #panic(e)", ["bold(y)", "bold(e)"]),
            ("", []),
        ],
    )
    def test_known_names_are_mathematics(self, said: str, printed: list[str]) -> None:
        scope = replace(NETWORK, free={**NETWORK.free, "k": "N"})
        pieces = list(in_words(said, scope))
        assert "".join(piece for piece, _ in pieces) == said
        assert [sign for _, sign in pieces if sign] == printed

    def test_a_name_that_is_a_word_is_mathematics_only_as_a_formula(self) -> None:
        scope = parse_definitions(["slope = y", "gamma = y"], SOFTMAX)
        said = "the slope slope[i] is `slope`, of gamma, not `a slope`"
        signs = [sign for _, sign in in_words(said, scope) if sign]
        assert signs == ['sans("slope")_(i)', 'bold(sans("slope"))', "bold(gamma)"]

    @pytest.mark.parametrize(
        ("said", "printed"), [("p_i", ['sans("p_i")']), ("δ", ['bold(italic("δ"))']), ("delta", [])]
    )
    def test_an_own_name_is_what_the_answer_calls_so(self, said: str, printed: list[str]) -> None:
        scope = parse_definitions(["p_i = y[i]", "p = y", "δ = y"], SOFTMAX)
        assert [sign for _, sign in in_words(said, scope) if sign] == printed


class TestDocument:
    def test_a_wrong_line_is_marked_with_its_counterexample(self, tmp_path: Path) -> None:
        (part,) = parts(document(audited(tmp_path, WRONG)), 2, "formulas")
        assert [line["status"] for line in part["lines"]] == ["holds", "holds", "fails"]
        assert [text(line) for line in part["lines"][2]["wrong"]] == [
            "Line 3 does not equal line 2.",
            "At y = [0, 0], t = [1, 1], i = 0: line 2 is 0, this line 3/2.",
        ]

    def test_the_input_and_the_values_of_a_counterexample_are_mathematics(
        self, tmp_path: Path
    ) -> None:
        (part,) = parts(document(audited(tmp_path, WRONG)), 2, "formulas")
        found = [run for run in part["lines"][2]["wrong"][1] if not isinstance(run, str)]
        assert [(one["math"], one["value"]) for one in found] == [
            ("bold(y)", ["0", "0"]), ("bold(t)", ["1", "1"]), ("i", "0"), ("", "0"), ("", "3/2"),
        ]  # fmt: skip

    def test_the_derivative_that_a_wrong_part_stands_for_is_told(self, tmp_path: Path) -> None:
        lines = ["sum(e[k]*d(y[k], b2) for k in N)", "sum(e[k]*n for k in N)"]
        told = document(audited(tmp_path, f"[question1.derivation]\nb2 = {json.dumps(lines)}\n"))
        (part,) = parts(told, 1, "formulas")
        *_, mend = part["lines"][1]["wrong"]
        assert text(mend) == "n stands for d(y[k], b2), and should be 1."

    def test_the_entry_that_is_wrong_is_mathematics(self, tmp_path: Path) -> None:
        (part,) = parts(document(audited(tmp_path, WRONG)), 1, "numbers")
        assert signs(part["remarks"][-1]) == ["display(frac(partial L, partial W^((1))_(1, 2)))"]

    def test_a_rate_and_a_starting_point_are_mathematics(self, tmp_path: Path) -> None:
        content = "def converges(eta):\n    return 0 < eta <= 0.2\n"
        told = audited(tmp_path, content, "answer.py")
        (part,) = parts(document(told), 3, "function")
        start = next(one for one in told.answered[0].failures if "x0" in one.at.blocks)
        assert signs(part["remarks"][-1]) == ["eta"]
        assert signs(report._at(start, QUESTION3.scope)) == ["x_(0)", "eta"]

    @pytest.mark.parametrize(
        ("content", "lines"),
        [
            (b"x = 1\r\n\ty\rz\n\n", ["x = 1", "    y", "z"]),
            (b"\xef\xbb\xbfx\x0c\xff", ["x\\x0c\\xff"]),
            ("x = 'ש'  # \u202e".encode(), ["x = '\\u05e9'  # \\u202e"]),
            (b"a" * 300, ["\u200b".join("a" * 200 + "…")]),
            (b"a\n" * 502, [*["a"] * 500, "# And 2 more lines."]),
        ],
        ids=["ends of lines", "odd bytes", "odd letters", "a long line", "a long file"],
    )
    def test_the_source_of_a_python_answer_is_its_lines(
        self, tmp_path: Path, content: bytes, lines: list[str]
    ) -> None:
        (tmp_path / "answer.py").write_bytes(content)
        told = document(Audit(Answer(str(tmp_path / "answer.py")), ()))
        assert told["source"] == lines

    def test_a_source_that_has_gone_is_left_out(self, tmp_path: Path) -> None:
        assert document(Audit(Answer(str(tmp_path / "answer.py")), ()))["source"] == []

    def test_an_answer_in_toml_has_no_source(self, tmp_path: Path) -> None:
        assert document(audited(tmp_path, WRONG))["source"] == []

    def test_a_reason_stands_beside_its_line(self, tmp_path: Path) -> None:
        (part,) = parts(document(audited(tmp_path, WRONG)), 2, "formulas")
        assert [text(line["reason"]) for line in part["lines"]] == ["", "by the chain rule", ""]

    def test_a_reason_may_speak_of_own_names_and_of_the_indices_of_sums(
        self, tmp_path: Path
    ) -> None:
        content = """[question2]
        where = ["p = softmax(y)"]
        gradient = ["p[i]*sum(t[k] for k in K) - t[i]   # by p, t_k, k and m"]"""
        (part,) = parts(document(audited(tmp_path, content)), 2, "formulas")
        assert signs(part["lines"][0]["reason"]) == ["bold(p)", "t_(k)", "k"]

    def test_a_reason_that_is_no_sentence_is_text(self, tmp_path: Path) -> None:
        content = f"[question2]\ngradient = 'softmax(y)*sum(t) - t # {'y t ' * 26}'\n"
        (part,) = parts(document(audited(tmp_path, content)), 2, "formulas")
        assert signs(part["lines"][0]["reason"]) == []

    def test_numbers_are_printed_as_they_are_written(self, tmp_path: Path) -> None:
        (part,) = parts(document(audited(tmp_path, WRONG)), 1, "numbers")
        assert part["values"][1] == ["-0.0268", "0", "-0.135"]
        said = "On the data of the question, dL/dW1[1,2] is -0.134; found -0.135."
        assert text(part["remarks"][-1]) == said

    def test_a_rate_that_the_answer_gets_wrong_is_marked_in_the_figure(
        self, tmp_path: Path
    ) -> None:
        orbits = question(document(audited(tmp_path, WRONG)), 3)["orbits"]["panels"]
        assert [one["rate"] for one in orbits if one["disputed"]] == ["1/5"]

    def test_orbits_are_drawn_inside_at_the_best_rate_at_the_ends_and_beyond(
        self, tmp_path: Path
    ) -> None:
        orbits = question(document(audited(tmp_path, WRONG)), 3)["orbits"]["panels"]
        rates = {one["rate"]: one["converges"] for one in orbits}
        assert {"0": False, "1/10": True, "1/5": False}.items() <= rates.items()
        assert {True, False} == set(rates.values())

    def test_a_malformed_part_is_said(self, tmp_path: Path) -> None:
        told = document(audited(tmp_path, WRONG))
        assert "question2.one_hot" in text(told["malformed"][0])
        assert [one["id"] for one in parts(told, 2, "unread")] == ["q2.one_hot"]

    def test_formulas_begin_on_the_page_of_their_question(self, tmp_path: Path) -> None:
        content = "[question1.derivation]\nW1 = 'e'\nb1 = 'e'\nw2 = 'e'\nb2 = 'e'\n"
        content += "[question2]\ngradient = 'y'\none_hot = 'y'\n"
        pages = report.pdf(document(audited(tmp_path, content)), format="png", ppi=9)
        assert len(pages) == 2

    def test_a_formula_without_a_sign_is_shown_as_code(self, tmp_path: Path) -> None:
        content = "[question2]\ngradient = 'softmax(y)*sum(t) - t + 0*(n@n)'\n"
        (part,) = parts(document(audited(tmp_path, content)), 2, "formulas")
        assert (part["lines"][0]["math"], part["lines"][0]["code"][-9:]) == ("", "+ 0*(n@n)")


CONVOLUTION = {
    "title": "Convolution",
    "task": "Find the gradient of L by w, where `sum(y**2) / 2` is `L`.",
    "given": "x[N], w[F], M[N,F] in {0, 1}, S[F,F] spd, c in F, lam",
    "assume": ["lam > 0"],
    "sizes": {"F": 2, "N": "F + 1"},
    "define": ["y = x * lam", "L = sum(y * x) * sum(w)"],
    "parts": {"w": "d(L, w[j])"},
    "functions": {"back(x, w, lam)": ["w"]},
    "answers": {"w": ["sum(y*x) * d(sum(w), w[j])   # L is linear in w", "sum(y*x)"]},
    "titles": {"w": "By the filter"},
}


@pytest.fixture(scope="module")
def checked() -> Checked:
    return check(_Reader("convolution", CONVOLUTION).question())


class TestHandout:
    """A question as a document, with its solution or without."""

    def test_it_has_the_task_with_names_as_mathematics(self, checked: Checked) -> None:
        (posed,) = handout([checked], solved=False)["questions"]
        assert posed["title"] == "Convolution"
        assert signs(posed["task"]) == [
            "L",
            "bold(w)",
            "frac(limits(sum) (bold(y)^(dot.o 2)), 2)",
            "L",
        ]

    def test_it_has_what_is_given_with_shapes_and_kinds(self, checked: Checked) -> None:
        (posed,) = handout([checked], solved=False)["questions"]
        assert [one["math"] for one in posed["given"]] == [
            "bold(x) in RR^(N)",
            "bold(w) in RR^(F)",
            "M in {0, 1}^(N times F)",
            "S in RR^(F times F)",
            "c in F",
            "lambda in RR",
        ]
        assert [one["also"] for one in posed["given"] if one["also"]] == [
            "symmetric positive definite"
        ]

    def test_it_has_what_is_assumed_and_how_large_the_index_sets_are(
        self, checked: Checked
    ) -> None:
        (posed,) = handout([checked], solved=False)["questions"]
        said = ["lambda > 0", "abs(N) = abs(F) + 1", "abs(F) = 2"]
        assert sorted(one["math"] for one in posed["assumed"]) == sorted(said)

    def test_it_has_the_model_and_what_is_asked(self, checked: Checked) -> None:
        (posed,) = handout([checked], solved=False)["questions"]
        assert posed["model"][0]["math"] == "bold(y) = bold(x) thin lambda"
        assert posed["asked"][0]["math"] == "frac(partial L, partial w_(j)) quad j in F"
        assert posed["functions"][0]["code"] == "back(x, w, lam)"

    def test_it_has_no_solution_unless_that_is_wanted(self, checked: Checked) -> None:
        (posed,) = handout([checked], solved=False)["questions"]
        assert posed["parts"] == []

    def test_its_solution_is_the_reference_line_by_line(self, checked: Checked) -> None:
        ((part,),) = (one["parts"] for one in handout([checked], solved=True)["questions"])
        assert [line["status"] for line in part["lines"]] == ["holds", "holds"]
        assert text(part["lines"][0]["reason"]) == "L is linear in w"
        assert part["title"] == "By the filter"

    def test_both_are_one_page(self, checked: Checked) -> None:
        for solved in (False, True):
            assert isinstance(
                report.pdf(handout([checked], solved=solved), format="png", ppi=9), bytes
            )

    def test_the_command_writes_it(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        pdf = tmp_path / "out.pdf"
        assert main(["question", str(WEIGHTED), "--report", str(pdf), "--solution"]) == 0
        assert pdf.read_bytes().startswith(b"%PDF")
        assert "Weighted least squares" in capsys.readouterr().out

    def test_a_question_that_cannot_be_written_is_one_line(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["question", str(WEIGHTED), "--report", "/nowhere/x.pdf"]) == 2
        assert "cannot be written" in capsys.readouterr().err


class TestIteration:
    def test_its_step_is_in_the_model_and_its_condition_in_the_solution_only(self) -> None:
        (question,) = read_questions("momentum")
        posed = report._posed([question])
        steps = [one["math"] for one in posed["model"] if "arrow.l" in one["math"]]
        assert [step.partition(" ")[0] for step in steps] == ["x", "p"]
        assert posed["asked"] == []
        assert [one["parts"] for one in posed["functions"]] == [[""]]


class TestAnswerToAQuestion:
    """An answer to a question from a file is a document as one to the assignment is."""

    @pytest.fixture(scope="class")
    @classmethod
    def told(cls, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
        path = tmp_path_factory.mktemp("answer") / "answer.toml"
        path.write_text('[weighted]\nw = ["d(L, w[a])", "X.T @ e   # the chain rule for e"]\n')
        (one,) = document(audit(read(str(path), sheet_called(str(WEIGHTED)))))["questions"]
        return dict(one)

    def test_the_question_stands_before_it(self, told: dict[str, Any]) -> None:
        assert told["title"] == "Weighted least squares"
        assert told["model"][0]["math"] == "bold(e) = X thin bold(w) - bold(t)"

    def test_its_lines_and_their_reasons_are_mathematics(self, told: dict[str, Any]) -> None:
        (part,) = told["parts"]
        assert part["what"] == "frac(partial L, partial bold(w))"
        assert [line["math"] for line in part["lines"]] == [
            "frac(partial L, partial w_(a))",
            "X^top thin bold(e)",
        ]
        assert signs(part["lines"][1]["reason"]) == ["bold(e)"]

    def test_a_wrong_line_has_its_counterexample_and_the_mistake(
        self, told: dict[str, Any]
    ) -> None:
        equal, at, mistake, mend = map(text, told["parts"][0]["lines"][1]["wrong"])
        assert equal == "Line 2 does not equal line 1."
        assert at.startswith("At X = [[")
        assert mistake == "The samples are not weighted: c is left out."
        assert mend == "e should be e*c."
        assert signs(told["parts"][0]["lines"][1]["wrong"][2]) == ["bold(c)"]

    def test_own_names_are_defined_where_they_are_first_used(self, tmp_path: Path) -> None:
        lines = ['w = "X.T @ u"', 'b = "sum(u)"']
        path, model = tmp_path / "answer.toml", tmp_path / "question.toml"
        path.write_text("\n".join(["[q]", 'where = ["u = y - t"]', *lines]))
        model.write_text(
            "[q]\n"
            'given = "X[N,A], w[A], b, t[N]"\n'
            'define = ["y = X @ w + b", "L = sum((y - t)**2)/2"]\n'
            'parts = { w = "d(L, w[a])", b = "d(L, b)" }\n'
            'answers = { w = "X.T @ (y - t)", b = "sum(y - t)" }\n'
        )
        told = document(audit(read(str(path), sheet_called(str(model)))))
        one, other = told["questions"][0]["parts"]
        assert [each["math"] for each in one["own"]] == ["bold(u) = bold(y) - bold(t)"]
        assert one["above"] == other["own"] == []
        assert [each["name"]["math"] for each in other["above"]] == ["bold(u)"]
        assert report.pdf(told).startswith(b"%PDF")

    def test_a_part_that_cannot_be_read_has_its_title(self, tmp_path: Path) -> None:
        (tmp_path / "answer.toml").write_text('[weighted]\nw = "X.T @ ("\n')
        read_as = read(str(tmp_path / "answer.toml"), sheet_called(str(WEIGHTED)))
        (part,) = document(audit(read_as))["questions"][0]["parts"]
        assert (part["kind"], part["what"]) == ("unread", "frac(partial L, partial bold(w))")
        assert text(part["remarks"][0]).startswith("weighted.w: column")

    def test_a_function_has_its_name_and_its_laws(self) -> None:
        path = str(WEIGHTED.with_name("gradient.py"))
        told = document(audit(read(path, sheet_called(str(WEIGHTED)))))
        (part,) = told["questions"][0]["parts"]
        assert (part["kind"], part["name"]) == ("function", "gradient")
        assert told["source"] != []


class TestPdf:
    def test_the_same_answer_gives_the_same_bytes_wherever_it_lies(self, tmp_path: Path) -> None:
        (tmp_path / "a").mkdir()
        (tmp_path / "b").mkdir()
        one, other = (report.pdf(document(audited(tmp_path / name, WRONG))) for name in "ab")
        assert one == other
        assert one.startswith(b"%PDF")

    def test_an_answer_to_one_question_is_one_page(self, tmp_path: Path) -> None:
        told = audited(tmp_path, "[question3]\nconverges = '0 < eta < 2/5'\n")
        assert isinstance(
            report.pdf(document(told), format="png", ppi=9), bytes
        )  # a list if there are more

    def test_text_is_never_markup(self, tmp_path: Path) -> None:
        hostile = '#panic() $x$ *b* <l> @r `c` // /* \\" #import "/etc/passwd" ] } ) \u202e'
        content = f"[question2]\ngradient = {json.dumps('softmax(y)*sum(t) - t # ' + hostile)}\n"
        told = audited(tmp_path, content)
        (part,) = parts(document(told), 2, "formulas")
        shown = text(part["lines"][0]["reason"]).replace("\u200b", "")
        assert shown == hostile.replace("\u202e", "\\u202e")
        assert report.pdf(document(told)).startswith(b"%PDF")

    def test_what_is_too_long_for_a_page_is_set_all_the_same(self, tmp_path: Path) -> None:
        lines = [
            "softmax(y)*sum(t) - t # " + "MW" * 800,
            "softmax(y)*sum(t) - t" + "+0*sum(t)" * 200,
        ]
        own = ["q = " + "exp(n)/" * 60 + "n", f"{'a' * 300} = n + q"]
        lines.append(f"softmax(y)*sum(t) - t + 0*{'a' * 300}")
        told = audited(
            tmp_path,
            f"[question2]\nwhere = {json.dumps(own)}\ngradient = {json.dumps(lines)}\n"
            f"[question1]\ny = [{', '.join(['1' * 50] * 4)}]\n",
        )
        assert len(report.pdf(document(told), format="png", ppi=9)) > 2

    def test_the_command_writes_it_and_still_tells(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        answer, pdf = tmp_path / "answer.toml", tmp_path / "out.pdf"
        answer.write_text("[question1]\nb2 = -2.732\n")
        assert main(["--report", str(pdf), str(answer)]) == 0
        assert pdf.read_bytes().startswith(b"%PDF")
        assert "q1.b2" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("words", "says"),
        [
            (["--report", "x.pdf", "a.toml", "b.toml"], "--report takes one ANSWER, a file"),
            (["--report", "x.pdf", "."], "--report takes one ANSWER, a file"),
            (["--report", "/nowhere/x.pdf", "ANSWER"], "cannot be written: No such file"),
            (["--report", "ANSWER", "ANSWER"], "it exists and is no PDF"),
        ],
    )
    def test_what_hinders_it_is_one_line(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], says: str
    ) -> None:
        answer = tmp_path / "answer.toml"
        answer.write_text("[question1]\nb2 = -2.732\n")
        assert main([str(answer) if word == "ANSWER" else word for word in words]) == 2
        told = capsys.readouterr().err
        assert says in told
        assert told.count("\n") == 1

    def test_a_missing_package_says_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setitem(__import__("sys").modules, "typst", None)
        assert main(["--report", "x.pdf", "a.toml"]) == 2
        assert re.search(r"pip install typst", capsys.readouterr().err)

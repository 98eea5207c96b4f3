"""The part of a wrong line that is to blame is pointed at, with what mends the line."""

import ast
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradaudit.answers.asked import sheet_of
from gradaudit.answers.parts import Sheet
from gradaudit.answers.reading import read
from gradaudit.answers.verdicts import Audit, audit
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import Scope, parse
from gradaudit.mistakes.edits import Source, as_factor
from gradaudit.mistakes.mends import Mend, _in_full
from gradaudit.mistakes.pieces import Pieces, Said, written_out
from gradaudit.questions.reading import read_questions
from gradaudit.telling.verdicts import as_json, as_text
from tests.test_edits import norm


def audited(
    folder: Path,
    part: str,
    lines: Any,
    sheet: Sheet | None = None,
    where: Sequence[str] = (),
) -> Audit:
    table, _, key = part.rpartition(".")
    own = where or (["p = softmax(y)"] if table == "question2" else [])
    text = f"[{table}]\nwhere = {json.dumps(own)}\n{key} = {json.dumps(lines)}\n"
    (folder / "answer.toml").write_text(text, encoding="utf-8")
    return audit(read(str(folder / "answer.toml"), sheet))


def mend(folder: Path, part: str, lines: Any, sheet: Sheet | None = None) -> Mend | None:
    (told,) = audited(folder, part, lines, sheet).answered
    assert told.status in ("fails", "conditional")
    return told.mend


W1, W2, B1, B2 = (f"question1.derivation.{name}" for name in ("W1", "w2", "b1", "b2"))
MENDED: dict[str, tuple[str, Any, Mend]] = {
    "a mask that is missing": (
        W1,
        ["d(L, W1[a,j])", "sum(e[k] * w2[j] * X[k,a] for k in N)"],
        Mend(2, 5, "e[k] * w2[j] * X[k,a]", "e[k] * w2[j] * X[k,a] * (z[k,j] > 0)"),
    ),
    "a mask that is missing in an array": (
        W1,
        "X.T @ outer(e, w2)",
        Mend(1, 7, "outer(e, w2)", "outer(e, w2)*(z > 0)"),
    ),
    "a kink at another place": (
        B1,
        ["d(L, b1[j])", "sum(e[k] * w2[j] * (h[k,j] > 1) for k in N)"],
        Mend(2, 30, "1", "0"),
    ),
    "a factor of 1 less something": (
        B2,
        ["d(L, b2)", "sum(e*(1 - 1/n))"],
        Mend(2, 8, "1 - 1/n", "1"),
    ),
    "an array that is not transposed": (W2, "h @ e", Mend(1, 1, "h", "h.T")),
    "a power too many": (
        W2,
        ["d(L, w2[j])", "sum(e[k] * h[k,j]**2 for k in N)"],
        Mend(2, 12, "h[k,j]**2", "h[k,j]"),
    ),
    "another name": (B2, ["d(L, b2)", "sum(t)"], Mend(2, 5, "t", "e")),
    "a division too many": (
        B2,
        ["d(L, b2)", "sum(e[k] for k in N) / n"],
        Mend(2, 1, "sum(e[k] for k in N) / n", "sum(e[k] for k in N)"),
    ),
    "a sign": (
        "question2.gradient",
        ["d(E, y[i])", "p[i]*sum(t) + t[i]"],
        Mend(2, 15, "t[i]", "-t[i]"),
    ),
    "a sign between short terms": (
        "question2.one_hot",
        "p[i] + delta(i,c)",
        Mend(1, 1, "p[i] + delta(i,c)", "p[i] - delta(i,c)"),
    ),
    "the sign of a product": (
        "question2.gradient",
        ["-sum(t[k]*(delta(k,i) - p[i]) for k in K)", "sum(t[k]*(delta(k,i) - p[i]) for k in K)"],
        Mend(2, 5, "t[k]*(delta(k,i) - p[i])", "-t[k]*(delta(k,i) - p[i])"),
    ),
    "a factor within a sum, after one with d": (
        "question2.gradient",
        ["-sum(t[k]/p[k]*d(p[k], y[i]) for k in K)", "-sum((delta(k,i) - p[i]) for k in K)"],
        Mend(2, 7, "delta(k,i) - p[i]", "(delta(k,i) - p[i])*t[k]"),
    ),
    "a line with d itself": (
        "question2.gradient",
        ["-sum(t[k]*p[k]*d(p[k], y[i]) for k in K)", "p[i]*sum(t) - t[i]"],
        Mend(1, 6, "t[k]*p[k]", "t[k]/p[k]"),
    ),
    "a number in a condition on the rate": (
        "question3.converges",
        ["abs(1 - 10*eta) < 1", "0 < eta < 2/5"],
        Mend(2, 11, "2/5", "1/5"),
    ),
    "a fraction that gets another denominator": (
        "question3.converges",
        ["abs(1 - 10*eta) < 1", "0 < eta < 1/6"],
        Mend(2, 11, "1/6", "1/5"),
    ),
    "a fraction that is reduced": (
        "question3.converges",
        "0 < eta < 1/10",
        Mend(1, 11, "1/10", "1/5"),
    ),
    "an index that is one off": (
        "question2.one_hot",
        ["d(E, y[i])", "p[i] - (i == c + 1)"],
        Mend(2, 14, "c + 1", "c"),
    ),
    "an index of delta that is one off": (
        "question2.one_hot",
        ["d(E, y[i])", "p[i] - delta(i, c - 1)"],
        Mend(2, 17, "c - 1", "c"),
    ),
    "a comparison of places that no number mends": (
        "question2.gradient",
        ["d(E, y[i])", "p[i]*sum(t[k]*(k == i + 3) for k in K) - t[i]"],
        Mend(2, 10, "t[k]*(k == i + 3)", "t[k]"),
    ),
    "a size that another would be right for": (
        "question2.gradient",
        ["d(E, y[i])", "p[i]*sum(t) - t[i]*(n == 1)"],
        Mend(2, 15, "t[i]*(n == 1)", "t[i]"),
    ),
    "an index that belongs in a delta": (
        "question2.gradient",
        ["sum(t[k]*(p[i] - delta(i,k)) for k in K)", "sum(t[k]*(p[i] - k) for k in K)"],
        Mend(2, 18, "k", "delta(i,k)"),
    ),
    "another index of what has no name": (
        "question2.one_hot",
        "softmax(y)[c] - delta(i,c)",
        Mend(1, 1, "softmax(y)[c]", "softmax(y)[i]"),
    ),
    "a delta where 1 stands": (
        "question2.gradient",
        "sum((p[i] - 1)*t[k] for k in K)",
        Mend(1, 13, "1", "delta(i,k)"),
    ),
    "what stands for a derivative": (
        W2,
        ["sum(e[k]*d(y[k], w2[j]) for k in N)", "sum(e[k]*z[k,j] for k in N)"],
        Mend(2, 10, "z[k,j]", "h[k,j]", "d(y[k], w2[j])"),
    ),
    "what stands for the slope of relu": (
        B1,
        ["sum(e[k]*w2[j]*d(h[k,j], b1[j]) for k in N)", "sum(e[k]*w2[j]*z[k,j] for k in N)"],
        Mend(2, 16, "z[k,j]", "z[k,j] > 0", "d(h[k,j], b1[j])"),
    ),
    "what stands for a derivative, where nothing small mends it": (
        "question2.one_hot",
        ["-1/p[c]*d(p[c], y[i])", "-1/p[c]*p[c]*(1 - p[c])"],
        Mend(2, 9, "p[c]*(1 - p[c])", "d(p[c], y[i])"),
    ),
    "what stands for a derivative that is 1": (
        B1,
        [
            "sum(e[k]*w2[j]*(z[k,j] > 0)*d(z[k,j], b1[j]) for k in N)",
            "sum(e[k]*w2[j]*(z[k,j] > 0)*b1[j] for k in N)",
        ],
        Mend(2, 29, "b1[j]", "1", "d(z[k,j], b1[j])"),
    ),
    "what stands for a derivative that is 0": (
        "question2.gradient",
        ["d(t[i], y[i]) + p[i]*sum(t) - t[i]", "1 + p[i]*sum(t) - t[i]"],
        Mend(2, 1, "1", "0", "d(t[i], y[i])"),
    ),
    "a number, for which no condition can stand": (
        "question3.converges",
        ["abs(1 - 10*eta) < 1", "eta > 0 and 7*eta < 1 + 7*eta"],
        Mend(2, 13, "7*eta", "7*eta + abs(1 - 10*eta)"),
    ),
    "the ends of a range": (
        "question3.converges",
        ["-2 < -10*eta < 0", "1/5 < eta < 0"],
        Mend(2, 1, "1/5 < eta < 0", "0 < eta < 1/5"),
    ),
    "the ends of a range with one of its ends": (
        "question3.converges",
        ["0 <= eta < 1/5 and not eta == 0", "1/5 <= eta < 0 and not eta == 0"],
        Mend(2, 1, "1/5 <= eta < 0", "0 <= eta < 1/5"),
    ),
    "and for or": (
        "question3.converges",
        ["abs(1 - 10*eta) < 1", "1 - 10*eta < 1 or 1 - 10*eta > -1"],
        Mend(
            2,
            1,
            "1 - 10*eta < 1 or 1 - 10*eta > -1",
            "1 - 10*eta < 1 and 1 - 10*eta > -1",
        ),
    ),
    "a part of what stands for a derivative": (
        W1,
        [
            "sum(e[k]*w2[j]*d(h[k,j], W1[a,j]) for k in N)",
            "sum(e[k]*w2[j]*h[k,j]*X[k,a] for k in N)",
        ],
        Mend(2, 16, "h[k,j]", "z[k,j] > 0"),
    ),
    "a factor too many beside a mask": (
        B1,
        "sum(e[k]*w2[j]*h[k,j]*(z[k,j] > 0) for k in N)",
        Mend(1, 5, "e[k]*w2[j]*h[k,j]", "e[k]*w2[j]"),
    ),
    "a factor too many": (
        B2,
        "2*sum(e[k] for k in N)",
        Mend(1, 1, "2*sum(e[k] for k in N)", "sum(e[k] for k in N)"),
    ),
}


@pytest.mark.parametrize(("part", "lines", "wanted"), MENDED.values(), ids=MENDED)
def test_the_smallest_part_that_mends_a_line_is_found(
    tmp_path: Path, part: str, lines: Any, wanted: Mend
) -> None:
    assert mend(tmp_path, part, lines) == wanted


def test_a_line_of_any_question_is_mended(tmp_path: Path) -> None:
    wrong = "(G*gamma - sum(G*gamma)/n - h*sum(G*gamma*h))/sqrt(v + eps)"
    assert mend(tmp_path, "norm.x", wrong, sheet_of([norm()])) == Mend(
        1, 35, "G*gamma*h", "G*gamma*h/n"
    )


RISK = """
[risk]
given = "x[N], T[N], ev[N], b, A[N,N], m[N]"
define = [
  "S[i] = sum((T[j] >= T[i])*exp(x[j]*b) for j in N) for i in N",
  "L = sum(ev*log(S)) + sum((A @ m)**3) + sum(ev*(A @ x))",
]
parts.b = "d(L, b)"
parts.m = "d(L, m[i])"
parts.ev = "d(L, ev[i])"
answers.b = "sum(ev[i]*sum((T[j] >= T[i])*exp(x[j]*b)*x[j] for j in N)/S[i] for i in N)"
answers.m = "3*A.T @ (A @ m)**2"
answers.ev = "log(S) + A @ x"
"""
OF_RISK: dict[str, tuple[list[str], str, Any, Mend]] = {
    "a comparison is the wrong way round": (
        [],
        "b",
        "sum(ev[i]*sum((T[j] <= T[i])*exp(x[j]*b)*x[j] for j in N)/S[i] for i in N)",
        Mend(1, 16, "T[j] <= T[i]", "T[j] >= T[i]"),
    ),
    "a comparison leaves out what is equal": (
        [],
        "b",
        "sum(ev[i]*sum((T[j] > T[i])*exp(x[j]*b)*x[j] for j in N)/S[i] for i in N)",
        Mend(1, 16, "T[j] > T[i]", "T[j] >= T[i]"),
    ),
    "a matrix is left out on the left": (
        ["u = m"],
        "m",
        "3*sum(u[k]**2*A[k,i] for k in N)",
        Mend(1, 5, "m", "A @ m", where="u = m"),
    ),
    "an array is transposed that should not be": (
        [],
        "ev",
        "log(S) + A.T @ x",
        Mend(1, 10, "A.T", "A"),
    ),
}


@pytest.mark.parametrize(("where", "part", "lines", "wanted"), OF_RISK.values(), ids=OF_RISK)
def test_a_line_is_mended_where(
    tmp_path: Path, where: list[str], part: str, lines: Any, wanted: Mend
) -> None:
    (tmp_path / "risk.toml").write_text(RISK, encoding="utf-8")
    sheet = sheet_of(read_questions(str(tmp_path / "risk.toml")))
    (told,) = audited(tmp_path, f"risk.{part}", lines, sheet, where).answered
    assert told.mend == wanted


WITHIN: dict[str, tuple[list[str], str, Any, Mend]] = {
    "the name is wrong in all that it stands for": (
        ["s = outer(e, w2)"],
        W1,
        ["d(L, W1[a,j])", "X.T @ s"],
        Mend(2, 5, "outer(e, w2)", "outer(e, w2)*(z > 0)", where="s = outer(e, w2)"),
    ),
    "a part of what it stands for is": (
        ["p = exp(y)/sum(exp(y - 1))"],
        "question2.gradient",
        "p[i]*sum(t) - t[i]",
        Mend(1, 20, "y - 1", "y", where="p = exp(y)/sum(exp(y - 1))"),
    ),
    "it has an index": (
        ["u[k,j] = e[k]*z[k,j] for k in N for j in H", "twice = 2*u"],
        W2,
        ["d(L, w2[j])", "sum(u[k,j] for k in N)"],
        Mend(2, 15, "z[k,j]", "h[k,j]", where="u[k,j] = e[k]*z[k,j] for k in N for j in H"),
    ),
    "another name leads to it": (
        ["u = y + t", "v = 2*u"],
        B2,
        "sum(v)/2",
        Mend(1, 5, "y + t", "y - t", where="u = y + t"),
    ),
    "a name that it has is of one free index": (
        ["s = softmax(y)[i]*sum(t)", "r = s + t[i]"],
        "question2.gradient",
        "r",
        Mend(1, 5, "s + t[i]", "s - t[i]", where="r = s + t[i]"),
    ),
    "a name that it has is of one free index, and it has another": (
        ["s = softmax(y)[i]*sum(t)", "r[k] = s + t[k] for k in K"],
        "question2.gradient",
        "r[i]",
        Mend(1, 8, "s + t[k]", "s - t[k]", where="r[k] = s + t[k] for k in K"),
    ),
}


@pytest.mark.parametrize(("where", "part", "lines", "wanted"), WITHIN.values(), ids=WITHIN)
def test_the_definition_of_ones_own_name_is_mended_if(
    tmp_path: Path, where: list[str], part: str, lines: Any, wanted: Mend
) -> None:
    (told,) = audited(tmp_path, part, lines, where=where).answered
    assert told.mend == wanted


BESIDE: dict[str, tuple[list[str], str, Any, Mend | None]] = {
    "a line above has it and is right": (
        ["p = softmax(y)"],
        "question2.gradient",
        ["p[i]*sum(t) - t[i]", "p[i]*p[i]*sum(t) - t[i]*t[i]"],
        None,
    ),
    "another name is meant": (
        ["u = 2*t", "r = y - t"],
        B2,
        "sum(u)",
        Mend(1, 5, "u", "e"),
    ),
    "it is a part of what is wrong": (
        ["m = sum(e)/n"],
        B2,
        ["d(L, b2)", "-n*m"],
        Mend(2, 1, "-n*m", "n*m"),
    ),
}


@pytest.mark.parametrize(("where", "part", "lines", "wanted"), BESIDE.values(), ids=BESIDE)
def test_the_definition_of_ones_own_name_is_not_to_blame_where(
    tmp_path: Path, where: list[str], part: str, lines: Any, wanted: Mend | None
) -> None:
    (told,) = audited(tmp_path, part, lines, where=where).answered
    assert told.mend == wanted


SHARED: dict[str, tuple[list[str], dict[str, Any], dict[str, Mend]]] = {
    "what would make another part wrong": (
        ["u[k] = e[k] for k in N"],
        {"w2": "sum(u[k]*h[k,j] for k in N)", "b2": ["d(L, b2)", "2*sum(u[k] for k in N)"]},
        {"b2": Mend(2, 1, "2*sum(u[k] for k in N)", "sum(u[k] for k in N)")},
    ),
    "another for each part": (
        ["r[k] = e[k] for k in N", "s = 2*outer(r, w2)*(z > 0)"],
        {
            "W1": ["d(L, W1[a,j])", "X.T @ s/5 + X.T @ s*4/5"],
            "b1": ["d(L, b1[j])", "sum(s, axis=0)"],
            "b2": "sum(r)",
        },
        {
            part: Mend(
                2,
                5,
                "2*outer(r, w2)",
                "outer(r, w2)",
                where="s = 2*outer(r, w2)*(z > 0)",
            )
            for part in ("W1", "b1")
        },
    ),
    "another name for each part": (
        ["r = y + t"],
        {"w2": "h.T @ r", "b2": "sum(r)"},
        {part: Mend(1, 5, "y + t", "y - t", where="r = y + t") for part in ("w2", "b2")},
    ),
    "what is added to one of the lines that are wrong by it": (
        ["u[k,j] = e[k] for k in N for j in H"],
        {
            "b1": [
                "d(L, b1[j])",
                "sum(u[k,j]*d(y[k], h[k,j]) for k in N)",
                "sum(u[k,j]*w2[j] for k in N)",
            ]
        },
        {
            "b1": Mend(
                2, 10, "e[k]", "e[k]*(z[k,j] > 0)", where="u[k,j] = e[k] for k in N for j in H"
            )
        },
    ),
}


@pytest.mark.parametrize(("where", "lines", "wanted"), SHARED.values(), ids=SHARED)
def test_of_a_shared_name_is_not_told(
    tmp_path: Path, where: list[str], lines: dict[str, Any], wanted: dict[str, Mend]
) -> None:
    parts = "".join(f"{name} = {json.dumps(one)}\n" for name, one in lines.items())
    text = f"[question1.derivation]\nwhere = {json.dumps(where)}\n{parts}"
    (tmp_path / "answer.toml").write_text(text, encoding="utf-8")
    told = audit(read(str(tmp_path / "answer.toml"))).answered
    found = {one.part.rpartition(".")[2]: one.mend for one in told if one.mend}
    assert found == wanted


def test_a_definition_is_mended_though_a_line_above_is_right_with_it(tmp_path: Path) -> None:
    lines = ["-1/p[c]*d(p[c], y[i])", "p[i]/2 - delta(i,c) + p[i]/2"]
    (told,) = audited(tmp_path, "question2.one_hot", lines, where=["p = -softmax(y)"]).answered
    assert told.mend == Mend(2, 5, "-softmax(y)", "softmax(y)", where="p = -softmax(y)")


def test_a_person_is_told_in_which_definition(tmp_path: Path) -> None:
    told = audited(tmp_path, "question2.gradient", "p*sum(t) - t", where=["p = exp(y)/sum(y)"])
    wanted = "mend      where p = exp(y)/sum(y): y should be exp(y)"
    assert wanted in as_text([told], colour=False, detailed=True)


UNMENDED = {
    "two parts are wrong": ("question2.gradient", ["d(E, y[i])", "p[i]**2 + t[i]**2"]),
    "it is right under an assumption": ("question2.gradient", ["d(E, y[i])", "p[i] - t[i]"]),
    "only all of it could be replaced": (B2, ["d(L, b2)", "2"]),
    "what differs from the line above is no part of the line": (
        W2,
        [
            "sum(e[k]*d(y[k], w2[j]) for k in N)",
            "sum(e[k]*h[k,j]**2 for k in N) + sum(e[k]*z[k,j] for k in N)",
        ],
    ),
    "what stands for a derivative is as long as the line above": (
        "question2.one_hot",
        [
            "-1/p[c]*d(exp(y[c])/sum(exp(y[k]) for k in K), y[i])",
            "-1/p[c]*p[c]*(1 - p[c])",
        ],
    ),
    "all of it stands for the derivative": ("question2.gradient", ["d(E, y[i])", "p[i]**2"]),
}


@pytest.mark.parametrize(("part", "lines"), UNMENDED.values(), ids=UNMENDED)
def test_nothing_is_told_where(tmp_path: Path, part: str, lines: Any) -> None:
    assert mend(tmp_path, part, lines) is None


def test_nothing_is_told_of_a_very_long_line(tmp_path: Path) -> None:
    long = " + ".join(["p[i]*t[i]"] * 150)
    assert mend(tmp_path, "question2.gradient", ["d(E, y[i])", long]) is None


def test_a_person_and_a_program_are_told(tmp_path: Path) -> None:
    told = audited(tmp_path, B2, ["d(L, b2)", "sum(t)"])
    assert "    mend      column 5: t should be e" in as_text([told], colour=False, detailed=True)
    mends = [part["mend"] for part in json.loads(as_json([told]))["audits"][0]["parts"]]
    wanted = {"line": 2, "column": 5, "wrong": "t", "right": "e"}
    assert [one for one in mends if one] == [{**wanted, "stands_for": None, "where": None}]


def test_a_person_and_a_program_are_told_what_stands_for_a_derivative(tmp_path: Path) -> None:
    told = audited(
        tmp_path, W2, ["sum(e[k]*d(y[k], w2[j]) for k in N)", "sum(e[k]*z[k,j] for k in N)"]
    )
    wanted = "column 10: z[k,j] stands for d(y[k], w2[j]), and should be h[k,j]"
    assert wanted in as_text([told], colour=False, detailed=True)
    assert '"stands_for": "d(y[k], w2[j])"' in as_json([told])


@pytest.mark.parametrize(
    "said",
    [("{}", "y[k]"), ("{}", "y"), ("-{}", "x[k]"), ("{} + {}", "x[k]", "y[i]*y[k]"), ("{}", "3")],
    ids=written_out,
)
def test_a_text_that_is_put_in_has_the_value_of_the_whole(said: Said) -> None:
    scope = Scope(frozenset("xy"), free={"i": "K"}, sets=frozenset("K"))
    source = Source("2*sum(x[k]*y[i] for k in K)", (("i", "K"),))
    values = {"x": np.array([1.0, 2.0, 4.0]), "y": np.array([3.0, 5.0, 7.0])}
    (node, loops), *_ = (one for one in source.nodes() if source.text(one[0]) == "x[k]")
    others = [("{}", "y[i]"), said]
    pieces = Pieces(source, scope, values, {"K": 3}).values(node, loops, others)
    found = {
        text: value for few, several in pieces for text, value in zip(few, several, strict=True)
    }
    env = Env(values, {"K": 3}, {}, scope.free, floats=True)
    for text in others:
        whole = parse(source.replaced(node, written_out(text)), scope)
        assert found[text].tolist() == env.entries(whole.tree).tolist()


@pytest.mark.parametrize("text", ["eta**2 < 1/5", "0 < eta and (1 - 10*eta)**2 < 2"])
def test_a_range_with_irrational_ends_is_refused(tmp_path: Path, text: str) -> None:
    (told,) = audited(tmp_path, "question3.converges", text).answered
    assert told.status == "fails"


def test_a_mend_that_no_range_may_have_is_none(tmp_path: Path) -> None:
    lines = [
        "(((2)**2)/((1)/(5*eta)))**2 < (4/3)*(13*eta)",
        "0 < (eta + 1/6) < (1/8)*(3)",
        "((2*eta)*(eta) + eta) < (4)/(abs(4))",
    ]
    (told,) = audited(tmp_path, "question3.converges", lines).answered
    assert told.status == "fails"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a + (b - c)", "a - (b - c)"),
        ("a - b*c", "a + b*c"),
        ("(a + b)*c", "-(a + b)*c"),
        ("-a*b", "a*b"),
    ],
    ids=["a sum in brackets", "a product", "a sum in a product", "a product with a sign"],
)
def test_the_sign_of_a_mend_is_that_of_all_that_it_stands_before(text: str, wanted: str) -> None:
    source = Source(text)
    assert isinstance(source.tree, ast.BinOp)
    node = source.tree.left if text.endswith(")*c") else source.tree.right
    _, right = _in_full(source, node, f"-{as_factor(source.text(node))}")
    assert right == wanted

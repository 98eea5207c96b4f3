"""Edits of the right formulas: what each says, that it names an answer, and that laws see it."""

import json
import re
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from gradaudit.answers.asked import sheet_of
from gradaudit.answers.reading import read
from gradaudit.answers.verdicts import Verdict, audit
from gradaudit.judging.calling import Function
from gradaudit.mistakes import diagnosis, slips
from gradaudit.mistakes.edits import edits
from gradaudit.mistakes.exam import of_edits
from gradaudit.questions.question import Question
from gradaudit.questions.reading import read_questions
from gradaudit.telling.verdicts import as_json, as_text

Floats = npt.NDArray[np.float64]

NORM = """
[norm]
given = "x[D], gamma[D], eps, G[D]"
assume = ["eps > 0"]
define = [
  "n = sum(1 for k in D)", "mu = sum(x)/n", "v = sum((x - mu)**2)/n", "h = (x - mu)/sqrt(v + eps)",
  "L = sum(G*gamma*h)",
]
[norm.parts]
x = "d(L, x[i])"
gamma = "d(L, gamma[i])"
[norm.functions]
"backward(G, x, gamma, eps)" = ["x", "gamma"]
[norm.answers]
where = ["u = G*gamma", "g = u - sum(u)/n - h*sum(u*h)/n"]
x = "g/sqrt(v + eps)"
gamma = "G*h"
[[norm.mistakes]]
id = "variance-constant"
sentence = "The variance is treated as a constant."
change = { g = "u - sum(u)/n" }
"""


@cache
def norm() -> Question:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "norm.toml"
        path.write_text(NORM, encoding="utf-8")
        (question,) = read_questions(str(path))
    return question


SAID = {
    "x - mu": {
        "the term mu is missing": "x",
        "the sign of mu is wrong": "x + mu",
        "the term x is missing": "-mu",
        "the sign of x is wrong": "-x - mu",
    },
    "(a - 1)*b": {
        "the term 1 is missing in a - 1": "(a)*b",
        "the sign of 1 is wrong in a - 1": "((a + 1))*b",
        "the term a is missing": "((-1))*b",
    },
    "e[k]*w*(z[k] > 0)": {
        "the mask z[k] > 0 is missing": "e[k]*w",
        "the factor w is missing in e[k]*w": "(e[k])*(z[k] > 0)",
        "z[k] > 0 is the wrong way round": "e[k]*w*((z[k] < 0))",
        "e[i] stands for e[k]": "(e[i])*w*(z[k] > 0)",
    },
    "sum(u)/n": {
        "the division by n is missing": "sum(u)",
        "the mean of u stands for its sum": "(sum(u) / sum(0 * (u) + 1))/n",
        "u is not summed": "u/n",
    },
    "sum((a[k]) for k in N)": {
        "the mean of a[k] stands for its sum": "sum((a[k]) for k in N) / sum(1 for k in N)",
        "a[i] stands for a[k]": "sum(((a[i])) for k in N)",
    },
    "X.T @ e": {
        "X is not transposed": "X @ e",
        "X.T and e are the wrong way round": "e @ X.T",
        "e is transposed": "X.T @ e.T",
    },
    "-P[i, k]**2": {
        "the sign of P[i, k]**2 is wrong": "P[i, k]**2",
        "the exponent 2 of P[i, k] is missing": "-(P[i, k])",
        "the indices of P[i, k] are the wrong way round": "-(P[k, i])**2",
    },
    "(S[i] >= S[k])": {"S[i] >= S[k] is the wrong way round": "(S[i] <= S[k])"},
    "sqrt(v)": {"sqrt is left out: v stands alone": "v"},
    "sum(S, axis=0)": {"sum runs along the wrong axis": "sum(S, axis=1)"},
    "outer(p, q)": {"p and q are the wrong way round in outer": "outer(q, p)"},
}


@pytest.mark.parametrize(("text", "said"), SAID.items(), ids=SAID)
def test_an_edit_says_what_was_done_in_the_words_of_the_formula(
    text: str, said: dict[str, str]
) -> None:
    made = dict(edits(text, [("i", "N"), ("k", "N")]))
    assert said.items() <= made.items()


def test_counting_is_not_edited() -> None:
    assert not list(edits("sum(1 for k in D)"))


def test_each_wrong_formula_comes_once() -> None:
    made = [text for _, text in edits("a*a - b")]
    assert len(made) == len(set(made))


def test_what_has_a_name_in_the_reference_only_is_written_out() -> None:
    sentences = [one.ids[0] for one in slips.edited_answers(norm())]
    whole = "(G*gamma) - sum(G*gamma)/n - h*sum((G*gamma)*h)/n"
    assert f"In {whole}: the term sum(G*gamma)/n is missing." in sentences
    assert not any(re.search(r"\b[ug]\b", one) for one in sentences)


def test_a_part_keeps_its_label_and_what_has_indices_is_explained() -> None:
    (network, *_), (attention,) = read_questions(), read_questions("attention")
    sentences = [one.ids[0] for one in slips.edited_answers(network)]
    assert "In dL/dw2: e is treated as a constant." in sentences
    sentences = [one.ids[0] for one in slips.edited_answers(attention)]
    assert (
        "In dL/dK: gS is not transposed, where gS = P[i,j]*(gP[i,j] - "
        "sum(P[i,k]*gP[i,k] for k in M)) for i in N for j in M and gP = G @ V.T."
    ) in sentences


def judged(folder: Path, text: str, name: str = "answer.toml") -> Verdict:
    (folder / name).write_text(text, encoding="utf-8")
    (told,) = audit(read(str(folder / name), sheet_of([norm()]))).answered
    return told


def test_a_formula_that_one_edit_gives_is_named_by_it(tmp_path: Path) -> None:
    found = judged(tmp_path, '[norm]\ngamma = "G*(x - mu)/sqrt(n*v + eps)"').diagnosis
    assert (found.edit, found.mistake) == ("In v: the division by n is missing.", None)


def test_what_was_taken_for_a_constant_goes_before_the_term_that_is_lost(tmp_path: Path) -> None:
    h = "(x - mu)/sqrt(v + eps)"
    found = judged(tmp_path, f'[norm]\nx = "(G*gamma - {h}*sum(G*gamma*{h})/n)/sqrt(v + eps)"')
    assert found.diagnosis.edit == "In dL/dx: mu is treated as a constant."


def test_a_chain_rule_that_stops_too_early_is_named(tmp_path: Path) -> None:
    found = judged(tmp_path, '[norm]\nx = "G*gamma"').diagnosis
    assert found.edit == "In dL/dx: the chain rule stops at h."


def test_a_hand_written_mistake_goes_before_an_edit(tmp_path: Path) -> None:
    found = judged(tmp_path, '[norm]\nx = "(G*gamma - sum(G*gamma)/n)/sqrt(v + eps)"').diagnosis
    assert (found.edit, found.mistake) == ("", "variance-constant")


PAIR = """
[pair]
given = "x[U], w[U]"
sizes = { U = 2 }
define = ["m = sum(x*w)/2", "L = m**2 + sum(x)"]
parts.x = "d(L, x[i])"
answers.x = "m*w[i] + 1"
"""


def test_half_of_a_mean_of_two_is_not_called_a_mean(tmp_path: Path) -> None:
    (tmp_path / "pair.toml").write_text(PAIR, encoding="utf-8")
    sheet = sheet_of(read_questions(str(tmp_path / "pair.toml")))
    (tmp_path / "answer.toml").write_text('[pair]\nx = "m*w[i]/2 + 1"', encoding="utf-8")
    (told,) = audit(read(str(tmp_path / "answer.toml"), sheet)).answered
    assert told.diagnosis.edit == "In m: half of it is taken."


def test_no_edit_is_named_where_none_fits_everywhere(tmp_path: Path) -> None:
    assert not judged(tmp_path, '[norm]\ngamma = "G*h + (n > 3)"').diagnosis.edit


def test_nothing_but_zeros_is_no_edit(tmp_path: Path) -> None:
    assert not judged(tmp_path, '[norm]\nx = "0*x"').diagnosis.edit


def no_mean(G: Floats, x: Floats, gamma: Floats, eps: float) -> tuple[Floats, Floats]:
    r = np.sqrt(((x - x.mean()) ** 2).mean() + eps)
    h, u = (x - x.mean()) / r, G * gamma
    return (u - u.mean() - h * (u * h).sum()) / r, G * h


def of_function(function: Any) -> str:
    (signature,) = norm().functions
    return diagnosis.of_function(norm(), signature, Function(function, 2)).edit


def test_a_function_that_one_edit_gives_is_named_by_it() -> None:
    assert of_function(no_mean).endswith(": the division by n is missing in h*sum((G*gamma)*h)/n.")


def test_a_person_and_a_program_are_told_of_an_edit(tmp_path: Path) -> None:
    text = '[norm]\ngamma = "G*x/sqrt(v + eps)"'
    (tmp_path / "answer.toml").write_text(text, encoding="utf-8")
    told = audit(read(str(tmp_path / "answer.toml"), sheet_of([norm()])))
    assert "    mistake   In h: the term mu is missing.\n" in as_text(
        [told], colour=False, detailed=True
    )
    (part,) = (one for one in json.loads(as_json([told]))["audits"][0]["parts"] if one["laws"])
    assert "In h: the term mu is missing" in part["explanation"]


def test_every_wrong_edit_is_refused_as_a_formula_and_as_a_function() -> None:
    question = norm()  # for those of the library see test_models
    wrong, held = of_edits(question)
    assert wrong
    assert not held

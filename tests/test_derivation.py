"""A derivation is judged line by line: a right one is accepted, a wrong line is found."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradaudit.answers import tables
from gradaudit.answers.asked import sheet_called
from gradaudit.answers.parts import Answer
from gradaudit.answers.reading import read
from gradaudit.answers.verdicts import Audit, Verdict, audit
from gradaudit.judging import iterations
from gradaudit.judging.derivation import Line, entries, inputs_of, law_of, lines_of, try_out
from gradaudit.judging.domains import draw_inputs
from gradaudit.judging.laws import hold, sees
from gradaudit.language.evaluate import Env
from gradaudit.language.formula import FormulaError, parse
from gradaudit.mistakes.diagnosis import Diagnosis
from gradaudit.questions.files import Unreadable
from gradaudit.telling.report import document
from gradaudit.telling.verdicts import as_json, as_text, details, explanation, tried
from tests.assignment import FORMULA_ANY, FORMULA_NETWORKS, QUESTION3, SOFTMAX, WANTED
from tests.derivations import RIGHT
from tests.edits import edits

OURS = Path(__file__).parent.parent / "analytic" / "answer.toml"


def audited(folder: Path, part: str, lines: Any, where: list[str] | None = None) -> Audit:
    table, _, key = part.replace("q", "question", 1).rpartition(".")
    path = folder / "answer.toml"
    own = f"where = {json.dumps(where or [])}\n"
    path.write_text(f"[{table}]\n{own}{key} = {json.dumps(lines)}\n", encoding="utf-8")
    return audit(read(str(path)))


def verdict(folder: Path, part: str, lines: Any, where: list[str] | None = None) -> Verdict:
    (told,) = audited(folder, part, lines, where).answered
    return told


def gradient(folder: Path, *lines: str) -> Verdict:
    return verdict(folder, "q2.gradient", list(lines), ["p = softmax(y)"])


@pytest.mark.parametrize(("part", "where", "lines"), RIGHT.values(), ids=RIGHT)
def test_a_right_derivation_is_accepted(
    tmp_path: Path, part: str, where: list[str], lines: list[str]
) -> None:
    told = verdict(tmp_path, part, lines, where)
    assert told.status == "holds", as_text(
        [audited(tmp_path, part, lines, where)], colour=False, detailed=True
    )


@cache
def ours() -> Answer:
    return read(str(OURS))


OUR_LINES = [(name, line) for name, part in ours().parts.items() for line in part.lines]
THE_SAME = {  # edits of our lines that are no mistakes, by part
    "q1.derivation.W1": {
        "sum((e[k] * w2[j] * (z[k, j] >= 0) * d(z[k, j], W1[a, j]) for k in N))": "at no kink",
        "sum((e[k] * w2[j] * (z[k, j] >= 0) * X[k, a] for k in N))": "at no kink",
        "sum((e[k] * w2[j] * (h[k, j] > 0) * d(z[k, j], W1[a, j]) for k in N))": "as h > 0 there",
        "sum((e[k] * w2[j] * (h[k, j] > 0) * X[k, a] for k in N))": "h > 0 where z > 0",
        "sum((e[k] * w2[j] * (z[k, j] > 0) * d(h[k, j], W1[a, j]) for k in N))": "h is z there",
    },
    "q1.derivation.b1": {
        "sum((e[k] * w2[j] * (z[k, j] >= 0) * d(z[k, j], b1[j]) for k in N))": "at no kink",
        "sum((e[k] * w2[j] * (z[k, j] >= 0) for k in N))": "at no kink",
        "sum((e[k] * w2[j] * (h[k, j] > 0) * d(z[k, j], b1[j]) for k in N))": "h > 0 where z > 0",
        "sum((e[k] * w2[j] * (h[k, j] > 0) for k in N))": "h > 0 where z > 0",
        "sum((e[k] * w2[j] * (z[k, j] > 0) * d(h[k, j], b1[j]) for k in N))": "h is z there",
        "sum((e[k] * w2[j] * (z[k, j] > 0) for k in N))": "a bias has the slope 1",
        "sum((e[k] * w2[j] * (z[k, j] > 0) / d(z[k, j], b1[j]) for k in N))": "its slope is 1",
    },
    "q1.derivation.b2": {
        "sum((e[k] for k in N))": "a bias has the slope 1",
        "sum((e[k] / d(y[k], b2) for k in N))": "a bias has the slope 1",
    },
    "q3.converges": {
        "abs(10 * eta - 1) < 1": "|x| = |-x|",
        "-1 < 10 * eta - 1 < 1": "|x| = |-x|",
    },
}


def of_edit(part: str, line: Line, text: str) -> str:
    """Return the status of a line of ours with an edit, against the line before it."""
    formula = parse(text, line.formula.scope)
    before = [one.formula for one in ours().parts[part].lines[: line.number - 1]]
    truth = ours().parts[part].lines[0].before
    edited = lines_of([*before, formula], truth, line.name)[-1]
    if part not in WANTED:
        law = iterations.law_of(edited, iterations.decided(QUESTION3))
        inputs = iterations.rates_for(QUESTION3, edited)
    else:
        wanted = WANTED[part]
        try_out(formula, wanted.largest)
        law = law_of(edited, wanted.domains[0])
        inputs = inputs_of(edited, wanted)
    return "fails" if sees(law, edited, inputs) else hold(law, edited, inputs).status


@pytest.mark.parametrize(
    ("part", "line"), OUR_LINES, ids=[f"{part}, line {line.number}" for part, line in OUR_LINES]
)
def test_every_small_edit_of_our_line_is_refused_there(part: str, line: Line) -> None:
    when = f" when {line.formula.condition}" if line.formula.condition else ""
    passed, tried = set(), 0
    for text in edits(line.formula.text + when):
        try:
            status = of_edit(part, line, text)
        except FormulaError:
            continue  # it is outside of the language, and so refused where it is read
        tried += 1
        if status != "fails":
            passed.add(text)
    assert tried > 0
    assert passed <= THE_SAME.get(part, {}).keys()


@pytest.mark.parametrize("part", THE_SAME)
def test_no_edit_is_called_the_same_without_need(part: str) -> None:
    made = {text for line in ours().parts[part].lines for text in edits(line.formula.text)}
    assert THE_SAME[part].keys() <= made


SAME_IN_A_BLOCK = {  # mistakes that make the same line, where one block is all that is seen
    "mean-for-sum": {"bias-mean"},
}


class TestWrongLines:
    def test_the_first_wrong_line_is_named(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "d(E, y[i])", "p[i]*sum(t) - t[i]", "p[i] + t[i]")
        assert (told.status, told.line) == ("fails", 3)

    def test_it_is_shown_with_the_line_before_on_the_smallest_input(self, tmp_path: Path) -> None:
        lines = ["d(E, y[i])", "softmax(y)[i]*sum(t) - t[i]", "softmax(y)[i]*sum(t) + t[i]"]
        shown = as_text([audited(tmp_path, "q2.gradient", lines)], colour=False, detailed=True)
        assert (
            "    line 2    softmax(y)[i]*sum(t) - t[i]\n"
            "    line 3    softmax(y)[i]*sum(t) + t[i]\n"
            "    input     y = [0, 0], t = [1, 1], i = 0\n"
            "    before    0\n"
            "    found     2\n"
        ) in shown + "\n"

    def test_one_slip_is_reported_once(self, tmp_path: Path) -> None:
        lines = ["p[i]*sum(t) - t[i]", "p[i]*sum(t) + t[i]", "t[i] + p[i]*sum(t)"]
        told = gradient(tmp_path, *lines)
        assert [one.judged.number for one in told.failures] == [2]

    def test_a_line_that_equals_the_derivative_again_is_not_wrong(self, tmp_path: Path) -> None:
        lines = ["p[i]*sum(t) - t[i]", "p[i]*sum(t) + t[i]", "p[i]*sum(t) - t[i]"]
        told = gradient(tmp_path, *lines)
        assert [one.status for one in told.outcomes] == ["holds", "fails", "holds"]
        assert (told.status, told.line) == ("fails", 2)
        assert "wrong as well" not in explanation(told)
        assert "line 3 equals the derivative again" in explanation(told)

    def test_one_wrong_line_is_told_as_one(self, tmp_path: Path) -> None:
        right, wrong = "softmax(y)*sum(t) - t", "softmax(y)*sum(t) + t"
        told = [audited(tmp_path, "q2.gradient", ["d(E, y)", right, wrong, right])]
        shown = as_text(told, colour=False, detailed=True)
        assert "line 3 is refused, of 4" in shown
        assert "fails: line 3 does not equal line 2" in shown
        assert "line 4 does not equal line 3" not in shown
        lines = json.loads(as_json(told))["audits"][0]["parts"][13]["lines"]
        assert [(one["status"], one["remark"]) for one in lines[2:]] == [
            ("fails", None),
            ("holds", "it equals the derivative again"),
        ]

    def test_what_follows_it_is_held_to_it(self, tmp_path: Path) -> None:
        right, wrong = "p[i]*sum(t) - t[i]", "p[i]*sum(t) + t[i]"
        told = gradient(tmp_path, right, wrong, right, wrong)
        assert [one.status for one in told.outcomes] == ["holds", "fails", "holds", "fails"]

    def test_a_second_slip_that_is_not_the_derivative_is_reported(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "p[i]*sum(t) - t[i]", "p[i]*sum(t) + t[i]", "p[i]*sum(t)")
        assert [one.judged.number for one in told.failures] == [2, 3]
        assert "wrong as well: line 3" in explanation(told)

    def test_a_condition_that_has_the_right_rates_again_is_not_wrong(self, tmp_path: Path) -> None:
        told = verdict(tmp_path, "q3.converges", ["0 < eta < 1/5", "eta < 1/5", "0 < eta < 0.2"])
        assert [one.judged.number for one in told.failures] == [2]
        assert "line 3 has the right rates again" in explanation(told)

    def test_a_first_line_that_is_not_the_derivative_is_wrong(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "d(-E, y[i])", "t[i] - p[i]*sum(t)")
        assert (told.line, len(told.failures)) == (1, 1)
        assert "line 1 does not equal the true derivative" in explanation(told)

    def test_a_line_of_another_shape_is_wrong_and_the_next_is_not(self, tmp_path: Path) -> None:
        lines = ["d(L, W1)", "X @ s.T", "sum(s, axis=0)", "X.T @ s"]
        told = verdict(tmp_path, "q1.derivation.W1", lines, ["s = outer(e, w2) * (z > 0)"])
        assert [one.status for one in told.outcomes] == ["holds", "fails", "fails", "untested"]

    @pytest.mark.parametrize(
        ("part", "line", "mistake"),
        [
            ("q1.derivation.W1", "X.T @ outer(e, w2)", "mask-missing"),
            ("q1.derivation.b1", "sum(outer(e, w2) * (z > 0), axis=0) / n", "mean-for-sum"),
            ("q1.derivation.w2", "z.T @ e", "preactivation-in-w2"),
            ("q1.derivation.b2", "-sum(e)", "error-sign"),
            ("q2.gradient", "t[i] - softmax(y)[i] * sum(t)", "sign"),
            ("q2.gradient", "softmax(y) - t", "sum-t-assumed"),
            ("q2.one_hot", "softmax(y) - 1", "one-hot-everywhere"),
        ],
    )
    def test_the_mistake_is_named(self, tmp_path: Path, part: str, line: str, mistake: str) -> None:
        first = "d(E, y)" if part[1] == "2" else f"d(L, {part[-2:]})"
        named = verdict(tmp_path, part, [first, line]).diagnosis.candidates
        assert set(named) == {mistake} | SAME_IN_A_BLOCK.get(mistake, set())

    def test_a_special_case_in_which_it_is_right_is_a_fact(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "p[i]*sum(t) - t[i]", "p[i]*sum(t) - t[i] + (n - 2)*y[i]")
        assert "right when n = 2" in explanation(told)

    def test_a_wrong_line_on_the_rate_shows_the_rate(self, tmp_path: Path) -> None:
        told = verdict(
            tmp_path, "q3.converges", ["abs(1 - 10*eta) < 1", "eta < 1/5", "0 < eta < 1/5"]
        )
        assert [(one.judged.number, str(one.at.at)) for one in told.failures] == [(2, "0")]

    def test_the_mistake_is_looked_for_where_the_line_means_to_hold(self, tmp_path: Path) -> None:
        lines = ["softmax(y)[i] - delta(i, c)", "-softmax(y)[i]**2 when i == c"]
        assert verdict(tmp_path, "q2.one_hot", lines).diagnosis.candidates == ()

    def test_no_mistake_is_named_where_entries_that_would_tell_are_left_out(
        self, tmp_path: Path
    ) -> None:
        lines = ["p[i] - 1 when i == c", "p[i]"]
        told = audited(tmp_path, "q2.one_hot", lines, ["p = softmax(y)"])
        (said,) = told.answered
        assert (said.line, said.diagnosis) == (2, Diagnosis())
        assert "(i == c is still in force)" in as_text([told], colour=False, detailed=True)

    def test_a_line_without_a_value_is_told_so(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "p[i]*sum(t) - t[i]", "p[i]*sum(t) - t[i]*y[i]/y[i]")
        assert "line 2 has no value on some inputs on which line 1 has one" in explanation(told)


class TestAssumptions:
    def test_a_line_that_needs_one_is_conditional(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "p[i]*sum(t) - t[i]", "p[i] - t[i]")
        assert (told.status, told.condition, told.line) == ("conditional", "sum(t) == 1", 2)
        assert "line 2 is right if you state sum(t) == 1" in explanation(told)

    @pytest.mark.parametrize(
        "line",
        [
            "sum(t)*(p[i] - t[i]/sum(t))",
            "p[i]*sum(t) - t[i] + (t[i] > 1000)",
            "p[i]*sum(t) - t[i] + (sum(t) == 0)",
            "p[i]*abs(sum(t)) - t[i]",
        ],
        ids=["no value at 0", "wrong at large targets", "wrong at 0", "wrong below 0"],
    )
    def test_a_line_that_is_right_at_most_other_sums_is_not(
        self, tmp_path: Path, line: str
    ) -> None:
        assert gradient(tmp_path, "p[i]*sum(t) - t[i]", line).status == "fails"
        assert verdict(tmp_path, "q2.gradient", line, ["p = softmax(y)"]).status == "fails"

    def test_with_another_one_a_line_may_need_it_as_well(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "p[i]*sum(t) - t[i]", "p[i] - t[i] when n == 3")
        assert (told.status, told.condition, told.line) == ("conditional", "sum(t) == 1", 2)

    def test_with_another_slip_it_is_not(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "p[i]*sum(t) - t[i]", "p[i] - t[i]", "p[i] + t[i]")
        assert told.status == "fails"

    def test_one_is_in_force_below(self, tmp_path: Path) -> None:
        lines = [
            "p[i]*sum(t) - t[i]",
            "p[i]*sum(t) - t[i] when sum(t) == 1",
            "p[i] - t[i] when n > 1",
        ]
        assert gradient(tmp_path, *lines).status == "holds"

    def test_one_is_not_in_force_above(self, tmp_path: Path) -> None:
        lines = ["p[i]*sum(t) - t[i]", "p[i] - t[i]", "p[i] - t[i] when sum(t) == 1"]
        assert gradient(tmp_path, *lines).line == 2

    def test_an_answer_below_one_is_conditional_on_it(self, tmp_path: Path) -> None:
        told = gradient(
            tmp_path, "d(E, y[i])", "p[i]*sum(t) - t[i] when sum(t) == 1", "p[i] - t[i]"
        )
        assert (told.status, told.condition, told.stated) == ("conditional", "sum(t) == 1", True)

    def test_an_answer_below_one_that_holds_without_it_holds(self, tmp_path: Path) -> None:
        told = gradient(
            tmp_path, "d(E, y[i])", "p[i] - t[i] when sum(t) == 1", "p[i]*sum(t) - t[i]"
        )
        assert told.status == "holds"

    def test_where_every_line_has_one_the_part_is_conditional(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "d(E, y[i]) when sum(t) == 1", "p[i] - t[i] when n < 4")
        assert (told.status, told.condition) == ("conditional", "sum(t) == 1 and n < 4")

    def test_one_that_only_the_definition_does_without_is_conditional(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "d(E, y[i])", "p[i] - t[i] when sum(t) == 1")
        assert (told.status, told.condition, told.line) == ("conditional", "sum(t) == 1", 2)


class TestBounds:
    def test_only_the_first_unknown_keys_get_a_remedy(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = []

        def nearest(key: str, known: Any) -> str:
            asked.append(key)
            return ""

        monkeypatch.setattr(tables, "nearest", nearest)
        path = tmp_path / "answer.toml"
        path.write_text("".join(f"key{k} = 1\n" for k in range(3000)) + "[question1]\nw = 1\n")
        assert len(read(str(path)).malformed) == 3001
        assert len(asked) == tables.REMEDIES

    def test_a_line_is_evaluated_once_for_all_entries(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        evaluated = []
        whole = Env.entries

        def counted(env: Env, tree: Any) -> Any:
            evaluated.append(tree)
            return whole(env, tree)

        monkeypatch.setattr(Env, "entries", counted)
        wanted = WANTED["q1.derivation.W1"]
        line = parse("sum(e[k] * w2[j] * (z[k,j] > 0) * X[k,a] for k in N)", wanted.scope)
        entries(line, draw_inputs(wanted.domains[0])[-1])
        assert evaluated == [line.tree]

    def test_a_size_at_which_an_input_was_too_much_is_not_tried_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tried: dict[Env, int] = {}
        whole = Env.entries

        def counted(env: Env, tree: Any) -> Any:
            tried[env] = env.sizes["K"]
            return whole(env, tree)

        monkeypatch.setattr(Env, "entries", counted)
        many = "sum(t[k]*t[m]*t[j]" + "*1" * 40 + " for k in K for m in K for j in K)"
        told = verdict(tmp_path, "q2.gradient", f"softmax(y)*sum(t) - t + 0*{many}")
        assert told.status == "holds"
        assert [*tried.values()].count(9) == 1
        smaller = [case for case in draw_inputs(FORMULA_ANY) if case.sizes["K"] < 9]
        assert told.outcomes[0].examples == len(smaller) + 1

    def test_a_line_that_stands_there_again_takes_nothing_more(self, tmp_path: Path) -> None:
        long = "p*sum(t) - t" + "+y-y" * 240
        told = gradient(tmp_path, *[long] * 49)
        assert told.status == "holds"
        assert {one.examples for one in told.outcomes} == {len(draw_inputs(FORMULA_ANY))}


class TestOneClassOrSample:
    """What has no value only where some size is 1 is judged on the rest, which it says."""

    @pytest.mark.parametrize("factor", ["(1-p[i])/(1-p[i])", "(n-1)/(n-1)", "log(n)/log(n)"])
    def test_a_formula_right_for_two_classes_and_more_holds(
        self, tmp_path: Path, factor: str
    ) -> None:
        told = verdict(
            tmp_path, "q2.gradient", f"(p[i]*sum(t) - t[i]) * {factor}", ["p = softmax(y)"]
        )
        assert told.status == "holds"
        assert explanation(told) == "it has no value where n = 1"

    def test_a_line_right_for_two_samples_and_more_holds(self, tmp_path: Path) -> None:
        told = verdict(tmp_path, "q1.derivation.b2", ["d(L, b2)", "sum(e)*(n-1)/(n-1)"])
        assert told.status == "holds"
        assert explanation(told) == "line 2 has no value where n = 1"

    @pytest.mark.parametrize(
        ("nothing", "where"),
        [
            ("n-1", "n = 1"),
            ("v-1", "A = 1"),
            ("u-1", "H = 1"),
            ("((n-1)*(v-1))", "A = 1 or n = 1"),
            ("((n-1)*(u-1)*(v-1))", "A = 1 or H = 1 or n = 1"),
        ],
    )
    def test_it_says_of_no_other_size_that_it_matters(
        self, tmp_path: Path, nothing: str, where: str
    ) -> None:
        line = f"sum(e)*({nothing})/({nothing})"
        of_sizes = ["u = sum(w2*0 + 1)", "v = sum(1 + 0*q for q in A)"]
        told = verdict(tmp_path, "q1.derivation.b2", ["d(L, b2)", line], of_sizes)
        assert told.status == "holds"
        assert explanation(told) == f"line 2 has no value where {where}"

    def test_a_size_is_not_why_where_it_is_1_and_there_is_a_value(self, tmp_path: Path) -> None:
        line = "sum(e)/((n-1)**2 + X[0,0]**2)*((n-1)**2 + X[0,0]**2)"
        told = verdict(tmp_path, "q1.derivation.b2", ["d(L, b2)", line])
        assert told.status == "fails"
        assert explanation(told).startswith("line 2 has no value on some inputs on which line 1")
        assert told.failures[0].at.effort()[1] <= 2  # of simple numbers

    def test_the_condition_and_the_mistake_are_found_on_the_rest(self, tmp_path: Path) -> None:
        text = "(-t[i]/p[i] + (1-t[i])/(1-p[i])) * p[i]*(1-p[i])"
        told = verdict(tmp_path, "q2.gradient", text, ["p = softmax(y)"])
        assert (told.status, told.condition) == ("conditional", "sum(t) == 1")
        assert told.diagnosis.mistake == "sum-t-assumed"
        assert "it has no value where n = 1" in explanation(told)

    def test_a_wrong_formula_is_refused_on_the_rest(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "p[i]*sum(t) - t[i]", "(p[i]*sum(t) + t[i]) * (n-1)/(n-1)")
        assert told.status == "fails"
        assert len(told.failures[0].at.given["y"]) > 1

    def test_a_formula_without_a_value_elsewhere_too_fails_there(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "p[i]*sum(t) - t[i]", "(p[i]*sum(t) - t[i]) * t[i]/t[i]")
        assert told.status == "fails"
        assert len(told.failures[0].at.given["y"]) > 1

    def test_a_formula_wrong_for_one_class_only_fails(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "p[i]*sum(t) - t[i]", "p[i]*sum(t) - t[i] + (n == 1)")
        assert told.status == "fails"


class TestAfterALineWithoutAValue:
    """Where the line before has no value, a line owes to equal the derivative."""

    @pytest.mark.parametrize(
        ("part", "lines"),
        [
            ("q2.gradient", ["(p*sum(t)-t)/(n-1)*(n-1)", "p*sum(t)-t + 7*(n==1)"]),
            ("q2.gradient", ["d(E,y)", "(p*sum(t)-t)*y/y", "p*sum(t)-t + (y==0)"]),
            ("q2.one_hot", ["(p[i]-(i==c))*log(n)/log(n)", "p[i]-(i==c) + (n==1)"]),
            ("q1.derivation.b2", ["sum(e)*(n-1)/(n-1)", "sum(e)*(2 - (n>1))"]),
            ("q1.derivation.b2", ["sum(e)*(u-1)/(u-1)", "sum(e)*(1 + (u==1))"]),
            ("q1.derivation.w2", ["h.T @ e*(v-1)/(v-1)", "h.T @ e*(1 - (v==1))"]),
            ("q1.derivation.b1", ["sum(s, axis=0)*(n-1)/(n-1)", "sum(s, axis=0)*(n>1)"]),
            ("q1.derivation.W1", ["X.T @ s*(n-1)/(n-1)", "X.T @ s - (n==1)"]),
        ],
        ids=[
            *("one class", "a logit of 0", "one class, one-hot", "one sample"),
            *("one unit", "one input", "one sample, no gradient", "one sample, a matrix"),
        ],
    )
    def test_what_is_wrong_just_there_is_refused(
        self, tmp_path: Path, part: str, lines: list[str]
    ) -> None:
        network = ["s = outer(e, w2)*(z > 0)", "u = sum(w2*0 + 1)", "v = sum(1 + 0*q for q in A)"]
        told = verdict(tmp_path, part, lines, network if part[1] == "1" else ["p = softmax(y)"])
        assert told.status == "fails"
        refusal = told.failures[-1].refusal
        assert refusal is not None
        assert "the line before it has no value here" in refusal.note

    def test_what_is_right_there_too_holds(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "(p*sum(t)-t)/(n-1)*(n-1)", "(p*sum(t)-t)*(1/n)*n")
        assert told.status == "holds"

    def test_what_has_no_value_there_either_holds(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "(p*sum(t)-t)/(n-1)*(n-1)", "(p*sum(t)-t)*log(n)/log(n)")
        assert told.status == "holds"


class TestTooLargeForBalls:
    @pytest.mark.parametrize(
        "extra",
        [
            "0*exp(exp(exp(y)))",
            "(exp(exp(exp(9+y))) > 0)*0",
            "0/exp(-exp(exp(y**2)))",
        ],
    )
    def test_a_right_line_is_not_refused(self, tmp_path: Path, extra: str) -> None:
        told = gradient(tmp_path, "p*sum(t) - t", f"p*sum(t) - t + {extra}")
        assert (told.status, told.line) == ("untested", 2)

    def test_what_could_not_be_judged_is_counted_aloud(self, tmp_path: Path) -> None:
        right = "p*sum(t) - t"
        told = gradient(tmp_path, right, right, f"{right} + 0/exp(-exp(exp(y**2)))")
        assert tried(told).startswith("3 lines, no line found wrong on ")
        assert "; 1 could not be judged: line 3: " in tried(told)

    def test_a_wrong_line_is_refused_where_it_can_be_computed(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "p*sum(t) - t", "p*sum(t) + t + 0*exp(exp(exp(y)))")
        assert told.status == "fails"

    @pytest.mark.parametrize(
        "none",
        ["1/few", "log(few)", "sqrt(few - 1/2)", "1/(few*exp(1))", "(few*exp(1))**-1"],
    )
    def test_what_has_no_value_is_refused(self, tmp_path: Path, none: str) -> None:
        lines = ["d(E, y)", f"softmax(y)*sum(t) - t + 0*{none}"]
        told = verdict(tmp_path, "q2.gradient", lines, ["few = n < 3"])
        assert told.status == "fails"
        assert "line 2 has no value on some inputs" in explanation(told)


class TestNotJudged:
    def test_an_assumption_that_no_input_meets_is_untested(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "p[i]*sum(t) - t[i]", "p[i] when n > 100")
        assert (told.status, told.line) == ("untested", 2)
        assert told.reason == "line 2: no input meets its own assumption, n > 100"

    def test_a_line_that_is_undefined_everywhere_is_untested(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "p[i]*sum(t) - t[i]", "log(-1 - p[i]) when sum(t) == 1")
        assert (told.status, told.line) == ("untested", 2)

    def test_a_line_below_one_without_a_value_is_untested(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "p[i]*sum(t) - t[i]", "log(-1 - p[i])", "p[i]*sum(t) - t[i]")
        assert [one.status for one in told.outcomes] == ["holds", "untested", "untested"]

    def test_a_line_that_is_undefined_on_some_inputs_only_fails_there(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "p[i]*sum(t) - t[i]", "(p[i]*sum(t) - t[i]) * t[i] / t[i]")
        assert (told.status, told.line) == ("fails", 2)

    def test_a_line_that_repeats_the_one_above_gets_a_note(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "d(E, y[i])", "p[i]*sum(t) - t[i]", "p[ i ] * sum(t) - t[i]")
        assert told.status == "holds"
        assert "line 3 repeats line 2" in explanation(told)

    @pytest.mark.parametrize("last", ["d(E, y[i])", "g[i]", "d(-sum(t*log(p)), y[i])"])
    def test_an_answer_that_still_contains_a_derivative_fails(
        self, tmp_path: Path, last: str
    ) -> None:
        own = ["p = softmax(y)", "g = d(E, y)"]
        told = verdict(tmp_path, "q2.gradient", ["p[i]*sum(t) - t[i]", last], own)
        assert (told.status, told.failures) == ("fails", ())
        assert "not finished: line 2 still contains d(...)" in explanation(told)

    def test_one_that_is_right_so_far_is_told_to_be_unfinished(self, tmp_path: Path) -> None:
        lines = ["d(L, W1[a,j])", "sum(e[k] * d(y[k], W1[a,j]) for k in N)   # the chain rule"]
        told = [audited(tmp_path, "q1.derivation.W1", lines)]
        shown = as_text(told, colour=False, detailed=True)
        assert "not finished: d is left; 2 lines, no line found wrong on" in shown
        assert "q1.derivation.W1 is not finished: line 2 still contains d(...)" in shown
        assert json.loads(as_json(told))["audits"][0]["parts"][8]["status"] == "fails"

    def test_a_where_name_with_an_index_that_the_part_lacks_is_refused(
        self, tmp_path: Path
    ) -> None:
        told = verdict(tmp_path, "q1.derivation.b1", ["u"], ["u = X[0,a]"])
        assert told.status == "untested"
        assert "a name from `where` uses a, which is unknown here" in told.reason

    def test_lines_that_take_too_much_together_are_refused(self, tmp_path: Path) -> None:
        heavy = "sum(t[k]*t[m]*t[j]" + "*1" * 60 + " for k in K for m in K for j in K)"
        told = verdict(tmp_path, "q2.gradient", [f"{heavy} + {k}" for k in range(50)])
        assert "operations to evaluate all lines" in told.reason

    def test_an_assumption_too_close_to_tell_hides_no_wrong_line(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "p[i]*sum(t) - t[i]", "sum(t)/n - t[i] when sum(p) == 1")
        assert told.status == "untested"
        assert "whether an input meets sum(p) == 1 is too close to tell" in told.reason

    def test_an_assumption_too_close_to_tell_is_none_to_a_right_line(self, tmp_path: Path) -> None:
        assert gradient(tmp_path, "p[i]*sum(t) - t[i] when sum(p) == 1").status == "holds"

    def test_what_takes_too_many_bits_at_some_input_is_untested(self, tmp_path: Path) -> None:
        power = "(1 + z[k,j]**2)**64"
        lines = ["sum(s[k,j] for k in N)", f"sum(s[k,j] * {power} / {power} for k in N)"]
        told = verdict(tmp_path, "q1.derivation.b1", lines, ["s = outer(e, w2) * (z > 0)"])
        assert (told.status, told.line) == ("untested", 2)

    def test_a_name_of_the_other_part_does_no_harm(self, tmp_path: Path) -> None:
        own = ["p = softmax(y)", "pc = p[c]"]
        assert verdict(tmp_path, "q2.gradient", "p*sum(t) - t", own).status == "holds"
        assert "uses c, which is unknown here" in verdict(tmp_path, "q2.gradient", "pc", own).reason

    def test_a_line_of_many_decimals_is_no_long_key(self, tmp_path: Path) -> None:
        path = tmp_path / "answer.toml"
        zero = " + 0.0" * 60
        path.write_text(
            f"[question2]\ngradient = [\n'softmax(y)*sum(t){zero} - t',\n'0.5 == n'\n]\n"
        )
        (told,) = audit(read(str(path))).answered
        assert (told.status, told.line) == ("fails", 2)

    def test_a_very_long_line_is_judged(self, tmp_path: Path) -> None:
        assert gradient(tmp_path, "p*sum(t) - t", "p*sum(t) - t" + "+0" * 985).status == "holds"

    def test_conditions_that_can_change_at_too_many_rates_are_refused(self, tmp_path: Path) -> None:
        odd = (f"abs(abs(eta**11 - {k}) - eta**9)*abs(eta**8 - 1/3) < -1" for k in range(9))
        lines = ["0 < eta < 1/5", *[f"0 < eta < 1/5 or {' or '.join(odd)}"] * 9]
        told = verdict(tmp_path, "q3.converges", lines)
        assert "too many rates at which it can change" in told.reason

    @pytest.mark.parametrize(
        "line",
        [
            "d(E + sum(sqrt(-1 - y**2)), y)",
            "d(E + sum(log(t)), y)",
            "d(E, y) + 0*d(log(-1 - t**2), t[0])",
            "d(E, y) + 0*(1 / (y*0))**0",
        ],
    )
    def test_a_derivative_of_what_has_no_value_has_none(self, tmp_path: Path, line: str) -> None:
        told = gradient(tmp_path, "d(E, y)", line, "p*sum(t) - t")
        assert told.outcomes[0].status == "holds"
        assert told.outcomes[1].status in ("fails", "untested")

    def test_a_line_beside_one_without_a_value_is_not_refused(self, tmp_path: Path) -> None:
        told = gradient(tmp_path, "d(E, y)", "d(sum(t*log(t/p)), y)", "p*sum(t) - t")
        assert [one.judged.number for one in told.failures] == [2]

    def test_a_condition_beside_a_gap_is_met_where_it_holds(self, tmp_path: Path) -> None:
        lines = ["softmax(y)[i] - delta(i, c)", "0*y[i] when v[i] == 1"]
        assert verdict(tmp_path, "q2.one_hot", lines, ["v = 1/t"]).status == "fails"


class TestEntries:
    CASE = draw_inputs(FORMULA_ANY)[-1]

    @pytest.mark.parametrize("text", ["t[i]", "t", "sum(t[k] * delta(k, i) for k in K)"])
    def test_an_index_and_a_whole_array_say_the_same(self, text: str) -> None:
        assert list(entries(parse(text, SOFTMAX), self.CASE)) == list(self.CASE.given["t"])

    def test_one_number_stands_for_every_entry(self) -> None:
        assert len(set(entries(parse("n", SOFTMAX), self.CASE))) == 1

    def test_what_has_no_value_at_one_entry_has_one_at_the_others(self) -> None:
        found = entries(parse("1 / (i - 1)", SOFTMAX), draw_inputs(FORMULA_ANY)[0])
        assert [isinstance(one, Exception) for one in found] == [k == 1 for k in range(len(found))]


def test_the_forward_pass_shows_where_the_numbers_go_wrong(tmp_path: Path) -> None:
    path = tmp_path / "answer.toml"
    path.write_text("[question1]\ny = [-0.338, -0.294, -0.7, -0.7]\ne = [0, 0, 0, 0]\nb2 = 0\n")
    told = {one.part: one for one in audit(read(str(path))).answered}
    assert [one.status for one in told.values()] == ["holds", "fails", "fails"]
    assert (told["q1.e"].first_wrong, told["q1.b2"].first_wrong) == ("", "q1.e")


def test_a_mistake_that_begins_in_the_forward_pass_is_named(tmp_path: Path) -> None:
    path = tmp_path / "answer.toml"
    path.write_text(
        "[question1]\ny = [-0.338, -0.294, -0.7, -0.7]\ne = [-0.338, -0.294, -0.7, -0.7]\n"
    )
    (_, told) = audit(read(str(path))).answered
    assert told.diagnosis.mistake == "target-dropped"


PIECES = [*"yteELzhnikcajNKAH()[],.+-*/@<>=:#", "W1", "b1", "w2", "b2", "X", "eta", "**", "=="]
PIECES += [" ", "sum(", " for k in K", "softmax(", "d(", "log(", ".T", " when ", "1e9", "64", "0.1"]
TEXTS = st.one_of(
    st.text(max_size=40),
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.sampled_from([line.formula.text for _, line in OUR_LINES]),
)
FIELDS = st.dictionaries(
    st.sampled_from(
        [f"{table}.{key}" for table, keys in sheet_called().tables.items() for key in keys]
    ),
    st.one_of(TEXTS, st.lists(TEXTS, max_size=4), st.integers(), st.floats(allow_nan=False)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(fields=FIELDS)
def test_any_text_in_any_field_gets_a_verdict_or_a_line_of_refusal(
    tmp_path_factory: pytest.TempPathFactory, fields: dict[str, Any]
) -> None:
    fields.pop("question1.derivation", None)
    content = "".join(
        f"[{table}]\n"
        + "".join(
            f"{name.rpartition('.')[2]} = {json.dumps(value)}\n"
            for name, value in fields.items()
            if name.rpartition(".")[0] == table
        )
        for table in sheet_called().tables
    )
    path = tmp_path_factory.mktemp("any") / "answer.toml"
    path.write_text(content, encoding="utf-8", errors="surrogateescape")
    try:
        told = audit(read(str(path)))
    except Unreadable as said:
        lines = str(said)
    else:
        lines = "".join(told.answer.malformed)
        json.dumps(document(told))
    assert "\n" not in lines


def test_what_takes_too_much_at_large_inputs_is_judged_at_all_others(tmp_path: Path) -> None:
    product = "*".join(["e[k]*e[m]*z[k,q]*z[m,q]*W1[a,j]"] * 3)
    nothing = f"0 * sum(sum(sum({product} for k in N) for m in N) for q in H)"
    path = tmp_path / "answer.toml"
    path.write_text(
        f'[question1.derivation]\nW1 = "{nothing} + X.T[a] @ (e * w2[j] * (z[:,j] > 0))"\n'
    )
    (told,) = audit(read(str(path))).answered
    assert told.status == "holds"
    assert 90 < told.outcomes[0].examples < len(draw_inputs(FORMULA_NETWORKS))


def test_fractions_that_look_alike_are_shown_with_what_they_differ_by(tmp_path: Path) -> None:
    right = "softmax(y)[i] - delta(i, c)"
    told = verdict(tmp_path, "q2.one_hot", [right, f"{right} + softmax(y)[i]/10**30"])
    assert told.failure is not None
    assert told.failure.refusal is not None
    assert told.failure.refusal.sides == ("-1/2", "-0.5 (off by +5.00e-31)")


@pytest.mark.parametrize(
    ("line", "told_law"),
    [("p[i]*sum(t)*2 - t[i]", False), ("-t[i]*(1 - p[i])", False), ("exp(p[i]) + t[i]**3", True)],
    ids=["a mend is known", "a mistake is known", "nothing is known"],
)
def test_the_law_is_told_where_nothing_says_more(tmp_path: Path, line: str, told_law: bool) -> None:
    told = gradient(tmp_path, line)
    assert ("law" in dict(details(told))) == told_law


RULE = ["p[i]*sum(t) - t[i]"]


def test_lines_that_two_answers_have_alike_are_judged_once(tmp_path: Path) -> None:
    first, second = (gradient(tmp_path, *RULE) for _ in range(2))
    assert first is second


def test_lines_alike_with_other_names_of_ones_own_are_judged_apart(tmp_path: Path) -> None:
    right, wrong = (
        verdict(tmp_path, "q2.gradient", RULE, [f"p = softmax({of})"]).status for of in ("y", "2*y")
    )
    assert (right, wrong) == ("holds", "fails")


def test_lines_alike_in_another_part_are_judged_apart(tmp_path: Path) -> None:
    w2, b1 = (verdict(tmp_path, f"q1.derivation.{part}", "e @ h") for part in ("w2", "b1"))
    assert (w2.status, b1.status) == ("holds", "fails")


def test_a_decimal_is_not_taken_for_the_same_text_in_quotes(tmp_path: Path) -> None:
    path = tmp_path / "answer.toml"
    for value, malformed in (('"1.5"', 0), ("1.5", 1), ('"1.5"', 0)):
        path.write_text(f"[question2]\ngradient = {value}\n", encoding="utf-8")
        assert len(read(str(path)).malformed) == malformed


def test_what_was_computed_for_lines_is_given_back_when_they_are_judged(tmp_path: Path) -> None:
    (line,) = gradient(tmp_path, *RULE).said.lines
    assert line.workings.entries.cache_info().currsize == 0
    assert not line.workings.together.groups

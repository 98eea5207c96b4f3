"""What is said of a class: counted, grouped and compared."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gradaudit.classroom.comparing import (
    Change,
    agreements,
    changes,
    kappa,
    read_before,
    read_marks,
)
from gradaudit.classroom.page import as_html
from gradaudit.classroom.picture import Counting, Picture, Row
from gradaudit.classroom.records import Asked, record_of, task_of
from gradaudit.classroom.similar import Similar
from gradaudit.classroom.students import Student
from gradaudit.classroom.words import as_text
from gradaudit.questions.files import Unreadable

PRELUDE = "import numpy as np\ndef s(y):\n    r = np.exp(y - y.max())\n    return r / r.sum()\n"


def student(name: str) -> Student:
    return Student(name, name, "", (), ())


def record(text: str, ending: str = "toml") -> dict[str, Any]:
    task, _ = task_of([(f"a.{ending}", text.encode)], Asked())
    made: dict[str, Any] = json.loads(record_of(task))
    return made


def picture(*texts: str, ending: str = "toml") -> Picture:
    """Return the picture of a class of a, b, c and so on."""
    counting = Counting()
    for name, text in zip("abcdefghij", texts, strict=False):
        counting.add(student(name), name, record(text, ending))
    return counting.picture()


def row(name: str, **statuses: str) -> Row:
    return Row(
        student(name), name, "holds", 0, {k.replace("_", "."): v for k, v in statuses.items()}, {}
    )


def formula(text: str) -> str:
    return f'[question2]\nwhere = ["p = softmax(y)"]\ngradient = {json.dumps(text)}\n'


def rates(text: str) -> str:
    return f"[question3]\nconverges = {json.dumps(text)}\n"


class TestGroups:
    def test_formulas_with_the_same_values_are_wrong_in_the_same_way(self) -> None:
        seen = picture(formula("p[i] + 2*t[i]"), formula("2*t + p"), formula("p[i] + 3*t[i]"))
        assert [list(one.students) for one in seen.alike] == [["a", "b"]]
        assert [list(one.students) for one in seen.alone] == [["c"]]

    def test_one_that_is_wrong_in_its_own_way_is_named_with_its_student(self) -> None:
        seen = picture(formula("p[i] + 2*t[i]"), formula("p[i] + 3*t[i]"))
        text = as_text(seen)
        assert "2 more parts are wrong, each in its own way:\n      a q2.gradient, b q2.g" in text
        page = as_html(seen)
        assert "<li>a: q2.gradient</li><li>b: q2.gradient</li>" in page

    def test_functions_with_the_same_values_but_for_rounding_are(self) -> None:
        one = "def softmax_gradient(y, t):\n    return s(y) + t / 3\n"
        other = "def softmax_gradient(y, t):\n    return (3 * s(y) + t) * (1 / 3)\n"
        third = "def softmax_gradient(y, t):\n    return s(y) + t / 4\n"
        seen = picture(*(PRELUDE + text for text in (one, other, third)), ending="py")
        assert [list(one.students) for one in seen.alike] == [["a", "b"]]

    def test_conditions_with_the_same_rates_are(self) -> None:
        several = [
            "0 < eta < 3/7",
            "eta > 0 and eta < 3/7",
            "0 < eta <= 3/7",
            "eta**2 < 2",
            "eta < 1",
        ]
        seen = picture(*map(rates, [*several, "eta**4 < 4", "eta == eta", "eta != eta"]))
        assert [list(one.students) for one in seen.alike] == [["a", "b"], ["d", "f"]]

    def test_functions_whose_values_cannot_be_used_are_only_if_these_are_the_same(self) -> None:
        text = "def softmax_gradient(y, t):\n    return {}\n"
        several = ("object()", "'a'", "object()")
        seen = picture(*map(text.format, several), ending="py")
        assert [list(one.students) for one in seen.alike] == [["a", "c"]]

    def test_numbers_are(self) -> None:
        seen = picture("[question1]\nb2 = 3.5\n", "[question1]\nb2 = 3.50\n")
        assert [list(one.students) for one in seen.alike] == [["a", "b"]]

    def test_a_named_mistake_is_none(self) -> None:
        seen = picture(rates("0 < eta < 1/10"), rates("eta > 0 and eta < 1/10"))
        assert seen.alike == []
        ((name, shared),) = seen.mistakes
        assert name == "half-range"
        assert list(shared.students) == ["a", "b"]

    def test_the_example_has_the_counterexample(self) -> None:
        seen = picture(formula("p[i] + 2*t[i]"), formula("2*t + p"))
        assert ["found", "5/2"] in seen.alike[0].details


class TestCounting:
    def test_the_share_is_of_those_who_answered(self) -> None:
        seen = picture(
            rates("0 < eta < 1/5"), rates("0 < eta < 1/10"), "[question1]\nb2 = -2.732\n"
        )
        shares = {one.part: one.share for one in seen.parts}
        assert shares == {"q1.b2": 1.0, "q3.converges": 0.5}

    def test_a_reason_is_the_same_in_another_line(self) -> None:
        seen = picture(formula("("), "\n" + formula("p[i] * ("))
        (shared,) = seen.unjudged
        assert list(shared.students) == ["a", "b"]

    def test_a_part_that_only_good_answers_hold_tells(self) -> None:
        counting = Counting()
        for name, held in zip("abcd", (3, 2, 1, 0), strict=True):
            parts = [
                {
                    **{"id": part, "status": "holds" if number < held else "fails"},
                    **{"mistake": None, "alike": None, "explanation": ""},
                    **{"told": {"head": "", "details": [], "tried": ""}},
                }
                for number, part in enumerate(("easy", "fair", "hard"))
            ]
            said = {"overall": "fails", "code": 1, "unreadable": None, "malformed": []}
            said["parts"] = parts
            counting.add(student(name), name, said)
        tells = {one.part: one.tells for one in counting.picture().parts}
        assert tells["fair"] == pytest.approx(0.5**0.5)

    def test_the_text_names_a_few_of_many(self) -> None:
        counting = Counting()
        said = record(rates("0 < eta < 1/10"))
        for number in range(30):
            counting.add(student(f"s{number}"), "key", said)
        text = as_text(counting.picture())
        assert "and 18 more" in text
        assert "30  half-range" in text


class TestComparing:
    def before(self, folder: Path, **parts: str) -> Path:
        said = [{"id": k.replace("_", "."), "status": v, "mistake": None} for k, v in parts.items()]
        line = json.dumps({"name": "a", "unreadable": None, "parts": said})
        (folder / "results.jsonl").write_text(line + "\n", encoding="ascii")
        return folder

    def test_what_changed_is_told_part_by_part(self, tmp_path: Path) -> None:
        old = read_before(str(self.before(tmp_path, q1_b2="fails", q1_w2="holds")))
        (found,) = changes([row("a", q1_b2="holds", q1_w2="holds")], old)
        assert found.parts == {"q1.b2": ("fails", "holds")}

    def test_who_is_new_or_gone_is_told(self, tmp_path: Path) -> None:
        old = read_before(str(self.before(tmp_path, q1_b2="fails")))
        found = changes([row("b", q1_b2="holds")], old)
        assert [(one.name, one.parts[""][1]) for one in found] == [
            ("b", "there"),
            ("a", "not there"),
        ]

    def test_who_has_the_same_id_is_the_same_whatever_the_name(self, tmp_path: Path) -> None:
        folder = self.before(tmp_path, q1_b2="fails")
        old = [replace(one, id="7") for one in read_before(str(folder))]
        renamed = row("a (of the roster)", q1_b2="holds")
        (found,) = changes([replace(renamed, student=replace(renamed.student, id="7"))], old)
        assert found == Change("a (of the roster)", {"q1.b2": ("fails", "holds")})

    def test_who_has_an_id_in_one_run_alone_is_known_by_name(self, tmp_path: Path) -> None:
        old = read_before(str(self.before(tmp_path, q1_b2="fails")))
        now = row("a", q1_b2="holds")
        (found,) = changes([replace(now, student=replace(now.student, id="7"))], old)
        assert found.parts == {"q1.b2": ("fails", "holds")}

    def test_who_has_the_same_name_and_another_id_is_somebody_else(self, tmp_path: Path) -> None:
        folder = self.before(tmp_path, q1_b2="fails")
        old = [replace(one, id="8") for one in read_before(str(folder))]
        now = row("a", q1_b2="holds")
        found = changes([replace(now, student=replace(now.student, id="7"))], old)
        assert [one.parts[""][1] for one in found] == ["there", "not there"]

    @pytest.mark.parametrize("text", ["", "[", "{}", "[1]", '{"name": 1}'])
    def test_a_folder_that_is_none_is_told(self, tmp_path: Path, text: str) -> None:
        if text:
            (tmp_path / "results.jsonl").write_text(text, encoding="ascii")
        with pytest.raises(Unreadable, match=r"results\.jsonl"):
            read_before(str(tmp_path))


class TestMarks:
    ROWS = (
        row("a", q1="holds"),
        row("b", q1="holds"),
        row("c", q1="fails"),
        row("d", q1="untested"),
    )

    def agreed(self, folder: Path, text: str) -> Any:
        (folder / "marks.csv").write_text(text, encoding="utf-8")
        marks = read_marks(str(folder / "marks.csv"), ["q1", "q2"], with_ids=False)
        return agreements(self.ROWS, (1, 1, 0, None), marks)

    def test_who_disagrees_is_named(self, tmp_path: Path) -> None:
        (found,) = self.agreed(tmp_path, "name,q1\na,1\nb,0\nc,right\nd,1\n").parts
        assert (found.marked, found.agreed) == (3, 1)
        assert (found.ours, found.theirs) == (("b",), ("c",))

    def test_a_total_is_correlated(self, tmp_path: Path) -> None:
        assert self.agreed(tmp_path, "name,total\na,9\nb,9\nc,1\n").total == pytest.approx(1)

    def test_who_is_still_open_is_in_no_correlation(self, tmp_path: Path) -> None:
        assert self.agreed(tmp_path, "name,total\na,9\nb,9\nc,1\nd,5\n").total == pytest.approx(1)

    def test_who_is_not_there_is_named(self, tmp_path: Path) -> None:
        assert self.agreed(tmp_path, "name,q1\nz,1\n").unknown == ["z"]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("mail,q1\na,1\n", "a column id or name is wanted"),
            ("name\na\n", "one named as a part, or total; it has name"),
            ("name,q1,mail\na,1,x\n", "mail: no column is called so; they are id, name, total, q1"),
            ("id,q1\n1,1\n", "id: ids need --roster, which says whose they are"),
            ("name,q1\nz,maybe\n", "q1: maybe is no mark; 1 is right, and 0 is wrong"),
            ("name,q1\na,maybe\n", "q1: maybe is no mark; 1 is right, and 0 is wrong"),
            ("name,total\na,many\n", "total: many is no number"),
        ],
    )
    def test_a_table_that_is_none_is_told(self, tmp_path: Path, text: str, said: str) -> None:
        with pytest.raises(Unreadable, match=said):
            self.agreed(tmp_path, text)

    def test_kappa_is_cohens(self) -> None:
        pairs = (
            [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
        )
        assert kappa(pairs) == pytest.approx(0.4)

    def test_there_is_no_kappa_where_all_are_alike(self) -> None:
        assert kappa([(True, True)] * 3) is None


class TestSimilar:
    LONG = "".join(f"a{k} = b{k} * c + {k}\n" for k in range(20))

    def found(self, *texts: str) -> list[tuple[tuple[str, ...], float]]:
        similar = Similar()
        for name, text in zip("abcdef", texts, strict=False):
            similar.add(name, [text.encode()])
        return [(one.names, one.share) for one in similar.found()]

    def test_the_same_but_for_comments_and_spaces_is_identical(self) -> None:
        assert self.found("a = 1\n", "a=1  # mine\n\n", "a = 2\n") == [(("a", "b"), 1.0)]

    def test_one_line_apart_is_nearly_the_same(self) -> None:
        others = (self.LONG.replace("b", f"z{k}").replace("c", f"y{k}") for k in range(3))
        ((names, share),) = self.found(self.LONG, self.LONG + "d = 1\n", *others)
        assert names == ("a", "b")
        assert 0.9 < share < 1

    def test_short_ones_that_differ_are_not_told(self) -> None:
        assert self.found("a = 1\n", "a = 1\nb = 2\n") == []

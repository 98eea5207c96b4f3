"""What a class run writes, whatever stands in an answer."""

import csv
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from gradaudit.classroom.outputs import code, feedback, gradescope, harmless, literal, suite
from gradaudit.classroom.page import as_html
from gradaudit.classroom.picture import Counting
from gradaudit.classroom.points import Item
from gradaudit.classroom.records import Asked, record_of, task_of
from gradaudit.classroom.students import Student
from tests.running import gradaudit

TAGS = "<script>alert(1)</script><img src=x onerror=alert(2)>"
MARKUP = f'{TAGS} #let x = read("/etc/passwd") $ \\ `*_[a](http://evil)_*` &amp; "\' ]]> \x1b[31m'
WRONG = '[question2]\ngradient = "p[i] + t[i]"\nwhere = ["p = softmax(y)"]\n'


def student(name: str = "Ann", **options: Any) -> Student:
    return Student(**{"name": name, "slug": "ann", "id": "", "files": (), "notes": (), **options})


def record(text: str, **options: Any) -> dict[str, Any]:
    task, _ = task_of([("a.toml", text.encode)], Asked(), **options)
    made: dict[str, Any] = json.loads(record_of(task))
    return made


HOSTILE = {
    "a formula": f"[question2]\ngradient = {json.dumps(MARKUP)}\n",
    "a name": f"[question2]\nwhere = [{json.dumps(f'{MARKUP} = 1')}]\ngradient = 'p'\n",
    "a reason": f"[question2]\ngradient = {json.dumps(f'p[i] + t[i]  # {MARKUP}')}\n",
    "a key": f"{json.dumps(MARKUP)} = 1\n",
    "a table": f"[{json.dumps(MARKUP)}]\na = 1\n",
    "a number": f"[question1]\nb2 = {json.dumps(MARKUP)}\n",
    "a question": f"question = {json.dumps(MARKUP)}\n",
    "no TOML": MARKUP.encode("ascii", "backslashreplace").decode(),
}


class Tags(HTMLParser):
    """Collects the tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags = set[str]()
        self.attributes = set[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def page(name: str, said: dict[str, Any]) -> str:
    counting = Counting()
    for number in range(2):
        counting.add(student(f"{name}{number}"), "key", said)
    return as_html(counting.picture([name]))


@pytest.mark.parametrize("where", HOSTILE)
class TestMarkupInAnAnswer:
    def test_is_text_in_the_page(self, where: str) -> None:
        found = Tags()
        found.feed(page(MARKUP, record(HOSTILE[where])))
        plain = Tags()
        plain.feed(page("Ann", record(WRONG)))
        assert "script" not in found.tags
        assert "img" not in found.tags
        assert not any(one.startswith("on") for one in found.attributes)
        assert found.attributes <= plain.attributes

    def test_is_text_in_the_feedback(self, where: str) -> None:
        told = feedback(student(MARKUP), record(HOSTILE[where]), [])
        outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", told)  # of code
        assert not re.search(r"(?<!\\)[<\[`*$]", outside)
        assert "\x1b" not in told

    def test_is_text_in_junit(self, where: str) -> None:
        said = record(HOSTILE[where])
        tree = ElementTree.fromstring(ElementTree.tostring(suite(student("Ann"), said)))
        assert {one.tag for one in tree.iter()} <= {
            *("testsuite", "testcase", "failure", "error", "skipped"),
        }

    def test_is_text_for_gradescope(self, where: str) -> None:
        told = gradescope(record(HOSTILE[where]), [])
        assert {one["output_format"] for one in (told, *told["tests"])} == {"text"}
        assert "\x1b" not in json.dumps(told, ensure_ascii=False)

    def test_is_text_in_the_document(self, where: str) -> None:
        pytest.importorskip("typst", reason="it comes with the extra `report`")
        said = record(HOSTILE[where], as_pdf=True)
        assert said["unreadable"] or said["pdf"].startswith("JVBERi0")  # %PDF-


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "'=1"])
def test_no_cell_is_taken_for_a_formula(text: str) -> None:
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["Ann", "1/5", "a=b", ""])
def test_a_plain_cell_is_as_it_was(text: str) -> None:
    assert harmless(text) == text


@pytest.mark.parametrize("text", ["a", "`", "a``b", "``", " a", "[x](y)"])
def test_code_in_markdown_has_more_marks_around_than_inside(text: str) -> None:
    marks = code(text)
    longest = max(map(len, re.findall("`+", text)), default=0)
    assert re.fullmatch(rf"`{{{longest + 1}}} ?{re.escape(text)} ?`{{{longest + 1}}}", marks)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("one_hot", r"one\_hot"), ("a < b", r"a \< b"), ("- a", r"\- a"), ("f(x) = 1.", "f(x) = 1.")],
)
def test_text_in_markdown_is_shown_as_it_is(text: str, shown: str) -> None:
    assert literal(text) == shown


def test_feedback_shows_what_fails_and_the_counterexample() -> None:
    told = feedback(student(), record(WRONG), [])
    assert "## ✗ q2.gradient fails" in told
    assert "- input: `y = [0, 0], t = [1, 1], i = 0`" in told
    assert "- found: `3/2`" in told


def test_feedback_says_the_sentence_of_a_mistake() -> None:
    said = record('[question3]\nconverges = "0 < eta < 1/10"\n')
    assert "The range ends at the best rate, 1/10" in feedback(student(), said, [])


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what is written of a class with hostile names, weights and documents."""
    folder = tmp_path_factory.mktemp("outputs")
    answers = {
        "=cmd|' C calc'!A0": WRONG,
        "<b>bold": '[question3]\nconverges = "0 < eta < 1/5"\n',
        "zed": "[question1]\nb2 = -2.732\nw2 = [1]\n",
    }
    for name, text in answers.items():
        (folder / "class" / name).mkdir(parents=True)
        (folder / "class" / name / "a.toml").write_text(text, encoding="utf-8")
    (folder / "points.toml").write_text(
        "q3.converges = 2\nq1.b2 = 0.5\nq1.w2 = 1", encoding="utf-8"
    )
    (folder / "roster.csv").write_text("id,name\n1,zed\n2,Nobody\n", encoding="utf-8")
    words = ("--points", "points.toml", "--roster", "roster.csv", "--out", "out", "-j", "1")
    done = gradaudit("class", "class", *words, cwd=folder)
    assert done.returncode == 2, done.stderr
    return folder / "out"


def table(out: Path) -> list[dict[str, str]]:
    with open(out / "results.csv", encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_has_a_row_for_each_and_columns_for_each_part(out: Path) -> None:
    bold, formula, zed, _ = table(out)
    assert bold["q3.converges status"] == "holds"
    assert formula["q2.gradient status"] == "fails"
    assert formula["name"].startswith("'=")
    assert zed["id"] == "1"


def test_what_could_not_be_judged_has_no_points_yet(out: Path) -> None:
    bold, _, zed, _ = table(out)
    assert bold["points"] == "2"
    assert (zed["q1.b2 points"], zed["q1.w2 points"], zed["points"]) == ("0.5", "", "")


def test_what_is_not_answered_has_no_points_for_good(out: Path) -> None:
    bold, _, zed, _ = table(out)
    assert (bold["q1.w2 points"], zed["q3.converges points"]) == ("0", "0")


def test_who_of_the_roster_handed_in_nothing_has_a_row(out: Path) -> None:
    *_, nobody = table(out)
    assert (nobody.pop("name"), nobody.pop("id"), nobody.pop("overall")) == (
        "Nobody",
        "2",
        "absent",
    )
    assert set(nobody.values()) == {""}


def test_the_page_has_the_points_in_all(out: Path) -> None:
    text = (out / "class.html").read_text(encoding="utf-8")
    assert "<th>points</th>" in text
    assert '<td class="number">2</td>' in text
    assert '<td class="number">not yet</td>' in text


def test_gradescope_gets_no_score_of_what_could_not_be_judged(out: Path) -> None:
    told = json.loads((out / "gradescope" / "zed.json").read_text(encoding="ascii"))
    named = {one["name"]: one for one in told["tests"]}
    assert {"score", "status"}.isdisjoint(named["q1.w2"])
    assert (named["q1.b2"]["status"], named["q3.converges"]["status"]) == ("passed", "failed")
    assert told["output"].startswith(
        "Not the final score; not marked yet: a person looks at it: q1"
    )


class TestAnAnswerThatIsUnreadable:
    POINTS = (Item(("q1.b2",), 0.5), Item(("q1.w2",), 1))

    def test_has_no_points_yet(self) -> None:
        told = feedback(student(), record("["), self.POINTS)
        assert "Points: not marked yet: a person looks at it." in told

    @pytest.mark.parametrize("points", [POINTS, ()], ids=["with points", "without"])
    def test_has_no_final_score_for_gradescope(self, points: tuple[Item, ...]) -> None:
        told = gradescope(record("["), points)
        assert told["output"].startswith("Not the final score; not marked yet")
        assert not any("score" in one or "status" in one for one in told["tests"])
        assert len(told["tests"]) == len(points)


def test_each_line_is_a_record(out: Path) -> None:
    lines = (out / "results.jsonl").read_text(encoding="ascii").splitlines()
    records = list(map(json.loads, lines))
    assert [one["overall"] for one in records] == ["holds", "fails", "malformed"]
    assert all((out / "feedback" / one["feedback"]).is_file() for one in records)


def test_junit_counts_what_it_has(out: Path) -> None:
    suites = ElementTree.parse(out / "junit.xml").getroot()
    for one in suites:
        assert int(one.attrib["tests"]) == len(one)
        for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(one.attrib[count]) == len(one.findall(f"testcase/{tag}"))
    assert len(suites) == 3


def test_gradescope_counts_the_points(out: Path) -> None:
    (path,) = (one for one in (out / "gradescope").iterdir() if "bold" in one.name)
    told = json.loads(path.read_text(encoding="ascii"))
    assert told["score"] == 2
    assert sum(one["max_score"] for one in told["tests"]) == 3.5


def test_feedback_says_nothing_of_anybody_else(out: Path) -> None:
    told = (out / "feedback" / "zed.md").read_text(encoding="utf-8")
    assert "Points: 0.5 of 3.5 so far; not marked yet: a person looks at it: q1.w2." in told
    assert "bold" not in told
    assert "Nobody" not in told


def test_the_page_loads_nothing_and_says_so(out: Path) -> None:
    text = (out / "class.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in text
    found = Tags()
    found.feed(text)
    assert found.tags.isdisjoint({"script", "link", "img", "iframe", "object"})
    assert "src" not in found.attributes


def test_who_handed_in_nothing_is_on_the_page(out: Path) -> None:
    assert "Nobody" in (out / "class.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ("q9 = 1", "q9: no part is called so"),
        ("q1.b2 = -1", "q1.b2: a number of points is wanted"),
        ("q1.b2 = true", "q1.b2: a number of points is wanted"),
        ("q1.b2 = inf", "q1.b2: a number of points is wanted"),
        (f"q1.b2 = {10**400}", "q1.b2: a number of points is wanted"),
        ("", "it is empty"),
        ("q1.", "it is not TOML"),
    ],
)
def test_points_that_are_none_are_told_in_a_line(tmp_path: Path, points: str, said: str) -> None:
    (tmp_path / "class").mkdir()
    (tmp_path / "points.toml").write_text(points, encoding="utf-8")
    done = gradaudit("class", "class", "--points", "points.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"gradaudit: class: --points points.toml: {said}")
    assert done.stderr.count("\n") == 1


def test_no_extra_is_loaded_that_a_class_does_not_need() -> None:
    loaded = (
        "import sys, gradaudit.classroom.marking;"
        "print([name for name in ('nbformat', 'typst', 'distributed') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, check=True)
    assert done.stdout == b"[]\n"


class TestWithoutMends:
    FORMULA = '[question2]\ngradient = "softmax(y)*sum(y) - t"\n'

    def test_feedback_says_what_is_wrong_and_not_what_would_be_right(self) -> None:
        with_it, without = (
            feedback(student(), record(self.FORMULA, no_mends=one), []) for one in (False, True)
        )
        assert "y should be t`" in with_it
        assert "should be" not in without
        assert "found: `" in without

    def test_nothing_else_says_it(self) -> None:
        said = record(self.FORMULA, no_mends=True)
        assert "should be" not in json.dumps(said)

    def test_a_function_is_not_told_where_it_differs_from_our_own(self) -> None:
        code = b"import numpy as np\ndef softmax_gradient_one_hot(y, c):\n"
        code += b"    p = np.exp(y - y.max())\n    p /= p.sum()\n    p[c] += 1\n    return p\n"
        with_it, without = (
            json.loads(record_of(task_of([("a.py", lambda: code)], Asked(), no_mends=one)[0]))
            for one in (False, True)
        )
        assert "is wrong" in json.dumps(with_it["parts"])
        assert "is wrong" not in json.dumps(without["parts"])


def test_feedback_does_not_miss_what_an_alternative_stands_for() -> None:
    said = record('[question1.derivation]\nW1 = "X.T @ (outer(e, w2)*(z > 0))"\n')
    points = [
        Item(("q1.W1", "q1.derivation.W1", "q1.gradients"), 2),
        Item(("q1.b1", "q1.derivation.b1"), 1),
        Item(("q3.converges",), 1),
    ]
    told = feedback(student(), said, points)
    assert "Not answered: q1.b1, q3.converges." in told

"""`gradaudit class`, as a teaching assistant runs it."""

import json
import os
import pty
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from gradaudit.classroom import marking
from gradaudit.command import main
from tests.running import gradaudit

HOUSE = Path(__file__).parent.parent
RIGHT = '[question3]\nconverges = "0 < eta < 1/5"\n'
WRONG = '[question3]\nconverges = "0 < eta < 1/10"\n'
PYTHON = "def converges(eta):\n    return 0 < eta < 0.2\n"
MANY = 10_000


def write(folder: Path, **texts: str | bytes) -> Path:
    """Write files, in whose names `__` stands for a slash and `_` before an ending for a dot."""
    for name, text in texts.items():
        stem, _, ending = name.replace("__", "/").rpartition("_")
        path = folder / f"{stem}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def rows(*words: str, cwd: Path) -> list[str]:
    """Return the rows that are printed of the class in a folder."""
    done = gradaudit("class", "class", *words, cwd=cwd)
    return done.stdout.partition("\n\n")[0].splitlines()


def test_each_answer_has_a_row_and_the_worst_is_the_exit_code(tmp_path: Path) -> None:
    write(tmp_path / "class", ann_toml=RIGHT, bob_toml=WRONG)
    done = gradaudit("class", "class", cwd=tmp_path)
    assert done.stdout.startswith(
        "ann  ✓ holds       1 hold\nbob  ✗ fails       q3.converges fails\n\n2 answers: "
    )
    assert done.stderr == ""
    assert done.returncode == 1


class TestFilesOfOneStudent:
    def test_are_one_answer(self, tmp_path: Path) -> None:
        write(tmp_path / "class", ann__a_toml="[question1]\nb2 = -2.732\n", ann__b_py=PYTHON)
        assert rows(cwd=tmp_path) == ["ann  ✓ holds       2 hold"]

    @pytest.mark.parametrize("other", ["file2", "file1", "hw_1", "hw-2"])
    def test_are_all_judged_whatever_they_are_called(self, tmp_path: Path, other: str) -> None:
        folder = tmp_path / "class/ann"
        write(folder, **{f"{other}_toml": "[question1]\nb2 = -2.732\n"})
        for name in ("hw 1;.TOML", "hw-1.toml"):
            (folder / name).write_text(RIGHT, encoding="utf-8")
        (folder / "hw-1.toml").write_text("[question2]\ngradient = '2*y'\n", encoding="utf-8")
        assert rows(cwd=tmp_path) == ["ann  ✗ fails       q2.gradient fails; 2 hold"]

    def test_keep_their_names_where_they_are_told(self, tmp_path: Path) -> None:
        write(tmp_path / "class", ann__file1_toml=RIGHT)
        (tmp_path / "class/ann/my answer.toml").write_text("not TOML", encoding="utf-8")
        assert rows(cwd=tmp_path)[0].startswith("ann  ! malformed   my answer.toml: it is not TOML")

    def test_are_not_imported_in_place_of_others(self, tmp_path: Path) -> None:
        uses = "import file1\ndef converges(eta):\n    return 0 < eta < file1.high\n"
        write(tmp_path / "class", ann__main_py=uses, ann__file1_py="high = 0.2\n")
        (tmp_path / "class/ann/;.py").write_text("high = 7\n", encoding="utf-8")
        assert rows(cwd=tmp_path) == ["ann  ✓ holds       1 hold"]

    def test_may_import_each_other(self, tmp_path: Path) -> None:
        uses = "import rates\ndef converges(eta):\n    return rates.low < eta < rates.high\n"
        write(tmp_path / "class", ann__a_py=uses, ann__rates_py="low, high = 0, 0.2\n")
        assert rows(cwd=tmp_path) == ["ann  ✓ holds       1 hold"]

    @pytest.mark.parametrize(
        ("name", "uses"),
        [
            ("a_py", "from rates.low import LOW\nfrom rates import HIGH\n"),
            ("a_py", "import rates.low\nLOW, HIGH = rates.low.LOW, rates.HIGH\n"),
            ("rates__a_py", "from .low import LOW\nfrom . import HIGH\n"),
            ("src__a_py", "from rates.low import *\nfrom rates import *\n"),
        ],
        ids=["by its name", "as a whole", "from within", "from another folder"],
    )
    def test_may_be_a_package(self, tmp_path: Path, name: str, uses: str) -> None:
        answer = uses + "def converges(eta):\n    return LOW < eta < HIGH\n"
        write(tmp_path / "class", ann__rates__low_py="LOW = 0\n", **{f"ann__{name}": answer})
        (tmp_path / "class/ann/rates/__init__.py").write_text("HIGH = 0.2\n", encoding="utf-8")
        assert rows(cwd=tmp_path) == ["ann  ✓ holds       1 hold"]

    def test_do_not_hide_what_comes_with_python(self, tmp_path: Path) -> None:
        uses = "import random\nfrom mine import random as own\n"
        answer = f"{uses}def converges(eta):\n    random.random()\n    return 0 < eta < own.high\n"
        write(tmp_path / "class", ann__a_py=answer, ann__mine__random_py="high = 0.2\n")
        assert rows(cwd=tmp_path) == ["ann  ✓ holds       1 hold"]

    def test_that_answer_the_same_twice_are_told(self, tmp_path: Path) -> None:
        write(tmp_path / "class", ann__a_toml=RIGHT, ann__b_toml=RIGHT)
        (row,) = rows(cwd=tmp_path)
        assert "it stands in a.toml and in b.toml; leave one of them" in row

    def test_that_cannot_be_read_do_not_touch_the_others(self, tmp_path: Path) -> None:
        write(tmp_path / "class", ann__a_toml=RIGHT, ann__b_toml="[", ann__c_pdf="x")
        (row,) = rows("--out", "out", cwd=tmp_path)
        assert row.startswith("ann  ! malformed   b.toml: it is not TOML")
        assert row.endswith("1 hold")
        (line,) = (tmp_path / "out" / "results.jsonl").read_text(encoding="ascii").splitlines()
        assert json.loads(line)["not_read"][0].startswith("c.pdf: a .pdf file is not read")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a_py", b"# coding: latin-1\nname = '\xe9'\n" + PYTHON.encode(), "1 hold"),
        ("a_py", b"\xef\xbb\xbf" + PYTHON.encode(), "1 hold"),
        ("a_toml", b"\xef\xbb\xbf" + RIGHT.encode(), "1 hold"),
        ("a_toml", RIGHT.replace("\n", "\r\n").encode(), "1 hold"),
        ("a_toml", RIGHT.encode("utf-16"), "it is not text in UTF-8"),
        ("a_TOML", RIGHT.encode(), "1 hold"),
        ("a_pdf", b"%PDF", "a .pdf file is not read; write the answer as TOML"),
    ],
    ids=["latin-1", "a mark in Python", "a mark in TOML", "Windows", "UTF-16", "capitals", "a PDF"],
)
def test_a_file_is_read_or_its_row_says_why_not(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    write(tmp_path / "class", **{name: content})
    (row,) = rows("-j", "1", cwd=tmp_path)
    assert said in row


def test_a_name_does_nothing_to_a_terminal(tmp_path: Path) -> None:
    write(tmp_path / "class", **{"\x1b[2J\nann_toml": RIGHT})
    assert rows(cwd=tmp_path) == ["\\x1b[2J\\nann  ✓ holds       1 hold"]


def test_many_files_are_many_rows_in_order(tmp_path: Path) -> None:
    (tmp_path / "class").mkdir()
    for number in range(MANY):
        (tmp_path / "class" / f"s{number:05}.toml").write_text(RIGHT, encoding="utf-8")
    names = [row.split()[0] for row in rows(cwd=tmp_path)]
    assert names == [f"s{number:05}" for number in range(MANY)]


def test_where_python_cannot_be_contained_the_rest_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marking, "containment", lambda _: "no sandbox holds it")
    write(tmp_path / "class", ann_py=PYTHON, bob_toml=RIGHT, cy__a_py=PYTHON, cy__a_toml=RIGHT)
    assert rows(cwd=tmp_path) == [
        "ann  ! unreadable  no sandbox holds it",
        "bob  ✓ holds       1 hold",
        "cy   ! malformed   a.py: no sandbox holds it; 1 hold",
    ]


def test_python_that_draws_plots_is_judged_by_its_functions(tmp_path: Path) -> None:
    plots = "import matplotlib.pyplot as plt\n" + PYTHON + "plt.plot([1, 2])\nplt.show()\n"
    write(tmp_path / "class", ann_py=plots, bob_py=PYTHON)
    ann, bob = (row.split(maxsplit=1)[1] for row in rows("--out", "out", cwd=tmp_path))
    assert ann == bob
    told = (tmp_path / "out/feedback/ann.md").read_text(encoding="utf-8")
    assert "only its functions were run" in told
    assert "matplotlib" in told


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Return what is printed of a class with every kind of fault, and its folder."""
    folder = tmp_path_factory.mktemp("faults")
    files = {"broken__answer_toml": "[", "broken__net_py": PYTHON, "unreadable_toml": "[["}
    files |= {"empty_py": "x = 1\n", "key__a_toml": "[q9]\na = 1\n", "key__net_py": PYTHON}
    files |= {"part_toml": "[question1]\nw2 = [1]\n", "scan__a_toml": RIGHT, "scan__b_pdf": "x"}
    files |= {"Word__Homework_docx": "x"}
    write(folder / "class", **files)
    done = gradaudit("class", "class", "-j", "1", "--out", "out", cwd=folder)
    assert done.returncode == 2, done.stderr
    end = done.stdout.partition("\nNot judged, and why\n")[2]
    return " ".join(end.split()), folder


class TestNotJudgedAndWhy:
    """All that could not be read is told at the end, with whose it is."""

    @pytest.mark.parametrize(
        "line",
        [
            "answer.toml: it is not TOML: Invalid initial character for a key part (at end of "
            "document) broken",
            "it is not TOML: Invalid initial character for a key part (at end of document) "
            "unreadable",
            "it defines none of network_gradients, softmax_gradient, softmax_gradient_one_hot, "
            "converges empty",
            "a.toml: q9: unknown table or key; known are question1, question2, question3 key",
            "q1.w2: question1.w2: wanted a list of 3 numbers, found a list of 1 part",
            "b.pdf: a .pdf file is not read; write the answer as TOML, as `gradaudit template` "
            "prints it scan",
        ],
    )
    def test_has_each_fault_with_whose_it_is(self, faults: tuple[str, Path], line: str) -> None:
        assert f"1 {line}" in faults[0]

    def test_has_the_fault_of_a_part_once(self, faults: tuple[str, Path]) -> None:
        assert faults[0].count("wanted a list of 3 numbers") == 1

    def test_is_on_the_page_as_well(self, faults: tuple[str, Path]) -> None:
        page = (faults[1] / "out/class.html").read_text(encoding="utf-8")
        assert "answer.toml: it is not TOML" in page
        assert "it defines none of" in page

    def test_shows_unreadable_cells_as_not_judged(self, faults: tuple[str, Path]) -> None:
        page = (faults[1] / "out/class.html").read_text(encoding="utf-8")
        cells = page.partition("feedback/unreadable.md")[2].partition("</tr>")[0]
        assert cells.count('class="cell untested" title="q1.w2: not judged">?') == 1
        assert "unanswered" not in cells

    @pytest.mark.parametrize("place", ["out/results.csv", "out/feedback/Word.md"])
    def test_is_told_once_elsewhere(self, faults: tuple[str, Path], place: str) -> None:
        text = (faults[1] / place).read_text(encoding="utf-8").replace("\\", "")
        assert text.count("Homework.docx: a .docx file is not read") == 1


def test_a_module_that_others_import_is_a_note_and_no_fault(tmp_path: Path) -> None:
    write(tmp_path / "class", ann__net_py=PYTHON, ann__helper_py="low = 0\n")
    (row,) = rows("--out", "out", cwd=tmp_path)
    assert row == "ann  ✓ holds       1 hold"
    told = (tmp_path / "out/feedback/ann.md").read_text(encoding="utf-8")
    assert "Notes:\n\n- helper.py: no function that is asked for is in it\n" in told
    assert "Not read" not in told


@pytest.mark.parametrize(
    ("text", "row", "section"),
    [
        ("import seaborn\n", "ann  ✓ holds ", "Notes"),
        ("def softmax_gradient(y, t)\n", "ann  ! malformed ", "Not read"),
    ],
    ids=["is a note", "is a fault where it has a function that is asked for"],
)
def test_a_file_that_cannot_be_imported_beside_an_answer(
    tmp_path: Path, text: str, row: str, section: str
) -> None:
    write(tmp_path / "class", ann__net_py=PYTHON, ann__plots_py=text)
    assert rows("--out", "out", cwd=tmp_path)[0].startswith(row)
    told = (tmp_path / "out/feedback/ann.md").read_text(encoding="utf-8")
    assert f"{section}:\n\n- plots.py: it cannot be imported: line 1: " in told


def test_a_function_that_is_misspelt_beside_an_answer_is_a_fault(tmp_path: Path) -> None:
    misspelt = PYTHON.replace("converges", "converge")
    write(tmp_path / "class", ann__a_toml="[question1]\nb2 = -2.732\n", ann__net_py=misspelt)
    (row,) = rows(cwd=tmp_path)
    assert row.startswith("ann  ! malformed   net.py: it defines none of")
    assert row.endswith("(found converge); 1 hold")


class TestASecondRun:
    def test_judges_what_changed_only(self, tmp_path: Path) -> None:
        write(tmp_path / "class", ann_toml=RIGHT, bob_toml=RIGHT + "\n")
        rows("--out", "out", cwd=tmp_path)
        kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "out/judged").iterdir()}
        write(tmp_path / "class", bob_toml=WRONG)
        assert rows("--out", "out", cwd=tmp_path)[1] == "bob  ✗ fails       q3.converges fails"
        assert all(path.stat().st_mtime_ns == when for path, when in kept.items())
        assert len(list((tmp_path / "out/judged").iterdir())) == len(kept) + 1

    def test_forgets_what_is_kept_if_it_is_told_to(self, tmp_path: Path) -> None:
        write(tmp_path / "class", ann_toml=RIGHT)
        (before,) = rows("--out", "out", cwd=tmp_path)
        (path,) = (tmp_path / "out/judged").iterdir()
        text = path.read_text(encoding="ascii")
        path.write_text(text.replace("1 hold", "9 hold"), encoding="ascii")
        assert "9 hold" in rows("--out", "out", cwd=tmp_path)[0]
        assert rows("--out", "out", "--again", cwd=tmp_path) == [before]

    def test_leaves_no_feedback_of_who_is_gone(self, tmp_path: Path) -> None:
        write(tmp_path / "class", ann_toml=RIGHT, bob_toml=WRONG)
        rows("--out", "out", cwd=tmp_path)
        (tmp_path / "class/bob.toml").unlink()
        rows("--out", "out", cwd=tmp_path)
        assert [path.name for path in (tmp_path / "out/feedback").iterdir()] == ["ann.md"]

    def test_after_a_question_was_corrected_says_what_changed(self, tmp_path: Path) -> None:
        question = '[q]\ntitle = "Q"\ntask = "Find it."\ngiven = "x[N]"\ndefine = ["L = {}"]\n'
        question += 'parts.x = "d(L, x[i])"\nanswers.x = "{}"\n'
        write(tmp_path, q_toml=question.format("sum(x**2)", "2*x[i]"))
        write(tmp_path / "class", ann_toml='[q]\nx = "x[i]"\n', bob_toml='[q]\nx = "2*x[i]"\n')
        words = ("--question", "q.toml", "--out")
        rows(*words, "old", cwd=tmp_path)
        write(tmp_path, q_toml=question.format("sum(x**2)/2", "x[i]"))
        done = gradaudit("class", "class", *words, "new", "--compare", "old", cwd=tmp_path)
        said = done.stdout.partition("What changed\n")[2].splitlines()
        assert said[:2] == ["  ann: q.x fails → holds", "  bob: q.x holds → fails"]


def test_a_second_run_into_a_folder_is_kept_out_while_the_first_is_at_it(tmp_path: Path) -> None:
    write(tmp_path / "class", ann_toml=RIGHT)
    before = rows("--out", "out", cwd=tmp_path)
    with marking._alone_in(tmp_path / "out"):
        done = gradaudit("class", "class", "--out", "out", "--again", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ("gradaudit: class: --out out: another run writes into it; wait for it\n")
    assert len(list((tmp_path / "out/judged").iterdir())) == 1
    assert rows("--out", "out", cwd=tmp_path) == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "nowhere: no such folder"),
        (["class", "--question", "nothing"], "--question nothing: no question of the library"),
        (["class", "--roster", "r.csv"], "--roster r.csv: no such file"),
        (["class", "--out", "class/out"], "--out class/out: it lies in class; name a folder"),
        (["class", "--out", "other"], "--out other: something else is in it; name a new folder"),
        (["class", "--marks", "m.csv"], "--marks m.csv: q9: no column is called so; they are id,"),
        (["class", "--marks", "i.csv"], "--marks i.csv: id: ids need --roster, which says whose"),
        (["class", "--compare", "other"], "--compare other: results.jsonl cannot be read"),
    ],
)
def test_what_is_wrong_with_an_option_is_one_line(
    tmp_path: Path, words: list[str], said: str
) -> None:
    write(tmp_path / "class", ann_toml=RIGHT)
    write(tmp_path / "other", precious_txt="x")
    write(tmp_path, m_csv="name,q3.converges,q9\nann,1,1\n", i_csv="id,q3.converges\n1,1\n")
    done = gradaudit("class", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith(f"gradaudit: class: {said}")
    assert done.stderr.count("\n") == 1
    assert (tmp_path / "other/precious.txt").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["class", "--help"], "auto, which is bubblewrap, else landlock, else no Python is judged"),
        (["--help"], "auto for your own"),
    ],
    ids=["strangers", "oneself"],
)
def test_the_help_says_what_auto_is_for(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(words)
    assert said in " ".join(capsys.readouterr().out.split())


def test_a_terminal_gets_a_progress_bar(tmp_path: Path) -> None:
    write(tmp_path / "class", ann_toml=RIGHT)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    os.set_blocking(ours, False)
    with open(ours, "rb") as terminal, open(theirs, "wb") as end:
        done = subprocess.run(
            [sys.executable, "-m", "gradaudit", "class", "class", "-j", "1"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=end,
            env={**os.environ, "PYTHONPATH": str(HOUSE)},
            check=True,
            timeout=60,
        )
        shown = os.read(terminal.fileno(), 10_000)
    assert b" answers" in shown
    assert done.stdout.startswith("ann  ✓ holds       1 hold\n".encode())

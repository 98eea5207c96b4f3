"""The command, run as a process where that matters, and else in this one."""

import json
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from gradaudit import __version__
from gradaudit.answers import process
from gradaudit.answers.asked import sheet_called
from gradaudit.answers.reading import answers_in, read
from gradaudit.answers.verdicts import audit
from gradaudit.command import COMMANDS, _is_no_pdf, main, run, wants_colour
from gradaudit.questions.files import Unreadable
from gradaudit.telling import verdicts as telling
from gradaudit.telling.mistakes import known
from tests.running import gradaudit


def process_of(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gradaudit", *words],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def write(folder: Path, name: str, content: str) -> str:
    (folder / name).write_text(content, encoding="utf-8")
    return name


def statuses(told: str) -> dict[str, str]:
    (only,) = json.loads(told)["audits"]
    return {part["id"]: part["status"] for part in only["parts"]}


WRONG_TOML = """
[question1]
W1 = [[0.0122, 0, 0.061], [-0.0268, 0, -0.135]]
b2 = -2.732
[question2]
gradient = "softmax(y) - t"
one_hot = "softmax(y)"
[question3]
converges = "0 < eta <= 1/5"
"""
WRONG_PYTHON = """
import numpy as np
print("to nobody")

def network_gradients(W1, b1, w2, b2, X, t):
    z = X @ W1 + b1
    h = np.maximum(z, 0)
    e = h @ w2 + b2 - t
    delta = np.outer(e, w2)
    return X.T @ delta, delta.sum(axis=0), h.T @ e, e.sum()

def softmax_gradient(y, t):
    p = np.exp(y - y.max())
    return p / p.sum() - t

def softmax_gradient_one_hot(y, c):
    p = np.exp(y) / np.exp(y).sum()
    p[c] -= 1
    return p
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("answers")
    write(folder, "wrong.toml", WRONG_TOML)
    write(folder, "wrong.py", WRONG_PYTHON)
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of answers that are wrong and soon judged, where only the outcome matters."""
    folder = tmp_path_factory.mktemp("small")
    write(folder, "wrong.toml", '[question3]\nconverges = "0 < eta <= 1/5"\n')
    write(folder, "wrong.py", "def converges(eta):\n    return 0 < eta <= 0.2\n")
    return folder


@pytest.fixture(scope="module")
def wrong_toml(folder: Path) -> Any:
    return gradaudit("wrong.toml", "--format", "json", cwd=folder)


@pytest.fixture(scope="module")
def wrong_toml_text(folder: Path) -> str:
    return gradaudit("wrong.toml", cwd=folder).stdout


@pytest.fixture(scope="module")
def wrong_py(folder: Path) -> Any:
    return gradaudit("wrong.py", "--format", "json", cwd=folder)


def parts_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    (only,) = json.loads(done.stdout)["audits"]
    return {part["id"]: part for part in only["parts"]}


class TestWrongToml:
    def test_each_part_has_its_status(self, wrong_toml: Any) -> None:
        assert statuses(wrong_toml.stdout) == dict.fromkeys(sheet_called().parts, "unanswered") | {
            "q1.W1": "fails",
            "q1.b2": "holds",
            "q2.gradient": "conditional",
            "q2.one_hot": "fails",
            "q3.converges": "fails",
        }

    def test_the_audit_does_not_hold(self, wrong_toml: Any) -> None:
        (told,) = json.loads(wrong_toml.stdout)["audits"]
        assert (told["answer"], told["holds"], told["answered"]) == ("wrong.toml", False, 5)

    def test_it_gives_the_same_bytes_every_time(self, folder: Path, wrong_toml: Any) -> None:
        again = process_of("wrong.toml", "--format", "json", cwd=folder)
        assert again.stdout == wrong_toml.stdout

    def test_a_condition_comes_with_the_smallest_counterexample(self, wrong_toml: Any) -> None:
        part = parts_of(wrong_toml)["q2.gradient"]
        assert part["condition"] == "sum(t) == 1"
        assert part["counterexample"] == {
            "inputs": {"y": ["0", "0"], "t": ["1", "1"], "i": "0"},
            "expected": "0",
            "found": "-1/2",
        }

    def test_a_wrong_number_is_named_by_its_place(self, wrong_toml: Any) -> None:
        example = parts_of(wrong_toml)["q1.W1"]["counterexample"]
        place = (example["inputs"]["a"], example["inputs"]["j"])
        assert (place, example["expected"], example["found"]) == (("1", "2"), "-0.134", "-0.135")

    def test_a_wrong_range_is_shown_at_its_end(self, wrong_toml: Any) -> None:
        assert parts_of(wrong_toml)["q3.converges"]["counterexample"] == {
            "inputs": {"eta": "1/5"},
            "expected": "does not converge",
            "found": "converges",
        }

    def test_every_part_has_every_key(self, wrong_toml: Any) -> None:
        keys = {
            "id",
            "question",
            "status",
            "condition",
            "line",
            "mistake",
            "candidates",
            "form",
            "factor",
            "hidden",
        }
        keys |= {"explanation", "laws", "lines", "counterexample", "mend", "needs", "given"}
        assert all(set(part) == keys for part in parts_of(wrong_toml).values())

    @pytest.mark.parametrize(
        ("part", "mistake"),
        [("q2.gradient", "sum-t-assumed"), ("q3.converges", "closed-upper"), ("q1.W1", None)],
    )
    def test_the_mistake_is_named(self, wrong_toml: Any, part: str, mistake: str | None) -> None:
        told = parts_of(wrong_toml)[part]
        assert (told["mistake"], told["candidates"]) == (mistake, [mistake] if mistake else [])

    def test_a_formula_is_line_one(self, wrong_toml: Any) -> None:
        parts = parts_of(wrong_toml)
        assert (parts["q2.gradient"]["line"], parts["q1.W1"]["line"]) == (1, None)

    @pytest.mark.parametrize(
        "line",
        ["expected  dE/dy[0] = 0", "found     -1/2", "input     y = [0, 0], t = [1, 1]"],
    )
    def test_the_text_shows_the_counterexample(self, wrong_toml_text: str, line: str) -> None:
        assert line in wrong_toml_text

    def test_the_text_names_the_mistake(self, wrong_toml_text: str) -> None:
        assert "(sum-t-assumed)" in wrong_toml_text

    def test_without_a_terminal_there_is_no_colour(self, wrong_toml_text: str) -> None:
        assert "\x1b" not in wrong_toml_text


class TestPython:
    @pytest.mark.parametrize(
        ("part", "status"),
        [
            ("q1.gradients", "fails"),
            ("q2.gradient", "conditional"),
            ("q2.one_hot", "fails"),
            ("q3.converges", "unanswered"),
        ],
    )
    def test_each_function_is_judged(self, wrong_py: Any, part: str, status: str) -> None:
        assert statuses(wrong_py.stdout)[part] == status

    def test_what_it_prints_is_not_shown(self, wrong_py: Any) -> None:
        assert (wrong_py.returncode, wrong_py.stderr) == (1, "")

    def test_the_counterexample_is_one_sample_one_input_one_unit(self, wrong_py: Any) -> None:
        inputs = parts_of(wrong_py)["q1.gradients"]["counterexample"]["inputs"]
        assert (len(inputs["X"]), len(inputs["X"][0]), len(inputs["b1"])) == (1, 1, 1)

    def test_what_is_only_not_finite_at_huge_logits_is_told_so(self, wrong_py: Any) -> None:
        says = "mathematically right on all other inputs tried, but nan where a number overflows "
        says += "or becomes 0"
        assert parts_of(wrong_py)["q2.one_hot"]["explanation"] == says

    def test_what_is_finite_nowhere_is_not_called_right_elsewhere(self, tmp_path: Path) -> None:
        content = "import numpy as np\ndef softmax_gradient(y, t):\n    return y * np.nan\n"
        (verdict,) = audit(read(str(tmp_path / write(tmp_path, "nan.py", content)))).answered
        assert (verdict.status, verdict.finite_elsewhere) == ("fails", False)

    def test_it_leaves_nothing_behind(self, folder: Path, wrong_py: Any) -> None:
        assert wrong_py.stdout
        assert {path.name for path in folder.iterdir()} == {"wrong.py", "wrong.toml"}

    @pytest.mark.parametrize(
        ("body", "status", "says"),
        [
            ("raise ValueError('not yet')", "untested", "it raises ValueError: not yet"),
            ("import numpy; return numpy.longdouble(1) * (eta > 0)", "fails", "dtype"),
            ("class E(Exception): __str__ = None\n    raise E", "untested", "cannot be shown"),
            ("import os; os._exit(3)", "untested", "it ended its own process (exit code 3)"),
            ("import sys; sys.exit(3)", "untested", "it raises SystemExit: 3"),
            ("import os; os.write(1, b'{}\\n'); return eta > 0 and eta < 0.2", "holds", ""),
            ("print('x' * 10**5); return eta > 0 and eta < 0.2", "holds", ""),
            ("return [0] * 10**6", "fails", "a list"),
            ("if eta < 0: raise ValueError('no')\n    return eta > 0 and eta < 0.2", "fails", "no"),
        ],
        ids=[
            "raises",
            "returns a long double",
            "raises what cannot be shown",
            "ends",
            "exits",
            "writes to the output itself",
            "prints",
            "returns much",
            "raises below",
        ],
    )
    def test_a_bad_function_is_told_in_a_line(
        self,
        tmp_path: Path,
        capfd: pytest.CaptureFixture[str],
        body: str,
        status: str,
        says: str,
    ) -> None:
        content = f"def converges(eta):\n    {body}\n"
        path = tmp_path / write(tmp_path, "odd.py", content)
        run([str(path)], as_json=False)
        told = capfd.readouterr()
        (line,) = (line for line in told.out.splitlines() if line.startswith("  q3.converges"))
        assert status in line
        assert says in told.out
        assert (told.err, "Traceback" in told.out) == ("", False)

    def test_a_function_that_hangs_is_untested(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(process, "CALL_SECONDS", 0.5)
        content = "import time\ndef converges(eta):\n    time.sleep(1000)\n"
        name = write(tmp_path, "hangs.py", content)
        (verdict,) = audit(read(str(tmp_path / name))).answered
        assert (verdict.status, "it hangs" in verdict.reason) == ("untested", True)

    def test_a_function_that_is_slow_at_every_call_is_untested(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(process, "ALL_CALLS_SECONDS", 0.3)
        content = (
            "import time\ndef converges(eta):\n    time.sleep(0.1)\n    return 0 < eta < 0.2\n"
        )
        (verdict,) = audit(read(str(tmp_path / write(tmp_path, "slow.py", content)))).answered
        assert (verdict.status, verdict.reason[:10]) == ("untested", "it is slow")

    def test_patching_numpy_in_one_function_leaves_the_other_alone(self, tmp_path: Path) -> None:
        content = (
            "import numpy as np\n"
            "def softmax_gradient_one_hot(y, c):\n"
            "    p = np.exp(y - y.max())\n    p /= p.sum()\n    p[c] -= 1\n    return p\n"
            "def network_gradients(*arguments):\n"
            "    np.exp = np.sin\n    return [0]\n"
        )
        answer = read(str(tmp_path / write(tmp_path, "patches.py", content)))
        found = {one.part: one.status for one in audit(answer).answered}
        assert found == {"q1.gradients": "fails", "q2.one_hot": "holds"}

    def test_a_module_beside_the_answer_can_be_imported_whatever_its_name(
        self, tmp_path: Path
    ) -> None:
        write(tmp_path, "properties.py", "LIMIT = 0.2\n")
        content = "from properties import LIMIT\ndef converges(eta):\n    return 0 < eta < LIMIT\n"
        (verdict,) = audit(read(str(tmp_path / write(tmp_path, "a.py", content)))).answered
        assert verdict.status == "holds"


class TestUnreadable:
    @pytest.mark.parametrize(
        ("name", "content", "says"),
        [
            ("binary.toml", b"\x00\xff\xfe\x80", "not text in UTF-8"),
            ("wide.toml", "b2 = 1".encode("utf-16-be"), "not text in UTF-8; save it as such"),
            ("wide.py", "b2 = 1".encode("utf-16"), "not text in UTF-8; save it as such"),
            ("not.toml", b"what = = is", "not TOML"),
            ("deep.toml", b"x = " + b"[" * 1000, "not TOML"),
            ("deep2.toml", b"x = " + b"[" * 5000 + b"]" * 5000, "not TOML"),
            ("broken.py", b"def f(:\n", "line 1: SyntaxError"),
            ("raises.py", b"x = 1\nx / 0\n", "line 2: ZeroDivisionError: division by zero"),
            ("exits.py", b"import sys\nsys.exit(0)\n", "line 2: SystemExit: 0"),
            ("ends.py", b"import os\nos._exit(0)\n", "it ended its own process"),
            ("zero.py", b"x = 1\x00", "cannot be imported"),
            ("colour.py", b"raise ValueError('\\x1b[31mred\\x07')", "\\x1b[31mred\\x07"),
        ],
    )
    def test_it_is_one_line_and_exit_code_2(
        self, tmp_path: Path, name: str, content: bytes, says: str
    ) -> None:
        (tmp_path / name).write_bytes(content)
        done = gradaudit(name, cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.startswith(f"gradaudit: {name}: ")
        assert says in done.stderr

    def test_a_file_that_hangs_on_import_is_unreadable(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(process, "IMPORT_SECONDS", 0.5)
        path = tmp_path / write(tmp_path, "hangs.py", "import time\ntime.sleep(1000)\n")
        assert run([str(path)], as_json=False) == 2
        assert "it hangs" in capfd.readouterr().err

    def test_a_missing_file_is_unreadable(self, tmp_path: Path) -> None:
        done = gradaudit("nowhere\x1b[31m.toml", cwd=tmp_path)
        assert done.stderr == "gradaudit: nowhere\\x1b[31m.toml: no such file\n"

    def test_a_file_of_another_format_is_told_in_a_line_which_are_read(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        assert run([str(tmp_path / write(tmp_path, "x.csv", "a,b\n1,2\n"))], as_json=True) == 2
        says = "a .csv file is not read; an answer is a .toml file, as `gradaudit template` prints"
        assert f"x.csv: {says} it, .py or .ipynb\n" in capfd.readouterr().err

    def test_toml_is_read_whatever_the_name_of_its_file(self, tmp_path: Path) -> None:
        path = write(tmp_path, "answer.txt", "[question1]\nb2 = -2.732\n")
        assert run([str(tmp_path / path)], as_json=True) == 0

    def test_a_folder_without_answers_is_unreadable(self, tmp_path: Path) -> None:
        done = gradaudit(".", cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr == "gradaudit: .: no .toml or .py file is in this folder\n"

    def test_it_has_a_row_beside_the_other_answers(self, tmp_path: Path) -> None:
        name = write(tmp_path, "good.toml", '[question3]\nconverges = "0 < eta < 1/5"\n')
        done = gradaudit("missing\x1b.toml", name, cwd=tmp_path)
        first, second, *_ = done.stdout.splitlines()
        assert done.returncode == 2
        assert first == "missing\\x1b.toml  ! unreadable  no such file"
        assert second.startswith("good.toml         ✓ holds")

    def test_it_has_an_entry_in_json(self, tmp_path: Path) -> None:
        done = gradaudit("missing.toml", "--format", "json", cwd=tmp_path)
        assert json.loads(done.stdout)["audits"] == [
            {
                "answer": "missing.toml",
                "unreadable": "no such file",
                "malformed": [],
                "holds": False,
                "answered": 0,
                "parts": [],
            }
        ]

    def test_a_fault_of_ours_is_told_in_the_row_of_one_answer(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def faulty(answer: Any) -> Any:
            if answer.name.endswith("bad.toml"):
                raise ZeroDivisionError("by nothing")
            return audit(answer)

        monkeypatch.setattr("gradaudit.answers.verdicts.audit", faulty)
        for name in ("bad.toml", "good.toml"):
            write(tmp_path, name, "[question1]\nb2 = -2.732\n")
        assert run([str(tmp_path)], as_json=False) == 2
        told = capfd.readouterr()
        assert "good.toml  ✓ holds" in told.out
        assert "please report it: ZeroDivisionError: by nothing (test_command.py, line" in told.err

    @pytest.mark.parametrize("name", ["explanation", "_paragraph"], ids=["json", "text"])
    def test_a_fault_in_telling_is_told_in_the_row_of_one_answer(
        self,
        tmp_path: Path,
        capfd: pytest.CaptureFixture[str],
        monkeypatch: pytest.MonkeyPatch,
        name: str,
    ) -> None:
        whole = getattr(telling, name)

        def faulty(verdict: Any, *others: Any) -> Any:
            if verdict.status == "fails":
                raise TypeError("iteration over a 0-d array")
            return whole(verdict, *others)

        monkeypatch.setattr(telling, name, faulty)
        write(tmp_path, "bad.toml", '[question3]\nconverges = "0 < eta"\n')
        write(tmp_path, "good.toml", "[question1]\nb2 = -2.732\n")
        assert run([str(tmp_path)], as_json=False) == 2
        told = capfd.readouterr()
        assert "good.toml  ✓ holds" in told.out
        assert "please report it: TypeError: iteration over a 0-d array" in told.err

    def test_a_wrong_option_is_exit_code_2(self, tmp_path: Path) -> None:
        assert process_of("--examples", "none", cwd=tmp_path).returncode == 2


MALFORMED = [
    ("question1", "b2", "nan", "question1.b2: nan is not a number"),
    ("question1", "b2", "inf", "question1.b2: inf is not a number"),
    ("question1", "b2", "1e999999999", "question1.b2: its exponent is not within ±50"),
    ("question1", "b2", "1" * 10**6, "question1.b2: more than 50 digits"),
    ("question1", "b2", "0." + "1" * 10**6, "question1.b2: more than 50 digits"),
    ("question1", "b2", "1" * 51, "question1.b2: more than 50 digits"),
    ("question1", "b2", "0x" + "f" * 5000, "question1.b2: more than 50 digits"),
    ("question2", "gradient", '"sum(outer(y,y), axis=0j)"', "an axis is a whole number"),
    ("question1", "b2", '"-2.732"', "found a string; leave out the quotes"),
    ("question1", "b2", '"-2,732"', "found a string; leave out the quotes"),
    ("question1", "b2", '"sum(e)"', "found a formula; a formula belongs in [question1.derivation]"),
    ("question1", "W1", '["X.T @ s"]', "numbers are wanted, found a formula; a formula belongs in"),
    ("question1", "z", '"X @ W1 + b1"', "question1.z: numbers are wanted, found a formula"),
    (
        "question1.derivation",
        "W1",
        "[[1, 2]]",
        'is wanted, such as "softmax(y)"; numbers belong in',
    ),
    (
        "question2",
        "gradient",
        '"y[i] + (t[i]"',
        "not a formula at `(t[i]`; its brackets do not match",
    ),
    (
        "question2",
        "gradient",
        '"def f(y): return y"',
        "column 1: this is not a formula at `def f(y): return y`",
    ),
    ("question2", "gradient", '"y[i] $ t[i]*sum(y)*sum(t)"', "at `$ t[i]*sum(y)*sum(t)`"),
    ("question1", "b2", "true", "question1.b2: a number is wanted, found a bool"),
    ("question1", "b2", "[1, 2]", "question1.b2: a number is wanted, found a list"),
    ("question1", "W1", "[[1, 2], [3, 4, 5], [6, 7]]", "question1.W1: wanted 2 rows of 3 numbers"),
    ("question1", "b2", "2023-11-23", "question1.b2: a number is wanted"),
    (
        "question1",
        "b1",
        "[1, 2]",
        "question1.b1: wanted a list of 3 numbers, found a list of 2",
    ),
    ("question1", "b1", "3", "question1.b1: wanted a list of 3 numbers"),
    ("question1", "W1", "[[1], [2]]", "question1.W1[0]: wanted 2 rows of 3 numbers"),
    ("question1", "W1", '[[1, 2, 3], [4, 5, "6"]]', "question1.W1[1][2]: a number is wanted"),
    ("question1", "w1", "[1]", "question1.w1: unknown key; did you mean `W1`?"),
    ("question2", "gradiant", '"y"', "question2.gradiant: unknown key; did you mean `gradient`?"),
    ("question2", "gradient", '"sofmax(y)"', "question2.gradient: column 1: unknown function"),
    ("question2", "gradient", '"y.shape"', "question2.gradient: column 1: after a dot"),
    ("question2", "gradient", "\"__import__('os')\"", "question2.gradient: column 1: unknown"),
    ("question2", "gradient", '"9**9**9"', "question2.gradient: column 4: an exponent beyond"),
    ("question2", "gradient", f'"{"y" * 10**6}"', "column 2001: 1000000 characters"),
    ("question2", "gradient", '["y", "yy"]', "question2.gradient: line 2, column 1: unknown name"),
    (
        "question2",
        "gradient",
        '["d(E, y[i])", "...", "p - t"]',
        "question2.gradient: line 2, column 1: `...` may stand last only",
    ),
    ("question2", "gradient", '["y", 3]', "question2.gradient: line 2, a formula in quotes"),
    ("question2", "gradient", str(["y"] * 51), "question2.gradient: a list of 51 lines; 1 to 50"),
    ("question3", "converges", '["eta > 0", "eta"]', "converges: line 2, column 1: a condition"),
    ("question1", "derivation", "3", "question1.derivation: a table is wanted"),
    ("question1", "z", "[1]", "question1.z: wanted 4 rows of 3 numbers, found a list of 1"),
    ("question1.derivation", "b2", '"e[j]"', "question1.derivation.b2: column 3: unknown name `j`"),
    (
        "question1.derivation",
        "W2",
        '"e"',
        "question1.derivation.W2: unknown key; did you mean `w2`?",
    ),
    ("question2", "gradient", "3", "question2.gradient: a formula in quotes is wanted"),
    ("question2", "gradient", "[]", "question2.gradient: a list of 0 lines"),
    ("question2", "where", "3", "question2.where: a list of strings is wanted"),
    ("question2", "where", '["p = y", "p = t"]', "question2.where: line 2, column 1: `p` already"),
    ("question3", "converges", '"eta"', "question3.converges: column 1: a condition is wanted"),
    ("question3", "converges", '"eta > 0 when eta < 1"', "a condition on the rate takes no `when`"),
]


class TestMisspelt:
    """A key that nobody knows, beside a part that holds."""

    CONTENT = '[question2]\ngradiant = "0"\none_hot = "softmax(y)[i] - delta(i, c)"\n'
    SAYS = "question2.gradiant: unknown key; did you mean `gradient`?"

    def test_it_is_told_in_json(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        run([str(tmp_path / write(tmp_path, "a.toml", self.CONTENT))], as_json=True)
        (told,) = json.loads(capsys.readouterr().out)["audits"]
        assert told["malformed"] == [self.SAYS]

    def test_its_row_does_not_hold(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = str(tmp_path / write(tmp_path, "a.toml", self.CONTENT))
        run([path, path], as_json=False)
        assert f"! malformed   {self.SAYS}; 1 hold" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("table", "key", "value", "says"), MALFORMED, ids=[case[3][:60] for case in MALFORMED]
)
def test_a_malformed_part_is_one_line_and_the_others_are_judged(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], table: str, key: str, value: str, says: str
) -> None:
    good = {"question1": "w2 = [0.1168, 0, 0.1536]", "question2": 'one_hot = "softmax(y) - t"'}
    content = f"[{table}]\n{key} = {value}\n{good.get(table, '')}\n"
    path = tmp_path / write(tmp_path, "malformed.toml", content)
    assert run([str(path)], as_json=True) == 2
    told = capfd.readouterr()
    assert told.err.count("\n") == 1
    assert says in told.err
    judged = [status for status in statuses(told.out).values() if status == "holds"]
    assert len(judged) == (table in good and key != "where")


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", 3),
        ('[question2]\ngradient = "log(-1 - t[i]**2)"\n', 3),
        ('[question2]\ngradient = "softmax(y)*sum(t) - t when n == 11"\n', 3),
        ('[question2]\ngradient = "softmax(y) - t when sum(t) == 1"\n', 1),
        ('[question2]\ngradient = "softmax(y)[i] - t[i] when t[i] == 1"\n', 1),
        ('[question2]\ngradient = "softmax(y)[i]*sum(t) - t[i] when i < n"\n', 0),
        ('[question2]\ngradient = "softmax(y*1e50**7)*sum(t) - t"\n', 1),
        ('[question2]\ngradient = "y*0 + 1e50**7"\n', 1),
        ('[question3]\nconverges = "0 < eta < 1/5 or eta == 1e50**7"\n', 1),
        ('[question3]\nconverges = "0 < eta < 0.19999999999999999"\n', 1),
        ("\ufeff[question1]\nb2 = -2.732\n", 0),
        ('[question2]\ngradient = "d(E, y[i])"\n', 1),
        ('[question2]\nwhere = ["g = d(E, y)"]\ngradient = "g"\n', 1),
        ("[question1]\nb2 = 1\n", 1),
        ("[question1]\nb2 = -2.732\n", 0),
        ("[question4]\n", 2),
        ("question1 = 3\n", 2),
    ],
)
def test_the_exit_code_tells_the_worst(tmp_path: Path, content: str, code: int) -> None:
    assert run([str(tmp_path / write(tmp_path, "a.toml", content))], as_json=True) == code


def test_depth_through_own_names_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    where = ['"a0 = -y"', *(f'"a{k + 1} = {"-" * 40}a{k}"' for k in range(49))]
    content = f'[question2]\nwhere = [{", ".join(where)}]\ngradient = "a49"\n'
    assert run([str(tmp_path / write(tmp_path, "deep.toml", content))], as_json=True) == 2
    assert "nested too deeply" in capfd.readouterr().err


def test_thousands_of_unknown_keys_are_told_in_a_few_lines(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content = "\n".join(f"k{k} = {k}" for k in range(5000))
    assert run([str(tmp_path / write(tmp_path, "many.toml", content))], as_json=True) == 2
    assert capfd.readouterr().err.splitlines()[-1].endswith("and 4980 more of the kind")


@pytest.mark.parametrize(
    "content",
    ["{} = 1", "[question2]\n{} = 1", "[{}]\na = 1", "[{0}]\n[{0}]"],
    ids=["a key", "in a table", "a table", "twice"],
)
def test_a_key_of_a_million_characters_is_told_by_its_beginning(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], content: str
) -> None:
    path = write(tmp_path, "long.toml", content.format("a" * 10**6))
    assert run([str(tmp_path / path)], as_json=True) == 2
    assert len(capfd.readouterr().err) < 1_000


def test_toml_that_would_take_long_to_read_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path, "deep.toml", "a = [" + ("[" * 100 + "]" * 100 + ",") * 20_000 + "]")
    with pytest.raises(Unreadable, match="more than 2 MiB"):
        read(str(tmp_path / path))


DOTS = ".".join(["a"] * 60_000)


@pytest.mark.parametrize(
    "text",
    [
        f"{DOTS} = 1",
        f"x = {{{DOTS} = 1}}",
        f"{DOTS}, = 1",
        f"[{DOTS}]",
        " . ".join(["'a'"] * 60_000) + " = 1",
        f'x = """a"""""\n{DOTS} = 1',
        f"x = '\\'\n{DOTS} = 1",
        f'#"""\n{DOTS} = 1',
    ],
    ids=lambda text: text.replace("a.", "")[:20],
)
def test_a_key_of_thousands_of_parts_is_unreadable(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], text: str
) -> None:
    assert run([str(tmp_path / write(tmp_path, "dots.toml", text))], as_json=True) == 2
    assert "a key of more than 50 parts" in capfd.readouterr().err


@pytest.mark.parametrize(
    "text",
    [
        "# " + "." * 60,
        f"# {DOTS} = 1",
        f'where = ["""a = t"""] # {DOTS}',
        "where = ['a = t" + "+0.5" * 60 + "']",
        f'gradient = """t # \n{"." * 60}"""',
        f"gradient = '''t'{DOTS[:200]}'''",
    ],
    ids=lambda text: text[:20],
)
def test_dots_that_part_no_key_can_be_read(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, "dots.toml", f"[question2]\none_hot = 't'\n{text}\n")
    assert "q2.one_hot" in read(str(tmp_path / path)).parts


def test_a_disk_that_is_full_is_one_line(folder: Path) -> None:
    command = f"{sys.executable} -m gradaudit wrong.toml > /dev/full"
    done = subprocess.run(
        command, shell=True, cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("gradaudit: the output cannot be written")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("wrong.toml >&-", 1),
        ("wrong.py >&- 2>&- <&-", 1),
        ("nowhere.toml 2>&-", 2),
        ("nowhere.toml 2>/dev/full", 2),
        ("--examples none 2>/dev/full", 2),
    ],
)
def test_a_stream_that_takes_nothing_leaves_the_exit_code(
    small: Path, words: str, code: int
) -> None:
    command = f"{sys.executable} -m gradaudit {words}"
    assert subprocess.run(command, shell=True, cwd=small, check=False).returncode == code


def test_a_report_is_not_written_into_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pdf")
    assert _is_no_pdf(str(tmp_path / "pipe.pdf"))


def test_a_terminal_that_knows_ascii_only_gets_escapes(small: Path) -> None:
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert "\\u2717 fails" in process_of("wrong.toml", cwd=small, **env).stdout


@pytest.mark.parametrize(
    ("terminal", "no_color", "colour"),
    [(True, "", True), (True, "1", False), (False, "", False), (False, "1", False)],
)
def test_colour_is_for_terminals_that_want_it(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, no_color: str, colour: bool
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal, raising=False)
    monkeypatch.setenv("NO_COLOR", no_color)
    assert wants_colour() is colour


def test_colour_paints_the_verdict_and_nothing_that_is_measured() -> None:
    plain, painted = (telling._paint("holds", "holds", colour) for colour in (False, True))
    assert (plain, painted) == ("holds", "\x1b[32mholds\x1b[0m")


def test_several_answers_get_a_row_each(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    good = tmp_path / write(tmp_path, "good.toml", "[question1]\nb2 = -2.732\n")
    bad = tmp_path / write(tmp_path, "bad.toml", "[question1]\nb2 = 3\n")
    assert run([str(good), str(bad)], as_json=False) == 1
    first, second, *_ = capfd.readouterr().out.splitlines()
    assert "✓ holds" in first
    assert "q1.b2 fails" in second


def test_a_folder_stands_for_the_answers_in_it(tmp_path: Path) -> None:
    for name in ("b.toml", "a.py", "_own.py", ".hidden.toml", "conftest.py", "test_a.py", "a.txt"):
        write(tmp_path, name, "")
    (tmp_path / "folder.py").mkdir()
    assert answers_in(str(tmp_path)) == [str(tmp_path / name) for name in ("a.py", "b.toml")]


def test_no_answer_is_a_short_usage(tmp_path: Path) -> None:
    done = process_of(cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: gradaudit ")
    assert done.stderr.count("\n") <= 5


def test_a_file_with_the_name_of_a_command_is_audited_by_its_path(tmp_path: Path) -> None:
    write(tmp_path, "exam", "[question1]\nb2 = -2.732\n")
    assert gradaudit("./exam", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_a_help_of_its_own(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    told = capsys.readouterr().out
    assert ended.value.code == 0
    assert told.startswith(f"usage: gradaudit {name} ")
    assert COMMANDS[name][1] in told


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert [name for name in COMMANDS if f"gradaudit {name}" not in told] == []


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"gradaudit {__version__}\n"


def test_explain_alone_lists_the_mistakes_in_the_width_that_is_wanted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    assert main(["explain"]) == 0
    lines = capsys.readouterr().out.splitlines()
    ids = [one.id for one in dict.fromkeys(one for one, _ in known("assignment").values())]
    assert [line for line in lines if not line.startswith(" ")] == ids
    assert 40 < max(map(len, lines)) <= 50


@pytest.mark.parametrize(
    "words", [["explain", "a", "b"], ["lint", "a", "b"], ["exam", "a"], ["template", "a"]]
)
def test_a_word_too_many_is_a_wrong_use(
    capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert f"gradaudit {words[0]}: error: unrecognized arguments: " in capsys.readouterr().err


def test_a_verdict_is_wrapped_to_the_width_that_is_wanted(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    lines = gradaudit("wrong.toml", cwd=folder).stdout.splitlines()
    paragraph = [line for line in lines if line.startswith("    ")]
    assert 50 < max(map(len, paragraph)) <= 60


def test_what_is_unanswered_is_told_in_few_words(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run([str(tmp_path / write(tmp_path, "a.toml", "[question1]\nb2 = -2.732\n"))], as_json=False)
    unanswered = "  · unanswered: 12 parts of q1, q2.gradient, q2.one_hot, q3.converges"
    assert unanswered in capfd.readouterr().out.splitlines()


@pytest.mark.parametrize("name", ["wrong.toml", "wrong.py"])
def test_python_optimised_gives_the_same_bytes(
    folder: Path, name: str, request: pytest.FixtureRequest
) -> None:
    plain = request.getfixturevalue(name.replace(".", "_"))
    optimised = process_of(name, "--format", "json", cwd=folder, PYTHONOPTIMIZE="2")
    assert plain.stdout
    assert optimised.stdout == plain.stdout


def test_json_is_json_where_only_ascii_is_known(folder: Path, wrong_toml: Any) -> None:
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = process_of("wrong.toml", "--format", "json", cwd=folder, **env)
    assert done.stdout.isascii()
    assert json.loads(done.stdout) == json.loads(wrong_toml.stdout)


@pytest.mark.parametrize("words", [["wrong.toml"], ["--help"]], ids=["a verdict", "the help"])
def test_a_reader_that_has_read_enough_is_told_nothing(folder: Path, words: list[str]) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [sys.executable, "-m", "gradaudit", *words],
        cwd=folder,
        env={**os.environ, "PYTHONUNBUFFERED": ""},  # or argparse meets the error, and hides it
        stdout=write_end,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(write_end)
    assert (done.returncode, done.stderr) == (141, b"")


def test_an_audit_can_be_had_in_python(folder: Path) -> None:
    assert import_module("gradaudit").audit(folder / "wrong.toml").exit_code == 1


def test_importing_gradaudit_imports_nothing_else() -> None:
    code = "import sys, gradaudit, gradaudit.plugin; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    names = done.stdout.split()
    ours = [name for name in names if name.split(".")[0] == "gradaudit"]
    assert (ours, "numpy" in names) == (["gradaudit", "gradaudit.plugin"], False)


def test_the_template_is_an_answer_that_answers_nothing(tmp_path: Path) -> None:
    done = gradaudit("template", cwd=tmp_path)
    assert audit(read(str(tmp_path / write(tmp_path, "empty.toml", done.stdout)))).exit_code == 3


def test_the_template_can_be_filled_in_line_by_line(tmp_path: Path) -> None:
    filled = gradaudit("template", cwd=tmp_path).stdout.replace("# W1 =", "W1 =")
    filled = filled.replace("# b1 =", "b1 =").replace("# b2 =", "b2 =").replace("# w2 =", "w2 =")
    filled = filled.replace('# where = ["twice = 2 * y"]', 'where = ["p = softmax(y)"]')
    filled = filled.replace('gradient = ["d(E, y[i])", "..."]', 'gradient = "p * sum(t) - t"')
    filled = filled.replace('one_hot = ["d(E, y[i])", "..."]', 'one_hot = "p - t"')
    filled = filled.replace('converges = ["..."]', 'converges = "0 < eta < 1/5"')
    answer = read(str(tmp_path / write(tmp_path, "filled.toml", filled)))
    assert answer.malformed == ()
    assert [name for name, one in answer.parts.items() if not one.unfinished] == [
        *(f"q1.{name}" for name in ("W1", "b1", "w2", "b2")),
        *("q2.gradient", "q2.one_hot", "q3.converges"),
    ]

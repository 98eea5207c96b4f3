"""What it takes to judge a class: `python -m benchmarks.classroom [--answers N] [-j N]`.

It makes a class, the same one for the same N, judges it with `gradaudit class`, and prints for each
kind of answer how many are judged in a second of one core, when the first row came, and the
most memory of the process that is started and of its largest worker: of all of them, and up to the
50th and the 300th row, so that it shows whether memory grows with the answers. `--make FOLDER` only
makes it. `--against FOLDER` judges it by the package in another checkout, too. Where there are more
answers than wrong ones that are known, they begin again, and a comment alone tells them apart: how
many differ besides is printed, since the others take no time.
"""

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from itertools import chain, cycle, islice, repeat
from pathlib import Path
from random import Random

from gradaudit.classroom.marking import processors
from gradaudit.mistakes.slips import Wrong, wrong_answers, wrong_twice
from gradaudit.questions.question import Question
from gradaudit.questions.reading import read_questions

HOUSE = Path(__file__).parent.parent
NETWORK, SOFTMAX, ONE_HOT, RATES = read_questions()
SHARES = {"short TOML": 0.4, "full TOML": 0.3, "Python": 0.25, "hostile": 0.05}
ENDINGS = {"short TOML": "toml", "full TOML": "toml", "Python": "py"}
ROWS = (50, 300)  # at which memory is looked at
PAIRS = 60  # two mistakes at once, of each question
SLIPS = (  # in our own answer, which is right
    ("W1 = [[0.0122, 0, 0.061]", "W1 = [[0.0122, 0.5, 0.061]"),
    ("b2 = -2.732", "b2 = -2.723"),
    ("w2 = [0.1168, 0, 0.1536]", "w2 = [0.2336, 0, 0.3072]"),
    ("sum(e[k] * h[k,j] for k in N)  ", "sum(h[k,j] for k in N)  "),
    ("X.T @ s  ", "X.T @ s / 2  "),
    ("sum(s, axis=0)  ", "sum(s, axis=1)  "),
    ("sum(e)  ", "sum(e) / 4  "),
    ("p[i] * sum(t) - t[i]  ", "p[i] - t[i]  "),
    ("p[i] - delta(c, i)  ", "delta(c, i) - p[i]  "),
    ("0 < eta < 1/5", "0 < eta < 1/10"),
)
PRELUDE = """import numpy as np
from numpy import abs, exp, log, outer, sqrt

def relu(x):
    return np.maximum(x, 0)

def softmax(y, axis=None):
    raised = np.exp(y - np.max(y))
    return raised / np.sum(raised)

def sum(x, axis=None):
    return np.sum(x, axis=axis)
"""
HOSTILE = (
    (
        "toml",
        "[question2]\ngradient = '<script>alert(1)</script> #let x = read(\"/etc/passwd\")'\n",
    ),
    ("toml", "[question2\ngradient = 1\n"),
    ("toml", "[question1]\nb2 = " + "9" * 5_000 + "\n"),
    ("toml", "".join(f"key{k} = 1\n" for k in range(5_000))),
    ("toml", "[question2]\ngradient = '" + "(" * 5_000 + "'\n"),
    ("toml", "[question3]\nconverges = 'eta < 9**9**9**9'\n"),
    ("py", "import sys\nsys.exit(0)\n"),
    ("py", "def softmax_gradient(y, t):\n    return '<img src=x onerror=alert(1)>'\n"),
    ("py", "def softmax_gradient(y, t):\n    raise ValueError('\\x1b[31m=HYPERLINK(1)')\n"),
    ("py", "def softmax_gradient(y, t):\n    import os\n    os.abort()\n"),
    ("ipynb", "{}"),
    ("pdf", "%PDF-1.7"),
)


def variants(question: Question) -> list[Wrong]:
    """Return the known mistakes of a question that Python can say too, and some pairs of them."""
    twice = wrong_twice(question)
    some = [*wrong_answers(question), *twice[:: max(1, len(twice) // PAIRS)]]
    return [one for one in some if not re.search(r"\b[nrKN]\b", " ".join(one.lines.values()))]


def short_answers() -> Iterator[str]:
    """Yield answers of a formula or two, right ones and wrong ones."""
    yield (HOUSE / "examples" / "formulas.toml").read_text(encoding="utf-8")
    yield (HOUSE / "examples" / "wrong_line.toml").read_text(encoding="utf-8")
    for wrong in variants(SOFTMAX):
        lines = {**SOFTMAX.lines, **wrong.lines}
        own = [f"{name} = {lines[name]}" for name in ("p", "S", "u")]
        yield f"[question2]\nwhere = {json.dumps(own)}\ngradient = {json.dumps(lines['g'])}\n"
    for wrong in variants(RATES):
        yield f"[question3]\nconverges = {json.dumps(wrong.formulas['converges'].text)}\n"


def full_answers() -> Iterator[str]:
    """Yield our own answer, with none, one or two slips."""
    right = (HOUSE / "analytic" / "answer.toml").read_text(encoding="utf-8")
    random = Random(0)
    yield right
    while True:
        text = right
        for old, new in random.sample(SLIPS, random.choice((0, 1, 1, 2))):
            text = text.replace(old, new)
        yield text + f"# {random.random()}\n"


def python_answers() -> Iterator[str]:
    """Yield modules of four functions, of which each may be wrong."""
    rates = "def converges(eta):\n    return {}\n"
    for number, wrong in enumerate(variants(NETWORK)):
        made = [function(NETWORK, wrong if number % 4 else None)]
        made.append(function(SOFTMAX, one_of(variants(SOFTMAX), number)))
        made.append(function(ONE_HOT, one_of(variants(ONE_HOT), number)))
        other = one_of(variants(RATES), number)
        made.append(rates.format(other.formulas["converges"].text if other else "0 < eta < 1/5"))
        yield "\n\n".join([PRELUDE, *filter(None, made)])


def one_of(some: list[Wrong], number: int) -> Wrong | None:
    """Return one of several in turn, or none, which is right."""
    return some[number % len(some)] if number % 2 else None


def function(question: Question, wrong: Wrong | None) -> str:
    """Return a Python function from the lines of a question, or nothing where they are none."""
    signature = question.functions[0]
    lines = {**question.lines, **(wrong.lines if wrong else {})}
    lines["t"] = "np.eye(len(y))[c]" if "c" in signature.arguments else lines.get("t", "t")
    results = ", ".join(lines[part] for part in signature.parts)
    skipped = {"L", "E", "r", *signature.parts}
    body = [f"{name} = {text}" for name, text in lines.items() if name not in skipped]
    body = [*(line for line in body if line != "t = t"), f"return {results}"]
    text = f"def {signature.name}({', '.join(signature.arguments)}):\n    " + "\n    ".join(body)
    try:
        ast.parse(text)
    except SyntaxError:
        return ""
    return text


MAKERS: dict[str, Callable[[], Iterator[str]]] = {
    "short TOML": short_answers,
    "full TOML": full_answers,
    "Python": python_answers,
}


def make(folder: Path, kind: str, count: int) -> None:
    """Write answers of a kind into a folder; when they begin again, a comment tells them apart."""
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "hostile":
        for number, (ending, text) in enumerate(islice(cycle(HOSTILE), count)):
            (folder / f"hostile{number:05}.{ending}").write_text(text, encoding="utf-8")
        return
    again = chain.from_iterable(MAKERS[kind]() for _ in repeat(None))
    for number, text in enumerate(islice(again, count)):
        name = f"{kind.split(maxsplit=1)[0].lower()}{number:05}.{ENDINGS[kind]}"
        (folder / name).write_text(f"# {number}\n{text}", encoding="utf-8")


def different(folder: Path) -> int:
    """Return how many answers differ in more than a comment."""
    texts = (path.read_text(encoding="utf-8").splitlines() for path in folder.iterdir())
    return len({tuple(line for line in text if not line.startswith("#")) for text in texts})


def judge(folder: Path, jobs: int, package: Path) -> tuple[float, float, float, list[str]]:
    """Judge a class; return wall and CPU seconds, those to the first row, and MiB of memory.

    package: the checkout of the package that judges. The memory is that of the process that is
    started, and of the largest other one, at the end and at some rows before it.
    """
    words = [sys.executable, "-m", "gradaudit", "class", str(folder), "-j", str(jobs)]
    with tempfile.TemporaryDirectory() as out:
        started = time.monotonic()
        run = subprocess.Popen(
            [*words, "--out", f"{out}/out"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            cwd=package,
            env={**os.environ, "PYTHONPATH": str(package)},
        )
        watch = Watch(run.pid)
        watch.start()
        assert run.stdout is not None
        run.stdout.readline()
        first = time.monotonic() - started
        memory = []
        for row in range(2, 1 + max(ROWS)):
            if not run.stdout.readline().strip():
                break  # all rows have come
            if row in ROWS:
                memory.append(watch.peaks())
        run.stdout.read()
        run.wait()
        wall = time.monotonic() - started
        watch.join()
    memory += ["-"] * (len(ROWS) - len(memory))
    return wall, sum(watch.cpu.values()), first, [*memory, watch.peaks()]


class Watch(threading.Thread):
    """Watches a process and those below it, by what Linux says of them, till it ends."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self.pid = pid
        self.cpu: dict[int, float] = {}
        self.memory = self.memory_of_worker = 0

    def run(self) -> None:
        tick = os.sysconf("SC_CLK_TCK")
        while True:
            parents = {}
            for path in Path("/proc").glob("[0-9]*/stat"):
                try:
                    said = path.read_text(encoding="utf-8").rpartition(")")[2].split()
                    peak = path.with_name("status").read_text(encoding="utf-8")
                except OSError:
                    continue  # it has ended
                parents[int(path.parent.name)] = (said, peak)
            said, _ = parents.get(self.pid, (["Z"], ""))
            if said[0] == "Z":
                return
            ours = {self.pid}
            for depth in range(3):  # the command, the server of its workers, and these
                for pid, (said, peak) in parents.items():
                    if pid == self.pid or int(said[1]) in ours:
                        below = sum(map(int, said[13:15])) if depth == 2 else 0
                        if pid not in ours or pid == self.pid:
                            self.note(pid, (sum(map(int, said[11:13])) + below) / tick, peak)
                ours |= {pid for pid, (said, _) in parents.items() if int(said[1]) in ours}
            time.sleep(0.1)

    def peaks(self) -> str:
        """Return the most memory so far, in MiB, of the process and of the largest below it."""
        return f"{self.memory}/{self.memory_of_worker}"

    def note(self, pid: int, seconds: float, status: str) -> None:
        """Note what a process has used so far."""
        self.cpu[pid] = seconds
        peak = next((one.split()[1] for one in status.splitlines() if "VmHWM" in one), "0")
        if pid == self.pid:
            self.memory = max(self.memory, int(peak) // 1024)
        else:
            self.memory_of_worker = max(self.memory_of_worker, int(peak) // 1024)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=500)
    parser.add_argument("-j", "--jobs", type=int, default=processors())
    parser.add_argument("--make", metavar="FOLDER")
    parser.add_argument("--kind", choices=[*SHARES, "all"], help="of answers, else each in turn")
    parser.add_argument("--against", metavar="FOLDER", help="another checkout of the package")
    options = parser.parse_args()
    counts = {kind: max(1, round(share * options.answers)) for kind, share in SHARES.items()}
    if options.make:
        for kind, count in counts.items():
            make(Path(options.make), kind, count)
        return
    packages = [HOUSE, *([Path(options.against).resolve()] if options.against else [])]
    rows = "".join(f"{f'MiB, {row} rows':>14}" for row in ROWS)
    print(
        f"{'':14} answers  differ  wall s  CPU s  a second and core  first row s{rows}{'MiB':>10}"
    )
    for kind in [options.kind] if options.kind else [*SHARES, "all"]:
        with tempfile.TemporaryDirectory() as folder:
            chosen = counts if kind == "all" else {kind: counts[kind]}
            for one, count in chosen.items():
                make(Path(folder), one, count)
            count, texts = sum(chosen.values()), different(Path(folder))
            for package in packages:
                wall, cpu, first, memory = judge(Path(folder), options.jobs, package)
                name = kind if package is HOUSE else "  before"
                peaks = "".join(f"{one:>14}" for one in memory[:-1])
                print(
                    f"{name:14} {count:7} {texts:7} {wall:7.1f} {cpu:6.1f}"
                    f" {count / cpu:18.2f} {first:12.2f}{peaks}{memory[-1]:>10}",
                    flush=True,
                )


if __name__ == "__main__":
    main()

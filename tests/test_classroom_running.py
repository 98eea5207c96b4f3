"""A class on its way: workers that die, interruptions, and the same bytes in every way."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from gradaudit.classroom import running
from gradaudit.classroom.records import Asked, Task, task_of
from gradaudit.classroom.running import AHEAD, LOST, Dask, Here, Kept, judge_all
from tests.running import gradaudit
from tests.working import KILLS, work

HOUSE = Path(__file__).parent.parent
SHORT = '[question3]\nconverges = "0 < eta < 1/{}"\n'
PYTHON = "def converges(eta):\n    return 0 < eta < {}\n"


def task(content: str | bytes) -> Task:
    text = content if isinstance(content, bytes) else content.encode()
    return Task((("answer.toml", text),))


class Once(Executor):
    """An executor that does one thing at a time, when it is asked whether it is done."""

    def __init__(self) -> None:
        self.submitted = 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> Future[Any]:
        self.submitted += 1
        future: Future[Any] = Future()
        future.set_result(fn(*args))
        return future


class Alone:
    """A crew of this process."""

    def __init__(self, workers: int = 1) -> None:
        self.workers = workers
        self.pool = Once()

    def executor(self) -> Executor:
        return self.pool

    def close(self, *, at_once: bool) -> None:
        pass


def told(one: Task) -> str:
    """Return a record that says what was judged."""
    return json.dumps({"overall": "holds", "said": one.files[0][1].decode()})


def test_the_order_is_that_of_the_tasks(tmp_path: Path) -> None:
    tasks = [task(str(number)) for number in range(20)]
    kept = Kept(tmp_path)
    keys = list(judge_all(tasks, Alone(3), kept, work=told))
    assert [kept[key]["said"] for key in keys] == [str(number) for number in range(20)]


def test_what_is_the_same_is_judged_once(tmp_path: Path) -> None:
    crew, kept, done = Alone(), Kept(tmp_path), list[int]()
    list(judge_all([task("a")] * 9, crew, kept, lambda: done.append(1), work=told))
    assert crew.pool.submitted == 1
    assert len(done) == 9


def test_what_is_kept_is_not_judged_again(tmp_path: Path) -> None:
    list(judge_all([task("a"), task("b")], Alone(), Kept(tmp_path), work=told))
    crew = Alone()
    list(judge_all([task("a"), task("b"), task("c")], crew, Kept(tmp_path), work=told))
    assert crew.pool.submitted == 1


def test_what_is_kept_and_broken_is_judged_again(tmp_path: Path) -> None:
    list(judge_all([task("a")], Alone(), Kept(tmp_path), work=told))
    (path,) = tmp_path.iterdir()
    path.write_text('{"overall"', encoding="ascii")
    crew, kept = Alone(), Kept(tmp_path)
    (key,) = judge_all([task("a")], crew, kept, work=told)
    assert kept[key]["said"] == "a"


def test_few_files_are_in_memory_at_once(tmp_path: Path) -> None:
    read = list[int]()

    def tasks() -> Iterator[Task]:
        for number in range(100):
            read.append(number)
            yield task(str(number))

    judged = judge_all(tasks(), Alone(2), Kept(tmp_path), work=told)
    next(judged)
    assert len(read) <= AHEAD * 2
    assert sum(1 for _ in judged) == 99


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({}, True),
        ({"asked": Asked("ridge")}, False),
        ({"asked": Asked("q.toml", b"another question")}, False),
        ({"as_pdf": True}, False),
        ({"uncontained": "no sandbox"}, True),
    ],
    ids=["nothing", "the question", "a question's content", "the document", "containment"],
)
def test_a_record_is_kept_for_the_content_and_the_question(
    change: dict[str, Any], same: bool
) -> None:
    files = [("ann.toml", lambda: b"a")]
    first, _ = task_of(files, Asked())
    second, _ = task_of([("bob.toml", lambda: b"a")], **{"asked": Asked(), **change})
    assert (first.key == second.key) == same


@pytest.mark.parametrize(
    ("name", "one", "other", "same"),
    [
        ("a.toml", b"# Ann\nb = 1\n", b"  # Bob Ray\nb = 1\n", True),
        ("a.toml", b"#\r\nb = 1\r\n", b"#\r\nb = 2\r\n", False),
        ("a.toml", b"#\rb = 1\r", b"#\rb = 2\r", False),
        ("a.toml", b"b = '# 1'", b"b = '# 2'", False),
        ("a.toml", b"b = '''\n# 1'''", b"b = '''\n# 2'''", False),
        ("a.toml", b"b = 1\n", b"#\nb = 1\n", False),
        ("a.toml", b"# \xfc\nb = 1\n", b"#\nb = 1\n", False),
        ("a.toml", b"# \x07\nb = 1\n", b"#\nb = 1\n", False),
        ("a.toml", "# a\nb = 1".encode("utf-16-le"), "# a\nb = 2".encode("utf-16-le"), False),
        ("a.py", b"# 1", b"# 2", False),
    ],
    ids=[
        "a comment",
        "what is below one",
        "what is below one, after another end of a line",
        "what only looks like one",
        "a line of a text",
        "the number of a line",
        "what is no text",
        "a character that TOML does not allow",
        "two bytes for each character",
        "a comment of Python, which may say its encoding",
    ],
)
def test_comments_of_toml_make_no_other_record(
    name: str, one: bytes, other: bytes, same: bool
) -> None:
    first, second = (task_of([(name, partial(bytes, text))], Asked())[0] for text in (one, other))
    assert (first.key == second.key) == same


@pytest.mark.parametrize(
    ("names", "plain"),
    [
        (["hw-1.toml", "Übung 2.py"], ["hw-1.toml", "Übung 2.py"]),
        (["file2.toml", "a;.toml", "b;.toml"], ["file2.toml", "file3.toml", "file4.toml"]),
        (["a/b;/c.py", "d.py"], ["c.py", "d.py"]),
        (["a/b;/c.py", "c.py"], ["file1.py", "c.py"]),
        (["a.toml", "a.toml"], ["file1.toml", "file2.toml"]),
        (["a.TOML", "b.txt"], ["a.toml", "file2.txt"]),
    ],
    ids=["their own", "others", "without a folder", "of one name", "twice", "endings"],
)
def test_each_file_of_a_student_has_a_name_that_is_plain(
    names: list[str], plain: list[str]
) -> None:
    judged, _ = task_of([(name, lambda: b"") for name in names], Asked())
    assert [name for name, _ in judged.files] == plain


def test_that_no_python_was_run_is_no_record_of_python() -> None:
    files = [("a.py", lambda: b"a")]
    judged, _ = task_of(files, Asked())
    refused, _ = task_of(files, Asked(), uncontained="no sandbox")
    assert judged.key != refused.key


def test_new_workers_take_the_place_of_old_ones_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "RENEWED", 2)
    tasks = [task(SHORT.format(5).encode() + b"# %d\n" % number) for number in range(7)]
    crew, kept, made = Here(1), Kept(tmp_path), list[Executor]()

    def executor() -> Executor:
        made.append(Here.executor(crew))
        return made[-1]

    monkeypatch.setattr(crew, "executor", executor)
    keys = list(judge_all(tasks, crew, kept))
    crew.close(at_once=False)
    assert [kept[key]["overall"] for key in keys] == ["holds"] * 7
    assert len(made) == 4


class TestWorkersThatDie:
    def test_nothing_is_lost_but_what_kills_twice(self, tmp_path: Path) -> None:
        tasks = [task(SHORT.format(5).encode() + b"# %d\n" % number) for number in range(6)]
        tasks[2] = task(KILLS)
        crew, kept = Here(2), Kept(tmp_path)
        keys = list(judge_all(tasks, crew, kept, work=work))
        crew.close(at_once=False)
        assert [kept[key]["overall"] for key in keys] == [
            "unreadable" if number == 2 else "holds" for number in range(6)
        ]
        assert kept[keys[2]]["unreadable"] == LOST

    def test_one_that_dies_once_is_judged_again(self, tmp_path: Path) -> None:
        once = KILLS + b" once: " + os.fsencode(tmp_path / "marker") + b"\n"
        crew, kept = Here(1), Kept(tmp_path / "kept")
        (key,) = judge_all([task(SHORT.format(5).encode() + once)], crew, kept, work=work)
        crew.close(at_once=False)
        assert kept[key]["overall"] == "holds"

    def test_who_killed_is_judged_anew_in_the_next_run(self, tmp_path: Path) -> None:
        crew = Here(1)
        (key,) = judge_all([task(KILLS)], crew, Kept(tmp_path), work=work)
        crew.close(at_once=False)
        assert key not in Kept(tmp_path)


def made(folder: Path) -> Path:
    """Write a small class of every kind."""
    texts = {f"s{number:02}.toml": SHORT.format(number % 6 + 1) for number in range(8)}
    texts |= {"p1.py": PYTHON.format(0.2), "p2.py": PYTHON.format(0.1), "x.pdf": "no"}
    for name, text in texts.items():
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(f"# {name}\n{text}", encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Return all that is written into a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, dict[str, bytes]]:
    """Return a class, what is printed of it with one process, and what is written."""
    folder = tmp_path_factory.mktemp("judged")
    made(folder / "class")
    done = gradaudit("class", "class", "-j", "1", "--out", "out", cwd=folder)
    assert done.returncode == 2, done.stderr
    return folder / "class", done.stdout, contents(folder / "out")


class TestTheSameBytes:
    def test_of_two_processes(
        self, judged: tuple[Path, str, dict[str, bytes]], tmp_path: Path
    ) -> None:
        place, printed, written = judged
        done = gradaudit("class", str(place), "-j", "2", "--out", "out", cwd=tmp_path)
        assert done.stdout == printed
        assert contents(tmp_path / "out") == written

    def test_of_a_run_that_finds_all_of_it_kept(
        self, judged: tuple[Path, str, dict[str, bytes]], tmp_path: Path
    ) -> None:
        place, printed, written = judged
        for _ in range(2):
            done = gradaudit("class", str(place), "--out", "out", cwd=tmp_path)
        assert done.stdout == printed
        assert contents(tmp_path / "out") == written

    def test_of_a_run_that_was_interrupted(
        self, judged: tuple[Path, str, dict[str, bytes]], tmp_path: Path
    ) -> None:
        if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
            pytest.skip(
                "a shell that runs this behind it ignores Ctrl-C, and so does what it starts"
            )
        place, printed, written = judged
        words = [sys.executable, "-m", "gradaudit", "class", str(place), "--out", "out", "-j", "1"]
        run = subprocess.Popen(
            words,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": str(HOUSE)},
            start_new_session=True,
        )
        assert run.stdout is not None
        first = run.stdout.readline()
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does
        _, said = run.communicate()
        assert run.returncode == 130, said
        assert printed.startswith(first)
        assert "of 11 answers are judged, and kept in out; the same command goes on" in said
        assert "Traceback" not in said
        assert list((tmp_path / "out" / "judged").glob("*.json"))
        done = gradaudit("class", str(place), "--out", "out", cwd=tmp_path)
        assert done.stdout == printed
        assert contents(tmp_path / "out") == written

    def test_of_a_cluster(self, judged: tuple[Path, str, dict[str, bytes]], tmp_path: Path) -> None:
        distributed = pytest.importorskip("distributed", reason="it comes with the extra `dask`")
        place, printed, written = judged
        with distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster:
            address = cluster.scheduler_address
            words = ("class", str(place), "--workers", address, "--out", "out")
            done = gradaudit(*words, cwd=tmp_path)
        assert done.stdout == printed
        assert contents(tmp_path / "out") == written


def test_a_worker_of_a_cluster_that_is_killed_loses_nothing(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed", reason="it comes with the extra `dask`")
    once = KILLS + b" once: " + os.fsencode(tmp_path / "marker") + b"\n"
    tasks = [task(SHORT.format(5).encode() + b"# %d\n" % number) for number in range(6)]
    tasks[2] = task(SHORT.format(5).encode() + once)
    with distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster:
        crew, kept = Dask(cluster.scheduler_address), Kept(tmp_path / "kept")
        keys = list(judge_all(tasks, crew, kept, work=work))
        crew.close(at_once=False)
    assert (tmp_path / "marker").exists()
    assert [kept[key]["overall"] for key in keys] == ["holds"] * 6


def test_a_cluster_that_is_not_there_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("distributed", reason="it comes with the extra `dask`")
    monkeypatch.setattr(running, "SCHEDULER_SECONDS", 0.2)
    made(tmp_path / "class")
    done = gradaudit("class", "class", "--workers", "tcp://127.0.0.1:9", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("gradaudit: class: --workers tcp://127.0.0.1:9: no scheduler")

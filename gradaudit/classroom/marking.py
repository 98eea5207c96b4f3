"""`gradaudit class`: judge what a class handed in, and tell what came of it."""

import fcntl
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from gradaudit.answers.asked import sheet_called
from gradaudit.answers.preflight import chosen, strangers_contained
from gradaudit.answers.verdicts import worst
from gradaudit.classroom import outputs, words
from gradaudit.classroom.comparing import agreements, changes, read_before, read_marks
from gradaudit.classroom.page import as_html
from gradaudit.classroom.picture import Counting
from gradaudit.classroom.points import Item, plain, read_points, total, unpaid
from gradaudit.classroom.records import Asked, Record, Task, task_of, unreadable
from gradaudit.classroom.running import Crew, Dask, Here, Kept, judge_all
from gradaudit.classroom.similar import Similar
from gradaudit.classroom.students import Student, read_roster, students_of
from gradaudit.language.showing import escaped
from gradaudit.questions.files import Unreadable, content_of
from gradaudit.questions.reading import library
from gradaudit.telling.showing import NotSet
from gradaudit.telling.verdicts import row

JUDGED = "judged"  # the folder of records, in that of all that is written
LOCK = ".lock"  # a file in that folder, too
LONGEST_NAME = 40  # characters that rows are brought into line for
Read = TypeVar("Read")


def containment(sandbox: str) -> str:
    """Return why no Python may be judged here, or nothing: asked once, when a run starts."""
    try:
        with strangers_contained(sandbox):
            chosen()
    except Unreadable as reason:
        return str(reason)
    return ""


def mark(
    folders: Sequence[str],
    *,
    question: str | None = None,
    roster: str | None = None,
    jobs: int | None = None,
    out: str | None = None,
    again: bool = False,
    points: str | None = None,
    pdf: bool = False,
    no_mends: bool = False,
    compare: str | None = None,
    marks: str | None = None,
    similar: bool = False,
    workers: str | None = None,
    sandbox: str = "auto",
    colour: bool = False,
) -> int:
    """Judge a class, tell what came of it, and return the exit code. Raises Unreadable.

    folders: of the class, or zips. question: what is answered, else what each answer says, or the
    assignment. roster: a CSV file. jobs: how many processes. out: where all is written, and what
    is judged is kept. again: judge all anew. points: a TOML file. pdf: write documents too.
    no_mends: say nowhere how a wrong line would be right.
    compare: the folder of an earlier run. marks: a CSV file of what people think. similar: list
    answers that are alike. workers: the address of a Dask scheduler. sandbox: what Python is run
    in; where nothing contains it, none is, unless this says so.
    """
    listed = _named("--roster", roster, read_roster) or []
    sheet = _named("--question", question, sheet_called) or sheet_called()
    worth = _named("--points", points, partial(read_points, parts=sheet.parts)) or []
    if worth and out is None:
        _say(f"--points {points}: points are written with --out FOLDER")
    if pdf:
        _documents_can_be_made()
    before = _named("--compare", compare, read_before)
    reading = partial(read_marks, parts=sheet.parts, with_ids=roster is not None)
    people = _named("--marks", marks, reading)
    students, absent = students_of(folders, listed)
    if uncontained := containment(sandbox):
        _say(f"no Python is judged: {uncontained}")
    task = partial(
        task_of,
        asked=_asked(question),
        as_pdf=pdf,
        no_mends=no_mends,
        sandbox=sandbox,
        uncontained=uncontained,
    )
    with ExitStack() as at_last:
        folder = _folder(out, folders) or Path(at_last.enter_context(TemporaryDirectory()))
        at_last.enter_context(_alone_in(folder))
        kept = Kept(folder / JUDGED)
        if again:
            kept.forget()
        run = Run(students, task, kept, Similar() if similar else None)
        crew: Crew = Dask(workers) if workers else Here(jobs or processors())
        try:
            run.judge(crew, colour=colour)
        except BaseException:
            crew.close(at_once=True)
            if out is not None:
                so_far = f"{len(kept.good)} of {len(students)} answers are judged, and kept"
                remedy = f"in {out}; the same command goes on from there"
                _say(f"{so_far} {remedy}")
            raise
        crew.close(at_once=False)
        picture = run.counting.picture([escaped(one.name) for one in absent])
        each = worth or [Item((part,), 1) for part in sheet.parts]
        ours = [total(each, one.statuses, unread=one.unread) for one in picture.rows]
        picture.points = list(map(plain, ours)) if worth else None
        picture.changes = None if before is None else words.changed(changes(picture.rows, before))
        if people is not None:
            picture.agreements = words.compared(agreements(picture.rows, ours, people))
        picture.similar = None if run.similar is None else words.similar(run.similar.found())
        if out is not None:
            answered = [one.part for one in picture.parts]
            outputs.write_all(folder, run.records(), answered, worth, absent)
            (folder / "class.html").write_text(as_html(picture), encoding="utf-8")
        print(f"\n{words.as_text(picture)}")
        if out is not None:
            print(f"\nAll of it is in {escaped(out)}.")
    for line in unpaid({one.part: one.answered for one in picture.parts}, worth):
        _say(f"--points {points}: {line}")
    return worst(one.code for one in picture.rows)


def _say(line: str) -> None:
    print(f"gradaudit: {escaped(line)}", file=sys.stderr)


class Run:
    """A class that is being judged, student by student."""

    def __init__(
        self,
        students: Sequence[Student],
        task: Callable[..., tuple[Task, list[str]]],
        kept: Kept,
        similar: Similar | None,
    ) -> None:
        self.students, self.task, self.kept, self.similar = students, task, kept, similar
        self.read: list[Student] = []  # with what could not be read of them
        self.counting = Counting()

    def judge(self, crew: Crew, *, colour: bool) -> None:
        """Judge all, print a row for each as soon as its turn comes, and count what is said."""
        from tqdm import tqdm

        longest = max((len(one.name) for one in self.students), default=0)
        hidden = not sys.stderr.isatty()
        with tqdm(total=len(self.students), unit=" answers", disable=hidden, leave=False) as bar:
            for number, key in enumerate(judge_all(self.tasks(), crew, self.kept, bar.update)):
                student = self.read[number]
                record = self.record(student, key)
                self.counting.add(student, key, record)
                name = student.name.ljust(min(longest, LONGEST_NAME))
                line = row(name, record["overall"], record["summary"], colour=colour)
                with tqdm.external_write_mode():
                    print(line, flush=True)

    def tasks(self) -> Iterator[Task]:
        """Read the files of each student when it comes to them."""
        for student in self.students:
            task, faults = self.task(student.contents)
            if self.similar is not None:
                self.similar.add(student.name, (content for _, content in task.files))
            notes = (*student.notes, *faults)
            files = student.files if task.files else ()
            self.read.append(replace(student, notes=notes, files=files))
            yield task

    def record(self, student: Student, key: str) -> Record:
        """Return what is said of a student; of one without answers, why there are none."""
        if not student.files:
            return unreadable("; ".join(student.notes))
        return self.kept[key]

    def records(self) -> Iterator[tuple[Student, Record]]:
        """Yield all that is said, one after another."""
        for one in self.counting.rows:
            yield one.student, self.record(one.student, one.key)


def _named(option: str, path: str | None, read: Callable[[str], Read]) -> Read | None:
    """Return what an option names, if it is given. Raises Unreadable, which says which it is."""
    try:
        return None if path is None else read(path)
    except Unreadable as reason:
        raise Unreadable(f"{option} {path}: {reason}") from None


def _documents_can_be_made() -> None:
    """Raise Unreadable where they cannot."""
    from gradaudit.telling.report import typesetter

    try:
        typesetter()
    except NotSet as reason:
        raise Unreadable(f"--pdf: {reason}, or this with [report]") from None


def _asked(question: str | None) -> Asked:
    """Return a question in a form that workers on another machine can read too."""
    if question is None or question in library():
        return Asked(question or "")
    return Asked(Path(question).name, content_of(question))


def _folder(out: str | None, folders: Sequence[str]) -> Path | None:
    """Return the folder to write into, if there is one. Raises Unreadable."""
    if out is None:
        return None
    folder = Path(out)
    for place in folders:
        if folder.resolve().is_relative_to(Path(place).resolve()):
            raise Unreadable(f"--out {out}: it lies in {place}; name a folder beside it")
    try:
        if folder.is_dir() and any(folder.iterdir()) and not (folder / JUDGED).is_dir():
            raise Unreadable(f"--out {out}: something else is in it; name a new folder")
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unreadable(f"--out {out}: it cannot be made: {error.strerror}") from None
    return folder


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep every other run out of a folder for a while. Raises Unreadable where one is in it."""
    with open(folder / LOCK, "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Unreadable(f"--out {folder}: another run writes into it; wait for it") from None
        except OSError as error:  # of a file system that has no locks
            _say(f"--out {folder}: nothing keeps other runs out of it: {error.strerror}")
        yield


def processors() -> int:
    """Return how many processors this process may use."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1

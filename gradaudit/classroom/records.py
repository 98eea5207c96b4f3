"""The unit of work: the files of one student and a question become a record, in JSON.

It is the same bytes for the same files and question, wherever it is made and whoever handed in.
"""

import base64
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from itertools import chain, count
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from flint import arb

import gradaudit
from gradaudit.answers.asked import sheet_called, sheet_of
from gradaudit.answers.parts import Answer, Sheet
from gradaudit.answers.preflight import strangers_contained
from gradaudit.answers.reading import merged, read_functions, read_handed
from gradaudit.answers.verdicts import Audit, Verdict, first_of, judged, why_unreadable
from gradaudit.classroom.students import PACKAGE
from gradaudit.judging import contract, iterations
from gradaudit.judging.derivation import Line
from gradaudit.judging.domains import draw_inputs
from gradaudit.judging.laws import CannotGoOn, DoesNotApply, Outcome, Refusal
from gradaudit.judging.written import Block
from gradaudit.language.outcomes import Missing
from gradaudit.language.rates import changes
from gradaudit.language.showing import escaped
from gradaudit.questions.files import MAX_FILE, MAX_TOML, Unreadable
from gradaudit.questions.iteration import Rate
from gradaudit.questions.reading import questions_of
from gradaudit.telling import verdicts as telling
from gradaudit.telling.showing import NotSet

PLAIN_NAME = re.compile(r"(\w[\w ()+-]{0,60}/)*\w[\w ()+-]{0,60}\.(toml|py|ipynb)")
MOST_FILES = 100  # of one student
MOST_RUN = 10  # of those, each in processes of its own
COMPARED = 40  # inputs at which wrong answers are compared
DIGITS = 6  # to which their values are then the same
RUNS = (".py", ".ipynb")  # what holds code of a stranger
# Of TOML, on a line of its own, and of no character that TOML refuses.
COMMENT = re.compile(r"^[ \t]*#[\t -~\x80-\U0010ffff]*(?=\r?$)", re.MULTILINE)
MISSPELT = " (found "  # of a file in which a function is called nearly as one that is asked for

Record = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What a class was asked: a question of the library, or the content of a file.

    name: as it was called; nothing where each answer says it itself.
    """

    name: str = ""
    content: bytes | None = None


@dataclass(frozen=True)
class Task:
    """What is judged: the names and contents of files, and what they are answers to.

    sandbox: what Python is run in, see gradaudit.answers.preflight. uncontained: why none is run,
    if so. as_pdf: whether the record has the document too. no_mends: whether what would make a
    wrong line right is kept back.
    """

    files: tuple[tuple[str, bytes], ...]
    asked: Asked = field(default_factory=Asked)
    sandbox: str = "auto"
    uncontained: str = ""
    as_pdf: bool = False
    no_mends: bool = False

    @cached_property
    def key(self) -> str:
        """What tells it from every other task, and from the same one of another version."""
        runs = any(name.endswith(RUNS) for name, _ in self.files)
        said = [
            *(gradaudit.__version__, self.asked.name, _digest(self.asked.content or b"")),
            *(self.as_pdf, [self.uncontained, self.sandbox == "none"] if runs else ""),
            *(["no mends"] if self.no_mends else []),
            [[name, _digest(content)] for name, content in self.files],
        ]
        return _digest(json.dumps(said).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def task_of(
    files: Iterable[tuple[str, Callable[[], bytes]]], asked: Asked, **options: Any
) -> tuple[Task, list[str]]:
    """Return what is to be judged, and a line for each file that cannot be read.

    files: a name for each, and what reads it. A file that is alone is called `answer`, so that
    its name makes no difference; the others keep a path that is plain, as one may import another.
    Nor do the comments of a TOML file.
    """
    read: list[tuple[str, bytes]] = []
    faults, size = [], 0
    for name, content in files:
        try:
            if len(read) == MOST_FILES:
                raise Unreadable(f"only {MOST_FILES} files of one student are read")
            read.append((name, content()))
            size += len(read[-1][1])
            if size > MAX_FILE:
                read.pop()
                raise Unreadable(f"all files together are larger than {MAX_FILE // 2**20} MiB")
        except Unreadable as reason:
            faults.append(f"{escaped(name)}: {reason}")
    names = _plain([name for name, _ in read])
    if len(names) == 1:
        names = [f"answer{Path(names[0]).suffix}"]
    said = [(name, _said(name, one)) for name, (_, one) in zip(names, read, strict=True)]
    return Task(tuple(said), asked, **options), faults


def _plain(names: Sequence[str]) -> list[str]:
    """Return names of files that are plain, each another: their own, if they are."""
    plain: list[str] = []
    for number, name in enumerate(names, start=1):
        kind = Path(name).suffix.lower()
        own = [name, f"{PurePosixPath(name).stem}{kind}"]
        others = (f"file{k}{kind}" for k in count(number))
        taken = {*plain, *names[: number - 1], *names[number:]}
        free = (one for one in chain(filter(PLAIN_NAME.fullmatch, own), others) if one not in taken)
        plain.append(next(free))
    return plain


def _said(name: str, content: bytes) -> bytes:
    """Return what a file says; who wrote it, or for whom, stands in a comment of TOML.

    What cannot be read is left as it is, and so is text of several lines.
    """
    if not name.endswith(".toml") or len(content) > MAX_TOML or b'"""' in content:
        return content
    with suppress(UnicodeDecodeError):
        if (text := content.decode()) and "'''" not in text:
            return COMMENT.sub("#", text).encode()
    return content


def record_of(task: Task) -> str:
    """Judge the files of a student, and return the record, as JSON in ASCII.

    Whatever goes wrong is told in it.
    """
    try:
        with strangers_contained(task.sandbox):
            record = _record(task)
    except Exception as error:
        record = unreadable(why_unreadable(error))
    return json.dumps(record)


def unreadable(reason: str) -> Record:
    """Return the record of what could not be judged at all."""
    return _told(Audit(Answer(""), unreadable=reason), {}, [])


def unread(record: Record, notes: Iterable[str] = ()) -> list[str]:
    """Return a line for each thing that could not be read, and is not told of a part.

    notes: on the files of the student.
    """
    told = [one["explanation"] for one in record["parts"] if one["status"] == "untested"]
    lines = [record["unreadable"], *record["malformed"]]
    lines = [one for one in lines if one and not any(why and one.endswith(why) for why in told)]
    return lines + unsaid(record, notes)


def unsaid(record: Record, notes: Iterable[str]) -> list[str]:
    """Return notes on the files of a student, but for those that are why there is no answer."""
    found = list(notes)
    return [] if record["unreadable"] == "; ".join(found) else found


def _record(task: Task) -> Record:
    answer, notes = _answer(task)
    try:
        audit = judged(answer)
        if task.no_mends:
            audit = replace(audit, verdicts=tuple(map(_without_mend, audit.verdicts)))
        alike = {
            one.part: values_of(one.failure)
            for one in audit.verdicts
            if one.status == "fails" and one.failure and _is_unnamed(one)
        }
        record = _told(audit, alike, notes)
    finally:
        answer.close()
    if task.as_pdf:
        from gradaudit.telling.report import document, pdf

        try:
            record["pdf"] = base64.b64encode(pdf(document(audit))).decode()
        except NotSet as reason:
            record["notes"].append(f"there is no PDF: it cannot be set: {escaped(str(reason))}")
    return record


def _without_mend(verdict: Verdict) -> Verdict:
    """Return a verdict that does not say how what is wrong would be right."""
    diagnosis = replace(verdict.diagnosis, edit="")
    return replace(verdict, mend=None, diagnosis=diagnosis)


def _is_unnamed(verdict: Verdict) -> bool:
    """Return whether nothing says already what two of its kind have in common."""
    return not (verdict.diagnosis.mistake or verdict.only_form)


def _answer(task: Task) -> tuple[Answer, list[str]]:
    """Return the answer that files are, and notes on those that are none. Raises Unreadable."""
    sheet = _sheet(task.asked)
    answers: dict[str, Answer] = {}
    faults: dict[str, str] = {}
    notes: list[str] = []
    run = 0
    for name, content in task.files:
        if PurePosixPath(name).name == PACKAGE:
            continue
        if name.endswith(RUNS):
            run += 1
            if task.uncontained or run > MOST_RUN:
                faults[name] = task.uncontained or f"only {MOST_RUN} files of one student are run"
                continue
        modules = modules_for(name, task.files)
        try:
            answers[name] = read_handed(name, content, sheet, modules)
        except Unreadable as reason:
            faults[name] = str(reason)
            if name.endswith(".py"):  # such as one that draws plots
                with suppress(Unreadable):
                    answers[name] = read_functions(name, content, sheet, modules)
                    notes.append(f"only its functions were run, with what they use: {reason}")
                    del faults[name]
    if not task.uncontained and any(one.parts for one in answers.values()):
        asked = (sheet or sheet_called()).functions
        for name, content in task.files:  # such as one that draws plots with what is not there
            of_python = name in faults and name.endswith(".py")
            if of_python and not any(function.encode() in content for function in asked):
                notes.append(f"{name}: {faults.pop(name)}")
    for name, answer in list(answers.items()):
        if len(answers) > 1 and _is_helper(name, answer):
            notes.append(f"{name}: no function that is asked for is in it")
            answers.pop(name).close()
    if not answers:
        alone = len(faults) == 1
        told = faults.values() if alone else (f"{name}: {why}" for name, why in faults.items())
        raise Unreadable("; ".join(told) or "nothing that can be judged is handed in")
    answer = merged("", answers)
    malformed = [f"{name}: {why}" for name, why in faults.items()]
    of = f"{next(iter(answers))}: " if len(answers) == 1 < len(task.files) else ""
    malformed += (f"{of}{line}" for line in answer.malformed)  # `merged` names one of several
    return replace(answer, malformed=tuple(malformed)), notes


def modules_for(name: str, files: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    """Return the modules that a file may import, by name, with the packages that they are in.

    They lie below its folder, or below that of all files, or somewhere else.
    """
    paths: dict[PurePosixPath, bytes] = {}
    for path, content in ((PurePosixPath(one), content) for one, content in files):
        if path.suffix == ".py":
            paths[path.parent if path.name == PACKAGE else path.with_suffix("")] = content
    found = {"": b""}
    for folder in (PurePosixPath(name).parent, PurePosixPath()):
        for path, content in paths.items():
            if path.is_relative_to(folder):
                found.setdefault(".".join(path.relative_to(folder).parts), content)
    for path, content in paths.items():
        if path.name not in sys.stdlib_module_names:
            found.setdefault(path.name, content)
    for module in list(found):
        while module := module.rpartition(".")[0]:
            found.setdefault(module, b"")
    del found[""]
    return found


def _is_helper(name: str, answer: Answer) -> bool:
    """Return whether a file is a module that others may import, and no misspelt answer."""
    return name.endswith(".py") and not answer.parts and MISSPELT not in "".join(answer.malformed)


@cache  # so that what was worked out for a question serves the next answer
def _sheet(asked: Asked) -> Sheet | None:
    if asked.content is None:
        return sheet_called(asked.name) if asked.name else None
    return sheet_of(questions_of(asked.content))


def _told(audit: Audit, alike: dict[str, str], notes: list[str]) -> Record:
    """Return all that is told of an audit, but for whose it is."""
    malformed = tuple(first_of(audit.answer.malformed))
    audit = replace(audit, answer=replace(audit.answer, malformed=malformed))
    data = telling.audit_json(audit)
    del data["answer"]
    for part, verdict in zip(data["parts"], audit.verdicts, strict=True):
        part["told"] = _part(verdict)
        part["alike"] = alike.get(verdict.part)
    return {
        "overall": telling.overall(audit),
        "summary": telling.summary(audit),
        "code": audit.exit_code,
        "notes": list(map(escaped, notes)),
        **data,
    }


def _part(verdict: Verdict) -> dict[str, Any]:
    """Return what is told of a part in words: how much was tried, and why it does not hold."""
    if verdict.status == "unanswered":
        return {"tried": "", "head": "", "details": []}
    fails = verdict.status in ("fails", "conditional")
    return {
        "tried": escaped(telling.tried(verdict)),
        "head": escaped(telling.head(verdict)) if fails else "",
        "details": [[a, escaped(b)] for a, b in telling.details(verdict)] if fails else [],
    }


def values_of(failure: Outcome) -> str:
    """Return what stands for the values of what is wrong, at inputs that are the same for all."""
    if isinstance(failure.judged, Line) and failure.judged.name is None:
        found = changes(failure.judged.formula, failure.at.parameters)
        ends = [f"{float(arb(at).mid()):.{DIGITS}g} {truths}" for at, truths in found]
        claimed = f"{failure.refusal and failure.refusal.found}"  # everywhere, if there are none
        return _digest("\n".join(ends or [claimed]).encode())
    seen = []
    some = (0,) if isinstance(failure.judged, Block) else draw_inputs(failure.law.domain)[:COMPARED]
    for case in some:
        try:
            found = _values(failure.judged, case)
        except (Missing, DoesNotApply, CannotGoOn, Refusal) as none:
            seen.append(f"{none!r} {getattr(none, 'form', '')}")
            continue
        with np.errstate(all="ignore"):
            scale = np.max(abs(found[np.isfinite(found)]), initial=0.0) or 1.0
            rounded = np.round(found / scale, DIGITS) + 0.0  # no -0
        seen.append(f"{found.shape} {scale:.{DIGITS}g} {rounded.tolist()}")
    return _digest("\n".join(seen).encode())


def _values(judged: Any, case: Any) -> Any:
    """Return the values of what is judged at an input. Raises Missing and its like."""
    if isinstance(judged, Block):
        return np.array([_number(one.value) for one in judged.numbers.flat])
    if isinstance(judged, Line):
        return np.array([_number(one) for one in judged.entries(judged.formula, case).flat])
    if isinstance(case, Rate):
        return np.array([float(iterations.ask(judged, case))])
    return np.asarray(contract.ask(judged, case)[0], dtype=float)


def _number(value: Any) -> float:
    with suppress(TypeError, ValueError, OverflowError):
        return float(value)
    return float("nan")

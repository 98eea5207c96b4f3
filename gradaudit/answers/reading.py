"""Reading answers: a file becomes parts, with the laws that each owes. Raises Unreadable."""

import difflib
import os
import re
from pathlib import Path

from gradaudit.answers.asked import sheet_of
from gradaudit.answers.parts import Answer, Part, Sheet
from gradaudit.answers.process import Process, RemoteFunction
from gradaudit.answers.tables import ASSIGNMENT, read_toml
from gradaudit.questions.files import Unreadable, content_of, load_toml
from gradaudit.questions.question import from_library

ANSWERS = re.compile(r"(?!test_.*\.py$|conftest\.py$)[^_.].*\.(py|toml)", re.DOTALL)


def answers_in(path: str) -> list[str]:
    """Return the files that a folder stands for, in order; a file stands for itself.

    Raises Unreadable for a folder without any.
    """
    if not os.path.isdir(path):
        return [path]
    try:
        names = sorted(name for name in os.listdir(path) if ANSWERS.fullmatch(name))
    except OSError as error:
        raise Unreadable(f"it cannot be read: {error.strerror}") from None
    if files := [file for name in names if os.path.isfile(file := os.path.join(path, name))]:
        return files
    raise Unreadable("no .toml or .py file is in this folder")


def read(path: str, asked: Sheet | None = None) -> Answer:
    """Read an answer: TOML, or a Python file if its name ends in .py. Raises Unreadable.

    asked: what it is an answer to, else what it says itself, else the assignment.
    """
    if path.endswith(".py"):
        content_of(path)
        return read_python(path, asked or ASSIGNMENT)
    try:
        tables = load_toml(path)
        named = tables.pop("question") if isinstance(tables.get("question"), str) else None
        return read_toml(path, tables, asked or _of_library(named))
    except Unreadable:
        if path.endswith(".toml") or not os.path.isfile(path):
            raise
        kind = Path(path).suffix or "such"
        formats = "an answer is a .toml file, as `gradaudit template` prints it, or a .py file"
        raise Unreadable(f"a {kind} file is not read; {formats}") from None


def _of_library(name: str | None) -> Sheet:
    """Return what an answer says itself that it is to, else the assignment. Raises Unreadable."""
    try:
        return ASSIGNMENT if name is None else sheet_of(from_library(name))
    except Unreadable as reason:
        remedy = "; a file is named by --question" if str(name).endswith(".toml") else ""
        raise Unreadable(f"question: {reason}{remedy}") from None


def read_python(path: str, sheet: Sheet) -> Answer:
    """Read a Python answer: import it in a process of its own. Raises Unreadable."""
    process = Process(path, {name: owed.count for name, owed in sheet.functions.items()})
    functions, names = process.start()
    parts, malformed, remotes = {}, [], []
    for name, owed in sheet.functions.items():
        if name not in functions:
            continue
        if not functions[name]:
            malformed.append(f"{name}: a function is wanted")
            parts[owed.part] = Part(untested=malformed[-1])
            continue
        remote = RemoteFunction(process, name)
        remotes.append(remote)
        parts[owed.part] = owed.owes(remote)
    if not parts:
        wanted = ", ".join(sheet.functions)
        near = [n for n in names if difflib.get_close_matches(n, sheet.functions, 1, 0.7)]
        hint = f" (found {near[0]})" if near else ""
        malformed.append(f"it defines none of {wanted}{hint}")
    return Answer(path, parts, tuple(malformed), tuple(remotes), sheet.parts)

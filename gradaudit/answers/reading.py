"""Reading answers: a file becomes parts, with the laws that each owes. Raises Unreadable."""

import difflib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from gradaudit.answers.asked import sheet_called, sheet_of
from gradaudit.answers.parts import Answer, Owed, Part, Sheet
from gradaudit.answers.preflight import chosen
from gradaudit.answers.process import Process, RemoteFunction
from gradaudit.answers.tables import read_toml
from gradaudit.language.hints import nearest
from gradaudit.questions.files import Unreadable, content_of, load_toml
from gradaudit.questions.question import from_library

ADDRESS = re.compile(r"(.+\.py|[^\W\d]\w*(?:\.[^\W\d]\w*)*):([^\W\d]\w*)")
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


def address_of(path: str) -> tuple[str, str] | None:
    """Return where a function is, and its name, for module:function and file.py:function."""
    match = None if os.path.exists(path) else ADDRESS.fullmatch(path)
    return match and (match[1], match[2])


def read(path: str, asked: Sheet | None = None, called: str | None = None) -> Answer:
    """Read an answer: TOML, a Python file if its name ends in .py, or one function at its address.

    asked: what it is an answer to, else what it says itself, else the assignment. called: which
    function of the question one at an address is, else that of its name. Raises Unreadable.
    """
    if address := address_of(path):
        sheet, (place, function) = asked or sheet_called(), address
        return read_python(path, place, {function: _owed(sheet, function, called)}, sheet)
    if called is not None:
        raise Unreadable("--as takes a function: package.module:function, or file.py:function")
    if path.endswith(".py"):
        sheet = asked or sheet_called()
        return read_python(path, path, sheet.functions, sheet)
    try:
        tables = load_toml(path)
        named = tables.pop("question") if isinstance(tables.get("question"), str) else None
        return read_toml(path, tables, asked or _of_library(named))
    except Unreadable as reason:
        if ":" in path and not os.path.exists(path):
            raise Unreadable(f"{reason}; a function is package.module:function") from None
        if path.endswith(".toml") or not os.path.isfile(path):
            raise
        kind = Path(path).suffix or "such"
        formats = "an answer is a .toml file, as `gradaudit template` prints it, or a .py file"
        raise Unreadable(f"a {kind} file is not read; {formats}") from None


def _of_library(name: str | None) -> Sheet:
    """Return what an answer says itself that it is to, else the assignment. Raises Unreadable."""
    try:
        return sheet_called() if name is None else sheet_of(from_library(name))
    except Unreadable as reason:
        remedy = "; a file is named by --question" if str(name).endswith(".toml") else ""
        raise Unreadable(f"question: {reason}{remedy}") from None


def _owed(sheet: Sheet, function: str, called: str | None) -> Owed:
    """Return what a function at an address owes. Raises Unreadable."""
    if (name := called or function) in sheet.functions:
        return sheet.functions[name]
    known = ", ".join(sheet.functions) or "none"
    hint = nearest(name, sheet.functions) or f"; known are {known}"
    remedy = "" if called else ", and --as says which one it is"
    raise Unreadable(f"no function of the question is called {name}{hint}{remedy}")


def read_python(name: str, place: str, wanted: Mapping[str, Owed], sheet: Sheet) -> Answer:
    """Read functions of a file or a module, in a process of its own. Raises Unreadable.

    wanted: what each owes that may be there.
    """
    if not wanted:
        raise Unreadable("the question asks for no function")
    if place.endswith(".py"):
        content_of(place)
    process = Process(place, {name: owed.count for name, owed in wanted.items()}, chosen())
    functions, names = process.start()
    parts, malformed, remotes = {}, [], []
    for function, owed in wanted.items():
        if function not in functions:
            continue
        if not functions[function]:
            malformed.append(f"{function}: a function is wanted")
            parts[owed.part] = Part(untested=malformed[-1])
            continue
        remote = RemoteFunction(process, function)
        remotes.append(remote)
        parts[owed.part] = owed.owes(remote)
    if not parts:
        near = [n for n in names if difflib.get_close_matches(n, wanted, 1, 0.7)]
        hint = f" (found {near[0]})" if near else ""
        malformed.append(f"it defines none of {', '.join(wanted)}{hint}")
    return Answer(name, parts, tuple(malformed), tuple(remotes), sheet)

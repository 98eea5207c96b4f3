"""Reading answers: a file becomes parts, with the laws that each owes. Raises Unreadable."""

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.util import decode_source
from pathlib import Path
from types import MappingProxyType

from gradaudit.answers.asked import sheet_called, sheet_of
from gradaudit.answers.child import ANSWER
from gradaudit.answers.notebooks import definitions, notebook_of, written_by
from gradaudit.answers.parts import Answer, Owed, Part, Sheet
from gradaudit.answers.preflight import chosen
from gradaudit.answers.process import Process, RemoteFunction
from gradaudit.answers.tables import read_toml
from gradaudit.language.hints import nearest
from gradaudit.questions.files import Unreadable, content_of, tables_of
from gradaudit.questions.reading import from_library

NONE: Mapping[str, bytes] = MappingProxyType({})
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
    """Read an answer: by the end of its name TOML, Python or a notebook, or one function anywhere.

    asked: what it is an answer to, else what it says itself, else the assignment. called: which
    function of the question one at an address is, else that of its name. Raises Unreadable.
    """
    if address := address_of(path):
        sheet, (place, function) = asked or sheet_called(), address
        wanted = {function: _owed(sheet, function, called)}
        return replace(read_python(place, sheet, wanted=wanted), name=path)
    if called is not None:
        raise Unreadable("--as takes a function: package.module:function, or file.py:function")
    if path.endswith(".py"):
        return read_python(path, asked or sheet_called())
    if path.endswith(".ipynb"):
        return read_notebook(path, content_of(path), asked)
    try:
        return read_tables(path, content_of(path), asked)
    except Unreadable as reason:
        if ":" in path and not os.path.exists(path):
            raise Unreadable(f"{reason}; a function is package.module:function") from None
        if path.endswith(".toml") or not os.path.isfile(path):
            raise
        kind = Path(path).suffix or "such"
        formats = "an answer is a .toml file, as `gradaudit template` prints it, .py or .ipynb"
        raise Unreadable(f"a {kind} file is not read; {formats}") from None


def read_tables(name: str, content: bytes, asked: Sheet | None = None) -> Answer:
    """Read an answer in TOML, to what it says itself if nothing is asked. Raises Unreadable."""
    tables = tables_of(content)
    named = tables.pop("question") if isinstance(tables.get("question"), str) else None
    return read_toml(name, tables, asked or _of_library(named))


def read_handed(
    name: str, content: bytes, asked: Sheet | None = None, modules: Mapping[str, bytes] = NONE
) -> Answer:
    """Read an answer whose content was handed over, as `read` does one at a path.

    modules: of Python, by name, that it may import. Raises Unreadable.
    """
    if name.endswith(".py"):
        return read_python(name, asked or sheet_called(), {**modules, ANSWER: content})
    if name.endswith(".ipynb"):
        return read_notebook(name, content, asked, modules)
    return read_tables(name, content, asked)


def read_functions(
    name: str, content: bytes, asked: Sheet | None = None, modules: Mapping[str, bytes] = NONE
) -> Answer:
    """Read the functions of a Python file with what they use, without its other imports and runs.

    Raises Unreadable.
    """
    sheet = asked or sheet_called()
    try:
        source = definitions([decode_source(content)], sheet.functions)
    except (SyntaxError, UnicodeError):
        raise Unreadable("it is not Python") from None
    return read_python(name, sheet, {**modules, ANSWER: source.encode()})


def read_notebook(
    name: str, content: bytes, asked: Sheet | None = None, modules: Mapping[str, bytes] = NONE
) -> Answer:
    """Read the functions of a notebook, and the TOML in its Markdown. Raises Unreadable."""
    code, blocks = notebook_of(content)
    answers: dict[str, Answer] = {}
    for number, block in enumerate(blocks, start=1):
        place = f"block {number} of TOML"
        try:
            answers[place] = read_tables(name, block.encode(), asked)
        except Unreadable as reason:
            answers[place] = Answer(name, malformed=(str(reason),), sheet=asked or sheet_called())
    sheet = next((one.sheet for one in answers.values()), asked or sheet_called())
    try:
        source = definitions(code, sheet.functions)
    except Unreadable as reason:
        if answers:
            return merged(name, answers)
        remedy = "and no Markdown cell has a block that is fenced and called toml"
        raise Unreadable(f"{reason}, {remedy}") from None
    written = {module: _bytes(text) for module, text in written_by(code).items()}
    sources = {**modules, **written, ANSWER: _bytes(source)}
    return merged(name, {**answers, "the code": read_python(name, sheet, sources)})


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


def merged(name: str, answers: Mapping[str, Answer]) -> Answer:
    """Return one answer of several; a part that two of them have is `untested`. Raises Unreadable.

    answers: each by the name that it is told by.
    """
    if len(answers) == 1:
        return replace(next(iter(answers.values())), name=name)
    (first, one), *others = answers.items()
    if foreign := [place for place, other in others if other.sheet is not one.sheet]:
        for other in answers.values():
            other.close()
        raise Unreadable(f"{first} and {foreign[0]} are answers to different questions")
    places: dict[str, str] = {}
    parts: dict[str, Part] = {}
    malformed = [f"{place}: {line}" for place, one in answers.items() for line in one.malformed]
    for place, answer in answers.items():
        for part, said in answer.parts.items():
            if part not in places:
                parts[part], places[part] = said, place
            else:
                clash = f"it stands in {places[part]} and in {place}; leave one of them"
                parts[part] = Part(untested=clash)
                malformed.append(f"{part}: {clash}")
    several = answers.values()
    return Answer(
        name,
        {part: parts[part] for part in one.sheet.parts if part in parts},
        tuple(malformed),
        tuple(function for answer in several for function in answer.functions),
        one.sheet,
    )


@cache  # so that what was worked out for a question serves the next answer
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


def read_python(
    place: str,
    sheet: Sheet,
    sources: Mapping[str, bytes] | None = None,
    wanted: Mapping[str, Owed] | None = None,
) -> Answer:
    """Read functions of a file or a module, in a process of its own. Raises Unreadable.

    sources: what was handed over, see Process. wanted: what each owes that may be there, if not
    all that are asked for.
    """
    wanted = sheet.functions if wanted is None else wanted
    if not wanted:
        raise Unreadable("the question asks for no function")
    if place.endswith(".py") and sources is None:
        content_of(place)
    counts = {function: owed.count for function, owed in wanted.items()}
    process = Process(place, counts, chosen(), sources)
    functions, names = process.start()
    parts, malformed, remotes = {}, [], []
    for function, owed in wanted.items():
        if function not in functions:
            continue
        if (arguments := functions[function]) is None:
            malformed.append(f"{function}: a function is wanted")
            parts[owed.part] = Part(untested=malformed[-1])
            continue
        remote = RemoteFunction(process, function, arguments)
        remotes.append(remote)
        parts[owed.part] = owed.owes(remote)
    if not parts:
        near = [n for n in names if difflib.get_close_matches(n, wanted, 1, 0.7)]
        hint = f" (found {near[0]})" if near else ""
        malformed.append(f"it defines none of {', '.join(wanted)}{hint}")
    return Answer(place, parts, tuple(malformed), tuple(remotes), sheet)

"""A Jupyter notebook as the answers that it holds: Python that defines functions, and TOML."""

import ast
import re
import warnings
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from symtable import symtable
from typing import Any, Self

from gradaudit.questions.files import Unreadable

FENCE = re.compile(r"(`{3,}|~{3,})[ \t]*toml\b")
MAGIC = re.compile(  # and the lines that it goes on in
    r"^([ \t]*)(?:[%!?]|.*=[ \t]*[%!][\w{]|.*[\w)]\?+[ \t]*$)(?:[^\\\n]|\\[\s\S])*$", re.MULTILINE
)
WRITES = re.compile(r"%%(?:write)?file[ \t]+(?P<adds>-a[ \t]+)?(?:\./)?(?P<module>\w+)\.py[ \t]*")
CELL_MAGICS_OF_PYTHON = ("%%time", "%%timeit", "%%capture")  # others make another language of it
MOST_CHARACTERS = 256 * 2**10  # of all code that functions are taken from
MOST_STATEMENTS = 2_000
EVERYTHING = "*"  # what is imported from a module


@dataclass(frozen=True)
class Statement:
    """A statement of a cell: names of the module that it gives a value to, and those it uses."""

    text: str
    bound: frozenset[str]
    used: frozenset[str]

    @classmethod
    def of(cls, tree: ast.stmt) -> Self:
        """Return what Python says of a statement. Raises SyntaxError."""
        text = ast.unparse(tree)
        table = symtable(text, "a cell", "exec")
        names = table.get_symbols()
        bound = {one.get_name() for one in names if one.is_assigned() or one.is_imported()}
        used = {one.get_name() for one in names if one.is_referenced()}
        inner = table.get_children()
        while inner:
            scope = inner.pop()
            inner += scope.get_children()
            used |= {one.get_name() for one in scope.get_symbols() if one.is_global()}
        for one in ast.walk(tree):
            if isinstance(one, ast.ImportFrom) and one.names[0].name == EVERYTHING:
                bound.add(EVERYTHING)
            if isinstance(one, ast.Subscript | ast.Attribute) and isinstance(one.ctx, ast.Store):
                bound |= {name.id for name in ast.walk(one.value) if isinstance(name, ast.Name)}
        return cls(text, frozenset(bound), frozenset(used))


def notebook_of(content: bytes) -> tuple[list[str], list[str]]:
    """Return the code cells of a notebook, and the blocks of TOML in its Markdown cells.

    Such a block is fenced, and called `toml`. Raises Unreadable.
    """
    cells = _cells(content)
    code = [_source(cell) for cell in cells if cell.get("cell_type") == "code"]
    texts = [_source(cell) for cell in cells if cell.get("cell_type") == "markdown"]
    return code, [block for text in texts for block in _fenced(text)]


def _fenced(text: str) -> Iterator[str]:
    """Yield the blocks of TOML in a text of Markdown; one that is not closed is none."""
    fence, lines = "", list[str]()
    for line in text.split("\n"):
        if fence and line.rstrip(" \t\r") == fence:
            yield "".join(f"{one}\n" for one in lines)
            fence = ""
        elif fence:
            lines.append(line)
        elif opened := FENCE.match(line):
            fence, lines = opened[1], []


def written_by(code: Sequence[str]) -> dict[str, str]:
    """Return the modules that code cells write, by name."""
    found: dict[str, str] = {}
    for cell in code:
        first, _, rest = cell.lstrip().partition("\n")
        if writes := WRITES.fullmatch(first):
            before = found.get(writes["module"], "") if writes["adds"] else ""
            found[writes["module"]] = before + rest + "\n"
    return found


def definitions(code: Sequence[str], wanted: Collection[str]) -> str:
    """Return Python that defines the wanted functions and what they use, without all else.

    No magics, plots or runs are in it. Raises Unreadable where none of them is defined.
    """
    if sum(map(len, code)) > MOST_CHARACTERS:
        raise Unreadable(f"its code has more than {MOST_CHARACTERS // 2**10} KiB")
    broken: list[str] = []
    statements: list[Statement] = []
    for number, cell in enumerate(code, start=1):
        try:
            statements += map(Statement.of, _parsed(cell))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            broken.append(str(number))
    if len(statements) > MOST_STATEMENTS:
        raise Unreadable(f"its code has more than {MOST_STATEMENTS} statements")
    if kept := _needed(statements, wanted):
        return "\n\n".join(one.text for one in kept)
    where = f"; code cell {', '.join(broken)} is not Python" if broken else ""
    raise Unreadable(f"no code cell defines {', '.join(wanted) or 'a function'}{where}")


def _cells(content: bytes) -> list[Any]:
    try:
        import nbformat
    except ImportError:
        raise Unreadable("a notebook needs the package nbformat: pip install nbformat") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what the file lacks, which is no matter here
            read: Any = nbformat.reads(content.decode("utf-8-sig"), as_version=4)
        return [cell for cell in read["cells"] if isinstance(cell, dict)]
    except Exception as error:  # of many kinds, as anything may stand in it
        remedy = "save it again in Jupyter"
        kind = type(error).__name__
        raise Unreadable(f"it is not a notebook that can be read ({kind}); {remedy}") from None


def _source(cell: Any) -> str:
    source = cell.get("source", "")
    return source if isinstance(source, str) else ""


def _parsed(cell: str) -> list[ast.stmt]:
    """Return the statements of a cell. Raises SyntaxError and its like."""
    first, _, rest = cell.lstrip().partition("\n")
    if first.startswith("%%"):
        if not first.startswith(CELL_MAGICS_OF_PYTHON) and not WRITES.fullmatch(first):
            return []
        cell = rest
    try:
        return ast.parse(cell).body
    except SyntaxError:
        return ast.parse(MAGIC.sub(r"\1pass", cell)).body


def _needed(statements: Sequence[Statement], wanted: Collection[str]) -> list[Statement]:
    """Return what defines the wanted functions, and all that these use, in its order."""
    if not any(one.bound & set(wanted) for one in statements):
        return []
    needed, before = set(wanted), -1
    while len(needed) != before:
        before = len(needed)
        for one in statements:
            if one.bound & needed:
                needed |= one.used
    return [one for one in statements if one.bound & needed or EVERYTHING in one.bound]

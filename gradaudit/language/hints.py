"""What was meant by a text outside of the formula language, and how that is written in it."""

import ast
import difflib
import keyword
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

_HINTS: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
)
CHARACTERS, SLIPS, _GIVEN = (_HINTS[table] for table in ("characters", "slips", "given"))
NAMES, FOREIGN = (
    {one: remedy for several, remedy in _HINTS[table].items() for one in several.split()}
    for table in ("names", "foreign")
)


# a word that stands where a name does, in a text that Python's grammar has no words for
_AS_A_NAME = re.compile(r"(?:^|[-+*/@(,<>=])\s*([^\W\d]\w*)\s*(?=$|[-+*/@),\[<>=.])")


def word_of_python(name: str) -> str:
    """Return why a word of Python is no name, and another; nothing for any other word."""
    other = "lam" if name == "lambda" else f"{name}_"
    told = f"`{name}` is a word of Python; choose another name, such as {other}"
    return told if keyword.iskeyword(name) else ""


def foreign(node: ast.expr) -> str:
    """Return why an expression of Python is none of the language, and what is written instead."""
    match node:
        case ast.Constant(value=str() | bytes()):
            return "text is not a formula"
        case ast.Constant(value=None):
            return "this is not a number; outer(u, v) makes a matrix of two vectors"
        case ast.Constant(value=value) if value is ...:
            return "`...` may stand last only, as a line of what is not finished"
    return FOREIGN.get(type(node).__name__, "this is not in the language")


def range_of(rate: str) -> str:
    """Return how a range of a rate is written."""
    return f"a range is written 0 < {rate} < 1/5"


def slip(source: str, rate: str) -> str:
    """Return what may have been meant, where Python's grammar has no words for it.

    rate: the name of what a condition is on, if one is wanted.
    """
    said = [remedy for pattern, remedy in SLIPS.items() if re.search(pattern, source)][:2]
    said = [*filter(None, map(word_of_python, _AS_A_NAME.findall(source)))][:1] + said
    if source.count("(") != source.count(")") or source.count("[") != source.count("]"):
        said.insert(0, "its brackets do not match")
    if rate and re.search(r"[,;\]\[]|\blambda\b", source):
        said = [f"{range_of(rate)}, with a point in decimals"]
    return in_ascii(source) + "".join(f"; {one}" for one in said)


def as_given(said: str) -> str:
    """Return how it is written what is given, if what stands there is known."""
    fit = (f"; {remedy}" for pattern, remedy in _GIVEN.items() if re.search(pattern, said))
    return next(fit, "")


def in_ascii(text: str) -> str:
    """Return how the characters of a text are written that have a name or a sign of their own."""
    written = {
        char: ascii_ for char in text for chars, ascii_ in CHARACTERS.items() if char in chars
    }
    said = (f"{char} is written {ascii_}" for char, ascii_ in written.items())
    return "; " + ", ".join(said) if written else ""


def known_as(name: str) -> str:
    """Return what a name that is not in the language is here, if that is known."""
    return f"; {NAMES[name]}" if name in NAMES else ""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that is most like another, if one is."""
    folded = {one.casefold(): one for one in sorted(known)}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f"; did you mean `{folded[close[0]]}`?" if close else ""

"""Files that come from outside: read within bounds, TOML with its decimals as they are written."""

import re
import tomllib
from pathlib import Path
from typing import Any, TypeGuard

from gradaudit.language.formula import MAX_DIGITS

NO_TEXT = "it is not text in UTF-8; save it as such"
MAX_FILE = 16 * 2**20  # bytes
MAX_TOML = 2 * 2**20  # bytes, which take seconds to read, however they are nested
MAX_KEY_PARTS = 50
MAX_REASON = 200  # characters, in which a key may stand
STRINGS = re.compile(  # and comments; what is not closed goes on to its end, as Python reads it
    r'''"""(?:[^"\\]++|\\.|"(?!""))*+(?:"{3,5})?|"(?:[^"\\\n]++|\\.)*+"?'''
    r"""|'''(?:[^']++|'(?!''))*+(?:'{3,5})?|'[^'\n]*'?|(#[^\n]*)""",
    re.DOTALL,
)
DOTTED = re.compile(r"(?<![\w-])(?:[\w-]++[ \t]*+\.[ \t]*+)++")
KINDS = {str: "a string", list: "a list", dict: "a table", bool: "a bool"}


class Unreadable(Exception):
    """A file that cannot be read as what it is to be; the message says why."""


def content_of(path: str) -> bytes:
    """Return the content of a file. Raises Unreadable."""
    try:
        if not Path(path).is_file():
            raise Unreadable("no such file" if not Path(path).exists() else "it is not a file")
        with open(path, "rb") as file:
            content = file.read(MAX_FILE + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise Unreadable(f"it cannot be read: {reason}") from None
    if len(content) > MAX_FILE:
        raise Unreadable(f"it is larger than {MAX_FILE // 2**20} MiB")
    return content


def load_toml(path: str) -> dict[str, Any]:
    """Return the tables of a TOML file, its decimals as they are written. Raises Unreadable."""
    return tables_of(content_of(path))


def tables_of(content: bytes) -> dict[str, Any]:
    """Return the tables that TOML says, its decimals as they are written. Raises Unreadable."""
    if len(content) > MAX_TOML:
        raise Unreadable(f"it is TOML of more than {MAX_TOML // 2**20} MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable(NO_TEXT) from None
    if "\0" in text:
        raise Unreadable(NO_TEXT)
    # Python refuses to read an integer of thousands of digits, and with it the whole file. Any
    # such run is cut to one that is still too long for a number, and refused where it stands.
    text = re.sub(r"(?<![\d_])\d[\d_]{999,}", "9" * (MAX_DIGITS + 1), text)
    rest = STRINGS.sub(lambda found: "" if found[1] else "_", text)
    if any(key[0].count(".") >= MAX_KEY_PARTS for key in DOTTED.finditer(rest)):
        # Python's reader takes time that grows with the square of the parts of a key.
        raise Unreadable(f"a key of more than {MAX_KEY_PARTS} parts")
    try:
        return tomllib.loads(text, parse_float=DecimalText)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"it is not TOML: {str(error)[:MAX_REASON]}") from None
    except (RecursionError, ValueError):
        raise Unreadable("it is not TOML that can be read: nested too deeply") from None


class DecimalText(str):
    """The text of a decimal number in TOML, as opposed to a string."""

    __slots__ = ()


def is_text(value: Any) -> TypeGuard[str]:
    """Return whether a value of TOML is a string, and not a decimal."""
    return isinstance(value, str) and not isinstance(value, DecimalText)


def is_number(value: Any) -> TypeGuard[int | DecimalText]:
    """Return whether a value of TOML is a number, whose text is what `str` says."""
    return isinstance(value, int | DecimalText) and not isinstance(value, bool)

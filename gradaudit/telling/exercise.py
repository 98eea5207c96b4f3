"""`gradaudit lint`: read an exercise, and say what its numbers can't show."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from gradaudit.answers.tables import number
from gradaudit.language.numbers import each
from gradaudit.mistakes.lint import Lint, better, lint
from gradaudit.questions.files import Unreadable, load_toml
from gradaudit.questions.inputs import Network
from gradaudit.telling.showing import width

KEYS = ("X", "t", "W1", "b1", "w2", "b2")
MAX_SIZE = 8  # samples, inputs and units


def read_exercise(path: str) -> Network:
    """Read the data of an exercise. Raises Unreadable for anything else than exactly that."""
    tables = load_toml(path)
    unknown = [key for key in tables if key not in KEYS]
    missing = [key for key in KEYS if key not in tables]
    if unknown or missing:
        wrong = f"{unknown[0]}: unknown key" if unknown else f"{missing[0]}: missing"
        raise Unreadable(f"{wrong}; an exercise has {', '.join(KEYS)} and nothing else")
    blocks = {key: _array(key, tables[key], 2 if key in ("X", "W1") else 1) for key in KEYS[:-1]}
    b2 = number("b2", tables["b2"]).value
    (n, d), h = blocks["X"].shape, len(blocks["b1"])
    if max(n, d, h) > MAX_SIZE:
        raise Unreadable(f"at most {MAX_SIZE} samples, inputs and hidden units are looked at")
    wanted = {"t": (n,), "W1": (d, h), "w2": (h,)}
    for key, shape in wanted.items():
        if blocks[key].shape != shape:
            found = blocks[key].shape
            raise Unreadable(f"{key}: shape {shape} is wanted, to go with X and b1; found {found}")
    return Network(b2=b2, **blocks)


def _array(key: str, value: Any, axes: int) -> Any:
    found = np.array(value, dtype=object)
    if found.ndim != axes or not found.size:
        of = "rows of one length" if axes == 2 else "numbers"
        raise Unreadable(f"{key}: a list of {of} is wanted")
    return each(lambda one: number(key, one).value, found)


def lint_text(network: Network) -> tuple[str, bool]:
    """Return what is to be said of an exercise, and whether it is clean."""
    said = lint(network)
    return "\n".join(_lines(network, said)), said.clean


def _lines(network: Network, said: Lint) -> Iterator[str]:
    for j in said.dead:
        yield f"unit j = {j} is dead on every sample: nothing about it shows"
    for k in said.idle:
        yield f"sample k = {k} activates no unit: it adds nothing to dW1, db1 and dw2"
    for k, j in said.near:
        yield f"z[{k},{j}], of sample k = {k} and unit j = {j}, is at or near the kink"
    for part, ids in said.hidden.items():
        yield from _listed(f"dL/d{part} comes out right with {len(ids)} of the known mistakes", ids)
    if said.clean:
        yield "every known mistake shows wherever it can show"
        return
    try:
        proposal = better(network)
    except LookupError:
        yield "no better data of this shape were found"
        return
    yield from ("", "Better data of the same shape:", "")
    for key in KEYS:
        yield f"{key} = {_toml(proposal.blocks[key])}"
    yield ""
    left = lint(proposal)
    for part, ids in left.hidden.items():
        yield from _listed(f"On these, dL/d{part} still comes out right with", ids)
    if not any(left.hidden.values()):
        yield "On these, every known mistake shows wherever it can show."
    for part, ids in left.invisible.items():
        yield from _listed(f"No data of this shape that were tried show in dL/d{part}", ids)


def _listed(head: str, ids: Sequence[str]) -> Iterator[str]:
    """Yield what is listed, if anything is."""
    indent = " " * 4
    if ids:
        yield f"{head}:"
        yield textwrap.fill(
            ", ".join(ids),
            width(),
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
        )


def _toml(value: Any) -> str:
    if np.ndim(value):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return f"{float(value):.1f}".replace("-0.0", "0.0")

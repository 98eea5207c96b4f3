"""Reading answers: a file becomes claims, each a law held against what the file says.

An unreadable file raises Unreadable. A malformed part becomes one line that names the key and the
remedy, and leaves the other parts as they are.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from audit.process import Process, RemoteFunction, Unreadable
from properties import descent, diagnosis, network, softmax, written
from properties.calling import Function
from properties.derivation import (
    GRADIENT,
    GRADIENT_ONE_HOT,
    MAX_LINES,
    MAX_OPERATIONS,
    PARAMETERS,
    Line,
    Wanted,
    answer_of,
    contains_d,
    law_of,
    lines_of,
    try_out,
)
from properties.diagnosis import Diagnosis
from properties.formula import MAX_DIGITS, Formula, FormulaError, Scope, parse, parse_definitions
from properties.inputs import Network
from properties.laws import Law, Outcome, hold
from properties.mistakes import FORWARD
from properties.numbers import object_array
from properties.question import DATA, NETWORK, ONE_HOT, RATE
from properties.rates import deciding_rates
from properties.strategies import ANY_TARGETS, RATES, SUM_ONE, draw_inputs
from properties.strategies import ONE_HOT as ONE_HOT_INPUTS
from properties.written import Block, Written, exact_value

MAX_FILE = 16 * 2**20  # bytes
MAX_KEY_PARTS = 50
MAX_DECISIONS = 200_000
BLOCKS = Network.PARAMETERS
PARTS = (
    *(f"q1.{name}" for name in (*FORWARD, *BLOCKS)),
    *(f"q1.derivation.{block}" for block in BLOCKS),
    "q1.gradients",
    "q2.gradient",
    "q2.one_hot",
    "q3.converges",
)
FUNCTIONS = {  # name in a Python answer: its part, how many results it owes, its laws
    "network_gradients": ("q1.gradients", 4, network.LAWS),
    "softmax_gradient": ("q2.gradient", 1, softmax.LAWS),
    "softmax_gradient_one_hot": ("q2.one_hot", 1, softmax.LAWS_ONE_HOT),
    "converges": ("q3.converges", 1, descent.LAWS),
}
KEYS = {
    "question1": (*FORWARD, *BLOCKS, "derivation"),
    "question1.derivation": ("where", *BLOCKS),
    "question2": ("where", "gradient", "one_hot"),
    "question3": ("where", "converges"),
}
QUESTIONS = [table for table in KEYS if "." not in table]
WANTED = {
    **{f"q1.derivation.{block}": wanted for block, wanted in PARAMETERS.items()},
    "q2.gradient": GRADIENT,
    "q2.one_hot": GRADIENT_ONE_HOT,
}


@dataclass(frozen=True)
class Claim:
    """One law, held against what an answer says, on the inputs that it speaks of."""

    law: Law
    judged: Any
    inputs: Callable[[], Sequence[Any]]

    def outcome(self) -> Outcome:
        """Hold the judged to the law."""
        return hold(self.law, self.judged, self.inputs())


@dataclass(frozen=True)
class Part:
    """What an answer says to one part of the assignment.

    claims: what it owes. where_sum_is_one: what it owes where sum(t) == 1, if it can be right
    just there. condition: an assumption that its answer states, or that is stated above it, and
    in_general: what the answer owes without. wrong: why it is wrong as it stands. untested: why
    it can't be judged. lines: of a derivation, or the one formula; answer is the line that counts.
    numbers: those written. diagnose: finds the mistake that a failing outcome shows.
    """

    claims: tuple[Claim, ...] = ()
    where_sum_is_one: tuple[Claim, ...] = ()
    condition: str = ""
    in_general: Claim | None = None
    wrong: str = ""
    untested: str = ""
    lines: tuple[Line, ...] = ()
    answer: Line | None = None
    numbers: Block | None = None
    diagnose: Callable[[Outcome], Diagnosis] = lambda _: Diagnosis()


@dataclass(frozen=True)
class Answer:
    """An answer by parts. malformed: a line for each thing that could not be read."""

    name: str
    parts: dict[str, Part] = field(default_factory=dict)
    malformed: tuple[str, ...] = ()
    functions: tuple[RemoteFunction, ...] = ()

    def close(self) -> None:
        """End the processes of its functions."""
        for function in self.functions:
            function.close()


def claim(law: Law, judged: Any) -> Claim:
    """Return the claim of a law on the inputs of its own domain."""
    return Claim(law, judged, partial(draw_inputs, law.domain))


def read(path: str) -> Answer:
    """Read an answer: TOML, or a Python file if its name ends in .py. Raises Unreadable."""
    if path.endswith(".py"):
        _content(path)
        return read_python(path)
    return _Reader(path, load_toml(path)).answer()


def _content(path: str) -> bytes:
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
    try:
        text = _content(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("it is not text in UTF-8") from None
    # Python refuses to read an integer of thousands of digits, and with it the whole file. Any
    # such run is cut to one that is still too long for a number, and refused where it stands.
    text = re.sub(r"(?:\d_?){1000,}", "9" * (MAX_DIGITS + 1), text)
    if any(_key_parts(line) > MAX_KEY_PARTS for line in text.splitlines()):
        # Python's reader takes time that grows with the square of the parts of a key.
        raise Unreadable(f"a key of more than {MAX_KEY_PARTS} parts")
    try:
        return tomllib.loads(text, parse_float=DecimalText)
    except tomllib.TOMLDecodeError as error:
        raise Unreadable(f"it is not TOML: {error}") from None
    except (RecursionError, ValueError):
        raise Unreadable("it is not TOML that can be read: nested too deeply") from None


def read_python(path: str) -> Answer:
    """Read a Python answer: import it in a process of its own. Raises Unreadable."""
    process = Process(path, list(FUNCTIONS))
    process.close()
    parts, malformed, remotes = {}, [], []
    for name, (part, count, laws) in FUNCTIONS.items():
        if name not in process.functions:
            continue
        if not process.functions[name]:
            malformed.append(f"{name}: a function is wanted")
            parts[part] = Part(untested=malformed[-1])
            continue
        remote = RemoteFunction(path, name, count)
        remotes.append(remote)
        parts[part] = part_of_function(part, laws, remote)
    if not parts:
        wanted = ", ".join(FUNCTIONS)
        near = [n for n in process.names if difflib.get_close_matches(n, FUNCTIONS, 1, 0.7)]
        hint = f" (found {near[0]})" if near else ""
        malformed.append(f"it defines none of {wanted}{hint}")
    return Answer(path, parts, tuple(malformed), tuple(remotes))


def part_of_function(part: str, laws: Sequence[Law], judged: Any) -> Part:
    """Return what a function owes."""
    claims = tuple(claim(law, judged) for law in laws)
    diagnose: dict[str, Callable[[], Diagnosis]] = {
        "q1.gradients": lambda: diagnosis.of_network_function(judged),
        "q2.gradient": lambda: diagnosis.of_softmax_function(judged, draw_inputs(ANY_TARGETS)),
        "q2.one_hot": lambda: diagnosis.of_softmax_function(judged, draw_inputs(ONE_HOT_INPUTS)),
        "q3.converges": lambda: diagnosis.of_rate_function(
            partial(descent.ask, judged), draw_inputs(RATES)
        ),
    }
    whole = Part(claims, diagnose=lambda _: diagnose[part]())
    if part != "q2.gradient":
        return whole
    weaker = tuple(claim(law, judged) for law in softmax.LAWS_WHERE_SUM_IS_ONE)
    return replace(whole, where_sum_is_one=weaker)


def _key_parts(line: str) -> int:
    key = line.partition("=")[0]
    return 0 if "," in key else key.count(".") + 1


class DecimalText(str):
    """The text of a decimal number in TOML, as opposed to a string."""

    __slots__ = ()


class Malformed(ValueError):
    """A part that cannot be read; the message names the key and the remedy."""


class _Reader:
    def __init__(self, path: str, tables: dict[str, Any]) -> None:
        self.path = path
        self.tables = tables
        self.parts: dict[str, Part] = {}
        self.malformed: list[str] = []

    def answer(self) -> Answer:
        for name, table in self.tables.items():
            if name not in QUESTIONS:
                self.complain(f"{name}: unknown table or key{_nearest(name, QUESTIONS)}")
            else:
                self.read_table(name, table)
        self.diagnose_numbers_together()
        ordered = {part: self.parts[part] for part in PARTS if part in self.parts}
        return Answer(self.path, ordered, tuple(self.malformed))

    def diagnose_numbers_together(self) -> None:
        """Let every part of Question 1 be diagnosed with all numbers that are given."""
        given = {name: part for name, part in self.parts.items() if part.numbers is not None}
        blocks = [part.numbers for part in given.values() if part.numbers is not None]
        together = cache(lambda: diagnosis.of_numbers(blocks))
        for name, part in given.items():
            self.parts[name] = replace(part, diagnose=lambda _: together())

    def complain(self, line: str) -> None:
        if line not in self.malformed:
            self.malformed.append(line)

    def read_table(self, name: str, table: Any) -> None:
        if not isinstance(table, dict):
            self.complain(f"{name}: a table is wanted: [{name}]")
            return
        for key, value in table.items():
            path = f"{name}.{key}"
            if key not in KEYS[name]:
                self.complain(f"{path}: unknown key{_nearest(key, KEYS[name])}")
            elif path in KEYS:
                self.read_table(path, value)
            elif key != "where":
                part = path.replace("question", "q", 1)
                try:
                    self.parts[part] = _read_part(path, part, value, table.get("where", []))
                except Malformed as malformed:
                    self.complain(str(malformed))
                    self.parts[part] = Part(untested=str(malformed))
        if set(table) == {"where"}:
            self.complain(f"{name}.where: it defines names, but nothing uses them")


def _read_part(path: str, part: str, value: Any, where: Any) -> Part:
    table, _, key = path.rpartition(".")
    if table == "question1":
        block = Block(key, _numbers(path, value, key))
        return Part((claim(written.LAW, block),), numbers=block)
    widest = {"1": NETWORK, "2": ONE_HOT, "3": RATE}[part[1]]
    scope = _own_names(f"{table}.where", where, widest)
    if table == "question3":
        return _condition_part(path, _formulas(path, value, scope, widest))
    wanted = WANTED[part].scope
    return _gradient_part(
        WANTED[part],
        _formulas(path, value, replace(scope, free=wanted.free, sizes=wanted.sizes), widest),
    )


def _gradient_part(wanted: Wanted, formulas: Sequence[Formula]) -> Part:
    lines = tuple(lines_of(formulas, wanted.truth, wanted.name))
    answer = answer_of(lines)
    part = Part(
        tuple(_claim_of_line(line, wanted) for line in lines),
        lines=lines,
        answer=answer,
        diagnose=lambda outcome: diagnosis.of_line(outcome.judged, wanted),
    )
    if SUM_ONE in wanted.domains:
        weaker = tuple(
            replace(one, law=law_of(one.judged, SUM_ONE), inputs=partial(draw_inputs, SUM_ONE))
            for one in part.claims
        )
        part = replace(part, where_sum_is_one=weaker)
    if contains_d(answer):
        it = "it" if len(lines) == 1 else f"its answer, line {answer.number},"
        wrong = f"{it} still contains a derivative d(...), so it is no closed form"
        return replace(part, wrong=wrong)
    if _says_something(answer, wanted):
        part = replace(part, condition=answer.assumed)
        if answer.formula.when is None:  # what is assumed above it may not be needed
            bare = replace(answer, before=wanted.truth, number=1, assumptions=())
            part = replace(part, in_general=_claim_of_line(bare, wanted))
    return part


def _claim_of_line(line: Line, wanted: Wanted) -> Claim:
    domains = wanted.domains if line.assumptions else wanted.domains[:1]

    def inputs() -> list[Any]:
        return [case for domain in domains for case in draw_inputs(domain)]

    return Claim(law_of(line, domains[0]), line, inputs)


def _says_something(line: Line, wanted: Wanted) -> bool:
    """Return whether some entry of some input does not meet what a line assumes."""
    return bool(line.assumptions) and any(
        any(one is False for one in _assumed(line, case).flat)
        for domain in wanted.domains
        for case in draw_inputs(domain)
    )


def _assumed(line: Line, case: Any) -> Any:
    return line.workings.assumed(line.assumptions, case, line.formula.scope)


def _condition_part(path: str, formulas: Sequence[Formula]) -> Part:
    lines = tuple(lines_of(formulas, descent.TRUTH))
    if any(line.assumptions for line in lines):
        raise Malformed(f"{path}: a condition on the rate takes no `when`; state the whole range")
    claims, decisions = [], 0
    for line in lines:
        try:
            rates = deciding_rates(line.formula, line.before)
        except FormulaError as error:
            raise Malformed(f"{_place(path, line.number, len(lines))}{error}") from None
        decisions += len(rates) ** 2  # as many rates, in as many comparisons
        if decisions > MAX_DECISIONS:
            raise Malformed(f"{path}: too many rates at which it can change; simplify it")
        claims.append(Claim(descent.law_of(line), line, partial(list, rates)))
    return Part(
        tuple(claims),
        lines=lines,
        answer=lines[-1],
        diagnose=lambda outcome: diagnosis.of_condition(outcome.judged.formula),
    )


def _own_names(name: str, lines: Any, scope: Scope) -> Scope:
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise Malformed(f"{name}: a list of strings is wanted, each `name = formula`")
    try:
        return parse_definitions(lines, scope)
    except FormulaError as error:
        raise Malformed(f"{name}: {error}") from None


def _formulas(path: str, value: Any, scope: Scope, widest: Scope) -> list[Formula]:
    """Read a formula, or the lines of a derivation.

    widest: the scope of own names, which other parts share; not all of it is known in this one.
    """
    texts = value if isinstance(value, list) else [value]
    if not 1 <= len(texts) <= MAX_LINES:
        raise Malformed(f"{path}: a list of {len(texts)} lines; 1 to {MAX_LINES} are wanted")
    formulas, operations = [], 0
    for number, text in enumerate(texts, start=1):
        place = _place(path, number, len(texts))
        if not isinstance(text, str) or isinstance(text, DecimalText):
            raise Malformed(f'{place}a formula in quotes is wanted, such as "softmax(y)"')
        try:
            formula = parse(text, scope)
            _refuse_foreign_names(place, formula, widest)
            if scope.sets:
                operations += try_out(formula)
        except FormulaError as error:
            raise Malformed(f"{place}{error}") from None
        formulas.append(formula)
    if operations > MAX_OPERATIONS:
        raise Malformed(f"{path}: more than {MAX_OPERATIONS} operations to evaluate all lines")
    return formulas


def _refuse_foreign_names(place: str, formula: Formula, widest: Scope) -> None:
    """Refuse own names that use an index, or a class, which this part does not have."""
    used = formula.names | (set() if formula.when is None else formula.assumption().names)
    for name in sorted(used & {*widest.free, *widest.sizes} - {*formula.scope.names()}):
        raise Malformed(f"{place}a name from `where` uses {name}, which is unknown here")


def _place(path: str, line: int, count: int) -> str:
    return f"{path}: line {line}, " if count > 1 else f"{path}: "


def _numbers(name: str, value: Any, block: str) -> Any:
    shape = np.shape(exact_value(block, DATA))
    flat = list(_flattened(name, value, shape, shape))
    return object_array(flat, shape)


def _flattened(
    name: str, value: Any, shape: tuple[int, ...], whole: tuple[int, ...]
) -> Iterator[Written]:
    if not shape:
        yield number(name, value)
        return
    if not isinstance(value, list) or len(value) != shape[0]:
        found = f"a list of {len(value)}" if isinstance(value, list) else "no list"
        wanted = {2: "{} rows of {} numbers", 1: "a list of {} numbers"}[len(whole)].format(*whole)
        raise Malformed(f"{name}: wanted {wanted}, found {found}")
    for index, one in enumerate(value):
        yield from _flattened(f"{name}[{index}]", one, shape[1:], whole)


def number(name: str, value: Any) -> Written:
    """Return a number as it is written. Raises Malformed."""
    if isinstance(value, bool) or not isinstance(value, int | DecimalText):
        remedy = "; leave out the quotes" if isinstance(value, str) else ""
        raise Malformed(f"{name}: a number is wanted, found {_kind(value)}{remedy}")
    if isinstance(value, int) and abs(value) >= 10**MAX_DIGITS:
        raise Malformed(f"{name}: more than {MAX_DIGITS} digits")
    text = str(value)
    if text.lstrip("+-") in ("nan", "inf"):
        raise Malformed(f"{name}: {text} is not a number; write digits")
    written = Written(text)
    try:
        nothing = written.value == 0 and "e" in text.lower()
    except ValueError as error:
        raise Malformed(f"{name}: {error}") from None
    if nothing:
        raise Malformed(f"{name}: 0 with an exponent claims no digit; write 0 or 0.0")
    return written


def _kind(value: Any) -> str:
    for kind, name in ((str, "a string"), (list, "a list"), (dict, "a table"), (bool, "a bool")):
        if isinstance(value, kind):
            return name
    return "something else"


def _nearest(key: str, known: Iterable[str]) -> str:
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(key.casefold(), folded, n=1)
    return f"; did you mean {folded[close[0]]}?" if close else f"; known are {', '.join(known)}"


def ours() -> list[Answer]:
    """Return our own two answers: the written one, and our functions, which also run exactly."""
    from analytic import descent as d
    from analytic import network as n
    from analytic import softmax as s

    path = Path(d.__file__).with_name("answer.toml")
    functions: dict[str, Callable[..., Any]] = {
        "network_gradients": n.gradients,
        "softmax_gradient": s.gradient,
        "softmax_gradient_one_hot": s.gradient_one_hot,
        "converges": d.converges,
    }
    extra = {
        "q1.gradients": [claim(network.IN_RATIONALS, Function(n.gradients, 4))],
        "q2.gradient": [claim(softmax.IN_BALLS, Function(s.gradient, 1))],
        "q2.one_hot": [claim(softmax.IN_BALLS_ONE_HOT, Function(s.gradient_one_hot, 1))],
        "q3.converges": [
            claim(descent.LAW_OF_DERIVATIVE, d.derivative),
            claim(descent.LAW_OF_STEP, d.step),
            *(claim(law, d.orbit) for law in descent.LAWS_OF_ORBIT),
        ],
    }
    parts = {}
    for name, (part, count, laws) in FUNCTIONS.items():
        whole = part_of_function(part, laws, Function(functions[name], count))
        parts[part] = replace(whole, claims=(*whole.claims, *extra[part]))
    return [
        replace(read(str(path)), name="analytic/answer.toml"),
        Answer("analytic/*.py", parts),
    ]

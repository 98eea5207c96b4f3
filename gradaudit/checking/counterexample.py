"""What a person is told of a wrong pair: where it is wrong, at the smallest input, and how."""

from collections.abc import Sequence
from contextlib import suppress
from itertools import combinations
from typing import Any

from gradaudit.checking.excuses import Usual
from gradaudit.checking.lines import NoValue
from gradaudit.checking.pairs import KINDS, Pair, name_of
from gradaudit.checking.points import Input
from gradaudit.checking.refusals import BadCall, Fault, NotOffered, WrongGradient, in_full
from gradaudit.checking.relations import relations
from gradaudit.checking.reports import Report
from gradaudit.checking.smaller import literal, literals, shrink
from gradaudit.checking.trial import tried

MOST = 32  # inputs at which it is asked for which options a pair is wrong
SMALL = 1e-3  # part of a slope, below which f may be what is not accurate


def refusal(
    pair: Pair,
    args: tuple[Any, ...],
    fault: Fault,
    report: Report,
    later: Sequence[tuple[Any, ...]],
    usual: Usual,
    *,
    shrinking: bool = True,
) -> WrongGradient:
    """Return what a person is told: the fault at the smallest input that shows it."""
    last = fault

    def fails(candidate: tuple[Any, ...], locate: bool = False) -> bool:
        nonlocal last
        with suppress(BadCall):
            if found := _fault_alike(pair, candidate, fault, usual, locate=locate):
                last = found
                return True
        return False

    # Smaller inputs would obey the spec, but not what a question assumes of them.
    as_it_is = fault.law == "digits" or pair.is_stated or not shrinking
    smallest = args if as_it_is else shrink(pair.spec, args, fails, budget=400)
    if fault.law != "digits" and not fails(smallest, locate=True):
        smallest, last = args, fault  # what is left of it there has an excuse, entry by entry
    told = {"law": fault.law} if fault.law != "slope" else {}
    if fault.law == "slope":
        told["it is"] = _relation(pair, last, smallest, [args, *later])
    told["truth"] = last.notes[0] if last.notes else ""
    if 0 < last.share < SMALL:
        told["or"] = (
            "if f or the gradient alone has a guard, such as log(p + 1e-12), check it without;\n"
            "if f stops early, as a solver does, or loses digits, say so: "
            f"rel={last.share:.0e} or more"
        )
    if isinstance(last.__cause__, ArithmeticError | ValueError):
        what = type(last.__cause__).__name__
        told["or"] = f"if f has no value where it is raised, say so: no_answer={what}"
    told["options"] = _options(pair, fault, smallest, [args, *later], usual)
    # Of the first input, where less is hidden than at the smallest.
    told["blocks"] = fault.notes[1] if fault.notes[1:] else ""
    told["input"] = "\n".join(literals(pair.spec.names, smallest))
    told["cotangent"] = _cotangent(pair, smallest)
    told["again"] = pair.again or _again(pair)
    before = f"{report.inputs}; before this one, {report.tried} held"
    told["inputs"] = "\n".join([before, *report.guesses])
    told = {name: text for name, text in told.items() if text}
    comma = "" if pair.title else ","
    text = in_full(f"{report.what}{comma} is wrong: {last.text}", told)
    return WrongGradient(text, last, smallest, told, report)


def _fault_alike(
    pair: Pair, args: tuple[Any, ...], fault: Fault, usual: Usual, *, locate: bool
) -> Fault | None:
    """Return the fault by which the same law is broken at an input, if it is. Raises BadCall."""
    try:
        tried(pair, args, forms=fault.law not in {"slope", "a value"}, locate=locate, usual=usual)
    except Fault as found:
        return found if found.law == fault.law else None
    return None


def _options(
    pair: Pair,
    fault: Fault,
    smallest: tuple[Any, ...],
    points: Sequence[tuple[Any, ...]],
    usual: Usual,
) -> str:
    """Return the options with which alone a pair is refused: one cause is told once.

    smallest: an input at which it is refused as well.
    """
    options = {k: leaf for k, leaf in enumerate(pair.spec.leaves) if len(leaf.choices) > 1}
    if not options or fault.law == "digits":
        return ""
    shown = pair.spec.flatten(smallest)
    seen: list[tuple[list[Any], bool]] = []
    for args in points[:MOST]:
        with suppress(BadCall):
            wrong = _fault_alike(pair, args, fault, usual, locate=False) is not None
            seen.append((pair.spec.flatten(args), wrong))
    never = ""
    choices = [(k, value) for k, leaf in options.items() for value in leaf.choices]
    for several in (1, 2):
        for chosen in combinations(choices, several):
            where = [all(leaves[k] == value for k, value in chosen) for leaves, _ in seen]
            there, elsewhere = (
                [wrong for at, (_, wrong) in zip(where, seen, strict=True) if at is one]
                for one in (True, False)
            )
            if min(len(there), len(elsewhere)) < 2:
                continue
            told = " and ".join(f"{options[k].path} is {value!r}" for k, value in chosen)
            is_shown = all(shown[k] == value for k, value in chosen)
            if is_shown and 2 * sum(there) > len(there) and not any(elsewhere):
                return f"it is refused where {told}, and nowhere else"
            if several == 1 and not is_shown and any(elsewhere) and not any(there):
                never = f"it is refused, but never where {told}"
    return never


def _cotangent(pair: Pair, args: tuple[Any, ...]) -> str:
    """Return the cotangent at an input, by which a product was weighed."""
    if pair.kind in {"gradient", "jacobian", "elementwise"}:
        return ""
    try:
        return "\n".join(map(literal, Input(pair, args).cotangent or []))
    except NoValue:
        return ""


def _again(pair: Pair) -> str:
    """Return the call that judges the one input."""
    words = [name_of(pair.f), name_of(pair.derivative), *pair.spec.names]
    by = " ".join(argument.name for argument in pair.moving)
    words += [f"inputs={str(pair.spec)!r}", f"wrt={by!r}", "examples=0"]
    named = {"given": pair.given, "jvp": pair.forward}
    words += [f"{word}={name_of(function)}" for word, function in named.items() if function]
    if pair.kind == "elementwise":
        words.append("elementwise=True")
    if pair.relative:
        words.append(f"rel={pair.relative:g}")
    if pair.infinite_slopes:
        words.append("infinite_slopes=True")
    if pair.seed:
        words.append(f"seed={pair.seed}")
    return f"{KINDS[pair.kind].call}({', '.join(words)})"


def _relation(
    pair: Pair, fault: Fault, shown: tuple[Any, ...], points: Sequence[tuple[Any, ...]]
) -> str:
    """Return a simple relation of the wrong gradient to the right one that holds at all inputs.

    At that which is shown it must be seen to, too.
    """
    common: set[str] | None = None
    name = fault.entry.split("[")[0]
    if name not in pair.names():
        return ""
    block, seen = pair.names().index(name), 0
    for args in [shown, *points[:12]]:  # more are no clearer
        found = None
        with suppress(NoValue, Fault, NotOffered, BadCall):
            point = Input(pair, args)
            point.said(point.still)
            found = relations(point, block)
        if found is None:
            if args is shown:
                return ""
            continue
        common = found if common is None else common & found
        seen += 1
        if seen > 5 or not common:
            break
    return f"{min(common, key=len)}, in {name}" if common else ""

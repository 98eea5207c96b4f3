"""The known mistakes as text: the table of the exam, and one mistake explained."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence

from gradaudit.mistakes.catalogue import (
    CATALOGUES,
    CONVENTIONS,
    NETWORK_LINES,
    Mistake,
    Variant,
    variants,
)
from gradaudit.mistakes.exam import Result
from gradaudit.telling.showing import law_name, width


def exam_text(results: Sequence[Result], errors: Iterable[tuple[str, int]]) -> str:
    """Return the table of the exam: a row for each mistake, a column for each law."""
    total = sum(len(result.sight) for result in results)
    lines = [f"{sum(result.caught for result in results)} of {total} mistakes are caught."]
    for result in results:
        laws = result.paper.laws
        lines += ["", f"{result.paper.title}: {result.caught} of {len(result.sight)}"]
        for letter, law, seen in zip(_LETTERS, laws, zip(*result.sight, strict=True), strict=False):
            lines.append(f"  {letter}  {law_name(law)}: {sum(seen)}")
        for (variant, _), by in zip(result.paper.mistakes, result.sight, strict=True):
            row = "".join(letter if one else "." for letter, one in zip(_LETTERS, by, strict=False))
            lines.append(f"    {row}  {' and '.join(variant.ids)}: {_change(variant)}")
    lines += ["", "the smallest relative error of one entry that is noticed"]
    lines += [f"  {name}: 1e-{k}" for name, k in errors]
    return "\n".join(lines)


_LETTERS = "abcdefghijklmnop"


def _change(variant: Variant) -> str:
    """Return the lines of a wrong computation that differ from the right one."""
    right = _right_lines(variant)
    told = [
        text if name == "range" else f"{name} = {text}"
        for name, text in variant.lines.items()
        if right[name] != text
    ]
    return ", ".join([*told, *(one.data_text for one in variant.mistakes if one.data)])


def in_short(mistakes: Iterable[Mistake]) -> str:
    """Return known mistakes, in a sentence each."""
    lines = []
    for one in mistakes:
        lines += [one.id, *(f"    {row}" for row in textwrap.wrap(one.sentence, width() - 4))]
    return "\n".join(lines)


def explain(mistake: Mistake) -> str:
    """Return a known mistake: the sentence, the wrong computation beside the right, where seen."""
    lines = [mistake.id, *textwrap.wrap(mistake.sentence, width())]
    for number, variant in enumerate(_variants_of(mistake)):
        lines += ["", "or", ""] if number else [""]
        right = _right_lines(variant)
        for name, text in variant.lines.items():
            called = "" if name == "range" else f"{name:<4}= "
            differs = text != right[name]
            lines.append(f"  {'✗' if differs else ' '} {called}{text}")
            if differs:
                lines.append(f"  ✓ {called}{right[name]}")
    if mistake.data_text:
        lines += [
            "",
            f"  ✗ computed {mistake.data_text}",
            "  ✓ computed on the data as they are, exactly",
        ]
    if mistake.seen:
        lines += ["", f"Seen in: {mistake.seen}"]
    return "\n".join(lines)


def _variants_of(mistake: Mistake) -> list[Variant]:
    if mistake.data:
        return []
    for catalogue, right in (*CATALOGUES, (CONVENTIONS, NETWORK_LINES)):
        if mistake in catalogue:
            return variants((mistake,), right)
    return []


def _right_lines(variant: Variant) -> Mapping[str, str]:
    return next(right for _, right in CATALOGUES if right.keys() == variant.lines.keys())

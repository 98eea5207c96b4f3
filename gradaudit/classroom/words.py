"""The picture of a class as text."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from gradaudit.classroom.comparing import Agreements, Change
from gradaudit.classroom.picture import Picture, Shared
from gradaudit.classroom.similar import Alike
from gradaudit.telling.showing import width
from gradaudit.telling.verdicts import MARKS, STATUSES

FEW = 12  # names that are listed
BAR = 20  # characters


def as_text(picture: Picture) -> str:
    """Return what is said of a class, for a person."""
    return "\n".join(_lines(picture))


def _lines(picture: Picture) -> Iterator[str]:
    counted = picture.overall
    each = (f"{MARKS[one]} {counted[one]} {one}" for one in STATUSES if counted[one])
    yield f"{many(len(picture.rows), 'answer')}: {', '.join(each)}"
    if picture.absent:
        yield from _wrapped(f"handed in nothing: {names(picture.absent)}", "")
    if picture.unlisted:
        yield from _wrapped(f"not in the roster, or not clearly: {names(picture.unlisted)}", "")
    if picture.parts:
        longest = max(len(one.part) for one in picture.parts)
        yield ""
        yield f"  {'part':<{longest}}  {'':<{BAR}}  holds  of those who answered; tells¹"
        for one in picture.parts:
            bar = "█" * round(one.share * BAR)
            tells = "    –" if one.tells is None else f"{one.tells:+.2f}"
            held = f"{one.counts.get('holds', 0)}/{one.answered}"
            others = "; ".join(
                f"{one.counts[status]} {status}"
                for status in ("conditional", "fails", "untested", "unanswered")
                if one.counts.get(status)
            )
            yield (
                f"  {one.part:<{longest}}  {bar:░<{BAR}}  {one.share:>4.0%}  {held:>9} {tells}  "
                f"{others}"
            ).rstrip()
        yield "  ¹ correlation with how many other parts hold; near 0 it tells nothing"
    if picture.mistakes:
        yield from ("", "Mistakes, by how many make them")
        for name, shared in picture.mistakes:
            yield from _shared(shared, f"{name}: ")
    if picture.alike:
        yield ""
        yield "Wrong in the same way, which has no name: the same values on the same inputs"
        for shared in picture.alike:
            yield from _shared(shared)
            for label, text in shared.details:
                yield from _wrapped(f"{'':6}{label:<10}{text}", " " * 16)
    if picture.alone:
        yield from ("", apart(picture.alone))
        own = [f"{name} {part}" for one in picture.alone for name, part in whose_parts(one)]
        yield from _wrapped(f"{'':6}{names(own)}", " " * 6)
    if picture.unjudged:
        yield from ("", "Not judged, and why")
        for shared in picture.unjudged:
            where = f"{', '.join(shared.parts)}: " if shared.parts else ""
            yield from _shared(shared, where, with_parts=False)
    for title, lines in (
        ("What changed", picture.changes),
        ("Beside human marks", picture.agreements),
        ("Alike, which is information and no judgement", picture.similar),
    ):
        if lines:
            yield from ("", title)
            for line in lines:
                yield from _wrapped(f"  {line}", " " * 6)


def apart(alone: Sequence[Shared]) -> str:
    """Return how many parts are wrong in a way that nobody shares."""
    wrong = "are wrong, each in its own way" if len(alone) > 1 else "is wrong in its own way"
    return f"{many(len(alone), 'more part')} {wrong}:"


def whose_parts(shared: Shared) -> Iterator[tuple[str, str]]:
    """Yield whose each part is, and which part."""
    yield from zip(shared.students, shared.parts, strict=True)


def changed(changes: Sequence[Change]) -> list[str]:
    """Return what changed since an earlier run, a line for each answer."""
    lines = []
    for one in changes:
        each = (f"{part} {old} → {new}".lstrip() for part, (old, new) in one.parts.items())
        lines.append(f"{one.name}: {'; '.join(each)}")
    return lines or ["nothing"]


def compared(agreements: Agreements) -> list[str]:
    """Return how far people agree with us, a line for each part."""
    lines = []
    for one in agreements.parts:
        kappa = "none" if one.kappa is None else f"{one.kappa:.2f}"
        said = f"{one.part}: the same of {one.agreed} in {one.marked}, Cohen's kappa {kappa}"
        said += f"; right to people alone: {names(one.theirs)}" if one.theirs else ""
        said += f"; holds to gradaudit alone: {names(one.ours)}" if one.ours else ""
        lines.append(said)
    if agreements.total is not None:
        lines.append(f"total: Pearson's correlation with our points {agreements.total:+.2f}")
    if agreements.unknown:
        lines.append(f"marked, and not among the answers: {names(agreements.unknown)}")
    return lines


def similar(alike: Sequence[Alike]) -> list[str]:
    """Return whose answers are alike, a line for each that are."""
    return [
        f"{'identical' if one.share == 1 else f'{one.share:.0%} the same'}: {names(one.names)}"
        for one in alike
    ]


def _shared(shared: Shared, before: str = "", *, with_parts: bool = True) -> Iterator[str]:
    """Yield what several have in common, and whose it is."""
    yield from _wrapped(f"{len(shared.students):>4}  {before}{shared.what}", " " * 6)
    parts = f"  [{', '.join(shared.parts)}]" if with_parts else ""
    yield from _wrapped(f"{'':6}{names(shared.students)}{parts}", " " * 6)


def names(students: Iterable[str]) -> str:
    """Return names in a row, and how many more there are."""
    found: Sequence[str] = list(students)
    more = f" and {len(found) - FEW} more" if len(found) > FEW else ""
    return ", ".join(found[:FEW]) + more


def many(number: int, word: str) -> str:
    """Return how many there are of something."""
    return f"{number} {word}{'s' * (number != 1)}"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, width(), subsequent_indent=indent, break_on_hyphens=False, drop_whitespace=True
    )

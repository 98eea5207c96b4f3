"""A class beside something else: how it was judged before, or how people marked it."""

import json
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gradaudit.classroom.rows import Row, correlation
from gradaudit.classroom.students import read_csv
from gradaudit.language.showing import escaped
from gradaudit.questions.files import Unreadable

RIGHT = {"1", "1.0", "yes", "true", "right", "holds", "pass", "passed", "correct", "y"}
WRONG = {"0", "0.0", "no", "false", "wrong", "fails", "fail", "failed", "incorrect", "n"}
TOTAL = "total"  # the column of marks that are numbers, for an answer as a whole
WHO = ("id", "name")
NEW, GONE = ("not there", "there"), ("there", "not there")

Before = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Change:
    """What changed of an answer: for each part what was said of it before, and now."""

    name: str
    parts: Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Agreement:
    """How far people and we agree on a part.

    marked: how many they marked. agreed: of these. kappa: Cohen's, None where all are alike. ours,
    theirs: who holds to us alone, and is right to them alone.
    """

    part: str
    marked: int
    agreed: int
    kappa: float | None
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclass(frozen=True)
class Agreements:
    """How far people and we agree: part by part, and in all.

    total: the correlation of their marks of whole answers with our points. unknown: who is marked
    and not among the answers.
    """

    parts: Sequence[Agreement] = ()
    total: float | None = None
    unknown: Sequence[str] = ()


def read_before(folder: str) -> Before:
    """Return what an earlier run said: by student, for each part. Raises Unreadable."""
    try:
        text = Path(folder, "results.jsonl").read_text(encoding="ascii")
        records = list(map(json.loads, text.splitlines()))
        return {one["name"]: _said_before(one) for one in records}
    except OSError as error:
        raise Unreadable(f"results.jsonl cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise Unreadable("results.jsonl is not what `gradaudit class --out` writes") from None


def _said_before(record: Mapping[str, object]) -> dict[str, str]:
    parts = record["parts"]
    if not isinstance(parts, list):
        raise TypeError
    if record["unreadable"]:
        return {"": "unreadable"}
    return {one["id"]: _in_words(one["status"], one["mistake"] or "") for one in parts}


def _in_words(status: str, mistake: str) -> str:
    return f"{status} ({mistake})" if mistake else status


def _said_now(row: Row) -> dict[str, str]:
    if row.overall == "unreadable":
        return {"": "unreadable"}
    said = row.statuses.items()
    return {part: _in_words(status, row.mistakes.get(part, "")) for part, status in said}


def changes(rows: Sequence[Row], before: Before) -> list[Change]:
    """Return what is said otherwise than before, and of whom something or nothing is said now."""
    found = []
    now = {row.student.name: _said_now(row) for row in rows}
    for name in (*now, *(one for one in before if one not in now)):
        old, new = before.get(name), now.get(name)
        if old is None or new is None:
            found.append(Change(name, {"": NEW if old is None else GONE}))
            continue
        nothing = "unanswered" if "" not in old and "" not in new else "–"
        parts = dict.fromkeys((*new, *old))
        both = {part: (old.get(part, nothing), new.get(part, nothing)) for part in parts}
        if changed := {part: pair for part, pair in both.items() if pair[0] != pair[1]}:
            found.append(Change(name, changed))
    return found


def agreements(rows: Sequence[Row], points: Sequence[float], path: str) -> Agreements:
    """Return how far we agree with a CSV file of marks. Raises Unreadable.

    It has a column `id` or `name`, a column for each part that was marked, named as it, with 1 for
    right and 0 for wrong, and maybe one that is called `total`. points: ours, for each answer.
    """
    marks = read_csv(path)
    columns = list(marks[0]) if marks else []
    who = next((one for one in WHO if one in columns), None)
    known = {part.lower(): part for row in rows for part in row.statuses}
    wanted = [one for one in columns if one in known]
    if who is None or not (wanted or TOTAL in columns):
        has = ", ".join(map(escaped, columns)) or "none"
        raise Unreadable(
            f"a column id or name is wanted, and one named as a part, or {TOTAL}; it has {has}"
        )
    ours = {(row.student.id if who == "id" else row.student.name): row for row in rows}
    marked = [(ours[one[who]], one) for one in marks if one[who] in ours]
    parts = [_agreement(known[column], column, marked) for column in wanted]
    of_row = {id(row): number for row, number in zip(rows, points, strict=True)}
    totals = [(of_row[id(row)], _number(one[TOTAL])) for row, one in marked if one.get(TOTAL)]
    total = correlation(*zip(*totals, strict=True)) if totals else None
    return Agreements(parts, total, [escaped(one[who]) for one in marks if one[who] not in ours])


def _number(text: str) -> float:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        raise Unreadable(f"{TOTAL}: {escaped(text)} is no number") from None


def _agreement(
    part: str, column: str, marked: Sequence[tuple[Row, Mapping[str, str]]]
) -> Agreement:
    pairs: list[tuple[bool, bool, str]] = []
    for row, marks in marked:
        mark, status = marks[column].lower(), row.statuses.get(part, "unanswered")
        if mark not in {*RIGHT, *WRONG, ""}:
            raise Unreadable(f"{part}: {escaped(mark)} is no mark; 1 is right, and 0 is wrong")
        if mark and status != "untested":
            pairs.append((status == "holds", mark in RIGHT, row.student.name))
    return Agreement(
        part,
        len(pairs),
        sum(ours == theirs for ours, theirs, _ in pairs),
        kappa([(ours, theirs) for ours, theirs, _ in pairs]),
        tuple(name for ours, theirs, name in pairs if ours and not theirs),
        tuple(name for ours, theirs, name in pairs if theirs and not ours),
    )


def kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Return Cohen's kappa: agreement beyond that of chance; None where chance alone agrees."""
    if not pairs:
        return None
    agreed = statistics.fmean(one == other for one, other in pairs)
    ones, others = (Counter(side) for side in zip(*pairs, strict=True))
    by_chance = sum(ones[said] * others[said] for said in (True, False)) / len(pairs) ** 2
    return (agreed - by_chance) / (1 - by_chance) if by_chance < 1 else None

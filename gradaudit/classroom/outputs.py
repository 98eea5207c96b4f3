"""What a class run writes: tables for programs, and a page of feedback for each student."""

import base64
import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from gradaudit.classroom.points import NOT_YET, Item, plain, total
from gradaudit.classroom.records import Record, unread, unsaid
from gradaudit.classroom.students import Listed, Student
from gradaudit.language.showing import escaped
from gradaudit.telling.verdicts import MARKS, in_few_words

Marked = tuple[Student, Record]

STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")
MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#|~$&]|^[-+=:]|(?<=:)/|(?<=www)\.)")
OUTCOMES = {
    **{"holds": "", "fails": "failure", "conditional": "failure"},
    **{"untested": "error", "unanswered": "skipped"},
}
SENTENCES = ("mistake", "note", "law", "also")  # of what is told; all else is written as code


def statuses_of(record: Record) -> dict[str, str]:
    """Return the status of each part."""
    return {one["id"]: one["status"] for one in record["parts"]}


def _points(record: Record, points: Sequence[Item]) -> str:
    """Return in words how many points an answer has, and what is open."""
    statuses, lacks = statuses_of(record), bool(unread(record))
    each = {one.name: one.earned(statuses, unread=lacks) for one in points}
    known = [one for one in each.values() if one is not None]
    if not known:
        return NOT_YET
    told = f"{plain(sum(known))} of {plain(sum(one.points for one in points))}"
    waiting = ", ".join(name for name, one in each.items() if one is None)
    return f"{told} so far; {NOT_YET}: {waiting}" if waiting else told


def write_all(
    folder: Path,
    marked: Iterable[Marked],
    parts: Sequence[str],
    points: Sequence[Item],
    absent: Iterable[Listed] = (),
) -> None:
    """Write all outputs of a class; marked: students and their records, each met once.

    parts: those that somebody answered. absent: who handed in nothing.
    """
    parts = [*parts, *(one.name for one in points if one.name not in parts)]
    for name in ("feedback", "gradescope"):
        _emptied(folder / name)
    with (
        open(folder / "results.csv", "w", encoding="utf-8-sig", newline="") as table,
        open(folder / "results.jsonl", "w", encoding="ascii") as lines,
        open(folder / "junit.xml", "w", encoding="utf-8") as tests,
    ):
        write = csv.writer(table).writerow
        write(columns := _columns(parts, points))
        tests.write('<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="gradaudit">\n')
        for student, record in marked:
            pdf = record.pop("pdf", None)
            write(_cells(student, record, parts, points))
            lines.write(json.dumps({**_who(student), **record}) + "\n")
            tests.write(ElementTree.tostring(suite(student, record), encoding="unicode") + "\n")
            page = folder / "feedback" / f"{student.slug}.md"
            page.write_text(feedback(student, record, points), encoding="utf-8")
            if pdf is not None:
                page.with_suffix(".pdf").write_bytes(base64.b64decode(pdf))
            result = json.dumps(gradescope(record, points), indent=2)
            (folder / "gradescope" / f"{student.slug}.json").write_text(result, encoding="ascii")
        for row in absent:
            cells = [harmless(escaped(row.name)), harmless(escaped(row.id)), "absent"]
            write(cells + [""] * (len(columns) - len(cells)))
        tests.write("</testsuites>\n")


def _emptied(folder: Path) -> None:
    """Make a folder that holds nothing of an earlier run."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        if path.suffix in (".md", ".pdf", ".json"):
            path.unlink()


def _who(student: Student) -> dict[str, Any]:
    return {
        "name": student.name,
        "id": student.id,
        "files": [escaped(str(one.path)) for one in student.files],
        "not_read": list(student.notes),
        "feedback": f"{student.slug}.md",
    }


def _columns(parts: Sequence[str], points: Sequence[Item]) -> list[str]:
    paid = {one.name for one in points}
    columns = [
        f"{part} {one}"
        for part in parts
        for one in ("status", "mistake", *(["points"] if part in paid else []))
    ]
    return ["name", "id", "overall", "holds", *(["points"] if points else []), *columns, "notes"]


def _cells(
    student: Student, record: Record, parts: Sequence[str], points: Sequence[Item]
) -> Iterator[str | float]:
    said = {one["id"]: one for one in record["parts"]}
    statuses, lacks = statuses_of(record), bool(unread(record))
    paid = {one.name: one for one in points}
    yield from map(harmless, (student.name, student.id, record["overall"]))
    yield sum(one["status"] == "holds" for one in record["parts"])
    if points:
        yield plain(total(points, statuses, unread=lacks))
    for part in parts:
        one = said.get(part, {"status": "", "mistake": None})
        yield one["status"]
        yield one["mistake"] or ""
        if part in paid:
            yield plain(paid[part].earned(statuses, unread=lacks))
    told = [record["unreadable"], *record["malformed"], *record["notes"]]
    told += unsaid(record, student.notes)
    yield harmless("; ".join(filter(None, told)))


def harmless(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" '").startswith(STARTS_A_FORMULA) else text


def suite(student: Student, record: Record) -> ElementTree.Element:
    """Return what programs for continuous integration read of a student: a test for each part."""
    made = ElementTree.Element("testsuite", name=student.name)
    counted: Counter[str] = Counter()

    def add(name: str, outcome: str, message: str, text: str = "") -> None:
        case = ElementTree.SubElement(made, "testcase", classname=student.name, name=name)
        counted[outcome] += 1
        if outcome:
            ElementTree.SubElement(case, outcome, message=escaped(message)).text = text

    if record["unreadable"]:
        add("the answer", "error", record["unreadable"])
    for one in record["parts"]:
        told = [one["told"]["head"], *map(": ".join, one["told"]["details"])]
        message = one["explanation"] or one["status"]
        add(one["id"], OUTCOMES[one["status"]], message, "\n".join(filter(None, told)))
    made.set("tests", str(counted.total()))
    for name, outcome in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        made.set(name, str(counted[outcome]))
    return made


def gradescope(record: Record, points: Sequence[Item]) -> dict[str, Any]:
    """Return the result of one answer in the format of Gradescope's `results.json`.

    What a person has to look at has no score and no status there.
    """
    said = {one["id"]: one for one in record["parts"] if one["status"] != "unanswered"}
    paid = {part for item in points for part in item.parts}
    items = [*points, *(Item((one,), 0 if points else 1) for one in said if one not in paid)]
    tests: list[dict[str, Any]] = []
    waiting = ["the answer"] if record["unreadable"] and not items else []
    for item in items:
        earned = item.earned(statuses_of(record), unread=bool(unread(record)))
        answers = [said[part] for part in item.parts if part in said]
        lines = [NOT_YET] if earned is None else []
        for one in answers:
            told = one["explanation"] or one["told"]["tried"] or one["status"]
            told = f"{one['id']}: {told}" if len(item.parts) > 1 else told
            lines.append(one["told"]["head"] or told)  # which names the part itself
            lines += (f"  {label}: {text}" for label, text in one["told"]["details"])
        test = {"name": item.name, "max_score": item.points, "visibility": "visible"}
        test |= {"output": "\n".join(lines or ["unanswered"]), "output_format": "text"}
        if earned is None:
            waiting += [item.name] if item.points else []
        else:
            holds = any(one["status"] == "holds" for one in answers)
            test |= {"score": earned, "status": "passed" if holds else "failed"}
        tests.append(test)
    told = [f"Not the final score; {NOT_YET}: {', '.join(waiting)}"] if waiting else []
    told += [*unread(record), *record["notes"]]
    score = sum(one.get("score", 0) for one in tests)
    return {"score": score, "output": "\n".join(told), "output_format": "text", "tests": tests}


def feedback(student: Student, record: Record, points: Sequence[Item]) -> str:
    """Return what one student is told, in Markdown; nothing that it says is taken for Markdown."""
    parts = [one for one in record["parts"] if one["status"] != "unanswered"]
    holding = [one for one in parts if one["status"] == "holds"]
    lines = [f"# {literal(student.name)}", ""]
    if record["unreadable"]:
        lines += [f"Your answer could not be judged: {literal(record['unreadable'])}.", ""]
    else:
        lines += [f"{len(holding)} of the {len(parts)} parts that you answered hold.", ""]
    if points:
        lines += [f"Points: {literal(_points(record, points))}.", ""]
    not_read = [one for one in unread(record, student.notes) if one != record["unreadable"]]
    for title, said in (("Not read", not_read), ("Notes", record["notes"])):
        lines += [f"{title}:", "", *(f"- {literal(one)}" for one in said), ""] if said else []
    for one in parts:
        if one["status"] in ("fails", "conditional"):
            lines += [f"## {literal(one['told']['head'])}", ""]
            lines += _table(one["told"]["details"])
    untested = [one for one in parts if one["status"] == "untested"]
    for title, some in (("Could not be judged", untested), ("Holds", holding)):
        if some:
            lines += [f"## {MARKS[some[0]['status']]} {title}", ""]
            lines += (f"- {code(one['id'])}: {literal(one['told']['tried'])}" for one in some)
            lines += [""]
    missing = _missing(record, points)
    if missing and parts:
        lines += [f"Not answered: {literal(', '.join(in_few_words(missing)))}.", ""]
    return "\n".join(lines)


def _missing(record: Record, points: Sequence[Item]) -> list[str]:
    """Return the parts that an answer lacks; where some have points, those of them that count."""
    lacking = [one for one, status in statuses_of(record).items() if status == "unanswered"]
    wanted = {item.name for item in points if set(item.parts) <= set(lacking)}
    return [one for one in lacking if one in wanted or not points]


def _table(details: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield what is told of a part, as a list."""
    for label, text in details:
        said = literal(text) if label in SENTENCES else code(text)
        yield f"- {literal(label)}: {said}"
    yield ""


def literal(text: str) -> str:
    """Return text in Markdown that is shown as it is."""
    return MARKDOWN.sub(r"\\\1", escaped(text))


def code(text: str) -> str:
    """Return text in Markdown that is shown as code, with as many marks around it as it takes."""
    shown = escaped(text)
    longest = max(map(len, re.findall("`+", shown)), default=0)
    fence = "`" * (longest + 1)
    space = " " if shown[:1] in "` " or shown[-1:] in "` " else ""
    return f"{fence}{space}{shown}{space}{fence}"

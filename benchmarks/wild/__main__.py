"""Print a table of all libraries, then each refusal with its message and its verdict."""

import importlib
import pkgutil
import sys
from collections import Counter
from collections.abc import Sequence

import benchmarks.wild as here
from benchmarks.wild.entries import Entry, Outcome, outcome

NO_LIBRARY = {"__main__", "entries"}


def entries_of(module: str) -> list[Entry]:
    """Return the entries of a library by the name of its module here."""
    return list(importlib.import_module(f"benchmarks.wild.{module}").entries())


def measured(module: str, wanted: str = "", whole: bool = False) -> list[Outcome]:
    """Return the outcomes of the entries of a library whose names hold a text."""
    found = []
    for entry in entries_of(module):
        if wanted in entry.name:
            found.append(outcome(entry))
            one = found[-1]
            shown = f"{one.status:<10} {one.seconds:6.1f} s  {entry.name}  {one.text}"
            print(one.whole if whole else shown, file=sys.stderr, flush=True)
    return found


def table(by_library: dict[str, list[Outcome]]) -> str:
    """Return the table, a row for each library."""
    lines = [
        "| library | functions | held | refused | not judged | seconds |",
        "|---|---|---|---|---|---|",
    ]
    total: Counter[str] = Counter()
    for library, outcomes in by_library.items():
        row = Counter(one.status for one in outcomes)
        row["functions"], row["seconds"] = len(outcomes), round(sum(o.seconds for o in outcomes))
        total += row
        lines.append(_row(library, row))
    return "\n".join([*lines, _row("all", total)])


def _row(name: str, row: Counter[str]) -> str:
    columns = ("functions", "held", "refused", "not judged", "seconds")
    return f"| {name} | " + " | ".join(str(row[column]) for column in columns) + " |"


def told(outcomes: Sequence[Outcome]) -> list[str]:
    """Return a line for each that did not hold, with its verdict."""
    lines = []
    for one in outcomes:
        if one.status == "refused":
            verdict = one.entry.settled or "NOT SETTLED"
            lines.append(f"- {one.entry.name}: {one.text}\n  {verdict}")
        elif one.status != "held":
            lines.append(f"- {one.entry.name}: {one.status}, since {one.text}")
        elif one.entry.settled:
            lines.append(f"- {one.entry.name}: held, and was refused before: {one.entry.settled}")
    return lines


def main(arguments: Sequence[str]) -> int:
    """Measure the libraries that are named, or all; --only=TEXT, --whole. 1 if one is unsettled."""
    modules = [one for one in arguments if not one.startswith("-")]
    modules = modules or [m.name for m in pkgutil.iter_modules(here.__path__)]
    wanted = next((one[7:] for one in arguments if one.startswith("--only=")), "")
    by_library = {
        module: measured(module, wanted, "--whole" in arguments)
        for module in modules
        if module not in NO_LIBRARY
    }
    print(table(by_library))
    for outcomes in by_library.values():
        for line in told(outcomes):
            print(line)
    everything = [one for outcomes in by_library.values() for one in outcomes]
    unsettled = [
        o
        for o in everything
        if o.status == "broken" or (o.status == "refused" and not o.entry.settled)
    ]
    return 1 if unsettled else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

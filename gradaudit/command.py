"""The command `gradaudit`."""

import argparse
import difflib
import io
import itertools
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradaudit.answers.verdicts import Audit

EXAMPLES = 100
THOROUGH = 10_000
MOST_COMPLAINTS = 20
LONGEST_LINE = 1_000
WORST_FIRST = (2, 1, 3, 0)

TEMPLATE = """\
# An answer to the assignment. Everything is optional: what is missing is "unanswered".
# Check it with: gradaudit THIS_FILE

[question1]
# The gradients of the loss on the assignment's data, as you would write them on paper.
# A decimal claims the digits it has: 0.012 is right for 0.0122, and 0.0120 is not.
# An integer, such as 0, claims to be exact.
# W1 = [[0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]    # a row for each input, a column for each hidden unit
# b1 = [0.0, 0.0, 0.0]
# w2 = [0.0, 0.0, 0.0]
# b2 = 0.0
# The values of the forward pass may be given too, as z, h, y and e; they are judged first.

[question1.derivation]
# How they are derived, line by line: each must equal the one above, the first the derivative.
# With the indices a (inputs) and j (units) a line is one entry; without them the whole array.
# Known: X, t, W1, b1, w2, b2, z, h, y, e, L, n (samples), sums over N (samples), A (inputs) and
# H (units), the functions of question 2, and d(F, v), the derivative of F with respect to one of
# X, t, W1, b1, w2, b2, or an entry of it. A line may give its reason after a #.
# where = ["s = outer(e, w2)"]
# W1 = ["d(L, W1[a,j])", "sum(e[k] * d(y[k], W1[a,j]) for k in N)   # the chain rule"]
# It begins so, and goes on until no d is left. b1, w2 and b2 are derived in the same way.

[question2]
# The gradient of E = -sum(t[k] * log(softmax(y)[k]) for k in K) with respect to y, for any t.
# With the index i it is one entry, such as "y[i] - t[i]"; without it the whole vector: "y - t".
# Known: y, t, n (how many classes), i, sums over K, + - * / ** @, comparisons (1 or 0), and
# exp log sqrt abs sum max softmax relu outer delta. Your own names go into where, in order:
# where = ["p = softmax(y)"]
# gradient = ""
# A derivation is a list of lines, as above; a line may state what it assumes, which is then in
# force below it too: ["d(E, y[i])", "...", "... when sum(t) == 1"].
# The same for one-hot targets; c is the true class, so delta(i, c) is t[i].
# one_hot = ""

[question3]
# For which learning rates eta does descent on 5x^2 + 2 converge from any start?
# Comparisons of eta with numbers, joined by and, or, not; for instance "eta > 1 or eta < -1".
# The lines of a derivation must each hold for the same rates as the one above.
# converges = ""
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; what stops it from outside is one line."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for a terminal that knows ASCII only
    try:
        code = command(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return complain("interrupted")
    except OSError as error:  # such as a full disk, or a reader that has gone
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # till the end
        return complain(f"the output cannot be written: {error.strerror}")
    return code


def command(arguments: Sequence[str] | None) -> int:
    """Choose what is asked for, do it, and return the exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in COMMANDS:
        if set(words[1:]) & {"-h", "--help"}:
            print(OTHERS, end="")
            return 0
        return COMMANDS[words[0]](words[1:])
    options = _parser().parse_args(words)
    if options.report is not None and (said := _cannot_report(options.report, options.answers)):
        return complain(said)
    prepare(options.examples)
    leave_no_folder_behind()
    return run(options.answers, as_json=options.format == "json", report=options.report)


def _cannot_report(path: str, answers: Sequence[str]) -> str:
    """Return why no document can be made, before any work is done for it."""
    from gradaudit.language.showing import escaped
    from gradaudit.telling.report import typesetter
    from gradaudit.telling.typesetting import NotSet

    if _is_no_pdf(path):
        return f"{escaped(path)}: it exists and is no PDF; name another file after --report"
    if len(answers) != 1 or Path(answers[0]).is_dir():
        return "--report takes one ANSWER, a file"
    try:
        typesetter()
    except NotSet as reason:
        return f"--report: {reason}, or this with [report]"
    return ""


def _is_no_pdf(path: str) -> bool:
    """Return whether something is there that a document must not replace, such as the answer."""
    try:
        with open(path, "rb") as file:
            return os.path.isfile(path) and file.read(5) not in (b"%PDF-", b"")
    except (OSError, ValueError):
        return False  # nothing is there, or writing will say what is wrong


def template(words: Sequence[str]) -> int:
    """Print an empty answer to fill in."""
    if words:
        return complain("gradaudit template takes nothing more")
    print(TEMPLATE, end="")
    return 0


def exam(words: Sequence[str]) -> int:
    """Print which law sees which known mistake; 1 if one is seen by none."""
    if words:
        return complain("gradaudit exam takes nothing more")
    prepare()
    leave_no_folder_behind()
    from gradaudit.mistakes.exam import papers, sit, smallest_errors
    from gradaudit.telling.mistakes import exam_text

    results = [sit(paper) for paper in papers()]
    print(exam_text(results, smallest_errors()))
    return 0 if all(map(any, itertools.chain(*(result.sight for result in results)))) else 1


def explain(words: Sequence[str]) -> int:
    """Print a known mistake."""
    from gradaudit.language.showing import escaped
    from gradaudit.mistakes.diagnosis import BY_ID
    from gradaudit.telling import mistakes as catalogue

    if len(words) != 1 or words[0] not in BY_ID:
        close = difflib.get_close_matches(words[0], BY_ID, n=1) if len(words) == 1 else []
        hint = f"; did you mean {close[0]}?" if close else f"; known are {', '.join(BY_ID)}"
        asked = f"no mistake {escaped(words[0])}" if len(words) == 1 else "one ID is wanted"
        return complain(f"explain: {asked}{hint}")
    print(catalogue.explain(BY_ID[words[0]]))
    return 0


def lint(words: Sequence[str]) -> int:
    """Say what the numbers of an exercise can't show; 1 if something could be better."""
    from gradaudit.answers.process import Unreadable
    from gradaudit.language.showing import escaped
    from gradaudit.questions.assignment import DATA
    from gradaudit.telling.exercise import lint_text, read_exercise

    if len(words) > 1:
        return complain("gradaudit lint takes one file, or none for the assignment's own data")
    try:
        network = read_exercise(words[0]) if words else DATA
    except Unreadable as reason:
        return complain(f"{escaped(words[0])}: {escaped(str(reason))}")
    text, clean = lint_text(network)
    print(text)
    return 0 if clean else 1


def run(paths: Sequence[str], *, as_json: bool, report: str | None = None) -> int:
    """Audit answers, tell about them, and return the exit code.

    report: where a document about the one answer is written.
    """
    from gradaudit.answers.process import Unreadable
    from gradaudit.answers.reading import read
    from gradaudit.answers.verdicts import audit
    from gradaudit.language.showing import escaped
    from gradaudit.telling import verdicts as telling

    audits, codes = [], []
    for path in paths:
        try:
            answer = read(path)
        except Unreadable as reason:
            codes.append(complain(f"{escaped(path)}: {escaped(str(reason))}"))
            continue
        for line in answer.malformed[:MOST_COMPLAINTS]:
            complain(f"{escaped(path)}: {escaped(line)}")
        if (more := len(answer.malformed) - MOST_COMPLAINTS) > 0:
            complain(f"{escaped(path)}: and {more} more of the kind")
        audits.append(audit(answer))
    codes += [one.exit_code for one in audits]
    if as_json:
        print(telling.as_json(audits))
    elif audits:
        detailed = len(paths) <= 1
        print(telling.as_text(audits, colour=wants_colour(), detailed=detailed))
    if report is not None and audits:
        codes += write_report(report, audits[0])
    return min(codes, key=WORST_FIRST.index)


def write_report(path: str, audit: "Audit") -> list[int]:
    """Write the document about an audit; return the exit code of a file that can't be written."""
    from gradaudit.language.showing import escaped
    from gradaudit.telling.report import pdf
    from gradaudit.telling.typesetting import NotSet

    try:
        Path(path).write_bytes(pdf(audit))
    except NotSet as reason:
        return [complain(f"{escaped(path)}: it cannot be set: {escaped(str(reason))}")]
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        return [complain(f"{escaped(path)}: it cannot be written: {why}")]
    return []


def complain(line: str) -> int:
    """Say one line on stderr, and return the exit code of a bad file or use."""
    cut = line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "…"
    print(f"gradaudit: {cut}", file=sys.stderr)
    return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gradaudit",
        description="Audit hand-derived gradients.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=OTHERS,
    )
    parser.add_argument("answers", nargs="+", metavar="ANSWER", help="a .toml or a .py file")
    parser.add_argument(
        "--format", choices=("text", "json"), default="text", help="for a person, or a program"
    )
    parser.add_argument(
        "--examples", type=_count, default=EXAMPLES, metavar="N", help="inputs to draw for each law"
    )
    parser.add_argument(
        "--report", metavar="PDF", help="also write the answer and what came of it as a document"
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not int(text[:9]) >= 1 or len(text) > 6:
        raise argparse.ArgumentTypeError("a whole number from 1 to 999999 is wanted")
    return int(text)


def prepare(examples: int = EXAMPLES, profile: str | None = None) -> None:
    """Set how many inputs are drawn, and register our profiles of Hypothesis.

    profile: the one that was asked for by name. Only `thorough` means anything to what is drawn.
    """
    from hypothesis import settings

    from gradaudit.judging.strategies import draw_settings

    thorough = profile == "thorough"
    draw_settings(THOROUGH if thorough else examples, random=thorough)
    common = settings(database=None, deadline=None)
    settings.register_profile("ci", common, max_examples=examples, derandomize=True)
    settings.register_profile("thorough", common, max_examples=THOROUGH, derandomize=False)
    settings.load_profile("ci")


def leave_no_folder_behind() -> None:
    """Keep Hypothesis from writing down what it finds in sources, which it does not need here."""
    from hypothesis import configuration

    configuration.set_hypothesis_home_dir(Path(os.devnull))


def wants_colour() -> bool:
    """Return whether standard output is a terminal, and NO_COLOR is not set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


COMMANDS = {"template": template, "exam": exam, "explain": explain, "lint": lint}
OTHERS = """\
other commands:
  gradaudit template     print an empty answer to fill in
  gradaudit explain ID   print a known mistake
  gradaudit exam         print which law sees which known mistake
  gradaudit lint [FILE]  say what the numbers of an exercise can't show (default: ours)
  pytest --answer FILE   run the same laws as tests
"""


if __name__ == "__main__":
    sys.exit(main())

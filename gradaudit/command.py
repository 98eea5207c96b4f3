"""The command `gradaudit`."""

import argparse
import gc
import io
import itertools
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Never

from gradaudit import __version__

if TYPE_CHECKING:
    from gradaudit.answers.parts import Sheet
    from gradaudit.answers.verdicts import Audit

LONGEST_LINE = 1_000
Option = tuple[tuple[str, ...], dict[str, Any]]  # what it is called, and how argparse reads it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; what stops it from outside is one line at most."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:  # or what is opened next takes its place
            setattr(sys, name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: SIM115
        if isinstance(stream := getattr(sys, name), io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # for a terminal that knows ASCII only
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) == signal.SIG_DFL:
            signal.signal(number, _interrupt)
    try:
        try:
            return command(arguments)
        finally:
            sys.stdout.flush()  # where a reader that has gone can still be told
            sys.stderr.flush()
    except KeyboardInterrupt as stop:
        complain("interrupted")
        return 128 + int(*stop.args or [signal.SIGINT])  # as a shell tells what ended it
    except OSError as error:  # such as a full disk, or a reader that has read enough
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # till the end
        if isinstance(error, BrokenPipeError):
            return 128 + signal.SIGPIPE
        return complain(f"the output cannot be written: {error.strerror}")


def _interrupt(number: int, _: object) -> Never:
    """Stop as Ctrl-C does, so that no process of an answer is left."""
    raise KeyboardInterrupt(number)


def command(arguments: Sequence[str] | None) -> int:
    """Choose what is asked for, do it, and return the exit code."""
    gc.set_threshold(50_000, 5, 3)  # nearly all that is made here is kept
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or words[0] not in COMMANDS:
        parser = argparse.ArgumentParser(
            prog="gradaudit",
            description="Audit hand-derived gradients.",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            epilog=OTHERS,
        )
        return audit(_parsed(parser, OF_ANSWERS, words))
    run, does, options = COMMANDS[words[0]]
    parser = argparse.ArgumentParser(prog=f"gradaudit {words[0]}", description=does)
    chosen = vars(_parsed(parser, options, words[1:]))
    from gradaudit.language.showing import escaped
    from gradaudit.questions.files import Unreadable

    try:
        return run(**chosen)
    except Unreadable as reason:
        asked = chosen.get("question", ASSIGNMENT)
        named = asked if run is explain else chosen.get("word") or asked
        return complain(escaped(f"{named}: {reason}"))


def _parsed(
    parser: argparse.ArgumentParser, options: Sequence[Option], words: Sequence[str]
) -> argparse.Namespace:
    for names, how in options:
        parser.add_argument(*names, **how)
    return parser.parse_args(words)


def audit(options: argparse.Namespace) -> int:
    """Audit answers, and write the document if it is wanted."""
    if options.report is not None and (said := _cannot_report(options.report)):
        return complain(said)
    if options.report is not None and (
        len(options.answers) != 1 or Path(options.answers[0]).is_dir()
    ):
        return complain("--report takes one ANSWER, a file")
    from gradaudit.answers.asked import sheet_called
    from gradaudit.answers.preflight import contain, told
    from gradaudit.judging.domains import draw_settings
    from gradaudit.language.showing import escaped
    from gradaudit.questions.files import Unreadable

    draw_settings(options.examples)
    contain(options.sandbox)
    if options.verbose:
        complain(told())
    try:
        asked = options.question and sheet_called(options.question)
    except Unreadable as reason:
        return complain(escaped(f"--question {options.question}: {reason}"))
    if options.called is not None and len(options.answers) != 1:
        return complain("--as takes one ANSWER, a function")
    as_json = options.format == "json"
    return run(options.answers, asked, options.called, as_json=as_json, report=options.report)


def _cannot_report(path: str) -> str:
    """Return why no document can be made, before any work is done for it."""
    from gradaudit.language.showing import escaped
    from gradaudit.telling.report import typesetter
    from gradaudit.telling.showing import NotSet

    if _is_no_pdf(path):
        return f"{escaped(path)}: it exists and is no PDF; name another file after --report"
    try:
        typesetter()
    except NotSet as reason:
        return f"--report: {reason}, or this with [report]"
    return ""


def _is_no_pdf(path: str) -> bool:
    """Return whether something is there that a document must not replace, such as the answer."""
    try:
        if not os.path.isfile(path):
            return os.path.exists(path)  # it may be a pipe, which nobody reads
        with open(path, "rb") as file:
            return file.read(5) not in (b"%PDF-", b"")
    except (OSError, ValueError):
        return False  # nothing is there, or writing will say what is wrong


def template(question: str) -> int:
    """Print an empty answer to fill in."""
    from gradaudit.questions.reading import read_questions
    from gradaudit.telling import template as filling

    print(filling.template(read_questions(question), question))
    return 0


def exam(question: str) -> int:
    """Print which law sees which known mistake; 1 if one is seen by none."""
    from gradaudit.mistakes.exam import papers_of, sit, smallest_errors_of
    from gradaudit.questions.reading import read_questions
    from gradaudit.telling.mistakes import exam_text

    questions = read_questions(question)
    results = list(map(sit, papers_of(questions)))
    print(exam_text(results, smallest_errors_of(questions)))
    return 0 if all(map(any, itertools.chain(*(result.sight for result in results)))) else 1


def explain(word: str | None, question: str) -> int:
    """Print a known mistake, or all of them in a sentence each."""
    from gradaudit.language.hints import nearest
    from gradaudit.language.showing import escaped
    from gradaudit.telling import mistakes as telling

    known = telling.known(question)
    if word is None:
        print(telling.in_short(dict.fromkeys(one for one, _ in known.values())))
    elif word in known:
        print(telling.explain(*known[word]))
    else:
        own = "" if question == ASSIGNMENT else f" --question {question}"
        hint = nearest(word, known) or f"; `gradaudit explain{own}` lists those known"
        return complain(f"explain: no mistake {escaped(word)}{hint}")
    return 0


def lint(word: str | None, question: str) -> int:
    """Say what the numbers of an exercise can't show; 1 if something could be better."""
    from gradaudit.judging.cases import data_of
    from gradaudit.telling.exercise import lint_text, of_numbers, read_exercise

    asked = of_numbers(question)
    text, clean = lint_text(data_of(asked) if word is None else read_exercise(word, asked))
    print(text)
    return 0 if clean else 1


def question(word: str | None, report: str | None, solution: bool) -> int:
    """Print a question and check it, or list those of the library; 2 if one is wrong.

    report: where it is written as a document. solution: with the reference derivations.
    """
    if report is not None and (said := _cannot_report(report)):
        return complain(said)
    from gradaudit.answers.checking import check
    from gradaudit.language.showing import escaped
    from gradaudit.questions.reading import library, read_questions
    from gradaudit.telling import questions as telling

    if word in (None, "list"):
        print(telling.in_short({name: read_questions(name) for name in library()}))
        return 0 if report is None else complain("--report takes NAME or a file")
    checked = [check(one) for one in read_questions(str(word))]
    print("\n\n".join(map(telling.in_full, checked)))
    if report is not None:
        from gradaudit.telling.report import handout

        if failed := write_report(report, handout(checked, solved=solution)):
            return failed
    faults = [fault for one in checked for fault in one.faults]
    return max((complain(escaped(f"{word}: {fault}")) for fault in faults), default=0)


def check(functions: Sequence[str], spec: str, kind: str, **options: Any) -> int:
    """Check a pair of functions; 1 if it is wrong, 3 if it could not be judged."""
    from gradaudit.checking.refusals import BadCall
    from gradaudit.checking.specs import BadSpec
    from gradaudit.language.showing import escaped
    from gradaudit.telling import pairs as telling

    as_json = options.pop("format") == "json"
    try:
        told, code = telling.checked(functions, spec, kind, options, as_json=as_json)
    except (BadCall, BadSpec, telling.NotFound) as reason:
        return complain(escaped(f"check: {reason}"))
    print(told)
    return code


def class_(folders: Sequence[str], **options: Any) -> int:
    """Judge what a class handed in; exit codes are those of several answers."""
    from gradaudit.classroom.marking import mark
    from gradaudit.language.showing import escaped
    from gradaudit.questions.files import Unreadable

    try:
        return mark(folders, **options, colour=wants_colour())
    except Unreadable as reason:
        return complain(escaped(f"class: {reason}"))


def run(
    paths: Sequence[str],
    asked: "Sheet | None" = None,
    called: str | None = None,
    *,
    as_json: bool,
    report: str | None = None,
) -> int:
    """Audit answers, tell about them, and return the exit code.

    paths: files, folders of them, functions. asked: what they are answers to, else the assignment.
    called: which function of the question the one at an address is, else that of its name.
    report: where a document about the one answer is written.
    """
    from gradaudit.answers.verdicts import worst
    from gradaudit.telling import verdicts as telling

    audits = list(itertools.chain.from_iterable(_audits(path, asked, called) for path in paths))
    codes = [one.exit_code for one in audits]
    if as_json:
        print(telling.as_json(audits))
    elif len(audits) > 1 or not audits[0].unreadable:
        print(telling.as_text(audits, colour=wants_colour(), detailed=len(audits) == 1))
    if report is not None and not audits[0].unreadable:
        from gradaudit.telling.report import document

        codes.append(write_report(report, document(audits[0])))
    return worst(codes)


def _audits(path: str, asked: "Sheet | None", called: str | None = None) -> list["Audit"]:
    """Audit a file, or those of a folder; whatever goes wrong with one is its own verdict."""
    from gradaudit.answers.parts import Answer
    from gradaudit.answers.reading import answers_in, read
    from gradaudit.answers.verdicts import Audit, audit, first_of, why_unreadable
    from gradaudit.language.showing import escaped
    from gradaudit.telling import verdicts as telling

    try:
        if (files := answers_in(path)) != [path]:
            return list(itertools.chain.from_iterable(_audits(file, asked) for file in files))
        told = audit(read(path, asked, called))
        telling.as_json([told])  # what can't be told either is a fault with this one alone
        telling.as_text([told], colour=False, detailed=True)
    except Exception as error:
        told = Audit(Answer(path), unreadable=why_unreadable(error))
    for line in [told.unreadable] if told.unreadable else first_of(told.answer.malformed):
        complain(f"{escaped(path)}: {escaped(line)}")
    return [told]


def write_report(path: str, told: dict[str, Any]) -> int:
    """Write a document, and return the exit code: that of a bad file if it can't be written."""
    from gradaudit.language.showing import escaped
    from gradaudit.telling.report import pdf
    from gradaudit.telling.showing import NotSet

    try:
        Path(path).write_bytes(pdf(told))
    except NotSet as reason:
        return complain(f"{escaped(path)}: it cannot be set: {escaped(str(reason))}")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        return complain(f"{escaped(path)}: it cannot be written: {why}")
    return 0


def complain(line: str) -> int:
    """Say one line on stderr, and return the exit code of a bad file or use."""
    cut = line if len(line) <= LONGEST_LINE else line[:LONGEST_LINE] + "…"
    try:
        print(f"gradaudit: {cut}", file=sys.stderr, flush=True)
    except OSError:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # till the end
    return 2


def count(text: str) -> int:
    """Read how many inputs are wanted. Raises argparse.ArgumentTypeError."""
    if not text.isdecimal() or not int(text[:9]) >= 1 or len(text) > 6:
        raise argparse.ArgumentTypeError("a whole number from 1 to 999999 is wanted")
    return int(text)


def wants_colour() -> bool:
    """Return whether standard output is a terminal, and NO_COLOR is not set."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def _option(*names: str, **how: Any) -> Option:
    return names, how


ASSIGNMENT = "assignment"
QUESTION = _option(
    "--question",
    metavar="NAME",
    default=ASSIGNMENT,
    help="of the library, or a file; else it is the assignment",
)
FORMAT = _option(
    "--format", choices=("text", "json"), default="text", help="for a person, or a program"
)
SANDBOX = {
    "metavar": "KIND",
    "choices": ("auto", "bubblewrap", "landlock", "none"),
    "default": "auto",
}
OF_ANSWERS = (  # of the command without a word
    _option("--version", action="version", version=f"gradaudit {__version__}"),
    _option(
        "answers",
        nargs="+",
        metavar="ANSWER",
        help="a .toml or .py file, a folder of them, or a function as package.module:function",
    ),
    FORMAT,
    _option("--question", metavar="NAME", help=QUESTION[1]["help"]),
    _option(
        "--as",
        dest="called",
        metavar="FUNCTION",
        help="of the question, which one package.module:function is, where it has another name",
    ),
    _option("--examples", type=count, metavar="N", help="inputs to draw for each law"),
    _option(
        "--sandbox",
        **SANDBOX,
        help="what Python answers run in: auto for your own; bubblewrap or landlock for those of "
        "others, which then see NumPy and SciPy only; none, with your rights",
    ),
    _option("--verbose", action="store_true", help="say how Python answers are run"),
    _option(
        "--report", metavar="PDF", help="also write the answer and what came of it as a document"
    ),
)
OF_PAIRS = (
    _option(
        "functions",
        nargs="+",
        metavar="FUNCTION",
        help="as package.module:function, below this folder or installed: what is derived, and "
        "what is to be its derivative; or one that returns both",
    ),
    _option("spec", help="what they are given, in one string such as 'X: [n,d], y: int[n] < 3'"),
    _option(
        "--wrt", metavar="NAMES", help="the arguments that it is the derivative by, in one string"
    ),
    _option(
        "--kind",
        choices=("gradient", "vjp", "jvp", "jacobian", "elementwise", "value-and-grad"),
        default="gradient",
        help="of derivative; value-and-grad for one function that returns both",
    ),
    _option("--examples", type=count, metavar="N", help="inputs to draw"),
    _option(
        "--given",
        metavar="FUNCTION",
        help="makes the object that both functions get first, from the arguments that it names",
    ),
    _option("--seed", type=int, metavar="N", help="for other inputs"),
    _option("--seconds", type=float, metavar="S", help="the most for one input"),
    _option("--rel", type=float, metavar="R", help="how accurate the function is, such as 1e-5"),
    FORMAT,
)
OF_CLASS = (
    _option(
        "folders",
        nargs="+",
        metavar="FOLDER",
        help="or zip of a class: each folder, zip or file in it is of one student",
    ),
    _option("--question", metavar="NAME", help="of the library, or a file; else answers name it"),
    _option("--roster", metavar="CSV", help="who is in the class: columns id and name"),
    _option("-j", "--jobs", type=count, metavar="N", help="processes; else as many as processors"),
    _option("--out", metavar="FOLDER", help="write all there, and keep what is judged"),
    _option("--again", action="store_true", help="judge all anew, also what is kept"),
    _option(
        "--points",
        metavar="TOML",
        help="of parts, in lines such as `PART = 2`; they are written with --out",
    ),
    _option("--pdf", action="store_true", help="write feedback as documents, too"),
    _option("--no-mends", action="store_true", help="do not say how a wrong line would be right"),
    _option("--compare", metavar="FOLDER", help="say what changed since an earlier --out"),
    _option("--marks", metavar="CSV", help="say how far the marks of people agree"),
    _option("--similar", action="store_true", help="list answers that are alike, as information"),
    _option("--workers", metavar="ADDRESS", help="judge on the cluster of a Dask scheduler"),
    _option(
        "--sandbox",
        **SANDBOX,
        help="what Python of strangers runs in: auto, which is bubblewrap, else landlock, else "
        "no Python is judged; one of these by name; none, with your rights",
    ),
)
COMMANDS: dict[str, tuple[Callable[..., int], str, tuple[Option, ...]]] = {
    "template": (template, "print an empty answer to fill in", (QUESTION,)),
    "explain": (
        explain,
        "print the known mistake ID, or all of them in short",
        (_option("word", nargs="?", metavar="ID"), QUESTION),
    ),
    "exam": (exam, "print which law sees which known mistake", (QUESTION,)),
    "question": (
        question,
        "check and print NAME or a file; else list the library",
        (
            _option("word", nargs="?", metavar="NAME"),
            _option("--report", metavar="PDF", help="also write it as a document"),
            _option("--solution", action="store_true", help="with the reference derivations"),
        ),
    ),
    "lint": (
        lint,
        "say what the numbers in FILE, or the question's, can't show",
        (_option("word", nargs="?", metavar="FILE"), QUESTION),
    ),
    "check": (check, "check derivatives of your own functions", OF_PAIRS),
    "class": (class_, "judge what a class handed in, with feedback", OF_CLASS),
}
OTHERS = "\n".join(
    [
        "other commands, each with a --help of its own:",
        *(f"  gradaudit {name:<12} {does}" for name, (_, does, _) in COMMANDS.items()),
        "  pytest --answer FILE   run the same laws as tests",
        "A file with the name of a command is written ./NAME.",
    ]
)

"""A question from outside is data: whatever stands there, it is read, or refused in a line."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradaudit.answers.checking import check
from gradaudit.questions.files import Unreadable
from gradaudit.questions.question import MAX_FOLLOWING, Question
from gradaudit.questions.reading import LIBRARY, read_questions
from gradaudit.questions.tables import MAX_ITEMS

WEIGHTED = Path(__file__).parent.parent / "examples" / "weighted" / "question.toml"
SOUND = WEIGHTED.read_text(encoding="utf-8")
TEXTS = [SOUND, *(path.read_text(encoding="utf-8") for path in sorted(LIBRARY.glob("*.toml")))]
TOKENS = re.compile(r"\w+|\s+|.", re.DOTALL)
WORDS = sorted({word for text in TEXTS for word in TOKENS.findall(text)})
ODD = ["9" * 60, "1e50", "**64", "-1", "nan", "true", "...", "for", "d(", "sum(", "inv(", "[", "'"]
GIVEN, DEFINE, PART = (
    re.escape(re.search(rf"^{key}.*?(?=  |$)", SOUND, re.MULTILINE)[0])  # type: ignore[index]  # it is there
    for key in ("given", "define", r"parts\.w")
)
ANSWER = r"answers\.w = .*"
FUNCTION = re.escape('functions."gradient(X, w, t, c)" = ["w"]')


def with_line(line: str, instead_of: str = "") -> str:
    """Return the sound question with one more line, or with a line instead of another."""
    place = instead_of or r"(?<=\[weighted\]\n)"
    changed = re.sub(place, lambda _: f"{line}\n", SOUND, count=1)
    assert changed != SOUND
    return changed


def many(line: str, count: int = 3_000) -> str:
    return "".join(line.format(k) for k in range(count))


def read_as(text: str, folder: Path) -> list[Question] | str:
    """Return the questions of a file, or the line in which it is refused."""
    path = folder / "question.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    try:
        return read_questions(str(path))
    except Unreadable as reason:
        return str(reason)


def said_of(text: str, folder: Path) -> list[str]:
    """Return what is said of a question file, in lines."""
    read = read_as(text, folder)
    if isinstance(read, str):
        return [read]
    return [fault for question in read for fault in check(question).faults]


REFUSED = {
    "an empty file": ("", "it is empty"),
    "an empty table": ("[weighted]", "weighted.given: a string is wanted, found nothing"),
    "a file without a table": ('given = "x"', "given: it stands in no table; above it the name"),
    "a list of tables": ("[[weighted]]", "weighted: a table is wanted: [weighted]"),
    "many tables": (many("[q{}]\n"), f"3000 tables; at most {MAX_ITEMS} questions are read"),
    "many keys": ("[weighted]\n" + many("k{} = 1\n"), "weighted.k0: unknown key"),
    "many parts": (with_line(many('parts.w{} = "d(L, w[a])"\n')), "weighted.parts: 3001 of them"),
    "many functions": (with_line(many('functions."g{}(X)" = "w"\n')), "functions: 3001 of them"),
    "many mistakes": (
        SOUND + many('[[weighted.mistakes]]\nid="m{}"\nsentence="s"\nchange.w="e"\n'),
        "weighted.mistakes: 3001 of them",
    ),
    "many changes": (
        SOUND.replace('change.w = "X.T @ e"', "change = [" + many('{{w = "e"}},') + "]"),
        f"change: 1 change or more is wanted, at most {MAX_ITEMS} in all",
    ),
    "many definitions": (with_line("define = [" + many('"v{} = 1",') + "]", DEFINE), "of them"),
    "many assumptions": (with_line("assume = [" + many('"c > 0",') + "]"), "assume: 3000 of them"),
    "many names": (with_line('given = "' + many("x{},", 300) + 'x"', GIVEN), "1 to 50 names"),
    "many numbers": (with_line('given = "x in {' + many("{},") + '1}"', GIVEN), "characters"),
    "deep nesting": (with_line("given = " + "[" * 3000 + "]" * 3000, GIVEN), "nested too deeply"),
    "deep brackets": (with_line('assume = "' + "(" * 500 + ")" * 500 + '"'), "assume: line 1"),
    "a name that is a function": (with_line('given = "sum[N]"', GIVEN), "`sum` already has a"),
    "a name that is a keyword": (with_line('given = "for[N]"', GIVEN), "`for` is a word of Python"),
    "a size that is a keyword": (with_line("counts = {is = 'N'}"), "`is` is a word of Python"),
    "a name that is an index set": (with_line('given = "A[N,A]"', GIVEN), "`A` already has a"),
    "a set of places that is itself": (with_line('given = "N in N"', GIVEN), "`N` already has a"),
    "a definition that uses a later name": (
        with_line('define = ["L = sum(e**2)", "e = X @ w - t"]', DEFINE),
        "define: line 1, column 9: unknown name `e`; it is defined below: move that line up",
    ),
    "a definition that uses what is not given": (
        with_line('define = ["e = X @ w - t", "L = sum(e**2) + lam"]', DEFINE),
        "define: line 2, column 17: unknown name `lam`; names stand in `given`, or are defined in",
    ),
    "a definition that is none": (with_line('define = ["L"]', DEFINE), "a line of `define` reads"),
    "a reference that uses what is not defined": (
        with_line('answers.w = "X.T @ q1"', ANSWER),
        "unknown name `q1`; own names are defined in `where`",
    ),
    "shapes that go together at equal sizes only": (
        with_line('define = ["e = w @ X - t", "L = sum(c * e**2) / 2"]', DEFINE),
        "define: e = w @ X - t: shapes (10,) and (7, 10) do not go together, where N = 7, A = 10",
    ),
    "a definition by itself": (with_line('define = ["L = L + 1"]', DEFINE), "unknown name `L`"),
    "sizes in a circle": (with_line('sizes = {A = "N", N = "A"}'), "sizes.A: column 1: unknown"),
    "a size that is a sum": (with_line('sizes = {A = "exp(N)"}'), "sizes, whole numbers and + -"),
    "a size that explodes": (
        with_line('sizes = {A = "9**9**9"}'),
        "weighted.sizes: none of those tried are whole numbers with which all arrays have at most",
    ),
    "a size that is none": (with_line('sizes = {A = "N - 100"}'), "sizes: none of those tried"),
    "a size beyond all": (with_line(f'sizes = {{A = "N*{MAX_FOLLOWING + 1}"}}'), "sizes: none of"),
    "an assumption that never holds": (
        with_line('assume = ["c > 0", "c < 0"]'),
        "weighted.assume: no input meets what is assumed, of 17 tried; without c > 0 one does",
    ),
    "an equation that nobody can satisfy": (
        with_line('assume = "sum(c**2) == -1"'),
        "weighted.assume: no input meets what is assumed",
    ),
    "an assumption on a derivative": (with_line('assume = "sum(d(L, w)) == 0"'), "no derivative"),
    "an assumption on each entry": (
        with_line('assume = "c[k] > 0 for k in N"'),
        "at `for k in N`; a condition on an array is one on each of its entries: w > 0",
    ),
    "a part without its index": (with_line('parts.w = "d(L, w)"', PART), "with an index for each"),
    "a part at one place": (with_line('parts.w = "d(L, w[0])"', PART), "with an index for each"),
    "a part by a name of the model": (with_line('parts.w = "d(L, e[k])"', PART), "is by a given"),
    "a part of an array": (with_line('parts.w = "d(e, w[a])"', PART), "`e` is of another shape"),
    "a part of nothing": (with_line('parts.w = "d(L, v[a])"', PART), "unknown name `v`"),
    "a reference of another shape": (
        with_line('answers.w = "X"', ANSWER),
        "answers.w: `X` is of another shape; a number for each a is wanted",
    ),
    "a reference without a value": (with_line('answers.w = "w/0"', ANSWER), "answers.w: undefined"),
    "a reference that takes too long": (
        with_line(f'answers.w = "sum({"X@X.T@" * 8}X, axis=0)"', ANSWER)
        .replace("[weighted]\n", "[weighted]\nsizes = {N = 9, A = 9}\n", 1),
        "operations",
    ),
    "one argument twice": (
        with_line('functions."gradient(X, X)" = ["w"]', FUNCTION),
        "names each thing once",
    ),
    "a function that is a keyword": (
        with_line('functions."lambda(X)" = ["w"]', FUNCTION),
        "`lambda` is a word of Python; choose another name, such as lam",
    ),
    "linear in an index set": (with_line("owes.o = {linear = 'N'}"), "is wanted: X, w, t, c"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_question_is_refused_in_a_line(name: str, tmp_path: Path) -> None:
    text, wanted = REFUSED[name]
    said, *_ = said_of(text, tmp_path)
    assert wanted in said
    assert "\n" not in said


@pytest.mark.parametrize(
    "text",
    [
        SOUND.replace("[weighted", '["größe"'),
        SOUND.replace("title = ", f'title = "{"x" * 100_000}" #'),
        with_line('assume = "c"'),
        with_line('sizes = {A = "N/2"}'),
        with_line("sizes = {A = 9, N = 9}"),
    ],
    ids=["a name in unicode", "a long title", "no comparison", "halves", "fixed sizes"],
)
def test_a_strange_question_can_be_sound(text: str, tmp_path: Path) -> None:
    assert said_of(text, tmp_path) == []


@st.composite
def mutated(draw: st.DrawFn, texts: list[str]) -> str:
    """Draw the text of a question with bytes, words or lines of it changed."""
    text = draw(st.sampled_from(texts))
    for _ in range(draw(st.integers(1, 3))):
        pieces = draw(st.sampled_from([list, TOKENS.findall, lambda one: one.splitlines(True)]))
        parts = pieces(text) or [""]
        place = draw(st.integers(0, len(parts) - 1))
        instead = draw(
            st.one_of(
                st.just(""),
                st.sampled_from([*ODD, *WORDS]),
                st.characters(codec="utf-8"),
                st.sampled_from(parts),
            )
        )
        text = "".join([*parts[:place], instead, *parts[place + 1 :]])
    return text


fuzz = settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))


@given(mutated(TEXTS))
@settings(fuzz, max_examples=100)
def test_any_text_is_read_or_refused_in_a_line(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    assert "\n" not in read_as(text, tmp_path_factory.getbasetemp())


@given(mutated([SOUND]))
@settings(fuzz, max_examples=20)
def test_any_question_that_is_read_is_checked(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    assert not any("\n" in line for line in said_of(text, tmp_path_factory.getbasetemp()))

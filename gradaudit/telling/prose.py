"""What a person wrote in words, with the formulas and names in it as mathematics."""

import re
from collections.abc import Iterator

from gradaudit.language.formula import FUNCTIONS, Scope
from gradaudit.telling.letters import GREEK, letters
from gradaudit.telling.typesetting import inline

WORD = re.compile(
    r"""(?<![^\W\d]) (?<![.'’]) ([^\W\d]\w*?) (?![^\W²³])  # a word, but none of don't
    (?!\.(?!T\b)\w)  # nor of i.e.
    ((?: \[[^][]*\] | \((?:[^()]|\([^()]*\))*\) | \.T\b )* (?:\*\*\d+)?)  # what follows at once""",
    re.VERBOSE,
)
PROSE = re.compile("[a-z]{3,}")  # names that may be words of a text as well
ENGLISH = {"a", "A", "I"}  # words that are no names where they stand alone


def in_words(text: str, scope: Scope) -> Iterator[tuple[str, str]]:
    """Yield a text in pieces, each with its mathematics, or "" where it is just words.

    What stands in `backticks` is mathematics if it is a formula. So is a known name, with what
    follows at once if both together read as a formula: w, p_i, z[k,j], sum(t), e**2; but a name
    that is a word by itself, such as slope, is one in a text.
    """
    for k, piece in enumerate(re.split(r"`([^`]*)`", text)):
        if k % 2 and (sign := inline(piece, scope)):
            yield piece, sign
        else:
            yield from _names_in(f"`{piece}`" if k % 2 else piece, scope)


def _names_in(text: str, scope: Scope) -> Iterator[tuple[str, str]]:
    sets = {name: letters(name) for name in scope.sets}
    if GREEK["delta"] not in scope.defined:
        sets["delta"] = "delta"
    known = {*scope.names(), *FUNCTIONS, *sets} - ENGLISH
    start = place = 0
    while match := WORD.search(text, place):
        name, place = match[1], match.end(1)
        base, _, marks = name.rpartition("_")
        if name not in known:
            if base not in known:
                continue
            name = f"{base}[{','.join(marks)}]"
        is_word = PROSE.fullmatch(name) and name not in GREEK and name not in scope.signs
        for end in (match.end(), match.end(1)):
            if is_word and end == match.end(1):
                break
            code = name + text[match.end(1) : end]
            if sign := sets.get(code) or inline(code, scope):
                yield from ((text[start : match.start()], ""), (text[match.start() : end], sign))
                start = place = end
                break
    yield text[start:], ""

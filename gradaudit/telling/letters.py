"""The letters in which names are printed in mathematics, no two alike."""

import re
import unicodedata

from gradaudit.language.formula import Scope

GREEK = {  # names of Typst, with the letters that they stand for
    name: unicodedata.lookup(f"GREEK {case} LETTER {name.upper()}")
    for case, names in (
        ("SMALL", "alpha beta gamma delta epsilon zeta eta theta iota kappa mu nu xi pi rho sigma"),
        ("SMALL", "tau phi chi psi omega"),
        ("CAPITAL", "Gamma Delta Theta Xi Pi Sigma Phi Psi Omega"),
    )
    for name in names.split()
} | {"lam": "λ", "eps": "ε"}
SHORT = {"lam": "lambda", "eps": "epsilon"}  # since Python keeps the word lambda for itself
Letters = tuple[str, ...]  # of a name: its letters, what stands below it, and what above


def letters(name: str) -> str:
    """Return letters: one in italics, a Greek one; several, or quoted ones, without serifs."""
    if re.fullmatch("[A-Za-z]|[0-9]+", name) or name in GREEK:
        return SHORT.get(name, name)
    # Letters that are not Latin or Greek may be missing in the fonts, or look like these.
    known = "".join(c if ord(c) < 0x400 else f"U{ord(c):X}" for c in name.strip('"'))
    return f'italic("{known}")' if len(name) == len(known) == 1 else f'sans("{known}")'


def signs(scope: Scope) -> dict[str, Letters]:
    """Return how each name is printed, no two alike: as the question says, or as it is.

    Digits at its end are an index. A name that would look like one before it is in quotes.
    """
    known = scope.names()
    found: dict[str, Letters] = {}
    taken = set()
    for name in [*(one for one in known if one not in scope.defined), *scope.defined]:
        numbered = re.fullmatch(r"([^\W\d_]+)([0-9]+)", name)
        sign: Letters = scope.signs.get(name, (name, "", ""))
        if name not in scope.signs and numbered and numbered[1] not in known:
            sign = numbered[1], numbered[2], ""
        found[name] = (f'"{name}"', "", "") if alike(sign) in taken else sign
        taken.add(alike(sign))
    return found


def alike(sign: Letters) -> Letters:
    """Return the same for signs that look the same."""
    return (GREEK.get(sign[0], sign[0]), *sign[1:])

"""The pattern language of the language files: from one line to the needles that a scan looks for.

==============  ==========================================================================
``word word``   words in a row; between them white space, hyphens or one line break
``word*``       the word with any ending
``+sign``       an English verb in its regular forms (sign, signs, signed, signing)
``~jalin``      an Indonesian or Malay root with its affixes (menjalin, dijalin, jalinan)
``(a|b c)``     one of these; ``(a)?`` and ``word?`` may be absent; ``(a|b)*``: any ending
``..``          up to three words
==============  ==========================================================================

A needle is a literal beginning. Where more follows that is no literal, an expression checks the
whole at the place that the needle found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from pipeline.text import fold

MAX_GAP_WORDS = 3  # what ".." bridges: "signed a second cooperation agreement", not a clause
MAX_FORMS = 4_000  # of one pattern: a pattern beyond it is a mistake, not a vocabulary
_TOKEN = re.compile(r"\(|\)[?*]?|\||[^\s()|]+")
_GAP = rf"(?: \w[\w'.]*){{0,{MAX_GAP_WORDS}}}"
_OPEN = "("
_VOWELS = "aeiou"
_SUFFIXES = ("", "kan", "i", "an", "nya", "kannya", "annya", "inya", "lah")
_PREFIXES = ("", "di", "ter", "ber", "be", "ke", "per", "memper", "diper", "pe", "se", "keter")
_SHORT_ROOT = 4  # letters: roots of one syllable take menge- (mengesahkan)


class PatternError(ValueError):
    """A pattern of a language file cannot be read."""


def sequences(body: str) -> Iterator[tuple[str, ...]]:
    """Yield every way to read a pattern, as a row of words without alternatives."""
    tokens = _TOKEN.findall(body)
    forms, rest = _row(tokens)
    if rest:
        raise PatternError("a bracket closes that never opened")
    if len(forms) > MAX_FORMS or not all(forms):
        raise PatternError("empty, or more forms than a vocabulary should have")
    if any(not word.strip("*~+") for form in forms for word in form):
        raise PatternError("a '*', '~' or '+' without a word")
    yield from forms


def _row(tokens: list[str]) -> tuple[list[tuple[str, ...]], list[str]]:
    """Read tokens up to a bar or a closing bracket; return the forms and the tokens left."""
    forms: list[tuple[str, ...]] = [()]
    while tokens and tokens[0] != "|" and not tokens[0].startswith(")"):
        token, tokens = tokens[0], tokens[1:]
        if token == _OPEN:
            choices, tokens = _group(tokens)
        elif token.endswith("?"):
            choices = [(token[:-1],), ()]
        else:
            choices = [(token,)]
        forms = [a + b for a, b in product(forms, choices)]
    return forms, tokens


def _group(tokens: list[str]) -> tuple[list[tuple[str, ...]], list[str]]:
    choices: list[tuple[str, ...]] = []
    while True:
        forms, tokens = _row(tokens)
        choices += forms
        if not tokens:
            raise PatternError("a bracket does not close")
        closing, tokens = tokens[0], tokens[1:]
        if closing != "|":
            if not all(choices):
                raise PatternError("a bracket with nothing between its bars")
            if closing == ")*":
                choices = [(*c[:-1], f"{c[-1]}*") for c in choices]
            return ([*choices, ()] if closing == ")?" else choices), tokens


def needles(sequence: tuple[str, ...]) -> Iterator[tuple[str, str | None, bool]]:
    """Yield the literal beginnings of a row of words, and how to check what follows them."""
    if sequence[0] == "..":
        raise PatternError("it cannot begin with '..'")
    for first in _forms(sequence[0]):
        literal = [first]
        for word in sequence[1:]:
            if literal[-1].endswith("*") or word == ".." or word[0] in "~+":
                break
            literal.append(word)
        beginning = " ".join(fold(w).replace("-", " ").rstrip("*") for w in literal)
        if len(literal) == len(sequence):
            yield beginning, None, literal[-1].endswith("*")
        else:
            parts = [_expression(w) for w in (first, *sequence[1:])]
            pattern = parts[0] + "".join(p if p == _GAP else f" {p}" for p in parts[1:])
            yield beginning, rf"{pattern}(?!\w)", False


@lru_cache(maxsize=8_192)  # the words of a vocabulary stand in many of its patterns
def _forms(word: str) -> tuple[str, ...]:
    if word[0] == "~":
        return indonesian_forms(word[1:])
    return english_forms(word[1:]) if word[0] == "+" else (word,)


@lru_cache(maxsize=8_192)
def _expression(word: str) -> str:
    if word == "..":
        return _GAP
    forms = (re.escape(fold(f).replace("-", " ")).replace(r"\*", r"\w*") for f in _forms(word))
    return f"(?:{'|'.join(sorted(forms, key=len, reverse=True))})"


def english_forms(verb: str) -> tuple[str, ...]:
    """Return the regular forms of an English verb: sign, signs, signed, signing."""
    forms = [verb, f"{verb}s", f"{verb}ed", f"{verb}ing"]
    if verb.endswith("e"):
        forms += [f"{verb}d", f"{verb[:-1]}ing"]
    elif verb.endswith("y") and verb[-2:-1] not in _VOWELS:
        forms += [f"{verb[:-1]}ies", f"{verb[:-1]}ied"]
    elif verb.endswith(("s", "sh", "ch", "x", "z")):
        forms.append(f"{verb}es")
    elif verb[-1] not in f"{_VOWELS}wxy" and verb[-2:-1] in _VOWELS:
        forms += [f"{verb}{verb[-1]}ed", f"{verb}{verb[-1]}ing"]
    return tuple(dict.fromkeys(forms))


def indonesian_forms(root: str) -> tuple[str, ...]:
    """Return a root with the affixes of Indonesian and Malay, nasal changes included.

    ``jalin`` gives jalin, menjalin, dijalin, terjalin, penjalinan, jalinan, menjalinnya and so on.
    Forms that nobody uses come along: they cost a little memory and never match.
    """
    rows = [prefix + root for prefix in _PREFIXES]
    for nasal in _nasals(root):
        rows += ["me" + nasal, "pe" + nasal]
    if len(root) <= _SHORT_ROOT:
        rows += ["menge" + root, "penge" + root]
    return tuple(dict.fromkeys(row + suffix for row in rows for suffix in _SUFFIXES))


def _nasals(root: str) -> tuple[str, ...]:
    """Return the root as it looks after me- and pe-: (me)nyewa for sewa, (me)mbantu for bantu."""
    first = root[0]
    swallowed = {"p": "m", "t": "n", "s": "ny", "k": "ng"}
    kept = {
        "b": "m",
        "f": "m",
        "v": "m",
        "d": "n",
        "c": "n",
        "j": "n",
        "z": "n",
        "g": "ng",
        "h": "ng",
    }
    if first in swallowed:
        # A cluster keeps its first letter: memproses; single ones too in recent loans.
        return (swallowed[first] + root[1:], swallowed[first][:1] + root)
    if first in _VOWELS:
        return ("ng" + root,)
    return (kept.get(first, "") + root,)

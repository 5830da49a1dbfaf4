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
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from pipeline.text import fold

MAX_GAP_WORDS = 3  # what ".." bridges: "signed a second cooperation agreement", not a clause
MAX_FORMS = 4_000  # of one pattern: a pattern beyond it is a mistake, not a vocabulary
_TOKEN = re.compile(r"\(|\)[?*]?|\||[^\s()|]+")
# A gap does not bridge a denial: "the pact was not renewed" is no "pact .. renewed".
_DENIALS = "not|never|tidak|tak|belum|batal|nunca|jamais"
_GAP = rf"(?: (?!(?:{_DENIALS})\b)\w[\w'.]*){{0,{MAX_GAP_WORDS}}}"
_OPEN = "("
_VOWELS = "aeiou"
SUFFIXES = ("", "kan", "i", "an", "nya", "kannya", "annya", "inya", "lah")
_PREFIXES = ("", "di", "ter", "ber", "be", "ke", "per", "memper", "diper", "pe", "se", "keter")
_SHORT_ROOT = 4  # letters: roots of one syllable take menge- (mengesahkan)


class PatternError(ValueError):
    """A pattern of a language file cannot be read."""


class Beginning(NamedTuple):
    """A literal that a scan can look for, and how to check what follows it."""

    text: str
    whole: str | None = None  # an expression for the whole pattern, where more follows
    stem: str = ""  # letters that stand in its last word whatever the form: a cheap first check
    is_open: bool = False  # any letters may follow
    prefixes: frozenset[str] | None = None  # the text is a root: what may stand before it in a word


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


def needles(sequence: tuple[str, ...]) -> Iterator[Beginning]:
    """Yield the literal beginnings of a row of words, and how to check what follows them."""
    if sequence[0] == "..":
        raise PatternError("it cannot begin with '..'")
    if sequence[0][0] == "~":
        whole = _whole(sequence) if len(sequence) > 1 else None
        stem = _stem(sequence[-1]) if whole else ""
        for variant, prefixes in _variants(sequence[0][1:]):
            yield Beginning(variant, whole, stem, prefixes=prefixes)
        return
    for first in _forms(sequence[0]):
        literal = [first]
        for word in sequence[1:]:
            if literal[-1].endswith("*") or word == ".." or word[0] in "~+":
                break
            literal.append(word)
        beginning = _literal(first) if len(literal) == 1 else " ".join(map(_literal, literal))
        if len(literal) == len(sequence):
            yield Beginning(beginning, is_open=literal[-1].endswith("*"))
        else:
            yield Beginning(beginning, _whole((first, *sequence[1:])), _stem(sequence[-1]))


def _whole(sequence: tuple[str, ...]) -> str:
    parts = [_expression(w) for w in sequence]
    return parts[0] + "".join(p if p == _GAP else f" {p}" for p in parts[1:]) + r"(?!\w)"


@lru_cache(maxsize=8_192)  # the words of a vocabulary stand in many of its patterns
def _forms(word: str) -> tuple[str, ...]:
    if word[0] == "~":
        return indonesian_forms(word[1:])
    return english_forms(word[1:]) if word[0] == "+" else (word,)


@lru_cache(maxsize=8_192)
def _literal(word: str) -> str:
    return fold(word).replace("-", " ").rstrip("*")


@lru_cache(maxsize=8_192)
def _stem(word: str) -> str:
    """Return letters that every form of a word holds; a pattern never ends with a gap that counts.

    The first letter of an Indonesian root may be swallowed, the last of an English verb changes.
    """
    if word == "..":
        return ""
    if word[0] in "~+":
        return _literal(word[2:] if word[0] == "~" else word[1:-1])
    return _literal(word)


@lru_cache(maxsize=8_192)
def _expression(word: str) -> str:
    if word == "..":
        return _GAP
    forms = (re.escape(fold(f).replace("-", " ")).replace(r"\*", r"\w*") for f in _forms(word))
    return f"(?:{'|'.join(sorted(forms, key=len, reverse=True))})"


def _any(pieces: Iterable[str]) -> str:
    return "|".join(sorted(pieces, key=lambda p: (-len(p), p)))


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
    return tuple(
        dict.fromkeys(
            prefix + variant + suffix
            for variant, prefixes in _variants(root)
            for prefix in sorted(prefixes)
            for suffix in SUFFIXES
        )
    )


@lru_cache(maxsize=8_192)
def _variants(root: str) -> tuple[tuple[str, frozenset[str]], ...]:
    """Return a root and what the nasal makes of it, each with the prefixes that it then takes."""
    root = _literal(root)
    found = {root: {*_PREFIXES, *(("menge", "penge") if len(root) <= _SHORT_ROOT else ())}}
    for nasal in _nasals(root):
        found.setdefault(nasal, set()).update(("me", "pe"))
    return tuple((variant, frozenset(prefixes)) for variant, prefixes in found.items())


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

"""Pages that are no document: bot checks, consent walls, error pages with status 200, stubs."""

from __future__ import annotations

import re

from pipeline.readers import UnreadableError
from pipeline.readers.html_blocks import size_of

MIN_CHARS = 140  # shorter than the shortest news item that can name two parties and an act
WALL_CHARS = (
    4 * MIN_CHARS
)  # a wall says little; a longer text that speaks of captchas is a document
HEAD_CHARS = 1_500  # how far into the page's whole text a wall is looked for
_BLOCKED = re.compile(
    r"""
    just\ a\ moment\.\.\. | checking\ (?:if\ the\ site\ connection|your\ browser)
    | attention\ required!\ \|\ cloudflare | ddos\ protection\ by
    | verif(?:y|ying)\ (?:that\ )?you\ are\ (?:a\ )?human | are\ you\ a\ (?:human|robot)
    | i.?m\ not\ a\ robot | captcha | unusual\ traffic\ from | before\ you\ continue\ to
    | enable\ javascript\ and\ cookies\ to\ continue | please\ enable\ (?:javascript|cookies)
    | pardon\ our\ interruption | request\ unsuccessful\.\ incapsula
    | access\ (?:to\ this\ page\ has\ been\ )?denied | 403\ forbidden
    | aktifkan\ javascript | akses\ ditolak | anda\ diblokir
    """,
    re.IGNORECASE | re.VERBOSE,
)
_CONSENT = re.compile(
    r"""
    we\ value\ your\ privacy | accept\ (?:all\ )?cookies | cookie\ (?:consent|settings|policy)
    | manage\ (?:your\ )?consent | kami\ menggunakan\ cookie | setujui\ semua
    | zustimmen\ und\ weiter | datenschutzeinstellungen | accepter\ et\ continuer
    """,
    re.IGNORECASE | re.VERBOSE,
)
_MISSING = re.compile(
    r"""
    ^\W*(?:(?:error\W*)?404\b | page\ not\ found | not\ found\b
    | this\ page\ (?:isn.t|is\ not)\ available
    | (?:halaman|laman|artikel|berita)\ (?:yang\ anda\ cari\ )?tidak\ (?:di)?temukan
    | seite\ nicht\ gefunden | page\ introuvable | página\ no\ encontrada)
    """,
    re.IGNORECASE | re.VERBOSE,
)


def refuse_if_none(text: str, title: str | None, page_text: str) -> None:
    """Raise where a page is no document.

    Args:
        text: The main text that was found.
        title: The page's title.
        page_text: The head of all its text, boilerplate too: what a wall says of itself.

    Raises:
        UnreadableError: A wall, an error page or too little text; the message says which.
    """
    size = size_of(text)
    if size < WALL_CHARS:
        head = f"{title or ''}\n{text}\n{page_text[:HEAD_CHARS]}"
        wall = _BLOCKED.search(head) or (_CONSENT.search(head) if size < MIN_CHARS else None)
        if wall:
            msg = f"blocked: a wall instead of the document ({wall.group()!r})"
            raise UnreadableError(msg)
        missing = _MISSING.search(title or "") or _MISSING.search(text)
        if missing:
            words = missing.group().strip()
            msg = f"not a document: an error page with status 200 ({words!r})"
            raise UnreadableError(msg)
    if size < MIN_CHARS:
        msg = f"too short: {size} letters of text, at least {MIN_CHARS} needed"
        raise UnreadableError(msg)

"""What is not the document: names of boilerplate containers and openings of boilerplate lines.

The lists name functions of a page (comments, sharing, related links), never a publisher.
"""

from __future__ import annotations

import re
from functools import lru_cache

# How a part of a class or id token begins that marks boilerplate. Parts are what separators and the
# capitals of camelCase divide: "ad" is not in "header", "tag" not in "stage".
_STEMS = """
    comment komentar disqus discuss respond livefyre share sharing sharedaddy social sosmed addthis
    addtoany related relate terkait bacajuga recommend rekomendasi newsletter subscri signup sign-up
    promo advert sponsor outbrain taboola zergnet mgid dfp doubleclick banner cookie consent gdpr
    sidebar breadcrumb paginat pager toolbar navbar navigation menu submenu caption figcaption thumb
    gallery slideshow carousel slider author- authorbox byline bio tagcloud taglist tags popular
    terpopuler trending teaser readmore read-more morefrom more-from more-stories popup modal
    overlay login paywall regwall rating ratings poll quiz survey printfriendly masthead copyright
    skip-link skiplink screen-reader visually-hidden visuallyhidden sr-only jp-relatedposts
    wp-caption mw-editsection reflist catlinks toolbox dropdown tooltip nextprev next-prev prevnext
    prev-next post-nav editors-pick editorspick pullquote pull-quote factbox video-player
    videoplayer player audio jwplayer weather ticker donate donation
""".split()
# Whole class tokens that mark boilerplate, and short words that do at the head or the tail of a
# token ("nav-main", "top-ads"): in the middle of one they say nothing ("field--label-hidden" is
# Drupal's text).
_WHOLE = frozenset(
    """
    meta hidden print toc tag bio more links follow widget tools avatar mail email rss credit
    credits
""".split()
)
_EDGES = frozenset("""ad ads adv iklan footer foot nav menu tag tags""".split())
_SURE = tuple(
    """
    comment komentar disqus livefyre respond cookie consent gdpr onetrust newsletter related terkait
    recommend rekomendasi outbrain taboola
""".split()
)


_DENIALS = frozenset({"has", "no", "with"})  # "has-sidebar" is the page beside the sidebar
_SEPARATORS = re.compile(r"[^a-z0-9]+")
_SIMPLE = tuple(stem for stem in _STEMS if "-" not in stem)
_COMPOUND = tuple(f"-{stem}" for stem in _STEMS if "-" in stem)
_HEADS = frozenset(stem.partition("-")[0] for stem in _STEMS if "-" in stem)
# Names of the document's own text: they outweigh a weak mark of boilerplate on the same element.
TEXT_CLASS = re.compile(
    r"(?:main|article|story|entry|post)[-_]{0,2}(?:content|body|text)|content[-_]body"
    r"|body[-_](?:content|text)|(?<![a-z])(?:articlebody|story|main)(?![a-z])"
)
# A blog engine writes the tags and the category of a post into its class.
_POST_CLASS = re.compile(r"(?<!\S)(?:tag|category|cat|type|status|format|has-post)-\S+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=8192)  # class names repeat within a page and over the pages of a source
def noise_grade(name: str) -> int:
    """Grade the class and id of an element: 0 text, 1 boilerplate, 2 surely boilerplate."""
    name = _CAMEL.sub("-", _POST_CLASS.sub("", name)).lower()
    grade = 0
    for token in name.split():
        grade = max(grade, _token_grade(token))
    return 0 if grade == 1 and TEXT_CLASS.search(name) else grade


@lru_cache(maxsize=8192)  # the words of class names repeat over sources
def _word_grade(word: str) -> int:
    return 2 if word.startswith(_SURE) else int(word.startswith(_SIMPLE))


def _token_grade(token: str) -> int:
    parts = [part for part in _SEPARATORS.split(token) if part]
    if not parts:
        return 0
    grade = int(token in _WHOLE or parts[0] in _EDGES or parts[-1] in _EDGES)
    before = ""
    for part in parts:
        found = 0 if before in _DENIALS else _word_grade(part)
        if found == 2:
            return 2
        grade = max(grade, found)
        before = part
    if not grade and len(parts) > 1 and not _HEADS.isdisjoint(parts):
        joined = "-".join(("", *parts))
        grade = int(any(stem in joined for stem in _COMPOUND))
    return grade


NOISE_ROLE = re.compile(
    r"^(?:navigation|complementary|contentinfo|banner|search|menu|menubar|dialog|alert|tooltip)$"
)

# A line that opens like this is a pointer, a credit or a plea, never the document's own sentence.
_OPENINGS = r"""
    (?:baca|simak|lihat|tonton)\s+(?:juga|pula|selengkapnya|lainnya)\b | baca\s*:
  | (?:artikel|berita)\s+(?:terkait|lainnya|lain)\b
  | (?:also|see|read|watch|listen|hear|explore)\s+(?:also|more|next|too|related|the\s+latest)\b
    \s*(?:[:|»>–—-]|$|on\b|at\b|from\b)
  | (?:related(?:\s+(?:articles?|stories|story|content|topics?|posts?|links?|coverage))?
    | recommended | more\s+(?:on|from) | don.t\s+miss)\s*(?:[:|»>–—-]|$)
  | (?:lire\s+aussi|à\s+lire|voir\s+aussi|sur\s+le\s+même\s+sujet)\b
  | (?:lee|lea|leer|ver|véase)\s+(?:también|más)\b | te\s+puede\s+interesar
  | (?:leia|veja|saiba)\s+(?:também|mais)\b | leggi\s+anche\b
  | (?:lesen\s+sie|lies|siehe)\s+(?:auch|mehr)\b | mehr\s+zum\s+thema\b
  | (?:читайте|смотрите)\s+(?:также|ещё)\b | (?:lees|zie)\s+ook\b
  | (?:läs|les)\s+(?:också|også|mer)\b
  | you\s+(?:may|might)\s+also\s+(?:like|enjoy|be\s+interested)\b | what\s+to\s+read\s+next\b
  | (?:auch|ebenfalls)\s+interessant\s*[:!]?$ | weiterlesen\b.{0,20}$ | externer\s+inhalt\s*$
  | (?:ähnliche|weitere|mehr)\s+(?:beiträge|artikel|meldungen|themen|news)\b.{0,30}$
  | das\s+(?:thema\s+)?könnte\s+(?:dich|sie|euch)\s+auch\s+interessieren\b
  | vous\s+aimerez\s+aussi\b | (?:czytaj|zobacz|przeczytaj)\s+(?:też|także|również|więcej)\b
  | this\s+(?:entry|post|article)\s+was\s+(?:posted|published|filed)\b
  | (?:this|the)\s+(?:article|content|material)\s+is\s+(?:the\s+)?copyright
  | we\s+want\s+to\s+hear\s+(?:what\s+you\s+think|from\s+you)\b
  | for\s+the\s+latest\s+(?:news|stories|updates)\b.{0,80}\b(?:download|follow|subscribe|app)
  | follow\s+.{1,40}\son\s+(?:twitter|facebook|instagram|x\b|whatsapp|google)
  | (?:artikel|berita)\s+ini\s+(?:telah|sudah|pernah)\s+(?:tayang|terbit|dimuat)\b
  | cek\s+berita\b.{0,30}\bgoogle\s+news | (?:pilihan|rekomendasi)\s+(?:editor|redaksi)\s*[:]?
  | (?:saksikan|tonton)\s+(?:video|juga|live)\b | \[gambas: | (?:ikuti|gabung|bergabung)\b
    .{0,60}\b(?:whatsapp|telegram|google\s+news|saluran|channel)\b
  | (?:advertisement|advertising|iklan|publicidad|publicité|anzeige|werbung)\s*[:.]?\s*$
  | scroll\s+(?:to|untuk|down)\b | gulir\s+untuk\b
  | (?:dapatkan|ikuti|cek|follow)\s+(?:update|berita|kami|us|our)\b
  | (?:sign\s+up|subscribe|log\s+in|register)\s+(?:for|to|now|here|today)\b
  | (?:share|bagikan|sebarkan|print|cetak)\s*(?:this|ini|artikel|:|$)
  | (?:foto|photo|image|gambar|pic(?:ture)?|credit|kredit|ilustrasi|fotografer|photograph(?:er)?
    | bild|video)\s*(?:credit|by|oleh|[:/©]|\()
  | (?:tags?|topik|label|kategori|categor(?:y|ies)|keywords?|kata\s+kunci|filed\s+under
    | posted\s+(?:in|by|on))\s*:
  | (?:©|\(c\)|copyright|hak\s+cipta|all\s+rights\s+reserved)
  | click\s+here\s+(?:to|for)\b | klik\s+(?:di\s*sini|disini)\b
  | (?:we\s+use|this\s+(?:site|website)\s+uses)\s+cookies\b
  | (?:leave|post|tulis|write)\s+(?:a|an)?\s*(?:comment|reply|komentar)\b
"""
NOISE_OPENING = re.compile(rf"^[\s\W]*(?:{_OPENINGS})", re.IGNORECASE | re.VERBOSE)
# "Published: 22:04, 22 Apr 2024", "Lecture 4 min.", "By Jane Doe": the furniture of a headline.
META_LINE = re.compile(
    r"""^\W*(?:
      (?:published|updated|posted|last\s+(?:updated|modified)|publi[ée]|veröffentlicht|stand
        |aktualisiert|diperbarui|diterbitkan|dipublikasikan|diunggah|terbit|actualizado|publicado
        |atualizado|pubblicato|aggiornato|опубликовано|обновлено)\b
    | (?:by|oleh|von|por|par|di|door|av|penulis|reporter|editor|pewarta|redaktur|autor|author|text
        |words)\s*:?\s+\w[\w.'’-]*(?:\s+[\w.'’-]+){0,3}\W*$
    | \d{1,2}(?:st|nd|rd|th)?[./\s-]+(?:\d{1,2}|\w{3,12})[./,\s-]+\d{4}\b
    | (?:\w+,?\s+)?\d{1,2}\s+\w+\s+\d{4}\W*$ | \w{3,12}\.?\s+\d{1,2},\s+\d{4}\b
    | .{0,60}\b\d{1,2}[:.h]\d{2}\b
    | .{0,20}\b\d{1,2}\s*(?:min(?:ute)?s?|menit)\b.{0,15}$
    | .{0,12}\b\d+\s+(?:seconds?|minutes?|hours?|days?|weeks?|months?)\s+ago\b
    )""",
    re.IGNORECASE | re.VERBOSE,
)
META_CHARS = 80
NOISE_CHARS = 250  # a longer line that opens like this is a sentence of the document

"""Documents in forty layouts with the text that a reader must find, all invented.

The truth is what a person would copy out: in reading order, without running heads, page numbers,
letterheads and watermarks, words broken at line ends mended, cells of a row together.
"""

import random
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from reportlab.lib.pagesizes import A4
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.platypus import Spacer, Table

from tests.pdf_builder import (
    TTF,
    Sheet,
    coded_page,
    drawn,
    joined,
    paragraph,
    pdf_of,
    scan_of,
    without_unicode,
)

_ID = """pemerintah kota kabupaten mitra kerja sama nota kesepahaman pendidikan pariwisata
kebudayaan pengelolaan sampah pelabuhan perwakilan rombongan kunjungan penandatanganan pendapa
balai dinas sekretaris daerah wali bupati gubernur perjanjian pertukaran pelajar magang pelatihan
bencana teknologi perdagangan investasi warga sejak tahun bulan depan bersama untuk dengan tentang
dalam oleh kepada serta antara kedua pihak akan telah sudah juga masih disaksikan disampaikan
dilaksanakan dikembangkan ditingkatkan melanjutkan memperpanjang menyambut""".split()
_EN = """the city council mayor agreement cooperation friendship sister memorandum understanding
education tourism culture waste management harbour delegation visit signing ceremony office
secretary governor exchange students training disaster technology trade investment residents since
year next month together with about within between both parties will have already also still
witnessed delivered developed improved continue extend welcome efficient official offices final
five first profile significant flood conflict""".split()


@dataclass(frozen=True, slots=True)
class Sample:
    name: str
    body: bytes
    text: str
    is_scan: bool = False


def prose(seed: int, sentences: int, words: list[str] = _ID) -> str:
    """Return invented sentences, always the same for a seed."""
    chance = random.Random(seed)
    made = []
    for _ in range(sentences):
        chosen = chance.sample(words, chance.randint(9, 17))
        made.append(" ".join(chosen).capitalize() + ".")
    return " ".join(made)


def english(seed: int, sentences: int) -> str:
    return prose(seed, sentences, _EN)


def _hyphened(text: str, width: int, chance: random.Random) -> tuple[list[str], str]:
    """Break text into lines of about one length, some inside words, as typesetters do."""
    lines, line = [], ""
    for word in text.split():
        if len(line) + len(word) + 1 <= width:
            line = f"{line} {word}".strip()
            continue
        room = width - len(line) - 2
        if 3 <= room <= len(word) - 3 and word.isalpha() and chance.random() < 0.7:
            lines.append(f"{line} {word[:room]}-".strip())
            line = word[room:]
        else:
            lines.append(line)
            line = word
    return [*lines, line], text


def _one_column(font: str, text: str) -> bytes:
    sheet = Sheet(font=font)
    sheet.column(text, 60, 780, 92)
    return sheet.body()


def _columns(texts: list[str], xs: list[float], width: int, *, across: bool, head: str) -> bytes:
    sheet = Sheet(size=9.5)
    sheet.sized(16, 50, 790, head)
    placed = [
        (x, 750 - 12.4 * i, line)
        for x, text in zip(xs, texts, strict=True)
        for i, line in enumerate(textwrap.wrap(text, width))
    ]
    if across:
        placed.sort(key=lambda p: (-p[1], p[0]))
    sheet.put(placed)
    return sheet.body()


CITIES = [
    ("Mitra", "Negara", "Tahun", "Bidang"),
    ("Kyoto", "Jepang", "1985", "kebudayaan dan pendidikan"),
    ("Gimhae", "Korea Selatan", "2011", "magang bagi lulusan sekolah kejuruan dan pelatihan guru"),
    ("Tarlac", "Filipina", "2019", "pariwisata"),
    ("Hue", "Vietnam", "2024", "pengelolaan cagar budaya serta pengelolaan air bersih"),
    ("Leeds", "Inggris", "2008", "tata kota"),
    ("Bremen", "Jerman", "1999", "pelabuhan"),
]


def _table(*, style: list[tuple[object, ...]], wrapped: bool) -> tuple[bytes, str]:
    before, after = prose(31, 4), prose(32, 4)
    rows = [
        [c if not wrapped or i != 3 else paragraph(c) for i, c in enumerate(row)] for row in CITIES
    ]
    table = Table(rows, colWidths=[90, 110, 50, 150], style=style)
    body = pdf_of(paragraph(before), Spacer(1, 12), table, Spacer(1, 12), paragraph(after))
    return body, "\n".join([before, *(" ".join(row) for row in CITIES), after])


def _articles(count: int) -> list[tuple[str, str]]:
    return [
        (f"PASAL {n} {prose(40 + n, 3)}", f"ARTICLE {n} {english(60 + n, 3)}")
        for n in range(1, count + 1)
    ]


def _bilingual_columns() -> tuple[bytes, str]:
    sheet = Sheet(size=10)
    pairs = _articles(4)
    sheet.sized(14, 130, 800, "MEMORANDUM SALING PENGERTIAN")
    y_left = y_right = 770.0
    for left, right in pairs:
        y = min(y_left, y_right)
        y_left = sheet.column(left, 50, y, 48)
        y_right = sheet.column(right, 320, y, 48)
    left_text = " ".join(a for a, _ in pairs)
    right_text = " ".join(b for _, b in pairs)
    return sheet.body(), f"MEMORANDUM SALING PENGERTIAN {left_text} {right_text}"


def _bilingual_table() -> tuple[bytes, str]:
    pairs = _articles(4)
    rows = [[paragraph(a), paragraph(b)] for a, b in pairs]
    table = Table(rows, colWidths=[220, 220], style=[("GRID", (0, 0), (-1, -1), 0.5, "black")])
    return pdf_of(table), "\n".join(f"{a} {b}" for a, b in pairs)


def _letter() -> tuple[bytes, str]:
    sheet = Sheet()
    for y, text in (
        (800, "PEMERINTAH KOTA REKAAN"), (784, "SEKRETARIAT DAERAH"),
        (770, "Jalan Balai Kota Nomor 1 Rekaan 55165"),
        (756, "Telepon (0274) 515865 Faksimile (0274) 520332 Laman: www.rekaan.example"),
    ):  # fmt: skip
        sheet.canvas.drawCentredString(297, y, text)
    head = ["Rekaan, 18 Juli 2005", "Nomor : 100/17/2005", "Perihal : Kerja sama kota kembar"]
    sheet.put([(380, 725, head[0]), (60, 710, head[1]), (60, 696, head[2])])
    text = prose(11, 9)
    y = sheet.column(text, 60, 660, 88)
    tail = ["Sekretaris Daerah", "Drs. Sujarwo Rekaan, M.Si."]
    sheet.put([(360, y - 20, tail[0]), (360, y - 80, tail[1])])
    return sheet.body(), "\n".join([*head, text, *tail])


def _footnotes() -> tuple[bytes, str]:
    sheet = Sheet()
    text, notes = english(12, 12), ["1 Interview with the harbour office, 3 May 2012.",
                                    "2 See the annual report of the council, page 14."]  # fmt: skip
    sheet.column(text, 60, 780, 92)
    sheet.canvas.line(60, 120, 200, 120)
    sheet.canvas.setFont("Times-Roman", 8)
    sheet.put([(60, 106, notes[0]), (60, 94, notes[1])])
    return sheet.body(), "\n".join([text, *notes])


def _running(pages: int) -> tuple[bytes, str]:
    texts = [prose(100 + n, 14, _ID if n % 2 else _EN) for n in range(pages)]
    sheet = Sheet()
    for number, text in enumerate(texts, 1):
        sheet.sized(8, 60, 815, "LAPORAN TAHUNAN KERJA SAMA DAERAH")
        sheet.column(text, 60, 780, 92)
        sheet.sized(8, 280, 30, f"- {number} -")
        sheet.page()
    return sheet.body(), "\n".join(texts)


def _spaced() -> tuple[bytes, str]:
    sheet = Sheet()
    sheet.sized(14, 150, 790, "K E R J A   S A M A   D A E R A H")
    sheet.sized(14, 150, 765, "N O T A   K E S E P A H A M A N")
    text = prose(13, 9)
    sheet.column(text, 60, 730, 92)
    return sheet.body(), f"KERJA SAMA DAERAH NOTA KESEPAHAMAN {text}"


def _sideways(turn: int, *, by_page: bool) -> tuple[bytes, str]:
    text = prose(14 + turn, 10)
    sheet = Sheet()
    width, height = A4
    if by_page:
        sheet.canvas.setPageRotation(90 * turn)
    if turn == 1:
        sheet.canvas.translate(width, 0)
        sheet.canvas.rotate(90)
    elif turn == 3:
        sheet.canvas.translate(0, height)
        sheet.canvas.rotate(270)
    else:
        sheet.canvas.translate(width, height)
        sheet.canvas.rotate(180)
    sheet.column(text, 60, 480, 110)
    return sheet.body(), text


def _watermark() -> tuple[bytes, str]:
    sheet = Sheet()
    text = prose(18, 14)
    sheet.canvas.saveState()
    sheet.canvas.translate(150, 300)
    sheet.canvas.rotate(45)
    sheet.canvas.setFont("Helvetica", 60)
    sheet.canvas.drawString(0, 0, "SALINAN")
    sheet.canvas.restoreState()
    sheet.column(text, 60, 780, 92)
    return sheet.body(), text


def _ligatures() -> tuple[bytes, str]:
    text = english(19, 14)
    return _one_column(TTF, text.replace("fi", "ﬁ").replace("fl", "ﬂ")), text


def _hyphens(width: int, xs: tuple[float, ...], seed: int) -> tuple[bytes, str]:
    chance, placed, texts = random.Random(seed), [], []
    for number, x in enumerate(xs):
        lines, text = _hyphened(prose(seed + number, 16), width, chance)
        placed += [(x, 780 - 12.5 * i, line) for i, line in enumerate(lines)]
        texts.append(text)
    return drawn(placed), "\n".join(texts)


def _soft_hyphens() -> tuple[bytes, str]:
    text = prose(23, 12)
    lines = textwrap.wrap(text, 80)
    placed = []
    for i, line in enumerate(lines):
        head, _, tail = line.rpartition(" ")
        split = len(tail) > 6 and i + 1 < len(lines)
        placed.append((60.0, 780 - 14.0 * i, f"{head} {tail[:3]}\u00ad" if split else line))
        if split:
            lines[i + 1] = tail[3:] + " " + lines[i + 1]
    return drawn(placed), text


def _bullets() -> tuple[bytes, str]:
    items = [f"{n}. {prose(70 + n, 1)}" for n in range(1, 9)]
    dots = [f"• {english(80 + n, 1)}" for n in range(6)]
    sheet = Sheet()
    y = sheet.column("\n".join(items), 75, 780, 85)
    sheet.column("\n".join(dots), 75, y, 85)
    return sheet.body(), "\n".join([*items, *dots])


def _headed_columns() -> tuple[bytes, str]:
    parts = [prose(90 + n, 5) for n in range(4)]
    sheet = Sheet(size=10)
    sheet.sized(15, 50, 800, "Warta kota kembar tahun kesepuluh")
    y = min(sheet.column(parts[0], 50, 770, 46), sheet.column(parts[1], 310, 770, 46))
    middle = "Bagian kedua laporan ini menceritakan kunjungan balasan ke kota pelabuhan itu"
    sheet.sized(13, 50, y - 12, middle)
    sheet.column(parts[2], 50, y - 40, 46)
    sheet.column(parts[3], 310, y - 40, 46)
    return sheet.body(), "\n".join(["Warta kota kembar tahun kesepuluh", parts[0], parts[1], middle,
                                    parts[2], parts[3]])  # fmt: skip


def _scrambled() -> tuple[bytes, str]:
    lines = textwrap.wrap(prose(24, 14), 90)
    placed = [(60.0, 780 - 14.0 * i, line) for i, line in enumerate(lines)]
    random.Random(3).shuffle(placed)
    return drawn(placed), " ".join(lines)


def _sidebar() -> tuple[bytes, str]:
    sheet = Sheet(size=10)
    main, side = english(25, 16), prose(26, 5)
    sheet.column(main, 50, 770, 62)
    sheet.column(side, 400, 770, 30)
    return sheet.body(), f"{main}\n{side}"


def _form() -> tuple[bytes, str]:
    rows = [("Nama", "Drs. Haryono Rekaan"), ("Jabatan", "Wali Kota"), ("Alamat", "Jalan Balai 1"),
            ("Tanggal", "18 Juli 2005"), ("Tempat", "Balai Kota Lama")]  # fmt: skip
    placed: list[tuple[float, float, str]] = []
    for i, (key, value) in enumerate(rows):
        placed += [(60, 780 - 16 * i, key), (150, 780 - 16 * i, f": {value}")]
    text = prose(27, 8)
    placed += [(60, 680 - 14 * i, line) for i, line in enumerate(textwrap.wrap(text, 90))]
    return drawn(placed), "\n".join([*(f"{k}: {v}" for k, v in rows), text])


def _contents() -> tuple[bytes, str]:
    rows = [(f"Bab {n} {prose(110 + n, 1)[:40].strip()}", str(3 * n)) for n in range(1, 13)]
    placed = [(60.0, 780 - 16.0 * i, f"{a} {'.' * 40} {b}") for i, (a, b) in enumerate(rows)]
    text = prose(28, 6)
    placed += [(60.0, 560 - 14.0 * i, line) for i, line in enumerate(textwrap.wrap(text, 90))]
    return drawn(placed), "\n".join([*(f"{a} {b}" for a, b in rows), text])


def _mixed() -> tuple[bytes, str]:
    first, second = prose(33, 12), english(34, 12)
    return joined(
        _one_column("Times-Roman", first), scan_of(_one_column("Times-Roman", second))
    ), f"{first}\n{second}"


GRID = [("GRID", (0, 0), (-1, -1), 0.5, "black")]
BOOK = [("LINEABOVE", (0, 0), (-1, 0), 1, "black"), ("LINEBELOW", (0, 0), (-1, 0), 0.5, "black"),
        ("LINEBELOW", (0, -1), (-1, -1), 1, "black")]  # fmt: skip
ZEBRA = [("BACKGROUND", (0, i), (-1, i), "lightgrey") for i in range(0, 7, 2)]
THREE = [prose(3, 8), prose(4, 8), prose(5, 8)]
TWO = [prose(6, 12), english(7, 12)]
HEAD = "Warta Kota Nomor Tujuh Belas"
Made = tuple[bytes, str]
LAYOUTS: dict[str, Callable[[], Made]] = {
    "one column, Indonesian": lambda: (_one_column("Times-Roman", prose(1, 18)), prose(1, 18)),
    "one column, English": lambda: (_one_column("Helvetica", english(2, 18)), english(2, 18)),
    "one column, embedded font": lambda: (_one_column(TTF, prose(8, 12)), prose(8, 12)),
    "two columns, file by column": lambda: (
        _columns(TWO, [50, 310], 52, across=False, head=HEAD), "\n".join([HEAD, *TWO])),
    "two columns, file by line": lambda: (
        _columns(TWO, [50, 310], 52, across=True, head=HEAD), "\n".join([HEAD, *TWO])),
    "three columns, file by line": lambda: (
        _columns(THREE, [40, 220, 400], 36, across=True, head=HEAD), "\n".join([HEAD, *THREE])),
    "three columns, file by column": lambda: (
        _columns(THREE, [40, 220, 400], 36, across=False, head=HEAD), "\n".join([HEAD, *THREE])),
    "columns with a heading across": _headed_columns,
    "main column and sidebar": _sidebar,
    "agreement in two languages, columns": _bilingual_columns,
    "agreement in two languages, ruled": _bilingual_table,
    "official letter": _letter,
    "footnotes": _footnotes,
    "running heads and page numbers": lambda: _running(6),
    "thirty pages": lambda: _running(30),
    "letters set apart": _spaced,
    "page turned, text turned back": lambda: _sideways(1, by_page=True),
    "text sideways, upwards": lambda: _sideways(1, by_page=False),
    "text sideways, downwards": lambda: _sideways(3, by_page=False),
    "text upside down": lambda: _sideways(2, by_page=False),
    "watermark": _watermark,
    "ligatures": _ligatures,
    "hyphens, one column": lambda: _hyphens(78, (60,), 120),
    "hyphens, two columns": lambda: _hyphens(44, (50, 310), 130),
    "soft hyphens": _soft_hyphens,
    "lists": _bullets,
    "table, ruled": lambda: _table(style=GRID, wrapped=False),
    "table, ruled, cells wrap": lambda: _table(style=GRID, wrapped=True),
    "table, rules across": lambda: _table(style=BOOK, wrapped=False),
    "table, bare": lambda: _table(style=[], wrapped=False),
    "table, zebra": lambda: _table(style=ZEBRA, wrapped=False),
    "lines in wild order": _scrambled,
    "names and values": _form,
    "list of contents": _contents,
    "names of glyphs only": lambda: (
        without_unicode(_one_column(TTF, prose(38, 14))), prose(38, 14)),
    "encrypted, empty password": lambda: (
        pdf_of(paragraph(prose(35, 12)), encrypt=StandardEncryption("", "pemilik")), prose(35, 12)),
}  # fmt: skip
SCANS: dict[str, Callable[[], Made]] = {
    "scan, Indonesian": lambda: (scan_of(_one_column("Times-Roman", prose(1, 18))), prose(1, 18)),
    "scan, English, 150 dpi": lambda: (
        scan_of(_one_column("Helvetica", english(2, 18)), dpi=150), english(2, 18)),
    "scan, crooked and dirty": lambda: (
        scan_of(_one_column("Times-Roman", prose(36, 14)), slant=1.2, noise=0.002), prose(36, 14)),
    "scan, two columns": lambda: (
        scan_of(_columns(TWO, [50, 310], 52, across=False, head=HEAD)), "\n".join([HEAD, *TWO])),
    "scan, table": lambda: (lambda made: (scan_of(made[0]), made[1]))(
        _table(style=GRID, wrapped=False)),
    "scan on its side": lambda: (
        scan_of(_one_column("Times-Roman", prose(37, 14)), quarter=1), prose(37, 14)),
    "scan of a letter": lambda: (lambda made: (scan_of(made[0]), made[1]))(_letter()),
    "one page text, one a scan": _mixed,
    "codes without meaning": lambda: (coded_page(prose(38, 14), scramble=9), prose(38, 14)),
}  # fmt: skip


@cache
def sample(name: str) -> Sample:
    """Make one document."""
    body, text = (LAYOUTS | SCANS)[name]()
    return Sample(name, body, text, is_scan=name in SCANS)


def all_samples() -> Iterator[Sample]:
    """Make all documents."""
    return (sample(name) for name in [*LAYOUTS, *SCANS])

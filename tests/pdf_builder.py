"""PDFs of our own making: drawn text, columns, tables, scans, and raw files that can be broken."""

import io
import math
import random
import re
import textwrap
import zlib
from collections.abc import Sequence
from pathlib import Path

import pypdfium2
import reportlab
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate

STYLES = getSampleStyleSheet()
TTF = "Vera"  # comes with reportlab; embedded with a table to Unicode
_FONTS = Path(reportlab.__file__).parent / "fonts"
Placed = tuple[float, float, str]


def pdf_of(*parts: object, running: str = "", **known: object) -> bytes:
    """Set a document of one column; ``running`` stands at the head and foot of every page."""
    buffer = io.BytesIO()

    def furnish(canvas: Canvas, document: SimpleDocTemplate) -> None:
        if running:
            canvas.drawString(60, 800, running)
            canvas.drawString(480, 30, f"Halaman {document.page}")

    document = SimpleDocTemplate(buffer, pagesize=A4, **known)
    document.build(list(parts), onFirstPage=furnish, onLaterPages=furnish)
    return buffer.getvalue()


def paragraph(text: str, style: str = "Normal") -> Paragraph:
    return Paragraph(text, STYLES[style])


class Sheet:
    """A canvas on which text is put line by line, and a record of what was put there."""

    def __init__(self, *, font: str = "Times-Roman", size: float = 11, **known: object) -> None:
        if font == TTF:
            pdfmetrics.registerFont(TTFont(TTF, str(_FONTS / "Vera.ttf")))
        self._buffer = io.BytesIO()
        self.canvas = Canvas(self._buffer, pagesize=known.pop("pagesize", A4), **known)
        self.font, self.size = font, size
        self.canvas.setFont(font, size)

    def put(self, lines: Sequence[Placed]) -> None:
        for x, y, text in lines:
            self.canvas.drawString(x, y, text)

    def column(self, text: str, x: float, y: float, width: int, *, step: float = 0) -> float:
        """Wrap paragraphs (lines of ``text``) at ``width`` letters; return where the next goes."""
        step = step or 1.3 * self.size
        for part in text.split("\n"):
            for line in textwrap.wrap(part, width):
                self.canvas.drawString(x, y, line)
                y -= step
            y -= 0.6 * step
        return y

    def sized(self, size: float, x: float, y: float, text: str) -> None:
        self.canvas.setFont(self.font, size)
        self.canvas.drawString(x, y, text)
        self.canvas.setFont(self.font, self.size)

    def page(self) -> None:
        self.canvas.showPage()
        self.canvas.setFont(self.font, self.size)

    def body(self) -> bytes:
        self.canvas.save()
        return self._buffer.getvalue()


def drawn(lines: Sequence[Placed], **known: object) -> bytes:
    """Draw lines of text at given places, in the given order."""
    sheet = Sheet(font="Helvetica", size=10, **known)
    sheet.put(lines)
    return sheet.body()


def without_unicode(body: bytes) -> bytes:
    """Take the tables to Unicode away: the codes of an embedded font then say nothing."""
    return body.replace(b"/ToUnicode", b"/Nothing00")


def scan_of(
    body: bytes, *, dpi: int = 200, slant: float = 0.0, noise: float = 0.0, quarter: int = 0,
    layer: str = "",
) -> bytes:  # fmt: skip
    """Make a scan of a document: each page a grey picture, crooked, dirty, on its side if asked.

    ``layer`` is written under the first picture invisibly, as scanners do with what they read.
    """
    document = pypdfium2.PdfDocument(body)
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4)
    chance = random.Random(5)
    for number in range(len(document)):
        image = document[number].render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
        if slant:
            image = image.rotate(slant, resample=2, fillcolor=255)
        if noise:
            for _ in range(int(noise * image.width * image.height)):
                place = (chance.randrange(image.width), chance.randrange(image.height))
                image.putpixel(place, chance.randrange(160))
        if quarter:
            image = image.rotate(90 * quarter, expand=True)
        width, height = (A4[1], A4[0]) if quarter % 2 else A4
        canvas.setPageSize((width, height))
        if layer and number == 0:
            text = canvas.beginText(60, 780)
            text.setTextRenderMode(3)
            for line in textwrap.wrap(layer, 90):
                text.textLine(line)
            canvas.drawImage(ImageReader(image), 0, 0, width, height)
            canvas.drawText(text)
        else:
            canvas.drawImage(ImageReader(image), 0, 0, width, height)
        canvas.showPage()
    canvas.save()
    document.close()
    return buffer.getvalue()


def joined(*bodies: bytes) -> bytes:
    """Put the pages of several documents into one, made on a fixed day: pdfium writes today's."""
    whole = pypdfium2.PdfDocument.new()
    for body in bodies:
        whole.import_pages(pypdfium2.PdfDocument(body))
    buffer = io.BytesIO()
    whole.save(buffer)
    return re.sub(rb"D:[0-9]{14}", b"D:20260101000000", buffer.getvalue())


def raw_pdf(objects: Sequence[bytes], *, table: bool = True) -> bytes:
    """Write a file object by object: the first is the catalog. Nothing is checked."""
    out = io.BytesIO()
    out.write(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, content))
    start = out.tell()
    if table:
        out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
        out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    size = len(objects) + 1
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (size, start))
    return out.getvalue()


def stream(data: bytes, more: bytes = b"", *, times: int = 0) -> bytes:
    """Write a stream object, packed so many times over."""
    for _ in range(times):
        data = zlib.compress(data, 9)
    filters = b"/Filter [" + b"/FlateDecode " * times + b"]" if times else b""
    return b"<< /Length %d %b %b >>\nstream\n%b\nendstream" % (len(data), filters, more, data)


def text_page(text: str, *, times: int = 0, extra: bytes = b"") -> list[bytes]:
    """Return the objects of a file with one page of Helvetica text; ``extra`` joins the page."""
    shown = "".join(f"({line}) ' " for line in textwrap.wrap(text, 80))
    content = f"BT /F1 10 Tf 14 TL 60 780 Td {shown} ET".encode("latin-1")
    return [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> %b >>" % extra,
        stream(content, times=times),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]


def coded_page(text: str, *, scramble: int = 0) -> bytes:
    """Return a page in a font whose codes are numbers of glyphs, without a table to Unicode.

    Where ``scramble`` is not 0 the glyphs stand in another order, so that only their shapes tell.
    """
    font = TTFont(TTF, str(_FONTS / "Vera.ttf"))
    glyphs = {c: font.face.charToGlyph[ord(c)] for c in set(text) if c != "\n"}
    order = list(range(3, 3 + 250))
    if scramble:
        random.Random(scramble).shuffle(order)
    code_of = dict(zip(order, range(3, 3 + 250), strict=True))
    places = bytearray(2 * 300)
    for glyph in glyphs.values():
        places[2 * code_of[glyph] : 2 * code_of[glyph] + 2] = glyph.to_bytes(2, "big")
    file = (_FONTS / "Vera.ttf").read_bytes()
    widths = b" ".join(
        b"%d [%d]" % (code_of[g], int(font.face.charWidths[ord(c)])) for c, g in glyphs.items()
    )
    shown = "".join(
        "<" + "".join(f"{code_of[glyphs[c]]:04x}" for c in line) + "> ' "
        for line in textwrap.wrap(text, 85)
    )
    objects = text_page("")
    objects[3] = stream(f"BT /F1 10 Tf 14 TL 60 780 Td {shown} ET".encode(), times=1)
    objects[4] = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /AAAAAA+Vera /Encoding /Identity-H "
        b"/DescendantFonts [6 0 R] >>"
    )
    descendant = (
        b"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /AAAAAA+Vera /FontDescriptor 7 0 R "
        b"/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> "
        b"/CIDToGIDMap 8 0 R /W [" + widths + b"] >>"
    )
    descriptor = (
        b"<< /Type /FontDescriptor /FontName /AAAAAA+Vera /Flags 4 /FontFile2 9 0 R "
        b"/FontBBox [-183 -236 1287 928] /ItalicAngle 0 /Ascent 928 /Descent -236 /CapHeight 729 "
        b"/StemV 87 >>"
    )
    more = [descendant, descriptor, stream(bytes(places), times=1),
            stream(file, b"/Length1 %d" % len(file), times=1)]  # fmt: skip
    return raw_pdf([*objects, *more])


def wave(width: int, height: int) -> bytes:
    """Return a grey picture without any text, as a raw PNM body: a photograph of nothing."""
    return bytes(
        int(127 + 60 * math.sin(x / 17) + 60 * math.cos(y / 23))
        for y in range(height)
        for x in range(width)
    )

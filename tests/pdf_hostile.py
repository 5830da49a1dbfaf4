"""PDFs made to harm a reader, each by one trick. ``says`` is what the ledger must show.

An empty ``says`` means that either a text or a refusal is fine, as long as it ends in time.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

from tests.pdf_builder import raw_pdf, stream, text_page

PROSE = (
    "Pemerintah kota dan pemerintah prefektur sepakat memperpanjang kerja sama yang telah dirintis "
    "sejak lama. Naskahnya ditandatangani di balai kota dan disaksikan undangan dua negara. "
)
READ = "text"


@dataclass(frozen=True, slots=True)
class Trick:
    make: Callable[[], bytes]
    says: str = ""


def _with(index: int, content: bytes, *more: bytes) -> bytes:
    """Return a good file of five objects with one of them replaced and more added."""
    objects = text_page(PROSE)
    objects[index] = content
    return raw_pdf([*objects, *more])


def _page(entries: bytes, *more: bytes) -> bytes:
    """Return a file whose page has other entries than a good one; further objects from 6 on."""
    return _with(2, b"<< /Type /Page /Parent 2 0 R " + entries + b" >>", *more)


def _nested_forms(levels: int, times: int) -> bytes:
    forms = [
        stream(
            b"/X Do " * times,
            b"/Type /XObject /Subtype /Form /BBox [0 0 595 842] "
            b"/Resources << /XObject << /X %d 0 R >> >>" % (7 + n),
        )
        for n in range(levels)
    ]
    last = stream(b"0 0 m 9 9 l S", b"/Type /XObject /Subtype /Form /BBox [0 0 595 842]")
    entries = (
        b"/MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> "
        b"/XObject << /X 6 0 R >> >>"
    )
    objects = text_page(PROSE)
    objects[2] = b"<< /Type /Page /Parent 2 0 R " + entries + b" >>"
    objects[3] = stream(b"/X Do")
    return raw_pdf([*objects, *forms, last])


def _picture(entries: bytes, data: bytes) -> bytes:
    """Return a page that shows one picture and no text."""
    return raw_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << /XObject << /I 5 0 R >> >> >>",
            stream(b"q 595 0 0 842 0 0 cm /I Do Q"),
            b"<< /Type /XObject /Subtype /Image %b /Length %d >>\nstream\n%b\nendstream"
            % (entries, len(data), data),
        ]
    )


def _object_stream(size: int) -> bytes:
    packed = zlib.compress(b"6 0 " + b" " * size)
    return _with(
        4,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream"
        % (len(packed), packed),
    )


def _many_streams() -> bytes:
    blank = stream(b" " * 20_000_000, times=1)
    return raw_pdf([*text_page(PROSE), *[blank] * 15])


def _lettered_bomb() -> bytes:
    import base64

    data = base64.a85encode(zlib.compress(b" " * 60_000_000, 9)) + b"~>"
    head = b"<< /Filter [/ASCII85Decode /FlateDecode] /Length %d >>" % len(data)
    return _with(3, head + b"\nstream\n" + data + b"\nendstream")


def _letters(count: int) -> bytes:
    shown = (
        b"BT /F1 4 Tf 1 0 0 1 20 800 Tm 3 TL " + b"(kota ) Tj (mitra) ' " * (count // 10) + b"ET"
    )
    return _with(3, stream(shown, times=1))


def _scattered(count: int) -> bytes:
    shown = b"".join(
        b"1 0 0 1 %d %d Tm (ab) Tj " % (i * 7919 % 590, i * 104729 % 840) for i in range(count)
    )
    return _with(3, stream(b"BT /F1 5 Tf " + shown + b"ET", times=1))


def _rules(count: int) -> bytes:
    drawn = b"".join(
        b"%d %d m %d %d l S " % (i % 590, i * 31 % 840, i % 590, i * 31 % 840 + 40)
        for i in range(count)
    )
    lines = b"".join(
        b"1 0 0 1 40 %d Tm (Kota Kyoto) Tj 1 0 0 1 240 %d Tm (Jepang) Tj " % (y, y)
        for y in range(100, 800, 14)
    )
    return _with(3, stream(drawn + b"BT /F1 9 Tf " + lines + b"ET", times=1))


def _odd_boxes(box: bytes) -> bytes:
    return _page(b"/MediaBox " + box + b" /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >>")


def _far_letters() -> bytes:
    shown = b"BT /F1 10 Tf 1 0 0 1 40 700 Tm (Kota) Tj 1 0 0 1 99999999999 700 Tm (Kyoto) Tj ET"
    rows = b"".join(
        b"BT /F1 10 Tf 1 0 0 1 40 %d Tm (kiri %d) Tj 1 0 0 1 1e9 %d Tm (kanan) Tj ET " % (y, y, y)
        for y in range(100, 700, 14)
    )
    return _with(3, stream(shown + rows))


def _million_objects() -> bytes:
    return raw_pdf([*text_page(PROSE), *[b"0"] * 1_000_000])


def _catalog(more: bytes, *objects: bytes) -> bytes:
    return _with(0, b"<< /Type /Catalog /Pages 2 0 R " + more + b" >>", *objects)


def _xref_loop() -> bytes:
    body = raw_pdf(text_page(PROSE))
    start = body.rindex(b"startxref")
    place = body[start:].split()[1]
    return body.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev " + place)


TRICKS: dict[str, Trick] = {
    "a stream of 40 MB": Trick(lambda: _with(3, stream(b" " * 40_000_000, times=1)), "unpacks to"),
    "a bomb in a bomb": Trick(lambda: _with(3, stream(b" " * 300_000_000, times=3)), "unpacks to"),
    "packed nine times": Trick(lambda: _with(3, stream(b" " * 99, times=9)), "packed 9 times"),
    "fifteen streams of 20 MB": Trick(_many_streams, "unpacks to"),
    "a bomb written as letters": Trick(_lettered_bomb, "unpacks to"),
    "a bomb in an object stream": Trick(lambda: _object_stream(60_000_000), "unpacks to"),
    "pages that are their own parents": Trick(
        lambda: _with(1, b"<< /Type /Pages /Kids [2 0 R 3 0 R 2 0 R] /Count 3 /Parent 2 0 R >>")
    ),
    "a billion pages": Trick(
        lambda: _with(1, b"<< /Type /Pages /Kids [3 0 R] /Count 1000000000 >>")
    ),
    "one page a thousand times": Trick(
        lambda: _with(1, b"<< /Type /Pages /Kids [%b] /Count 1000 >>" % (b"3 0 R " * 1000)),
        "1,000 pages, at most 300",
    ),
    "contents that are the page": Trick(
        lambda: _page(b"/MediaBox [0 0 595 842] /Contents 3 0 R /Resources << >>"), "PDF"
    ),
    "a length that is the stream": Trick(
        lambda: _with(3, b"<< /Length 4 0 R >>\nstream\nBT ET\nendstream"), "PDF"
    ),
    "a form that draws itself": Trick(
        lambda: _nested_forms(1, 1).replace(b"/X 7 0 R", b"/X 6 0 R")
    ),
    "forms that draw ten each": Trick(lambda: _nested_forms(12, 10)),
    "arrays in arrays": Trick(lambda: _catalog(b"/Names " + b"[" * 200_000 + b"]" * 200_000)),
    "dictionaries in dictionaries": Trick(lambda: _catalog(b"/Names " + b"<< /A " * 100_000)),
    "a million objects": Trick(_million_objects, READ),
    "half a million letters": Trick(lambda: _letters(500_000)),
    "letters all over": Trick(lambda: _scattered(60_000)),
    "rules all over": Trick(lambda: _rules(60_000), READ),
    "letters far away": Trick(_far_letters, READ),
    "a page as wide as a country": Trick(lambda: _odd_boxes(b"[0 0 1e30 1e30]")),
    "a page without size": Trick(lambda: _odd_boxes(b"[0 0 0 0]")),
    "a page inside out": Trick(lambda: _odd_boxes(b"[595 842 -1e9 nan]")),
    "operators without end": Trick(lambda: _with(3, stream(b"q " * 14_000_000, times=1)), "PDF"),
    "a font of garbage": Trick(
        lambda: _with(
            4,
            b"<< /Type /Font /Subtype /TrueType /BaseFont /Aa /FontDescriptor 6 0 R >>",
            b"<< /Type /FontDescriptor /FontName /Aa /Flags 4 /FontFile2 7 0 R >>",
            stream(bytes(range(256)) * 80_000, times=1),
        )
    ),
    "a table that leads to itself": Trick(_xref_loop),
    "no table of objects": Trick(lambda: raw_pdf(text_page(PROSE), table=False), READ),
    "objects at wrong places": Trick(
        lambda: raw_pdf(text_page(PROSE)).replace(b"00000 n", b"00000 f"), READ
    ),
    "scripts and programs": Trick(
        lambda: _catalog(
            b"/OpenAction 6 0 R /AA << /WC 7 0 R >>",
            b"<< /S /JavaScript /JS (while\\(1\\){app.alert\\(1\\)}) >>",
            b"<< /S /Launch /F (/bin/sh) >>",
        ),
        READ,
    ),
    "files inside and text": Trick(
        lambda: _catalog(
            b"/Names << /EmbeddedFiles << /Names [(a) 6 0 R] >> >>",
            b"<< /Type /Filespec /F (a.exe) /EF << /F 7 0 R >> >>",
            stream(b"MZ" * 40_000_000, b"/Type /EmbeddedFile", times=1),
        ),
        READ,
    ),
    "a picture of a hundred gigapixels": Trick(
        lambda: _picture(
            b"/Width 400000 /Height 400000 /BitsPerComponent 1 /ColorSpace /DeviceGray "
            b"/Filter /FlateDecode",
            zlib.compress(b"\0" * 1_000_000),
        ),
        "no text layer",
    ),
    "a picture of 120 megapixels": Trick(
        lambda: _picture(
            b"/Width 12000 /Height 10000 /BitsPerComponent 8 /ColorSpace /DeviceRGB "
            b"/Filter /FlateDecode",
            zlib.compress(b"\xff" * 360_000_000, 1),
        ),
        "PDF|parser",
    ),
    "a portfolio": Trick(
        lambda: raw_pdf(
            [
                b"<< /Type /Catalog /Pages 2 0 R /Collection << >> "
                b"/Names << /EmbeddedFiles << /Names [(a.pdf) 4 0 R] >> >> >>",
                b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
                b"<< /Type /Filespec /F (a.pdf) /EF << /F 5 0 R >> >>",
                stream(b"%PDF-1.4", b"/Type /EmbeddedFile"),
            ]
        ),
        "portfolio",
    ),
    "an XFA form": Trick(
        lambda: raw_pdf(
            [
                b"<< /Type /Catalog /Pages 2 0 R /NeedsRendering true "
                b"/AcroForm << /Fields [] /XFA 4 0 R >> >>",
                b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
                b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
                stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'/>"),
            ]
        ),
        "XFA",
    ),
    "a password": Trick(
        lambda: raw_pdf(text_page(PROSE)).replace(
            b"/Root 1 0 R",
            b"/Root 1 0 R /ID [(0123456789abcdef) (0123456789abcdef)] /Encrypt "
            b"<< /Filter /Standard /V 1 /R 2 /P -4 /O <"
            + b"28" * 32
            + b"> /U <"
            + b"29" * 32
            + b"> >>",
        ),
        "a password is needed",
    ),
    "cut in the middle": Trick(lambda: raw_pdf(text_page(PROSE * 9))[:700]),
    "nothing but its mark": Trick(lambda: b"%PDF-1.7\n", "cannot be opened"),
}

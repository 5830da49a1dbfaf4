"""Word documents of our own making, part by part, so that a test can break any of them."""

import io
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_SPACES = (
    f'xmlns:w="{_W}" xmlns:r="{_OFFICE}" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml"'
)
_MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_MACROS = "application/vnd.ms-word.document.macroEnabled.main+xml"


def run(text: str, properties: str = "") -> str:
    made = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{made}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def paragraph(text: str, style: str = "", properties: str = "") -> str:
    made = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{made}{run(text, properties)}</w:p>"


def table(*rows: tuple[str, ...]) -> str:
    made = ("".join(f"<w:tc>{paragraph(c)}</w:tc>" for c in row) for row in rows)
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in made)}</w:tbl>"


def part(root: str, inside: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><w:{root} {_SPACES}>{inside}</w:{root}>'


def core(title: str = "", created: str = "", modified: str = "") -> str:
    fields = (
        (f"<dc:title>{escape(title)}</dc:title>", title),
        (f"<dcterms:created>{created}</dcterms:created>", created),
        (f"<dcterms:modified>{modified}</dcterms:modified>", modified),
    )
    return (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/'
        'core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:dcterms="http://purl.org/dc/terms/">'
        f"{''.join(xml for xml, value in fields if value)}</cp:coreProperties>"
    )


def _relations(targets: Mapping[str, str], extra: str = "") -> str:
    made = "".join(
        f'<Relationship Id="r{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for n, (target, kind) in enumerate(targets.items())
    )
    space = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{space}">{made}{extra}</Relationships>'


def docx(
    body: str,
    *,
    properties: str = "",
    parts: Mapping[str, str] | None = None,
    raw: Mapping[str, bytes] | None = None,
    links: str = "",
    prolog: str = "",
    has_macros: bool = False,
) -> bytes:
    """Return a file. ``parts`` are ``footnotes.xml``, ``header1.xml``, … beside the main one."""
    parts = dict(parts or {})
    kinds = {name: name.partition(".")[0].rstrip("0123456789") for name in parts}
    kind = _MACROS if has_macros else _MAIN
    whole = f"{prolog}{part('document', f'<w:body>{body}<w:sectPr/></w:body>').partition('?>')[2]}"
    files: dict[str, bytes] = {
        "[Content_Types].xml": (
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            f'<Override PartName="/word/document.xml" ContentType="{kind}"/></Types>'
        ).encode(),
        "_rels/.rels": _relations(
            {"word/document.xml": "officeDocument", "docProps/core.xml": "core-properties"}
        ).encode(),
        "word/_rels/document.xml.rels": _relations(kinds, links).encode(),
        "word/document.xml": whole.encode(),
        "docProps/core.xml": (properties or core()).encode(),
        **{f"word/{name}": text.encode() for name, text in parts.items()},
        **(raw or {}),
    }
    return zipped(files)


def zipped(files: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            # One time for all: the same file has the same bytes whenever it is made.
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()

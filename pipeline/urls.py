"""Identity of URLs: two spellings of one address are one document. Values in, values out."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import urljoin, urlsplit, urlunsplit

MAX_LENGTH = 2_000  # longer addresses are traps or data, and browsers cut them
_PORTS = {"http": 80, "https": 443}
# Parameters that say where a click came from. Only names that mean nothing else: a wrong one here
# would fetch another page than the link names ("cid" and "source" are content on some sites).
_TRACKING = re.compile(
    r"""^(?: utm_.* | fbclid | gclid | dclid | gbraid | wbraid | msclkid | twclid | ttclid | yclid
    | li_fat_id | gclsrc | srsltid | igshid | igsh | mc_[ce]id | _ga | _gl | mkt_tok | _hs(?:enc|mi)
    | hsctatracking | vero_(?:id|conv) | oly_(?:anon|enc)_id | ref_(?:src|url) | wt_mc | xtor
    | (?:pk|mtm|piwik|matomo)_.* | at_(?:medium|campaign|custom\d) | cmpid | ncid | spm
    | __twitter_impression | amp_js_v | usqp | fb_(?:action_.*|source|ref) | cx_.* )$""",
    re.I | re.X,
)
_SESSION = re.compile(
    r"^(?:phpsessid|jsessionid|aspsessionid\w*|cfid|cftoken|zenid|session_?id|sessid)$", re.I
)
_SID = re.compile(r"^sid$", re.I)
_TOKEN = re.compile(r"^[0-9a-f]{16,}$", re.I)  # a session's value; a section's number is short
_PATH_SESSION = re.compile(r";jsessionid=[^/?;]*", re.I)


@lru_cache(maxsize=65_536)
def canonical_url(url: str) -> str | None:
    """Return the one spelling of a web address, or None where it is none.

    Lower-case scheme and host (punycode), no default port, dot segments resolved, percent signs
    only where needed, tracking parameters and session ids dropped, parameters sorted, no fragment.
    Applied twice it changes nothing. A user name is refused: it disguises the host.
    """
    from w3lib.url import canonicalize_url

    text = "".join(url.split()) if "\n" in url or "\t" in url or "\r" in url else url.strip()
    try:
        clean = canonicalize_url(_without_noise(text))
        parts = urlsplit(clean)
        port = parts.port
    except (ValueError, TypeError):  # no address at all: bad brackets, ports or host names
        return None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc or len(clean) > MAX_LENGTH:
        return None
    if not re.fullmatch(r"[a-z0-9._-]+|[0-9a-f:.]+", host):
        return None
    bare = set(re.findall(r"(?:^|[?&])([\w.-]+)(?=&|#|$)", text.partition("?")[2]))
    pieces = (p[:-1] if p.endswith("=") and p[:-1] in bare else p for p in parts.query.split("&"))
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port in (None, _PORTS[parts.scheme]) else f"{shown}:{port}"
    return urlunsplit((parts.scheme, netloc, parts.path or "/", "&".join(pieces), ""))


def _without_noise(url: str) -> str:
    parts = urlsplit(url)
    kept = [piece for piece in parts.query.split("&") if piece and not _is_noise(piece)]
    path = _PATH_SESSION.sub("", parts.path)
    return urlunsplit((parts.scheme.lower(), parts.netloc, path, "&".join(kept), ""))


def _is_noise(piece: str) -> bool:
    name, _, value = piece.partition("=")
    if _TRACKING.match(name) or _SESSION.match(name):
        return True
    return bool(_SID.match(name) and _TOKEN.match(value))


def resolve(base: str, link: str) -> str | None:
    """Return the canonical address of a link on the page ``base``, or None where it is none."""
    try:
        return canonical_url(urljoin(base, link.strip()))
    except ValueError:
        return None


def host_of(url: str) -> str:
    """Return host and port of a canonical address: what one connection and one pace belong to."""
    return urlsplit(url).netloc


@lru_cache(maxsize=8_192)
def site_of(url: str) -> str:
    """Return the registered domain of an address, or host and port where it has none.

    ``a.b.go.id`` belongs to ``b.go.id``. IP addresses and names without a dot are their own site,
    each port for itself.
    """
    from courlan import extract_domain

    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if "." not in host:
            return parts.netloc
        # A suffix that the public list lacks counts as one label, as the list itself says.
        return extract_domain(url) or ".".join(host.split(".")[-2:])
    return parts.netloc


_DRESS = re.compile(r"/(?:amp|print|cetak|index\.(?:html?|php))?$|\.(?:html?|php|amp)$", re.I)


def is_same_page(one: str, other: str) -> bool:
    """Tell whether two addresses of one site name the same page in another dress.

    Scheme, a leading ``www`` or ``m`` of the host, parameters, and endings for phones or printers
    may differ; the path may not.
    """
    paths = {_DRESS.sub("", urlsplit(url).path) for url in (one, other)}
    return len(paths) == 1 and site_of(one) == site_of(other)

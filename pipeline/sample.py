"""The sample corpus: three small sites on this machine, mined by the true path.

`served` puts the sites of ``corpus/sample/sites`` on 127.0.0.1, on the ports of their source
files; `prepare` makes a workspace that knows these sources. What follows is an ordinary run.
"""

from __future__ import annotations

import errno
import hashlib
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pipeline.config import ConfigError
from pipeline.paths import CHECKOUT, Workspace
from pipeline.sources import load_sources

SAMPLE = CHECKOUT / "corpus" / "sample"
HOST = "127.0.0.1"
_TYPES = {
    ".html": "text/html",  # no charset: the pages declare it, as most real ones do
    ".xml": "application/xml; charset=utf-8",
    ".pdf": "application/pdf",
    ".txt": "text/plain; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# The demo's sites are on this machine, so a short pause is polite enough; real sources keep 2 s.
_CONFIG = """# Written by `cityaccords demo` for the sample sites on this machine.
[fetch]
contact = "demo@example.invalid"
min_delay_seconds = 0.05
"""


class _StaticSite(BaseHTTPRequestHandler):
    """Serve one folder: ``/a/`` is ``a/index.html``; ETags, so that nothing is sent twice."""

    protocol_version = "HTTP/1.1"

    def __init__(self, *arguments: object, root: Path) -> None:
        self.root = root
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer with the file, 304 if the client has it, or 404."""
        file = self._file()
        if file is None:
            self._answer(HTTPStatus.NOT_FOUND, b"not found", {"Content-Type": "text/plain"})
            return
        body = file.read_bytes()
        tag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        if self.headers.get("If-None-Match") == tag:
            self._answer(HTTPStatus.NOT_MODIFIED, b"", {"ETag": tag})
            return
        kind = _TYPES.get(file.suffix, "application/octet-stream")
        self._answer(HTTPStatus.OK, body, {"Content-Type": kind, "ETag": tag})

    def _file(self) -> Path | None:
        path = unquote(urlsplit(self.path).path)
        file = (self.root / path.lstrip("/")).resolve()
        if file.is_dir():
            file /= "index.html"
        inside = file.is_relative_to(self.root.resolve())
        return file if inside and file.is_file() else None

    def _answer(self, status: HTTPStatus, body: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Stay quiet: the client's summary says what was fetched."""


def site_ports(sample: Path = SAMPLE) -> dict[str, int]:
    """Return the port of each sample site, read from its source file's homepage."""
    ports = {}
    for source in load_sources(sample / "sources"):
        port = urlsplit(source.homepage).port
        if port is None:
            msg = f"{sample / 'sources'}: {source.id}: the homepage of a sample site needs a port"
            raise ConfigError(msg)
        ports[source.id] = port
    return ports


@contextmanager
def served(sample: Path = SAMPLE) -> Iterator[frozenset[str]]:
    """Serve the sample sites while the context lasts; gives their ``host:port`` names.

    Raises:
        ConfigError: A port is taken.
    """
    ports = site_ports(sample)
    with ExitStack() as stack:
        for name, port in ports.items():
            handler = partial(_StaticSite, root=sample / "sites" / name)
            try:
                server = ThreadingHTTPServer((HOST, port), handler)
            except OSError as error:
                if error.errno != errno.EADDRINUSE:
                    raise
                msg = (
                    f"port {port} of {HOST}, where the sample site {name!r} is served, is taken by "
                    "another program. Stop that program (perhaps another demo) and try again."
                )
                raise ConfigError(msg) from error
            stack.callback(server.server_close)
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
            stack.callback(server.shutdown)
        yield frozenset(f"{HOST}:{port}" for port in ports.values())


def prepare(workspace: Workspace, sample: Path = SAMPLE) -> None:
    """Give a workspace the sample's sources and a configuration, unless it has one."""
    workspace.sources.mkdir(parents=True, exist_ok=True)
    shutil.copytree(sample / "sources", workspace.sources, dirs_exist_ok=True)
    if not workspace.config.exists():
        workspace.config.write_text(_CONFIG, "utf-8")

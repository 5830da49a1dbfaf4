"""``source check``: golden pages, rejected shares, and what a source says when it is asked."""

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import get_args

import pytest
import yaml

from pipeline.config import Config, ConfigError, FetchConfig
from pipeline.golden_pages import Expected, Golden
from pipeline.paths import CHECKOUT, Workspace
from pipeline.records import Document, Rejection
from pipeline.source_check import SourceFinding, asking, check_sources
from pipeline.source_shares import NEWEST, broken_shares, shares_of
from pipeline.sources import FetchEntry, Method, ReadHints, load_sources
from pipeline.store import write_records
from tests.conftest import NOW, Command
from tests.dataset_builders import document
from tests.hostile import HostileServer, Page, page, serving

GOLDEN = Path(__file__).parent / "golden" / "sources"
SAMPLE = CHECKOUT / "corpus" / "sample" / "sources"
MOMENT = datetime.fromisoformat(NOW)


def workspace_of(tmp_path: Path, sources: Path) -> Workspace:
    workspace = Workspace(tmp_path)
    shutil.copytree(sources, workspace.sources)
    return workspace


def check(workspace: Workspace) -> tuple[SourceFinding, ...]:
    return check_sources(workspace, Config(), load_sources(workspace.sources), now=MOMENT)


def test_the_shipped_golden_pages_read_as_expected(tmp_path: Path) -> None:
    findings = check(workspace_of(tmp_path, GOLDEN))
    for finding in findings:
        assert len(finding.golden) >= 2, finding.source.id
        assert [d for v in finding.golden for d in v.differences] == []
        assert finding.is_well
    shipped = list(GOLDEN.rglob("*.golden/*.json"))
    assert sum(len(f.golden) for f in findings) == len(shipped)
    assert all("Invented content" in json.loads(p.read_text("utf-8"))["note"] for p in shipped)


@pytest.fixture
def portal(tmp_path: Path) -> tuple[Workspace, Path]:
    workspace = workspace_of(tmp_path, GOLDEN)
    shutil.rmtree(workspace.sources / "jp")
    return workspace, workspace.sources / "id" / "kabupaten-rekaan.golden" / "berita.json"


def differences(workspace: Workspace) -> str:
    (finding,) = check(workspace)
    assert not finding.is_well
    return "\n".join(d for v in finding.golden for d in v.differences)


def test_a_page_that_reads_otherwise_is_told_in_words(portal: tuple[Workspace, Path]) -> None:
    workspace, path = portal
    data = json.loads(path.read_text("utf-8"))
    data["expected"] |= {
        "title": "Judul lain",
        "published": "2020-05-05",
        "first_words": "UMIBE",
        "absent": ["pendapa"],
        "links": ["https://rekaan.example/hilang.pdf"],
    }
    path.write_text(json.dumps(data), "utf-8")
    told = differences(workspace)
    for words in (
        "title: expected 'Judul lain', got 'Rekaan dan Umibe Sepakat Bertukar Guru'",
        "published: expected '2020-05-05', got '2020-05-04'",
        "the text begins: expected 'UMIBE', got 'REKAA'",
        "should not have: 'pendapa'",
        "links: missing: https://rekaan.example/hilang.pdf",
        "links: not expected: https://rekaan.example/unduh/nota-2020.pdf",
    ):
        assert words in told


def test_a_new_layout_shows_as_selectors_that_find_nothing(portal: tuple[Workspace, Path]) -> None:
    workspace, path = portal
    page = path.with_name("berita.html")
    page.write_text(page.read_text("utf-8").replace('class="isi"', 'class="konten"'), "utf-8")
    assert "read.text: 'div.isi': the selector found nothing" in differences(workspace)


def test_a_golden_page_of_a_rejection_and_of_its_absence(portal: tuple[Workspace, Path]) -> None:
    workspace, path = portal
    data = json.loads(path.read_text("utf-8"))
    data["expected"] = {"rejected": "too short"}
    path.write_text(json.dumps(data), "utf-8")
    assert "should be rejected" in differences(workspace)
    path.with_name("berita.html").write_text("<html><p>Pendek.</p></html>", "utf-8")
    assert check(workspace)[0].is_well


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colour": 1}, "colour"),
        ({"page": "../../../../etc/passwd"}, "page"),
        ({"page": "hilang.html"}, "not beside it"),
        ({"entry": 9}, "the source has 1 fetch entries"),
        ({"url": "file:///etc/passwd"}, "http or https"),
        ({"fetched_at": "kemarin"}, "fetched_at"),
    ],
)
def test_a_wrong_description_is_refused_with_its_file(
    portal: tuple[Workspace, Path], change: dict[str, object], words: str
) -> None:
    workspace, path = portal
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | change), "utf-8")
    with pytest.raises(ConfigError) as caught:
        check(workspace)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)
    path.write_text("no JSON", "utf-8")
    with pytest.raises(ConfigError, match=r"berita\.json"):
        check(workspace)


def test_every_example_of_the_how_to_is_valid_and_every_key_of_read_is_explained() -> None:
    page = (CHECKOUT / "docs" / "how-to" / "add-a-source.md").read_text("utf-8")
    blocks = [yaml.safe_load(b) for b in re.findall(r"^```yaml\n(.*?)^```$", page, re.M | re.S)]
    entries = [FetchEntry.model_validate(e) for b in blocks if isinstance(b, list) for e in b]
    assert {entry.method for entry in entries} == set(get_args(Method))
    (hints,) = [ReadHints.model_validate(b["read"]) for b in blocks if isinstance(b, dict)]
    assert hints.model_fields_set == set(ReadHints.model_fields)
    for name in ReadHints.model_fields:
        assert f"| `read.{name}` |" in page
    (golden,) = re.findall(r"^```json\n(.*?)^```$", page, re.M | re.S)
    Golden.model_validate_json(golden)
    for name in {*Expected.model_fields, *Golden.model_fields} - {"note"}:
        assert f'"{name}"' in page or f"`{name}`" in page, name


# --- the share of rejected documents -------------------------------------------------------------


def shard(workspace: Workspace, name: str, read: Sequence[str], rejected: Sequence[str]) -> None:
    """Write what ``read`` leaves of one shard: documents and rejections of one source."""
    documents = [replace(document(d, "Teks."), doc_id=d, source_id="kota-umibe") for d in read]
    dropped = [
        Rejection(
            doc_id=d, capture_id=d, url=None, source_id="kota-umibe", stage="read", reason="blocked"
        )
        for d in rejected
    ]
    write_records(workspace.shard("documents", name, "rejections"), Rejection, dropped)
    write_records(workspace.shard("documents", name), Document, documents, fingerprint="x")


@pytest.fixture
def allowing(tmp_path: Path) -> Workspace:
    """A source that allows one rejected document in four."""
    workspace = workspace_of(tmp_path, GOLDEN)
    path = workspace.sources / "jp" / "kota-umibe.yml"
    text = path.read_text("utf-8") + "assertions:\n  max_rejected_share: 0.25\n"
    path.write_text(text, "utf-8")
    return workspace


def test_a_share_above_what_the_source_allows_is_reported(allowing: Workspace) -> None:
    sources = load_sources(allowing.sources)
    assert shares_of(allowing, sources) == ()
    shard(allowing, "20260101T000000Z-001", ["a", "b", "c"], ["x"])
    assert broken_shares(allowing, sources) == ()
    shard(allowing, "20260102T000000Z-001", [], ["y"])
    (share,) = broken_shares(allowing, sources)
    assert (share.source_id, share.rejected, share.seen) == ("kota-umibe", 2, 5)
    assert "2 of the newest 5 documents rejected (40%, at most 25%" in share.as_text()
    finding = next(f for f in check(allowing) if f.source.id == "kota-umibe")
    assert not finding.is_well
    assert "2 of the newest 5" in finding.as_text()


def test_the_newest_version_of_a_document_counts(allowing: Workspace) -> None:
    sources = load_sources(allowing.sources)
    shard(allowing, "20260101T000000Z-001", ["a"], ["x", "y"])
    shard(allowing, "20260102T000000Z-001", ["x", "y"], [])
    (share,) = shares_of(allowing, sources)
    assert (share.rejected, share.seen) == (0, 3)


def test_old_documents_do_not_hide_a_layout_that_changed_last_night(allowing: Workspace) -> None:
    old = [f"old-{n}" for n in range(5 * NEWEST)]
    shard(allowing, "20250101T000000Z-001", old[:-10], old[-10:])
    shard(allowing, "20260102T000000Z-001", [], [f"new-{n}" for n in range(NEWEST)])
    (share,) = broken_shares(allowing, load_sources(allowing.sources))
    assert (share.rejected, share.seen) == (NEWEST, NEWEST)


# --- asking a source -----------------------------------------------------------------------------

STORY = "".join(
    f"<p>Wali kota menerima tamu nomor {n} dari Gimhae di balai kota pada Senin pagi.</p>"
    for n in range(5)
)
PAGE = f"<html><head><title>Tamu dari Gimhae</title></head><body>{STORY}</body></html>".encode()
FEED = """<rss version="2.0"><channel><title>x</title>
<item><link>{base}/berita/1</link><pubDate>Mon, 04 May 2020 05:30:00 +0700</pubDate></item>
<item><link>{base}/berita/2</link><pubDate>Tue, 05 May 2020 05:30:00 +0700</pubDate></item>
<item><link>https://elsewhere.example/berita/3</link></item></channel></rss>"""
SOURCE = """id: uji
name: Uji
publisher: Uji
country: ID
timezone: Asia/Jakarta
languages: [id]
kind: news
homepage: {base}/
fetch:
  - method: feed
    url: {base}/feed
    link_pattern: '/berita/'
"""
RSS = "application/rss+xml"


def ask(
    tmp_path: Path, server: HostileServer, source: str = SOURCE, config: FetchConfig | None = None
) -> SourceFinding:
    """Check one source that a server of our own serves."""
    base = server.url("")
    server.pages.setdefault("/feed", page(FEED.format(base=base).encode(), RSS))
    workspace = Workspace(tmp_path)
    path = workspace.sources / "id" / "uji.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source.format(base=base), "utf-8")
    fetch = config or FetchConfig(contact="x@example.invalid", min_delay_seconds=0.05)
    settings = Config(fetch=fetch)
    probe = asking(workspace, settings, now=MOMENT, allow_private=frozenset({server.host}))
    (finding,) = check_sources(
        workspace, settings, load_sources(workspace.sources), now=MOMENT, probe=probe
    )
    assert not workspace.archive.exists()
    return finding


GOOD: Mapping[str, Page] = {"/berita/1": page(PAGE), "/berita/2": page(PAGE)}


def test_a_source_that_is_well_is_asked_for_its_newest_document_and_dated(tmp_path: Path) -> None:
    with serving(GOOD) as server:
        finding = ask(tmp_path, server)
        assert server.paths() == ["/robots.txt", "/feed", "/.well-known/tdmrep.json", "/berita/2"]
    told = finding.as_text()
    assert finding.is_well
    assert "reachable, recognised as feed: 2 documents" in told
    assert (
        "1 links lead to other sites and are left out: https://elsewhere.example/berita/3" in told
    )
    assert "newest: 2020-05-05" in told
    assert "title: Tamu dari Gimhae" in told
    assert "published: 2020-05-05 (feed)" in told
    assert told.endswith("\nverified_on: 2026-11-24")
    assert finding.as_data()["verified_on"] == "2026-11-24"


@pytest.mark.parametrize(
    ("pages", "change", "words"),
    [
        ({"/feed": page(b"<html><p>Rumah</p></html>")}, (), "not recognised as feed"),
        ({}, ("/berita/'", "/news/'"), "link_pattern matches none of 2, as http"),
        ({"/robots.txt": page(b"User-agent: *\nDisallow: /feed", "text/plain")}, (), "robots.txt"),
        ({"/berita/2": page(b"<html><p>Pendek</p></html>")}, (), "no text: too short"),
        ({"/berita/2": page(b"\x89PNG")}, (), "not fetched: neither"),
        ({}, ("fetch:", "read:\n  text: div.hilang\nfetch:"), "read.text 'div.hilang'"),
        ({}, ("fetch:", "read:\n  valid_until: 2020-01-01\nfetch:"), "until which"),
        ({}, ("/feed", "/hilang"), "404"),
    ],
)
def test_what_is_wrong_is_named_and_the_source_is_not_dated(
    tmp_path: Path, pages: Mapping[str, Page], change: tuple[str, ...], words: str
) -> None:
    source = SOURCE.replace(*change) if change else SOURCE
    with serving({**GOOD, **pages}) as server:
        finding = ask(tmp_path, server, source)
    assert words in finding.as_text()
    assert not finding.is_well
    assert finding.verified_on is None


def test_from_an_index_of_maps_the_newest_is_asked(tmp_path: Path) -> None:
    source = SOURCE.replace("method: feed", "method: sitemap").replace("/feed", "/map.xml")
    with serving(GOOD) as server:
        index = "".join(
            f"<sitemap><loc>{server.url(f'/map-{n}.xml')}</loc><lastmod>{day}</lastmod></sitemap>"
            for n, day in ((1, "2019-01-01"), (2, "2020-05-05"), (3, "2018-01-01"))
        )
        link = f"<url><loc>{server.url('/berita/1')}</loc><lastmod>2020-05-04</lastmod></url>"
        for path, root, inside in (
            ("/map.xml", "sitemapindex", index),
            ("/map-2.xml", "urlset", link),
        ):
            space = "http://www.sitemaps.org/schemas/sitemap/0.9"
            body = f'<{root} xmlns="{space}">{inside}</{root}>'
            server.pages[path] = page(body.encode(), "application/xml")
        finding = ask(tmp_path, server, source)
        assert "/map-2.xml" in server.paths()
        assert not {"/map-1.xml", "/map-3.xml"} & set(server.paths())
    assert finding.is_well
    assert "an index of 3; the newest is asked" in finding.as_text()


def test_opt_outs_are_obeyed_by_a_check_too(tmp_path: Path) -> None:
    with serving({**GOOD, "/berita/2": page(PAGE, TDM_Reservation="1")}) as server:
        finding = ask(tmp_path, server)
        assert "opt-out" in finding.as_text()
        assert not finding.is_well
        server.requests.clear()
        reserved = ask(tmp_path, server, SOURCE + "tdm: reserved\n")
        assert server.paths() == []
        assert "tdm: reserved" in reserved.as_text()
        assert reserved.verified_on is None


def test_a_check_fetches_nothing_without_a_contact(tmp_path: Path) -> None:
    with serving(GOOD) as server:
        with pytest.raises(ConfigError, match="needs a contact"):
            ask(tmp_path, server, config=FetchConfig())
        assert server.paths() == []


def test_the_command_says_all_this_and_ends_with_its_code(command: Command, tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path, GOLDEN)
    here = ("--workspace", str(tmp_path), "source", "check")
    done = command(*here)
    assert done.returncode == 0, done.stderr
    assert "golden page berita.json: as expected" in done.stdout
    page_path = workspace.sources / "id" / "kabupaten-rekaan.golden" / "berita.html"
    page_path.write_text(page_path.read_text("utf-8").replace("judul-berita", "judul"), "utf-8")
    done = command(*here, "kabupaten-rekaan", "--json")
    assert done.returncode == 5, done.stderr
    assert "sources that need a look: kabupaten-rekaan" in done.stderr
    (data,) = json.loads(done.stdout)
    assert data["well"] is False
    assert any("title" in d for v in data["golden"] for d in v["differences"])
    assert command(*here, "nobody").returncode == 4

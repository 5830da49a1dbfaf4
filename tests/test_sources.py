"""Source files: what is right is read, what is wrong is named with file and line."""

from pathlib import Path

import pytest

from pipeline.config import ConfigError
from pipeline.paths import CHECKOUT
from pipeline.sources import load_sources, read_source

GOOD = """\
# A source for tests.
id: harian
name: Harian Contoh
publisher: Contoh Media
country: ID
timezone: Asia/Jakarta
languages: [id]
kind: news
homepage: https://harian.example/
fetch:
  - method: feed
    url: https://harian.example/feed
  - method: listing
    url: https://harian.example/indeks
    link_pattern: '/berita/\\d+'
licence: all rights reserved
tdm: reserved
since: 2020-01-01
verified_on: null
assertions:
  min_documents: 3
"""


def write(folder: Path, text: str, name: str = "harian.yml", country: str = "id") -> Path:
    path = folder / country / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_a_good_file_is_read(tmp_path: Path) -> None:
    write(tmp_path, GOOD)
    (source,) = load_sources(tmp_path)
    assert (source.id, source.country, source.verified_on) == ("harian", "ID", None)
    assert [entry.method for entry in source.fetch] == ["feed", "listing"]
    assert source.pdf_links
    assert source.assertions.min_documents == 3


def test_no_folder_means_no_sources(tmp_path: Path) -> None:
    assert load_sources(tmp_path / "nowhere") == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("kind: news", "kind: newspaper", 8, "kind"),
        ("kind: news", "kind: news\ncolour: red", 9, "colour: unknown key"),
        ("country: ID", "country: NO", 5, "quotes"),
        ("timezone: Asia/Jakarta", "timezone: Asia/Atlantis", 6, "time zone"),
        ("timezone: Asia/Jakarta", "timezone: ../../etc/passwd", 6, "time zone"),
        ("id: harian", "id: Harian!", 2, "id"),
        ("languages: [id]", "languages: []", 7, "languages"),
        ("name: Harian Contoh\n", "", 2, "name: this key is missing"),
        ("homepage: https", "homepage: file", 9, "http or https"),
        ("homepage: https://", "homepage: https://user@", 9, "user name"),
        ("url: https://harian.example/feed", "url: harian.example", 12, "fetch.0.url"),
        ("method: listing", "method: carrier-pigeon", 13, "fetch.1.method"),
        ("link_pattern: '/berita/", "link_pattern: '(", 15, "regular expression"),
        ("  - method: feed", "  - method: feed\n    uri: x", 12, "fetch.0.uri: unknown key"),
        ("min_documents: 3", "min_documents: -1", 21, "assertions.min_documents"),
        ("kind: news", "kind: news\nkind: other", 9, "given twice"),
        ("id: harian", "id: &x harian", 2, "aliases, anchors and tags"),
        ("id: harian", "id: !!python/name:os.system harian", 2, "aliases, anchors and tags"),
        ("name: Harian", "name: [Harian", 4, "expected"),
        ("since: 2020-01-01", "since: tomorrow", 18, "since"),
        ("tdm: reserved", "read:\n  text: 'div['", 18, "read.text: is no CSS selector"),
        ("tdm: reserved", "read:\n  remove:\n  - p\n  - 'p::before'", 20, "read.remove.1: is no"),
        ("tdm: reserved", "read:\n  valid_until: soon", 18, "read.valid_until"),
        ("    url: https://harian.example/feed\n", "", 11, "method feed needs a `url`"),
        ("method: feed", "method: gdelt", 11, "method gdelt needs a `query`"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(
    tmp_path: Path, old: str, new: str, line: int, words: str
) -> None:
    assert old in GOOD
    path = write(tmp_path, GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_sources(tmp_path)
    assert f"{path}:{line}: " in str(caught.value)
    assert words in str(caught.value)


def test_all_mistakes_are_listed_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("kind: news", "kind: x\ncolour: red"))
    with pytest.raises(ConfigError) as caught:
        read_source(path)
    assert "kind" in str(caught.value)
    assert "colour" in str(caught.value)


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "42"])
def test_a_file_without_keys_is_refused(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError, match=f"{path}:1: "):
        read_source(path)


def test_a_yaml_bomb_is_refused_before_it_grows(tmp_path: Path) -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n"
    for last, name in zip("abcdefgh", "bcdefghi", strict=True):
        bomb += f"{name}: &{name} [{', '.join([f'*{last}'] * 9)}]\n"
    path = write(tmp_path, bomb)
    with pytest.raises(ConfigError, match="aliases"):
        read_source(path)


def test_bytes_that_are_no_text_are_refused_with_their_line(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    path.write_bytes(GOOD.encode().replace(b"Contoh Media", b"Contoh \xff"))
    with pytest.raises(ConfigError, match=f"{path}:4: not UTF-8"):
        read_source(path)


def test_deep_nesting_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "a: " + "[" * 5_000)
    with pytest.raises(ConfigError, match="nested too deeply"):
        read_source(path)


def test_an_id_belongs_to_one_file_at_its_place(tmp_path: Path) -> None:
    write(tmp_path, GOOD, "other.yml")
    with pytest.raises(ConfigError, match=r"must stand at id/harian\.yml"):
        load_sources(tmp_path)
    (tmp_path / "id" / "other.yml").unlink()
    write(tmp_path, GOOD)
    write(tmp_path, GOOD.replace("country: ID", "country: MY"), country="my")
    with pytest.raises(ConfigError, match="is taken by"):
        load_sources(tmp_path)


@pytest.mark.parametrize("folder", ["sources", "sample/sources"])
def test_the_shipped_files_are_sound_and_short(folder: str) -> None:
    root = CHECKOUT / "corpus" / folder
    load_sources(root)
    for path in root.rglob("*.yml"):
        assert len(path.read_text("utf-8").splitlines()) <= 60, path


def test_golden_pages_beside_a_source_file_are_no_source_files(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD.replace("tdm: reserved", "read:\n  text: div.isi > p, .x"))
    golden = path.parent / "harian.golden"
    golden.mkdir()
    (golden / "page.yml").write_text("not a source", "utf-8")
    (source,) = load_sources(tmp_path)
    assert source.read is not None
    assert source.read.text == "div.isi > p, .x"


def test_an_archive_of_everything_needs_no_address(tmp_path: Path) -> None:
    old = "  - method: feed\n    url: https://harian.example/feed"
    write(tmp_path, GOOD.replace(old, "  - method: commoncrawl\n    since: 2026-01-01"))
    (source,) = load_sources(tmp_path)
    assert source.fetch[0].url is None

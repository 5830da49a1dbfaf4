"""Decoding of bodies: every encoding whole, cut in two anywhere, truncated, and as an attack.

An attack must end under the limit in bounded time and memory, however it is built.
"""

import gzip
import itertools
import os
import random
import subprocess
import sys
import textwrap
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import brotli
import pytest
from backports import zstd

from pipeline.bodies import BodyError, read_body
from tests.conftest import ROOT
from tests.hostile import bomb_body

TEXT = "".join(f"Line {n} of a page about kota kembar.\n" for n in range(400)).encode()
LIMIT = 2_000_000
ENCODINGS = ("gzip", "deflate", "br", "zstd")
SKIPPED_FRAME = b"\x5a\x2a\x4d\x18\x05\x00\x00\x00notes"


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000, 10_000_000])
def test_a_body_is_the_same_however_the_wire_cuts_it(encoding: str, size: int) -> None:
    packed = PACK[encoding](TEXT)
    pieces = [packed[n : n + size] for n in range(0, len(packed), size)]
    assert read_body(pieces, encoding.upper(), LIMIT) == TEXT


@pytest.mark.parametrize("size", [1, 2, 3, 1_000])
@pytest.mark.parametrize("data", [b"", b"x", b"text" * 100, os.urandom(70_000), b"a" * 200_000])
def test_deflate_is_read_with_and_without_its_header(data: bytes, size: int) -> None:
    for packed in (zlib.compress(data), raw_deflate(data)):
        pieces = [packed[n : n + size] for n in range(0, len(packed), size)]
        assert read_body(pieces, "deflate", LIMIT) == data


@pytest.mark.parametrize("length", [65_535, 65_536, 65_537, 131_072, 131_330])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_no_byte_is_lost_where_a_piece_ends_inside_a_repetition(encoding: str, length: int) -> None:
    assert read_body([PACK[encoding](b"a" * length)], encoding, LIMIT) == b"a" * length
    if encoding == "deflate":
        assert read_body([raw_deflate(b"a" * length)], encoding, LIMIT) == b"a" * length


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 10_000])
def test_members_follow_each_other_however_the_wire_cuts_them(encoding: str, size: int) -> None:
    parts = [b"one ", b"", b"two ", b"three"]
    packed = b"".join(map(PACK[encoding], parts))
    pieces = [packed[n : n + size] for n in range(0, len(packed), size)]
    assert read_body(pieces, encoding, LIMIT) == b"one two three"


@pytest.mark.parametrize("size", [1, 4, 10_000])
def test_skippable_zstd_frames_are_skipped_anywhere(size: int) -> None:
    frame = zstd.compress(b"text ")
    packed = SKIPPED_FRAME + frame + SKIPPED_FRAME + frame + SKIPPED_FRAME
    pieces = [packed[n : n + size] for n in range(0, len(packed), size)]
    assert read_body(pieces, "zstd", LIMIT) == b"text text "


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "deflate"])
@pytest.mark.parametrize("padding", [b"\0", b"\0" * 600, b"\n", b"\x1f", b"\x28\xb5", b"rubbish"])
def test_padding_behind_a_whole_body_is_ignored(encoding: str, padding: bytes) -> None:
    packed = PACK[encoding](TEXT)
    assert read_body([packed + padding], encoding, LIMIT) == TEXT
    assert read_body([packed, padding], encoding, LIMIT) == TEXT
    assert read_body([packed, padding[:1], padding[1:]], encoding, LIMIT) == TEXT


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_body_cut_anywhere_is_a_failure_and_never_a_page(encoding: str) -> None:
    packed = PACK[encoding](TEXT[:2_000])
    for end in range(1, len(packed)):
        with pytest.raises(BodyError):
            read_body([packed[:end]], encoding, LIMIT)


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_second_member_cut_anywhere_is_a_failure(encoding: str) -> None:
    first, second = PACK[encoding](b"first"), PACK[encoding](b"second" * 20)
    for end in range(4, len(second)):  # shorter than its mark it is padding
        with pytest.raises(BodyError):
            read_body([first + second[:end]], encoding, LIMIT)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_changed_byte_gives_the_text_or_a_failure_but_no_other_error(encoding: str) -> None:
    packed = PACK[encoding](TEXT)
    chance = random.Random(9)
    for _ in range(300):
        mutant = bytearray(packed)
        mutant[chance.randrange(len(mutant))] ^= 1 << chance.randrange(8)
        try:
            read_body([bytes(mutant)], encoding, LIMIT)
        except BodyError:
            continue


@pytest.mark.parametrize("encoding", ["gzip, br", "br,gzip", "zstd, gzip", " identity , gzip,"])
def test_two_encodings_on_each_other_are_undone_in_their_order(encoding: str) -> None:
    packed = TEXT
    for name in encoding.replace("identity", "").replace(" ", "").split(","):
        packed = PACK[name](packed) if name else packed
    assert read_body([packed], encoding, LIMIT) == TEXT


@pytest.mark.parametrize("encoding", ["gzip, gzip, gzip", "compress", "dcz", "zstd2", "gzip br"])
def test_encodings_that_we_did_not_ask_for_are_refused(encoding: str) -> None:
    with pytest.raises(BodyError, match="encoding"):
        read_body([b"x"], encoding, LIMIT)


def test_a_zstd_frame_that_asks_for_a_large_window_is_refused() -> None:
    """RFC 9659: 8 MB; the format itself allows a client to be made to reserve gigabytes."""
    packer = zstd.ZstdCompressor(
        options={
            zstd.CompressionParameter.window_log: 27,
            zstd.CompressionParameter.content_size_flag: 0,
        }
    )
    packed = packer.compress(TEXT, mode=packer.FLUSH_BLOCK) + packer.flush()
    with pytest.raises(BodyError):
        read_body([packed], "zstd", LIMIT)


def test_the_limit_holds_to_the_byte() -> None:
    for encoding in ENCODINGS:
        assert len(read_body([PACK[encoding](b"x" * 5_000)], encoding, 5_000)) == 5_000
        with pytest.raises(BodyError, match="larger"):
            read_body([PACK[encoding](b"x" * 5_001)], encoding, 5_000)
    noise = os.urandom(300_000)  # an encoding makes noise longer than it was
    for encoding in ENCODINGS:
        assert read_body([PACK[encoding](noise)], encoding, len(noise)) == noise


# Attacks


def endless(piece: bytes) -> Iterator[bytes]:
    return itertools.repeat(piece)


def zstd_bomb(size: int) -> bytes:
    packer = zstd.ZstdCompressor()
    block = b"a" * 1_000_000
    return b"".join(packer.compress(block) for _ in range(size // len(block))) + packer.flush()


def nested(outer: str, inner: str, size: int) -> bytes:
    packed = zstd_bomb(size) if inner == "zstd" else bomb_body(inner, size)
    return PACK[outer](packed)


EMPTY_STORED = b"\x00\x00\x00\xff\xff"  # a deflate block of no bytes, as a flush makes it
EMPTY_FRAME = zstd.compress(b"")
EMPTY_MEMBER = gzip.compress(b"")
GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
BROTLI_METADATA = b"\x06"  # an empty metadata block, byte-aligned, behind a window of 16 bits
ZSTD_HEAD = b"\x28\xb5\x2f\xfd\x00\x58"
ZSTD_EMPTY_BLOCK = b"\x00\x00\x00"  # raw, of no bytes, not the last

ATTACKS: dict[str, tuple[str, Callable[[], Iterator[bytes]]]] = {
    "gzip bomb of 1 GB": ("gzip", lambda: iter([bomb_body("gzip", 1_000_000_000)])),
    "deflate bomb of 1 GB": ("deflate", lambda: iter([bomb_body("deflate", 1_000_000_000)])),
    "brotli bomb of 1 GB": ("br", lambda: iter([bomb_body("br", 1_000_000_000)])),
    "zstd bomb of 1 GB": ("zstd", lambda: iter([zstd_bomb(1_000_000_000)])),
    "gzip in brotli": ("gzip, br", lambda: iter([nested("br", "gzip", 1_000_000_000)])),
    "brotli in gzip": ("br, gzip", lambda: iter([nested("gzip", "br", 1_000_000_000)])),
    "zstd in zstd": ("zstd, zstd", lambda: iter([nested("zstd", "zstd", 1_000_000_000)])),
    "gzip in zstd": ("gzip, zstd", lambda: iter([nested("zstd", "gzip", 1_000_000_000)])),
    "a million empty members": ("gzip", lambda: iter([EMPTY_MEMBER * 1_000_000])),
    "a million empty frames": ("zstd", lambda: iter([EMPTY_FRAME * 1_000_000])),
    "a million tiny members": ("gzip", lambda: iter([gzip.compress(b"a") * 1_000_000])),
    "a million skipped frames": ("zstd", lambda: iter([SKIPPED_FRAME * 1_000_000])),
    "endless empty frames": ("zstd", lambda: endless(EMPTY_FRAME)),
    "endless empty members": ("gzip", lambda: endless(EMPTY_MEMBER)),
    "endless skipped frame": (
        "zstd",
        lambda: itertools.chain([b"\x50\x2a\x4d\x18\xff\xff\xff\xff"], endless(b"x" * 4_096)),
    ),
    "endless flushes": ("gzip", lambda: itertools.chain([GZIP_HEAD], endless(EMPTY_STORED * 800))),
    "endless raw flushes": ("deflate", lambda: endless(EMPTY_STORED * 800)),
    "endless empty zstd blocks": (
        "zstd",
        lambda: itertools.chain([ZSTD_HEAD], endless(ZSTD_EMPTY_BLOCK * 1_000)),
    ),
    "endless one-byte pieces": ("gzip", lambda: itertools.chain([GZIP_HEAD], endless(b"\0"))),
    "endless gzip name": (
        "gzip",
        lambda: itertools.chain([GZIP_HEAD[:3] + b"\x08" + GZIP_HEAD[4:]], endless(b"n" * 4_096)),
    ),
    "endless padding": ("gzip", lambda: itertools.chain([EMPTY_MEMBER], endless(b"\0" * 4_096))),
    "flushes in brotli": (
        "gzip, br",
        lambda: iter([brotli.compress(GZIP_HEAD + EMPTY_STORED * 20_000_000, quality=1)]),
    ),
    "empty frames in zstd": ("zstd, zstd", lambda: iter([zstd.compress(EMPTY_FRAME * 5_000_000)])),
    "endless plain": ("", lambda: endless(b"a" * 4_096)),
}


@pytest.mark.parametrize("name", [n for n in ATTACKS if "GB" not in n and " in " not in n])
def test_an_attack_ends_under_the_limit_in_little_time(name: str) -> None:
    encoding, make = ATTACKS[name]
    pieces = make()
    tracemalloc.start()
    begun = time.process_time()
    with pytest.raises(BodyError):
        read_body(pieces, encoding, LIMIT)
    spent = time.process_time() - begun
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert spent < 10.0  # far above what was measured under tracemalloc, far below for ever
    assert peak < 12_000_000


def test_every_attack_leaves_a_process_small() -> None:
    """Peak memory of a process of its own: native memory of the decoders counts, too."""
    code = textwrap.dedent(
        """
        import sys
        from pathlib import Path
        from pipeline.bodies import BodyError, read_body
        encoding, limit = sys.argv[1], int(sys.argv[2])
        pieces = iter(lambda: sys.stdin.buffer.read(65536), b"")
        try:
            read_body(pieces, encoding, limit)
        except BodyError as error:
            lines = Path("/proc/self/status").read_text().splitlines()
            print(next(line.split()[1] for line in lines if line.startswith("VmHWM")), error)
        """
    )
    for name in (n for n in ATTACKS if "GB" in n or " in " in n):
        encoding, make = ATTACKS[name]
        packed = b"".join(make())
        assert len(packed) < 2_000_000 or "GB" not in name
        told = subprocess.run(
            [sys.executable, "-c", code, encoding, str(LIMIT)],
            input=packed,
            cwd=ROOT,
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout.decode()
        kilobytes, _, reason = told.partition(" ")
        assert "larger" in reason or "members" in reason, (name, reason)
        assert int(kilobytes) < 60_000, name  # an idle interpreter has 12,000

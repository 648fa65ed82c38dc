"""Bodies of HTTP answers, packed as they came over the wire."""

from __future__ import annotations

import contextlib
import gzip
import time
import zlib
from typing import TYPE_CHECKING

import brotli  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvester.model import MAX_BYTES
from harvester.readers.damage import DamageError
from harvester.readers.http import Message, parse_answer
from tests.support.containers import packed_zstd

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = b"<html><p>What a page says.</p></html>" * 50


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda data: brotli.compress(data, quality=1),
    "zstd": packed_zstd,
}


def chunked(data: bytes, size: int = 100) -> bytes:
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x;name=value\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


def unpacked(body: bytes, encoding: str = "", transfer: str = "") -> bytes:
    return Message(200, {"content-encoding": encoding, "transfer-encoding": transfer}, body).unpacked()


@pytest.mark.parametrize("encoding", PACKERS)
def test_every_packing_is_undone(encoding: str) -> None:
    packed = PACKERS[encoding](BODY)
    assert unpacked(packed, encoding.upper()) == BODY
    assert unpacked(chunked(packed), encoding, "chunked") == BODY
    assert unpacked(gzip.compress(packed), f"{encoding}, gzip") == BODY


def test_deflate_without_its_frame_is_undone() -> None:
    assert unpacked(raw_deflate(BODY), "deflate") == BODY


@pytest.mark.parametrize("encoding", [*PACKERS, "identity", "unknown", ""])
def test_a_body_that_was_unpacked_before_it_was_kept_is_taken_as_it_stands(encoding: str) -> None:
    assert unpacked(BODY, encoding, "chunked") == BODY
    assert unpacked(b"", encoding) == b""


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_body_cut_off_anywhere_is_damaged(encoding: str) -> None:
    packed = PACKERS[encoding](BODY)
    for cut in range(5, len(packed)):
        with pytest.raises(DamageError):
            unpacked(packed[:cut], encoding)


def test_a_body_cut_off_between_its_chunks_is_damaged() -> None:
    for cut in range(120, len(chunked(BODY)) - 5):
        with pytest.raises(DamageError):
            unpacked(chunked(BODY)[:cut], transfer="chunked")


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_bomb_is_unpacked_to_the_limit_and_no_further(encoding: str) -> None:
    bomb = PACKERS[encoding](bytes(3 * MAX_BYTES))
    started = time.process_time()
    assert len(unpacked(bomb, encoding)) == MAX_BYTES + 1
    assert len(unpacked(gzip.compress(bomb), f"{encoding}, gzip")) == MAX_BYTES + 1
    assert time.process_time() - started < 5


def test_ten_thousand_layers_end() -> None:
    assert unpacked(BODY, ",".join(["gzip"] * 10_000)) == BODY


@given(st.binary(max_size=300), st.sampled_from([*PACKERS]), st.booleans())
def test_any_bytes_are_unpacked_or_damaged(body: bytes, encoding: str, in_chunks: bool) -> None:
    with contextlib.suppress(DamageError):
        unpacked(body, encoding, "chunked" if in_chunks else "")


@given(st.binary(max_size=500))
def test_any_bytes_are_an_answer_or_none(block: bytes) -> None:
    answer = parse_answer(b"HTTP/1.1 200 OK\r\n" + block)
    if answer:
        assert (answer.status, answer.media_type or "") == (200, (answer.media_type or "").lower())


@pytest.mark.parametrize("encoding", PACKERS)
def test_a_body_that_ends_early_is_damaged_wherever_it_is_cut(encoding: str) -> None:
    packed = PACKERS[encoding](BODY)
    for at in range(4, len(packed), 7):
        with pytest.raises(DamageError):
            unpacked(packed[:at], encoding)
        with pytest.raises(DamageError):
            unpacked(chunked(packed)[: at + 10], encoding, "chunked")


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip", "zstd"])
@pytest.mark.parametrize("body", [b"\xef\xbb\xbf<html>", "Skip to content\nРезультаты".encode(), b"<p>\xe9"])
def test_a_body_that_was_unpacked_before_it_was_kept(encoding: str, body: bytes) -> None:
    assert unpacked(body, encoding) == body


def test_an_answer_behind_an_interim_one_is_the_answer() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
    answer = parse_answer(b"HTTP/1.1 100 Continue\r\n\r\n" + early + b"HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody")
    assert answer
    assert (answer.status, answer.fields, answer.body) == (200, {"a": "b"}, b"body")

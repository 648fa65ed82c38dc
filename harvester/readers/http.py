"""HTTP responses as WARC files store them: header fields, and bodies encoded as they were transferred."""

from __future__ import annotations

import codecs
import io
import re
from typing import NamedTuple

from harvester.model import MAX_BYTES
from harvester.readers.compression import MAGIC, MAGIC_SIZE, Pieces, packing_of
from harvester.readers.damage import DamageError

LOOKED_AT = 512
"""Number of bytes of a body that distinguish text from brotli and deflate, which have no magic number."""
MAX_HEAD = 64 * 1024
"""Header fields are no longer; browsers refuse far shorter ones."""

NOT_MODIFIED = 304
INTERIM = range(100, 200)
"""Answers that another follows: `Continue`, `Early Hints`."""
_HEAD_END = re.compile(rb"\r*\n\r*\n")
_STATUS = re.compile(rb"[A-Z]{2,8}/\d(?:\.\d)? (\d{1,3})(?=\s)")  # browsers' captures may have 0: unknown
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]{0,256}\r\n")
_CUT_SIZE = re.compile(rb"[0-9A-Fa-f]{1,8}(?:;[^\r\n]{0,256})?\r?")  # of a first chunk, with nothing after it
PACKINGS = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "zlib", "br": "br", "zstd": "zstd"}


class Message(NamedTuple):
    """A response: its status (None if it is not HTTP), header fields with names in lower case, and body."""

    status: int | None
    fields: dict[str, str]
    body: bytes

    @property
    def media_type(self) -> str | None:
        """The media type that it declares, in lower case; None if it declares none."""
        return self.fields.get("content-type", "").partition(";")[0].strip().lower() or None

    @property
    def charset(self) -> str | None:
        """The encoding that it declares; None if it declares none."""
        found = _CHARSET.search(self.fields.get("content-type", ""))
        return found[1] if found else None

    def seen_again(self, later: Message | None) -> Message:
        """Return this answer as it was met again. “Not modified” is no status of a page."""
        if later is None:
            return self
        fields = {name: later.fields[name] for name in ("etag", "last-modified") if name in later.fields}
        status = self.status if later.status == NOT_MODIFIED else later.status
        return self._replace(status=status, fields=self.fields | fields)

    def unpacked(self) -> bytes:
        """Return the body decoded, up to one byte more than a page may have.

        Raises DamageError with the offset in the body. Some tools keep the header fields of a body that they have
        decoded already: a body that does not begin as the fields declare is returned unchanged.
        """
        body = self.body
        if "chunked" in self.fields.get("transfer-encoding", "").lower():
            body = joined_chunks(body)
        for encoding in reversed(self.fields.get("content-encoding", "").lower().split(",")):
            body = _unpacked(body, PACKINGS.get(encoding.strip()))
        return body[: MAX_BYTES + 1]


def read_fields(lines: bytes) -> dict[str, str]:
    """Return header fields by name, in lower case; of a repeated field the last one counts."""
    fields = {}
    for line in re.sub(rb"\r?\n[ \t]+", b" ", lines).split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon:
            fields[name.strip().lower().decode("latin-1")] = value.strip().decode("utf-8", "replace")
    return fields


def parse_answer(block: bytes) -> Message | None:
    """Return the HTTP response in a block, after any interim ones (100, 103); None if there is none."""
    status, end = _STATUS.match(block), _HEAD_END.search(block, 0, MAX_HEAD)
    if status and not end and len(block) < MAX_HEAD:  # the record ends with the last field, without an empty line
        return Message(int(status[1]), read_fields(block), b"")
    if not status or not end:
        return None
    if int(status[1]) in INTERIM and _STATUS.match(block, end.end()):
        return parse_answer(block[end.end() :])
    return Message(int(status[1]), read_fields(block[: end.start()]), block[end.end() :])


def holds_whole_answer(block: bytes) -> bool:
    """Return whether a block holds an HTTP response with as many bytes as its header declares."""
    answer = parse_answer(block)
    declared = answer.fields.get("content-length", "") if answer else ""
    is_number = declared.isascii() and declared.isdigit() and len(declared) < 18
    return answer is not None and is_number and len(answer.body) >= int(declared)


def joined_chunks(body: bytes) -> bytes:
    """Return a body that was sent in chunks as one. A body that does not begin with a chunk was joined before."""
    at, chunks = 0, list[bytes]()
    while chunk := _CHUNK.match(body, at):
        size = int(chunk[1], 16)
        if size == 0:
            return b"".join(chunks)
        chunks.append(body[chunk.end() : chunk.end() + size])
        at = chunk.end() + size + 2
        if at > len(body) or body[at - 2 : at] != b"\r\n":
            break
    if at == 0 and not _CUT_SIZE.fullmatch(body):
        return body
    raise DamageError("a body broken between its chunks", at)


def _unpacked(body: bytes, packing: str | None) -> bytes:
    if packing is None or not body or not _begins_packed(body, packing):
        return body
    if packing == "zlib" and not _is_zlib(body):
        packing = "deflate"  # some servers send raw deflate under that name
    return Pieces(io.BytesIO(body), packing).all(MAX_BYTES + 1)


def _begins_packed(body: bytes, packing: str) -> bool:
    """Return whether a body can be encoded as its header declares; brotli and deflate show it only by being no text."""
    if packing in MAGIC:
        return packing_of(body[:MAGIC_SIZE]) == packing or any(magic.startswith(body) for magic in MAGIC[packing])
    return body.lstrip()[:1] != b"<" and not _is_text(body[:LOOKED_AT])


def _is_text(body: bytes) -> bool:
    """Return whether bytes, perhaps cut off inside a character, are text in UTF-8."""
    if _CONTROLS.search(body):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        return False
    return True


def _is_zlib(body: bytes) -> bool:
    return body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0

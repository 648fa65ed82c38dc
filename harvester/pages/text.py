"""From bytes to text, and from text to blocks, the grammar's input."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bs4.dammit import UnicodeDammit

from harvester.pages.page import Problem

if TYPE_CHECKING:
    from harvester.capture import Capture
    from harvester.source import Form

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_LINE_END = re.compile(r"\r\n?|\n")
BINARY_LOOK = 4096
"""Bytes at the start in which a NUL means that this is no text."""


@dataclass(frozen=True)
class Block:
    """Lines that belong together. `gap` counts the blank lines before; `marked`: a record mark stands before it."""

    lines: tuple[str, ...]
    gap: int = 1
    marked: bool = False

    @property
    def text(self) -> str:
        """The lines as one."""
        return " ".join(self.lines)

    @property
    def paragraph(self) -> str:
        """The lines as printed."""
        return "\n".join(self.lines)


def is_binary(body: bytes) -> bool:
    """Say whether these bytes are no text in any encoding the archives use."""
    return b"\0" in body[:BINARY_LOOK] and not body.startswith(_UTF16_MARKS)


def decode(capture: Capture) -> tuple[str, tuple[Problem, ...]]:
    """Give a capture's text. Anything but UTF-8 (or what its header declared) is read with a notice."""
    text = _utf8(capture.body)
    if text is not None:
        return text, ()
    text, encoding = _decode_otherwise(capture)
    return text, (Problem("notice", "encoding", f"not UTF-8; read as {encoding}", extract=text[:80]),)


def _utf8(body: bytes) -> str | None:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        cut_inside_last_character = error.end == len(body) and "unexpected end" in error.reason
        return body[: error.start].decode("utf-8-sig") if cut_inside_last_character else None


def _decode_otherwise(capture: Capture) -> tuple[str, str]:
    if not capture.body.startswith(_UTF16_MARKS) and not capture.charset:
        # Bytes of Windows-1252 among UTF-8, or nothing else: both come out right.
        text = _utf8(UnicodeDammit.detwingle(capture.body))
        if text is not None:
            return text, "windows-1252"
    dammit = UnicodeDammit(capture.body, known_definite_encodings=[capture.charset] if capture.charset else [])
    return dammit.unicode_markup or "", dammit.original_encoding or "an unknown encoding"


def blocks_of(text: str, form: Form) -> list[Block]:
    """Split a text into blocks: at blank lines, at record marks, or line by line, as the form says."""
    blocks: list[Block] = []
    lines: list[str] = []
    gap, marked = 0, False

    def close() -> None:
        nonlocal lines, gap, marked
        if lines:
            blocks.append(Block(tuple(lines), gap, marked))
            lines, gap, marked = [], 0, False

    for raw in _LINE_END.split(text):
        mark = form.mark_pattern.match(raw) if form.mark_pattern else None
        line = raw[mark.end() :].strip() if mark else raw.strip()
        if mark or form.one_line_parts or not line:
            close()
        marked = marked or mark is not None
        gap += not line and not mark
        if line:
            lines.append(line)
    close()
    return blocks

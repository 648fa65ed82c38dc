"""Decodes bytes to text. The same bytes give the same text on every machine.

Therefore nothing is guessed here: UnicodeDammit uses whatever detector is installed, and mistakes a page in
Windows-1252 for windows-1250.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from harvester.model import Problem

if TYPE_CHECKING:
    from harvester.model import Capture

UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# Encodings that a header may declare. Python has more, but some do not encode text, and idna takes hours for a page.
_DECLARABLE = re.compile(
    r"utf-?16(-?[bl]e)?|(windows-|cp)125[0-8]|iso-?8859-([2-9]|1[0-6])|koi8-[ru]|gb2312|gbk|gb18030|big5|euc-(jp|kr)"
    r"|shift_jis",
    re.IGNORECASE,
)
# `surrogateescape` turns each byte that is not UTF-8 into one of these; the archives' tools wrote windows-1252.
_STRAY = {0xDC00 + byte: bytes([byte]).decode("cp1252", "replace") for byte in range(0x80, 0x100)}
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def is_binary(body: bytes) -> bool:
    """Return whether these bytes are no text in any encoding the archives use."""
    return b"\0" in body and not body.startswith(UTF16_MARKS)


def decode(capture: Capture) -> tuple[str, list[Problem]]:
    """Return a capture's text with line feeds, and problems: any encoding but UTF-8 or the declared one is noted."""
    text, encoding = _decode(capture.body, capture.charset)
    problems = [] if encoding is None else [Problem("notice", "encoding", f"not UTF-8; read as {encoding}")]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    plain, controls = _CONTROLS.subn(" ", text)
    if controls:
        # They could steer the terminal, or end the text in a program that reads it.
        message = f"{controls} control characters were read as spaces"
        problems.append(Problem("notice", "control-characters", message))
    return plain, problems


def _decode(body: bytes, declared: str | None) -> tuple[str, str | None]:
    """Return the text, and its encoding if that is neither UTF-8 nor the declared one."""
    if body.startswith(UTF16_MARKS):
        return _read(body, "utf-16", "replace"), "utf-16"
    try:
        return _read(body, "utf-8-sig"), None
    except UnicodeDecodeError:
        return _not_utf8(body, declared)


def _not_utf8(body: bytes, declared: str | None) -> tuple[str, str | None]:
    if declared and _DECLARABLE.fullmatch(declared):
        try:
            return _read(body, declared), None
        except UnicodeError:  # UTF-16 without its byte order mark raises no UnicodeDecodeError
            return _read(body, "utf-8-sig", "surrogateescape").translate(_STRAY), f"windows-1252, not {declared}"
    return _read(body, "utf-8-sig", "surrogateescape").translate(_STRAY), "windows-1252"


def _read(body: bytes, encoding: str, errors: str = "strict") -> str:
    """Decode bytes, except a character at the end that was cut off."""
    return codecs.getincrementaldecoder(encoding)(errors).decode(body)

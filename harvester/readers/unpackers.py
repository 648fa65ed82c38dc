"""Unpacks pages that a program has packed. Only the page itself is read, not its pictures and frames."""

from __future__ import annotations

import plistlib
import re
import zipfile
import zlib
from email import message_from_bytes
from email.errors import InvalidBase64CharactersDefect, InvalidBase64LengthDefect, InvalidBase64PaddingDefect
from io import BytesIO
from typing import TYPE_CHECKING, Any

from harvester.model import MAX_BYTES
from harvester.readers.damage import DamageError
from harvester.readers.file_signatures import ZIP_END
from harvester.readers.http import MAX_HEAD, parse_answer
from harvester.readers.saved_page import PackedPage, Statement, parse_mail_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from email.message import Message

_ZIP_END_SIZE = 22
_ZIP64_LOCATOR, _ZIP64_LOCATOR_SIZE = b"PK\6\7", 20
MAX_DIRECTORY = 1024**2
"""Bytes of the list of what is in a self-extracting page: room for thousands of pictures."""
_BAD_BASE64 = (InvalidBase64CharactersDefect, InvalidBase64LengthDefect, InvalidBase64PaddingDefect)
_TEXT_PART = re.compile(
    rb"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*){0,30}?Content-Type:\s*(?:text/|application/xhtml)", re.IGNORECASE
)
_TEXT_TYPES = ("text/html", "application/xhtml+xml", "text/plain")
_PLIST_ERRORS = (plistlib.InvalidFileException, ValueError, TypeError, KeyError, AttributeError, RecursionError)


def _unpack_http(body: bytes) -> PackedPage | None:
    """Return the page behind its HTTP header, as `wget --save-headers` and `curl --include` write it.

    A header that names an encoding speaks of what was on the way: wget and curl have decoded it already or not.
    """
    answer = parse_answer(body)
    if answer is None:
        return None
    fields = answer.fields
    return PackedPage(
        answer.unpacked(),
        captured_at=parse_mail_date(fields.get("date")),
        media_type=answer.media_type,
        charset=answer.charset,
        http_status=answer.status,
        etag=fields.get("etag"),
        last_modified=fields.get("last-modified"),
    )


def _unpack_mhtml(body: bytes) -> PackedPage:
    """Return the page of an MHTML file: the first part that is text. Parts behind it are not looked at."""
    head, message = _header(body)
    stated = message.get("Snapshot-Content-Location")
    for part in _parts(body, head, message):
        if part.get_content_type() not in _TEXT_TYPES:
            continue
        page = part.get_payload(decode=True)
        if not isinstance(page, bytes) or any(isinstance(defect, _BAD_BASE64) for defect in part.defects):
            raise DamageError("its text cannot be decoded", head)
        address = stated or part.get("Content-Location") or message.get("Content-Location") or ""
        statement = Statement("".join(str(address).split()), parse_mail_date(message.get("Date")))
        charset = part.get_content_charset()
        return PackedPage(page[: MAX_BYTES + 1], statement, media_type=part.get_content_type(), charset=charset)
    raise DamageError("no page in it", head)


def _parts(body: bytes, head: int, message: Message) -> Iterator[Message]:
    """Yield the parts of a message, one at a time; the message itself if it has none. Each must show its end."""
    boundary = message.get_boundary()
    if boundary is None:
        yield message_from_bytes(body if message.get_content_maintype() == "text" else body[:head])
        return
    name = re.escape(boundary.encode("ascii", "replace"))
    border = re.compile(rb"(?:\A|\r?\n)--" + name + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    begin = border.search(body, max(0, head - 2))
    while begin and not begin[1]:
        end = border.search(body, begin.end())
        if end is None:
            raise DamageError("cut off", len(body))
        part = body[begin.end() : end.start()].lstrip(b"\r\n")
        if _TEXT_PART.match(part):  # the others are not parsed: pictures are large, and messages in messages deep
            yield message_from_bytes(part)
        begin = end
    if begin is None:
        raise DamageError("cut off", len(body))


def _header(body: bytes) -> tuple[int, Message]:
    """Return where a message's header ends, and the message without its body."""
    end = re.search(rb"\r?\n\r?\n", body[:MAX_HEAD])
    if end is None:
        raise DamageError("cut off", len(body))
    return end.end(), message_from_bytes(body[: end.end()])


def _unpack_webarchive(body: bytes) -> PackedPage:
    """Return the page of a Safari web archive: a property list."""
    try:
        main = plistlib.loads(body)["WebMainResource"]
        page, address = bytes(main["WebResourceData"]), str(main["WebResourceURL"])
        media_type, charset = main.get("WebResourceMIMEType"), main.get("WebResourceTextEncodingName")
    except _PLIST_ERRORS:
        raise DamageError("no web archive of a browser, or a damaged one", 0) from None
    statement = Statement(address, _response_date(main.get("WebResourceResponse")))
    return PackedPage(page[: MAX_BYTES + 1], statement, media_type=_word(media_type), charset=_word(charset))


def _response_date(response: Any) -> datetime | None:
    """Return the date in the HTTP header that Safari keeps of a resource, as an archive of Apple's objects."""
    try:
        objects = plistlib.loads(response)["$objects"]
        for each in objects:
            if isinstance(each, dict) and "NS.keys" in each:
                pairs = zip(each["NS.keys"], each["NS.objects"], strict=True)
                fields = {str(objects[name.data]).lower(): objects[value.data] for name, value in pairs}
                if "date" in fields:
                    return parse_mail_date(str(fields["date"]))
    except (*_PLIST_ERRORS, IndexError):  # not kept, or in another way: the time is unknown
        return None
    return None


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _unpack_self_extracting(body: bytes) -> PackedPage:
    """Return the page of a self-extracting file of SingleFile: a zip inside a page that unpacks it."""
    end = body.rfind(ZIP_END)
    directory = int.from_bytes(body[end + 12 : end + 16], "little")
    large = body[max(0, end - _ZIP64_LOCATOR_SIZE) : end].startswith(_ZIP64_LOCATOR)
    if end < 0 or len(body) < end + _ZIP_END_SIZE or directory > MAX_DIRECTORY or large:
        raise DamageError("cut off: no zip in a page that unpacks itself", len(body))
    try:
        with zipfile.ZipFile(BytesIO(body)) as packed:
            name = min((name for name in packed.namelist() if name.rpartition("/")[2] == "index.html"), key=len)
            with packed.open(name) as page:
                return PackedPage(page.read(MAX_BYTES + 1), media_type="text/html", charset="utf-8")
    except RuntimeError:  # zipfile's word for a password
        raise DamageError("packed with a password: save the page without one", end) from None
    except (zipfile.BadZipFile, zlib.error, ValueError, OSError, EOFError, NotImplementedError) as error:
        raise DamageError(f"cannot be unpacked ({error})", end) from None


BY_FORMAT: dict[str, Callable[[bytes], PackedPage | None]] = {
    "http": _unpack_http,
    "mhtml": _unpack_mhtml,
    "self-extracting": _unpack_self_extracting,
    "webarchive": _unpack_webarchive,
}
"""How a bundle is unpacked, by its format."""

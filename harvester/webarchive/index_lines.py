"""Reads what the indexes of web archives answer: pure functions from text to lines.

Four writings of the same: rows of a JSON array with their names first (the Internet Archive), a JSON object a line
(pywb with `output=json`), lines of CDX and CDXJ (files of an index, and servers asked for text), and Memento's
TimeMaps (RFC 7089), as links or as JSON.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harvester.readers.cdx import columns_in, fields_in, named_fields, number_in, parse_json
from harvester.readers.saved_page import parse_mail_date
from harvester.webarchive.place import captured_address, moment_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class IndexLine:
    """A capture as an index lists it. What is not known (`-`) is None; `digest` is that of the payload.

    `media_type` is `warc/revisit` for a capture that only says that the page was as before. `file`, `offset` and
    `length` are where the record lies, in indexes of files.
    """

    address: str
    captured_at: datetime
    media_type: str | None = None
    status: int | None = None
    digest: str | None = None
    file: str | None = None
    offset: int | None = None
    length: int | None = None


@dataclass
class IndexAnswer:
    """What one answer of an index holds. `unreadable` are lines that make no sense.

    `resume_key` continues a list that is cut off; `more` are addresses of further parts of a TimeMap.
    """

    lines: list[IndexLine] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    resume_key: str | None = None
    more: list[str] = field(default_factory=list)

    def add(self, line: IndexLine | None, text: str) -> None:
        """Add a line, or the text that is none."""
        if line is None:
            self.unreadable.append(text[:200])
        else:
            self.lines.append(line)


_COLUMNS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest")
_LINK = re.compile(r'<([^<>\s]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:"[^"]*"|[^";,\s]+))*)\s*(?:,|$)')
_PARAMETER = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"([^"]*)"|([^";,\s]+))')
_MEMENTO_TIME = re.compile(r"/(\d{14})(?:[a-z]{2}_)?/")


def read_index(text: str) -> IndexAnswer | None:
    """Return what an index has answered, in whichever writing; None if it is no index: an error page, a challenge."""
    start = text.lstrip()[:1]
    if start == "<":
        return _read_links(text) if _LINK.match(text.lstrip()) and "rel=" in text[:2000] else None
    if start in ("[", "{"):
        whole = parse_json(text)
        if isinstance(whole, list):
            return _read_rows(whole)
        if isinstance(whole, dict) and "mementos" in whole:
            return _read_memento_json(whole)
    return _read_lines(text)


def _read_rows(rows: list[Any]) -> IndexAnswer | None:
    """Read rows under the names of their columns; a resume key comes alone, after an empty row."""
    answer = IndexAnswer()
    if not rows:
        return answer
    names = rows[0]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or "timestamp" not in names:
        return None
    for number, row in enumerate(rows[1:], 1):
        if row == [] and number == len(rows) - 2 and isinstance(rows[-1], list) and len(rows[-1]) == 1:
            answer.resume_key = str(rows[-1][0])
            break
        fits = isinstance(row, list) and len(row) == len(names)
        answer.add(_line(named_fields(dict(zip(names, row, strict=True)))) if fits else None, str(row))
    return answer


def _read_lines(text: str) -> IndexAnswer | None:
    """Read a line each: JSON objects, CDXJ (key, time, JSON) or CDX in columns."""
    answer = IndexAnswer()
    columns: tuple[str, ...] | None = None
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if not line.strip():
            if number == len(lines) - 2 and " " not in lines[-1].strip():
                answer.resume_key = lines[-1].strip()
                break
            continue
        if named := columns_in(line):
            columns = named
        elif not line.startswith("!"):  # what CDXJ says of itself
            answer.add(_line(fields_in(line, columns or (None if "{" in line else _COLUMNS))), line)
    return answer if answer.lines or not text.strip() or text.lstrip().startswith((" CDX", "CDX ", "!")) else None


def _line(named: dict[str, str | None]) -> IndexLine | None:
    """Return a line from its fields; None if it has no address or no time that can be read."""
    address, at = named.get("original"), moment_of(named.get("timestamp") or "")
    if not address or at is None or len(named["timestamp"] or "") != len("20150601120000"):
        return None
    digest = named.get("digest")
    return IndexLine(
        captured_address(address),
        at,
        (named.get("mimetype") or "").lower() or None,
        number_in(named.get("statuscode")),
        digest.removeprefix("sha1:").upper() if digest else None,
        named.get("filename"),
        number_in(named.get("offset")),
        number_in(named.get("length")),
    )


def _read_links(text: str) -> IndexAnswer:
    """Read a TimeMap of links: mementos with their times, the original, and further TimeMaps."""
    links = [(url, _parameters(rest)) for url, rest in _LINK.findall(text)]
    original = next((url for url, named in links if "original" in named.get("rel", "").split()), None)
    answer = IndexAnswer()
    for url, named in links:
        kinds = named.get("rel", "").split()
        if "memento" in kinds:
            answer.add(_memento(url, named.get("datetime", ""), original), url)
        elif "timemap" in kinds:
            answer.more.append(url)
    return answer


def _parameters(rest: str) -> dict[str, str]:
    return {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(rest)}


def _read_memento_json(whole: dict[str, Any]) -> IndexAnswer:
    """Read a TimeMap in JSON: `mementos.list`, and `pages` or `timemap_index` with further ones."""
    answer, original = IndexAnswer(), whole.get("original_uri")
    found = whole["mementos"]
    for one in found.get("list", []) if isinstance(found, dict) else []:
        url, at = (one.get("uri"), one.get("datetime")) if isinstance(one, dict) else (None, None)
        answer.add(_memento(str(url), str(at), str(original) if original else None), str(one))
    answer.more = list(_further(whole))
    return answer


def _further(whole: dict[str, Any]) -> Iterator[str]:
    pages = whole.get("pages")
    if isinstance(pages, dict) and isinstance(pages.get("next"), dict | str):
        following = pages["next"]
        yield str(following.get("uri") if isinstance(following, dict) else following)
    for one in whole.get("timemap_index", []) if isinstance(whole.get("timemap_index"), list) else []:
        if isinstance(one, dict) and one.get("uri"):
            yield str(one["uri"])


def _memento(url: str, when: str, original: str | None) -> IndexLine | None:
    """Return a memento; its time stands in its address, to the second, or beside it."""
    digits = _MEMENTO_TIME.search(url)
    at = moment_of(digits[1]) if digits else _http_time(when)
    address = original or (url[digits.end() :] if digits else "")
    return IndexLine(captured_address(address), at) if at and address.startswith(("http://", "https://")) else None


def _http_time(text: str) -> datetime | None:
    digits = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)Z", text)
    if digits:
        return moment_of("".join(digits.groups()))
    return parse_mail_date(text)


def links_of(header: str) -> dict[str, str]:
    """Return the addresses in a Link header by their relations (`original`, `timegate`, …)."""
    return {kind: url for url, rest in _LINK.findall(header) for kind in _parameters(rest).get("rel", "").split()}

"""The types of values in definitions. Each has a validator whose error says how to write the value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator

from harvester.config.types import quoted, text
from harvester.definitions.templates import MOST, address_pattern, line_pattern, name_pattern, placeholders
from harvester.source import RECORD, split_line

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_SELECTOR = 300
MOST_STEPS = 40
"""Steps from elements to those inside them that are taken in each record, by all its selectors together."""
_DESCENDANT = re.compile(r"(?<![>+\s])\s+(?![>+\s])")
_VALUE = r"(?:\"[^\"\\]*\"|'[^'\\]*'|[\w-]+)"
_PLACE = r":(?:(?:first|last|only)-child|nth-child\([1-9]\d?\))"
_HOST_NAME = r"[\w-]+(\.[\w-]+)*"
_COMPOUND = rf"(?:\*|[a-zA-Z][\w-]*)?(?:[.#][\w-]+|\[[\w-]+(?:[~^$*|]?={_VALUE})?\]|{_PLACE})*"
_SELECTOR = re.compile(rf"(?=[^\s,>+]){_COMPOUND}(?:\s*[>+\s]\s*(?=[^\s,>+]){_COMPOUND}){{0,5}}")
_PARTS = re.compile(r"\"[^\"]*\"|'[^']*'|,|[^,\"']+")


def several(one: Callable[[Any], str], what: str) -> Callable[[Any], tuple[str, ...]]:
    """Return the validator of a text or a list of texts, each of which `one` validates."""

    def validate(value: Any) -> tuple[str, ...]:
        values = value if isinstance(value, list) else [value]
        if not values:
            raise ValueError(f"this list is empty; write {what}, or leave the key out")
        if len(values) > MOST:
            raise ValueError(f"these are more than {MOST}; keep those that pages really have")
        return tuple(one(each) for each in values)

    return validate


def matching(pattern: str, fault: str) -> Callable[[Any], str]:
    """Return the validator of a text of a pattern; `fault`: what another text is not, and how to write it."""

    def validate(value: Any) -> str:
        written = text(value)
        if not re.fullmatch(pattern, written):
            raise ValueError(f"{quoted(written)} {fault}")
        return written

    return validate


def selector(value: Any) -> str:
    """Return a CSS selector of the kind that both engines read in bounded time."""
    written = text(value)
    if len(written) > LONGEST_SELECTOR:
        raise ValueError(f"this selector is longer than {LONGEST_SELECTOR} characters; name the nearest class")
    for one in _alternatives(written):
        if not _SELECTOR.fullmatch(one):
            raise ValueError(
                f"{quoted(one)} is no selector that is read here; write elements, classes, ids, [attributes], "
                "at most six steps: “.result h3 > a”"
            )
    return written


def _alternatives(written: str) -> list[str]:
    """Return the parts of a selector between commas; commas within quotes do not count."""
    parts = [""]
    for piece in _PARTS.findall(written):
        if piece == ",":
            parts.append("")
        else:
            parts[-1] += piece
    return [part.strip() for part in parts]


def declared(value: Any) -> str:
    """Return the template of what a listing declares, or one of the words `range` and `nothing`."""
    written = text(value)
    if written in ("range", "nothing"):
        return written
    line_pattern(written)
    names = set(placeholders(written))
    if "total" in names and ("first" in names) == ("last" in names):
        return written
    if "pages" in names and not names & {"first", "last"}:
        return written
    raise ValueError(
        f"{quoted(written)} states nothing; write {{first}}, {{last}} and {{total}}, only {{total}}, or {{page}} and "
        "{pages} where the numbers stand, or one of the words “range” and “nothing”"
    )


def line(value: Any) -> str:
    """Return the template of a line without numbers that mean something."""
    written = text(value)
    line_pattern(written)
    if set(placeholders(written)) - {"*", "number", "of", "to"}:
        raise ValueError(f"{quoted(written)} has numbers that are not read here; write {{number}} or {{*}} for them")
    return written


def date_line(value: Any) -> str:
    """Return the template of the text of a date's element."""
    written = text(value)
    line_pattern(written)
    names = set(placeholders(written))
    if "date" not in names or names - {"date", "*", "number"}:
        raise ValueError(f"{quoted(written)} does not say where the date stands; write “Published {{date}}”")
    return written


def plain(value: Any) -> str:
    """Return a text without placeholders."""
    written = text(value)
    if len(written) > LONGEST_SELECTOR:
        raise ValueError("this text is too long; write a short part of it")
    return written


def item(value: Any) -> str:
    """Return the template of the addresses of items."""
    written = text(value)
    address_pattern(written)
    if not {"slug", "path", "record_id", "node_id"} & set(placeholders(written)):
        raise ValueError(
            f"{quoted(written)} does not say which item it is; write {{slug}} or {{record_id}} where that stands"
        )
    return written


def path(value: Any) -> str:
    """Return the template of the addresses of other pages."""
    written = text(value)
    address_pattern(written)
    return written


listing_path = matching(
    r"/[^?#{}\s]*", "is no path; write it from the address on, without ? and what follows: “/search”"
)
"""The path of a listing."""
page_path = matching(r"/[\w/.-]*\{page\}[\w/.-]*", "does not say where the page's number stands; write “/page/{page}/”")
"""The end of the path of a listing's further pages."""
parameter = matching(r"[\w.\[\]:-]{1,80}", "is no parameter; write its name as in the address, before the =: “page”")
"""The name of a parameter in an address."""


def parameters(value: Any) -> str:
    """Return the template of the names of parameters."""
    written = text(value)
    name_pattern(written)
    return written


def site(value: Any) -> str:
    """Return the address of an archive."""
    written = text(value)
    if "@" in written:
        raise ValueError("this address has a name or password in it; leave them out")
    try:
        parts = urlsplit(written)
        whole = parts.scheme in ("https", "http") and bool(re.fullmatch(_HOST_NAME, parts.hostname or ""))
        only = not (parts.query or parts.fragment or parts.port == 0 or re.search(r"[\s{}]", written))
    except ValueError:
        whole = only = False
    if not whole or not only:
        raise ValueError(
            f"{quoted(written)} is no address of an archive; write https:// and its host, and the path below which it "
            "is: “https://archive.example.org”"
        )
    return written.rstrip("/")


def pairs(value: Any) -> tuple[tuple[str, str], ...]:
    """Return pairs of texts."""
    if not isinstance(value, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in value[:MOST]):
        raise ValueError("these are no pairs of texts; write where it begins and where it ends: [[“<main”, “</main>”]]")
    if len(value) > MOST:
        raise ValueError(f"these are more than {MOST}; keep those that pages really have")
    return tuple((plain(begin), plain(end)) for begin, end in value)


def host(value: Any) -> str:
    """Return a host name in small letters."""
    return _host(value).lower()


_host = matching(_HOST_NAME, "is no host; write the name only: “archive.example.org”")


Selector = Annotated[str, BeforeValidator(selector)]
Declared = Annotated[tuple[str, ...], BeforeValidator(several(declared, "what a listing says"))]
Lines = Annotated[tuple[str, ...], BeforeValidator(several(line, "lines of the page"))]
Strings = Annotated[tuple[str, ...], BeforeValidator(several(plain, "texts"))]
DateLines = Annotated[tuple[str, ...], BeforeValidator(several(date_line, "texts around a date"))]
Pairs = Annotated[tuple[tuple[str, str], ...], BeforeValidator(pairs)]
Items = Annotated[tuple[str, ...], BeforeValidator(several(item, "addresses of items"))]
Paths = Annotated[tuple[str, ...], BeforeValidator(several(path, "paths"))]
Hosts = Annotated[tuple[str, ...], BeforeValidator(several(host, "hosts"))]
ParameterNames = Annotated[tuple[str, ...], BeforeValidator(several(parameters, "names of parameters"))]


def selectors(one: Callable[[Any], str]) -> Callable[[Any], dict[str, str]]:
    """Return the validator of selectors by the fields that they select; a list of selectors is one with commas."""

    def validate(value: Any) -> dict[str, str]:
        if not isinstance(value, dict) or not value:
            raise ValueError("this should be a table of fields with their selectors; write title = “h3 a” in it")
        found = {
            text(field): ", ".join(map(selector, each)) if isinstance(each, list) else one(each)
            for field, each in value.items()
        }
        if sum(len(_DESCENDANT.split(step)) for each in found.values() for step in _alternatives(each)) > MOST_STEPS:
            raise ValueError(f"these selectors take more than {MOST_STEPS} steps in all; name the nearest classes only")
        return found

    return validate


def field_selector(value: Any) -> str:
    """Return a selector inside a record, which may be the record itself, and may end with the number of a line."""
    written = text(value)
    inside, number = split_line(written)
    if inside != RECORD:
        selector(inside.removeprefix(f"{RECORD} > "))
        if inside.startswith(RECORD) and re.search(r"[^\s>+]\s+[^\s>+]|,", inside):
            raise ValueError(f"{quoted(written)} goes on below `:scope` by other signs than >; write “:scope > p > a”")
    return inside if number is None else f"{inside}::line({number})"


Selectors = Annotated[dict[str, str], BeforeValidator(selectors(selector))]
FieldSelectors = Annotated[dict[str, str], BeforeValidator(selectors(field_selector))]
Parameter = Annotated[str, BeforeValidator(parameter)]
ListingPath = Annotated[str, BeforeValidator(listing_path)]
PagePath = Annotated[str, BeforeValidator(page_path)]
Site = Annotated[str, BeforeValidator(site)]

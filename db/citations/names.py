"""Names as bibliographies need them: whose family name is known, what is a corporate body, which part is an office.

A heading of the archive (`Djilas, Milovan, 1911-1995`) parts a person's name itself. A name that only a title prints
is never turned round on a guess, but for initials before one word (`S. V. Chervonenko`), which stand before a family
name in every usage.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_YEARS = re.compile(
    r",?\s*\(?\b(?:b\.|d\.|ca?\.|fl\.|born|died|approximately)?\s*\d{3,4}\??\s*(?:[-–]\s*(?:\d{3,4})?\??)?\)?\.?$"
)
_BODY = re.compile(
    r"\b(?:Academy|Agency|Administration|Army|Assembly|Association|Bureau|Cabinet|Center|Centre|Command|Commission|"
    r"Committee|Company|Conference|Congress|Council|Delegation|Department|Directorate|Division|Embassy|Federation|Forces|"
    r"Foundation|Front|Government|Headquarters|Institute|League|Legation|Mission|Ministry|Museum|Nations|Office|"
    r"Organi[sz]ation|Parliament|Party|Politburo|Presidium|Press|Radio|Republic|Secretariat|Section|Service|Soviet|Staff|"
    r"State|States|Union|University|Leadership)s?\b|^[A-Z]{2,}$|\([A-Z]{2,}\)$"
)
_TITLES = frozenset({"Pope", "King", "Queen", "Emperor", "Prince", "Princess", "Shah", "Sultan", "Saint", "Jr.", "Sr."})
_OFFICE = re.compile(
    r"(?i:\b(?:ambassador|minister|premier|president|secretary|chairman|comrade|cde\.|marshal|general|colonel|consul|"
    r"chargé d['’]affaires|chancellor|counsel(?:l)?or|attaché|director|envoy|commander|prof\.|dr\.))\s+"
)
_INITIALS = re.compile(r"(?P<given>(?:[^\W\d_]{1,2}\.[\s-]?)+)\s*(?P<family>[^\W\d_][\w'’-]+)")
_PERSON = re.compile(r"(?:[^\W\d_]{1,2}\.[\s-]?)*[^\W\d_a-z][\w'’.-]+(?:\s+[\w'’.-]+)*(?:\s*\[[^\]]+\])?")
_TRANSLATED_BY = re.compile(
    r"\btranslat(?:ed|ion)\b(?:\s+(?:and|&)\s+\w+|\s+(?:for|from)\s+[\w\s]{1,40}?)?\s+by\s+", re.IGNORECASE
)
# A name ends with its sentence; a full stop behind an initial ends none.
_END_OF_NAMES = re.compile(
    r"(?<![\s.][^\W\d_])\.(?=\s|$)|;|[\n(]|,?\s+(?:and|&)\s+(?=(?:edited|contributed|obtained|provided)\b)"
)
_TRANSLATOR = re.compile(r"[^\W\d_a-z][\w'’-]*\.?(?:[\s-]+[^\W\d_][\w'’.-]*){0,5}")


@dataclass(frozen=True)
class Name:
    """A person (`family` and, where known, `given`) or, with `body`, a corporate body or a name of unknown parts."""

    family: str
    given: str = ""
    body: bool = False

    @property
    def plain(self) -> str:
        """Return the name in the order of speech: `Milovan Djilas`."""
        return f"{self.given} {self.family}".strip()

    @property
    def inverted(self) -> str:
        """Return the name as lists are sorted: `Djilas, Milovan`."""
        return f"{self.family}, {self.given}" if self.given else self.family


def is_body(name: str) -> bool:
    """Return whether a name is that of an office, a state or another corporate body."""
    return bool(_BODY.search(name))


def parse_heading(heading: str) -> Name:
    """Return the name in a heading of the archive, without years of life; no comma means one undivided name."""
    name = _YEARS.sub("", heading.strip()).strip(" ,")
    family, comma, given = name.partition(", ")
    given = given.split(", ")[0]
    if not comma or is_body(name) or given in _TITLES:
        return Name(name, body=is_body(name))
    return Name(family, given)


def parse_printed(name: str) -> Name:
    """Return a name as a title prints it, without article and office."""
    plain = re.sub(r"^(?:the|an?)\s+", "", name.strip(), flags=re.IGNORECASE)
    offices = list(_OFFICE.finditer(plain))
    if offices and _PERSON.fullmatch(plain, offices[-1].end()):
        plain = plain[offices[-1].end() :]
    elif is_body(plain):
        return Name(plain[:1].upper() + plain[1:], body=True)
    initials = _INITIALS.fullmatch(plain)
    if initials:
        return Name(initials["family"], initials["given"].strip())
    return Name(plain[:1].upper() + plain[1:])


def translators(location: str) -> tuple[str, ...]:
    """Return the translators' names in a location, in order; empty where it names none."""
    found: list[str] = []
    for match in _TRANSLATED_BY.finditer(location):
        names = _END_OF_NAMES.split(location[match.end() :], maxsplit=1)[0]
        parts = re.split(r",\s*(?:and\s+)?|\s+and\s+|\s*&\s*", names)
        found += [part.strip() for part in parts if _TRANSLATOR.fullmatch(part.strip())]
    return tuple(dict.fromkeys(found))

"""What a page states of its records: `711 - 720 of 1250`, `1250 results`, `page 3 of 12`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal

from harvester.definitions.templates import OF, TO
from harvester.learn.words import NOT_COUNTED, PAGE, RECORDS
from harvester.parsers.range_lines import LONGEST_LINE, MOST_DIGITS, MOST_RECORDS_ON_A_PAGE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from harvester.learn.candidates import Group
    from harvester.learn.tree import Tree

Kind = Literal["range", "total", "pages"]
_NUMBER = r"\d{1,3}(?:[.,'’\x20\xa0\u2009\u202f]\d{3})+(?!\d)|\d+"
_N = rf"(?<![\d.,/-])(?:{_NUMBER})(?![\d])"
_GAP = r"[^\d\n]{0,25}?"
_RANGE = re.compile(rf"(?i)(?P<first>{_N})(?:\.|-е)? ?(?:{TO}) ?(?P<last>{_NUMBER})(?!\d)")
_BEHIND = re.compile(rf"(?i){_GAP}(?<![^\W\d_]){OF}(?![^\W\d_]){_GAP}(?P<total>{_N})")
_ANY_BEHIND = re.compile(rf"[^\d\n]{{0,40}}(?P<total>{_N})")
_BEFORE = re.compile(rf"(?P<total>{_N})[^\d\n]{{1,40}}$")
_BEGINS_DATE = re.compile(r"[./-]\d")
_TOTAL = re.compile(
    rf"(?i)(?P<total>{_N}) (?:[^\W\d]+ ){{0,2}}?{RECORDS}(?:\([a-z]{{1,2}}\))?(?![^\W\d_])"
    rf"|(?P<cjk>{_N}) ?(?:件|条|項|项|筆|笔|个)"
    rf"|(?<![^\W\d_]){RECORDS}(?:(?: [^\W\d]+){{1,2}} ?[:：(]| ?[:：(]?) ?(?P<behind>{_N})"
)
_PAGES = re.compile(
    rf"(?i){PAGE}:? ?(?P<page>{_N}) ?(?:{OF}|\|) ?(?P<pages>{_N})"
    rf"|(?P<cjk>{_N}) ?/ ?(?P<of>{_NUMBER}) ?(?:页|頁|ページ)"
)
_SHORT = 60
"""Characters of a line that states a total that the page does not show."""
_LONG = 120
"""Characters of such a line if it begins with the total."""
_YEARS = (1400, 2100)
_YEAR = re.compile(r"(?:19|20)\d\d")
_MOST = 200
"""Statements of a kind that are looked at: a page has few outside of its records."""
_MOST_ALIKE = 12
"""Lines that differ in their numbers only."""
_DIGITS = re.compile(r"\d+")
_NO_DIGIT = re.compile(r"\D")


@dataclass(frozen=True)
class Declared:
    """A statement of a page, and the line in which it stands. `at`: its first text. `places`: of its numbers."""

    kind: Kind
    line: str
    first: int | None = None
    last: int | None = None
    total: int | None = None
    page: int | None = None
    pages: int | None = None
    at: int = 0
    places: tuple[tuple[str, int, int], ...] = ()
    known_words: bool = True

    @property
    def count(self) -> int | None:
        """How many records the page must have; None if it does not say."""
        return self.last - self.first + 1 if self.first is not None and self.last is not None else None

    @property
    def template(self) -> str:
        """The line, with placeholders for its numbers."""
        parts, at = [], 0
        for name, start, end in sorted(self.places, key=lambda place: place[1]):
            parts += [_plain(self.line[at:start]), f"{{{name}}}"]
            at = end
        rest = _plain(self.line[at:])
        parts.append(
            "{*}" if "{number}" in rest else rest
        )  # as the numbers of other pages, which are not the same there
        return " ".join("".join(parts).split())


def statements(tree: Tree) -> list[Declared]:
    """Return what a page states, ranges before totals before pages, each in page order."""
    numbered = [
        (at, line, _DIGITS.sub("0", line))
        for at, line in tree.numbered_lines(tree.body.first_text, tree.body.end_text)
        if len(line) <= LONGEST_LINE and _DIGITS.search(line)
    ]
    often = Counter(alike for _, _, alike in numbered)  # what many records say, the page does not say of itself
    lines = [(at, line) for at, line, alike in numbered if often[alike] <= _MOST_ALIKE]
    kinds = (_ranges, _totals, _pages)
    found = ((replace(one, at=at) for at, line in lines for one in kind(line)) for kind in kinds)
    return [one for several in found for one in islice(several, _MOST)]


def _ranges(line: str) -> Iterator[Declared]:
    for pair in _RANGE.finditer(line):
        if _BEGINS_DATE.match(line, pair.end()):
            continue
        known = _BEHIND.match(line, pair.end())
        other = _BEFORE.search(line[: pair.start()]) or _ANY_BEHIND.match(line, pair.end())
        total = known or other
        if total is None:
            continue
        places = (("first", *pair.span("first")), ("last", *pair.span("last")), ("total", *total.span("total")))
        first, last, number = (_number(line[start:end]) for _, start, end in places)
        if first is None or last is None or number is None:
            continue
        if (
            1 <= first <= last <= number
            and last - first < MOST_RECORDS_ON_A_PAGE
            and (known or _plain_numbers(first, last, number))
        ):
            yield Declared("range", line, first, last, number, places=places, known_words=known is not None)


def _totals(line: str) -> Iterator[Declared]:
    for found in () if NOT_COUNTED.search(line) else _TOTAL.finditer(line):
        name = next(name for name in ("total", "cjk", "behind") if found[name])
        number = _number(found[name])
        if number:
            yield Declared("total", line, total=number, places=(("total", *found.span(name)),))


def _pages(line: str) -> Iterator[Declared]:
    for found in _PAGES.finditer(line):
        names = ("page", "pages") if found["page"] else ("cjk", "of")
        page, pages = (_number(found[name]) for name in names)
        if page and pages and page <= pages:
            places = tuple((name, *found.span(group)) for name, group in zip(("page", "pages"), names, strict=True))
            yield Declared("pages", line, page=page, pages=pages, places=places)


def _plain_numbers(first: int, last: int, total: int) -> bool:
    """Return whether numbers are neither years nor those of a volume."""
    return first < last and not any(_YEARS[0] < number < _YEARS[1] for number in (first, last, total))


def _number(text: str) -> int | None:
    digits = _NO_DIGIT.sub("", text)
    return int(digits) if 0 < len(digits) <= MOST_DIGITS else None


def _plain(text: str) -> str:
    """Return text between numbers as it stands in a template: other numbers mean nothing, braces are left out."""
    return re.sub(_NUMBER, "{number}", text.replace("{", "").replace("}", ""))


def counts(stated: Iterable[Declared]) -> dict[int, float]:
    """Return how many records a page may have by its statements, each with the weight of the evidence."""
    weights: dict[int, float] = {}
    for one in stated:
        if one.kind == "range" and one.count:
            weights[one.count] = max(weights.get(one.count, 0), 3 if one.known_words else 1.8)
        elif one.kind == "total" and one.total and 1 < one.total <= MOST_RECORDS_ON_A_PAGE:
            weights[one.total] = max(weights.get(one.total, 0), 1.3)
    return weights


def statement_for(stated: Iterable[Declared], tree: Tree, group: Group) -> Declared | None:
    """Return the statement outside of the records that fits them best: as many, else not less, else pages."""
    count = len(group.blocks)
    starts = [block.first_text for block in group.blocks]
    rows = [(one, bisect_right(starts, one.at) - 1) for one in stated]
    outside = [one for one, row in rows if row < 0 or one.at >= group.blocks[row].end_text]
    weighed = [(_fit(one, count, tree), one) for one in outside]
    weight, best = max(weighed, key=lambda pair: pair[0], default=(0, None))
    return best if weight > 0 else None


def _fit(one: Declared, count: int, tree: Tree) -> int:
    if one.kind == "range":
        return (8 if one.known_words else 6) if one.count == count else 4 if one.known_words else 0
    if one.kind == "pages":
        return 3
    if one.total == count:
        return 5
    is_year = any(name == "total" and _YEAR.fullmatch(one.line[start:end]) for name, start, end in one.places)
    plausible = one.total is not None and count < one.total and not is_year
    short = len(one.line) < (_SHORT if any(start for _, start, _ in one.places) else _LONG)
    return 2 if plausible and short and not tree.elements[tree.texts[one.at].element].chrome else 0

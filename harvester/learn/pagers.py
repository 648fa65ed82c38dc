"""How a page leads to the others of its listing: by links that differ in one number, or by a link to the next page."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from itertools import permutations, product
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, urljoin, urlsplit

from harvester.learn.words import PAGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harvester.learn.candidates import Group
    from harvester.learn.declared import Declared
    from harvester.learn.tree import Tree

PagerKind = Literal["page", "offset", "page_path", "next"]
_NEXT = re.compile(
    r"(?i)(?:\W*(?:go to |zur |à la |à |go to the )?(?:next|older|(?:load|show|view) more|nächste|weiter|vor|ältere"
    r"|suivante?s?|siguiente|próxim[ao]|proxim[ao]|seguinte"
    r"|avançar|successiv[ao]|avanti|prossim[ao]|volgende|verder|следующая|далее|вперед|вперёд|następn[ay]|dalej|další"
    r"|následující|következő|tovább|下一页|下页|下一頁|次へ|次のページ|次)"
    r"(?: ?(?:page|posts?|entries|results|records|items|seite|beiträge|einträge|treffer|página|pagina|strona|stránka"
    r"|oldal|страница))?\W*|[>›»→]+)"
)
_SHOWN = re.compile(rf"(?i)\W*(?:(?:go to |zur |à la )?{PAGE} ?)?(\d{{1,5}})\W*")
_YEARS = (1900, 2100)
_MOST_SHOWN = 25
"""Numbers that a pager shows; more are days or years."""
_MOST_NUMBERS = 50
"""Numbers in the address of a link; no pager has more, and each takes as long as the whole address."""
_NUMBER = re.compile(r"\d{1,7}")
_PAGE_BEFORE = re.compile(rf"(?i)(?:^|/){PAGE}[/_-]?$")
_PATH_NUMBER = re.compile(r"(?:(?<=/)|(?<=[/_-]))(\d{1,6})(?=/?$|\.\w{1,5}$|/)")


@dataclass(frozen=True)
class Pager:
    """How pages are addressed: the parameter's name or the path with `{page}`, its first value, and its step.

    `next`: a selector of the link to the next page. `other`: parameters that all links have. `agrees`: whether the
    links fit the numbers that they show, or the page's own range.
    """

    kind: PagerKind
    name: str = ""
    begin: int = 1
    step: int = 1
    path: str = ""
    next: str | None = None
    other: tuple[tuple[str, str], ...] = ()
    agrees: bool = False
    links: int = 0


@dataclass(frozen=True)
class _Number:
    """A number in a link's address, and what the link shows: the page's number, or that it leads to the next page."""

    value: int
    shown: int | None
    is_next: bool


def pager_of(tree: Tree, group: Group, declared: Declared | None, address: str) -> Pager | None:
    """Return the pager of a page; None if no link leads to another page of the same listing."""
    outside = [at for at in tree.links if group.row_of(at) is None]
    found = [
        pager
        for family, numbers in _families(tree, outside, address).items()
        if (pager := _counted(family, numbers, declared, len(group.blocks)))
    ]
    best = max(found, key=lambda one: (one.agrees, one.links), default=None)
    if best:
        return best
    ahead = next((at for at in outside if is_next(tree, at)), None)
    return None if ahead is None else Pager("next", next=_next_selector(tree, ahead), links=1)


def is_next(tree: Tree, at: int) -> bool:
    """Return whether a link says that it leads to the next page."""
    attributes = tree.elements[at].attributes
    shown = tree.text(at) or attributes.get("title") or attributes.get("aria-label") or ""
    return "next" in (attributes.get("rel") or "").split() or _NEXT.fullmatch(shown) is not None


_Family = tuple[Literal["page", "page_path"], str, str, tuple[tuple[str, str], ...]]


def _families(tree: Tree, links: Sequence[int], address: str) -> dict[_Family, list[_Number]]:
    """Return the numbers of links that are alike but for one number, by what they have in common."""
    families: defaultdict[_Family, list[_Number]] = defaultdict(list)
    for at in links:
        shown = tree.text(at) or (tree.elements[at].attributes.get("aria-label") or "")
        number = _SHOWN.fullmatch(shown)
        page = int(number[1]) if number else None
        ahead = is_next(tree, at)
        try:
            parts = urlsplit(urljoin(address, (tree.elements[at].attributes.get("href") or "").strip()))
        except ValueError:  # no address, so it leads to no page
            continue
        query = parse_qsl(parts.query, keep_blank_values=True)
        in_query = [(name, value) for name, value in query if _NUMBER.fullmatch(value)]
        in_path = list(_PATH_NUMBER.finditer(parts.path))
        if len(in_query) + len(in_path) > _MOST_NUMBERS:
            continue
        for name, value in in_query:
            if page is None and not ahead and name.casefold() not in _NAMES:
                continue
            other = tuple((one, text) for one, text in query if one != name)
            families[("page", name, parts.path, other)].append(_Number(int(value), page, ahead))
        for place in in_path:
            if page is None and not ahead and not _PAGE_BEFORE.search(parts.path[: place.start(1)]):
                continue
            path = parts.path[: place.start(1)] + "{page}" + parts.path[place.end(1) :]
            families[("page_path", "", path, tuple(query))].append(_Number(int(place[1]), page, ahead))
    return families


def _counted(family: _Family, numbers: Sequence[_Number], declared: Declared | None, count: int) -> Pager | None:
    """Return a pager that counts pages or records, if its links fit each other or the page's own range."""
    kind, name, path, other = family
    pairs = sorted({(one.shown, one.value) for one in numbers if one.shown is not None})
    pairs = [(shown, value) for shown, value in pairs if shown is not None]
    if len(pairs) > _MOST_SHOWN or (pairs and all(_YEARS[0] < shown < _YEARS[1] for shown, _ in pairs)):
        return None
    current = _current(declared, count)
    ahead = next((one.value for one in numbers if one.is_next), None)
    if ahead is not None and current is not None:
        pairs.append((current + 1, ahead))
    rule = next(_rules(pairs, declared, count), None)
    if rule is None:
        # The address of a second page leads to it, whatever its link shows; weblogs count from 1 on.
        from_one = kind == "page_path" or name.casefold() == "paged"
        alone = {one.value for one in numbers} == {2} or (ahead is not None and ahead > 1 and from_one)
        return Pager(kind, name, 1, 1, path, None, other, links=1) if alone else None
    begin, step = rule
    fitting = sum(value == begin + (shown - 1) * step for shown, value in pairs)
    agrees = fitting >= 2 and fitting * 5 >= len(pairs) * 4
    if kind == "page" and (agrees or name.casefold() in _NAMES):
        return Pager("page" if step == 1 else "offset", name, begin, step, path, None, other, agrees, len(numbers))
    if kind == "page_path" and step == 1 and agrees:
        return Pager("page_path", "", begin, 1, path, None, other, agrees, len(numbers))
    return None


_NAMES = frozenset(
    {
        "page",
        "p",
        "pg",
        "paged",
        "pageno",
        "pagenum",
        "pagenumber",
        "seite",
        "pagina",
        "página",
        "strona",
        "stranka",
        "offset",
        "start",
        "from",
        "skip",
        "first",
    }
)


def _rules(pairs: Sequence[tuple[int, int]], declared: Declared | None, count: int) -> Iterator[tuple[int, int]]:
    """Yield the value of the first page and the step for each, from two links or from one and what is usual."""
    for (shown, value), (other, larger) in permutations(pairs, 2):
        if other > shown and larger > value and (larger - value) % (other - shown) == 0:
            step = (larger - value) // (other - shown)
            if value - (shown - 1) * step in (0, 1):
                yield value - (shown - 1) * step, step
    sizes = (1, count, declared.count if declared and declared.count else 1)
    for (shown, value), size in product(pairs, sizes):
        if value - (shown - 1) * size in (0, 1):
            yield value - (shown - 1) * size, size


def _current(declared: Declared | None, count: int) -> int | None:
    """Return the number of this page, from 1 on, by what it states."""
    if declared is None:
        return None
    if declared.page is not None:
        return declared.page
    if declared.first is not None and declared.count:
        size = declared.count if declared.last != declared.total or declared.first == 1 else count
        return (declared.first - 1) // size + 1 if (declared.first - 1) % size == 0 else None
    return None


def _next_selector(tree: Tree, at: int) -> str:
    """Return a selector of the link to the next page."""
    attributes = tree.elements[at].attributes
    if "next" in (attributes.get("rel") or "").split():
        return 'a[rel~="next"]'
    for step in (at, tree.elements[at].parent):
        name = next((name for name in tree.elements[step].classes if "next" in name.casefold()), None)
        if name:
            return f"a.{name}" if step == at else f".{name} a"
    return "a"

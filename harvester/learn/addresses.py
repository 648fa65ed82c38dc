"""The shapes of links: which part of their addresses differs, and which is the same."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_NAMED = re.compile(r"\{\w+\}")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_DIGITS = re.compile(r"\d+")
_EXTENSION = re.compile(r"\.([A-Za-z]{2,5})$")


_NOWHERE = "https://page.invalid/"
"""The address of a page that states none."""


@dataclass(frozen=True)
class Link:
    """A link's address: its host (empty for the page's own), the parts of its path, its extension, its query."""

    href: str
    host: str
    parts: tuple[str, ...]
    extension: str
    query: tuple[tuple[str, str], ...]

    @property
    def key(self) -> tuple[object, ...]:
        """What identifies where it leads to."""
        return (self.host, self.parts, self.query)


@lru_cache(maxsize=65536)
def read_link(href: str, base: str = "") -> Link | None:
    """Return the parts of an address; None if it is none."""
    try:
        parts = urlsplit(urljoin(base or _NOWHERE, href.strip()))
        host = (parts.hostname or "").lower()
        own = (urlsplit(base or _NOWHERE).hostname or "").lower()
    except ValueError:
        return None
    if parts.scheme not in ("", "http", "https"):
        return None
    path = tuple(unquote(part) for part in parts.path.split("/") if part)
    found = _EXTENSION.search(path[-1]) if path else None
    query = tuple(parse_qsl(parts.query, keep_blank_values=True)) or (((("", parts.query),)) if parts.query else ())
    return Link(href, "" if host == own else host, path, found[1].lower() if found else "", query)


Shape = tuple[object, ...]


def coarse_shape(link: Link) -> Shape:
    """Return what links to things of one kind have in common: host, length and beginning of the path, parameters."""
    names = tuple(sorted(name for name, _ in link.query))
    first = _DIGITS.sub("#", link.parts[0]) if len(link.parts) > 1 else ""
    return (link.host, len(link.parts), first, link.extension, names)


def by_shape(links: Iterable[tuple[int, Link]]) -> dict[Shape, list[tuple[int, Link]]]:
    """Return links, each with its place, by their coarse shapes."""
    shapes: defaultdict[Shape, list[tuple[int, Link]]] = defaultdict(list)
    for at, link in links:
        shapes[coarse_shape(link)].append((at, link))
    return shapes


def template_of(links: Sequence[Link]) -> str | None:
    """Return the template of the addresses of records: what is the same as it is, what identifies as a placeholder.

    None if nothing differs, or everything.
    """
    first = links[0]
    host = f"https://{first.host}" if first.host else ""
    names = [name for name, _ in first.query]
    keys = [name for name in names if len({dict(link.query).get(name) for link in links}) > 1]
    lengths = {len(link.parts) for link in links}
    parts = _path_template(links) if len(lengths) == 1 else _open_path_template(links)
    parts = _without_years(parts)
    path = "/" + "/".join(parts)
    differs = any("{" in part for part in parts)
    paths = len({link.parts for link in links})
    if differs and (not keys or paths >= max(len({dict(link.query).get(name) for link in links}) for name in keys)):
        return host + path
    if not keys:
        return None
    if "" in keys:  # a query without names, which no definition can say
        return None
    path = _NAMED.sub("{*}", path)  # what identifies is in the query
    most = max(keys, key=lambda name: len({dict(link.query).get(name) for link in links}))
    return f"{host}{path}?{most}={{slug}}"


def _without_years(parts: list[str]) -> list[str]:
    """Return a template in which a year before the placeholder is part of it: another page has other years."""
    key = next((at for at, part in enumerate(parts) if "{" in part), None)
    year = next((at for at, part in enumerate(parts[: key or 0]) if _YEAR.fullmatch(part)), None)
    if key is None or year is None:
        return parts
    end = re.sub(r"^.*\{\w+\}", "", parts[key])
    return [*parts[:year], "{path}" + end, *parts[key + 1 :]]


def _path_template(links: Sequence[Link]) -> list[str]:
    """Return the segments of paths of one length: the last one that differs identifies, those before it with it."""
    columns = [[link.parts[at] for link in links] for at in range(len(links[0].parts))]
    differing = [at for at, column in enumerate(columns) if len(set(column)) > 1]
    parts = [_escaped(column[0]) for column in columns]
    if not differing:
        return parts
    first, last = differing[0], differing[-1]
    key = _with_ends(columns[last])
    if first == last:
        return [*parts[:last], key, *parts[last + 1 :]]
    return [*parts[:first], "{path}" + key.removeprefix("{slug}").removeprefix("{record_id}"), *parts[last + 1 :]]


def _open_path_template(links: Sequence[Link]) -> list[str]:
    """Return the template of paths of several lengths: what they begin with, then anything."""
    common = 0
    shortest = min(len(link.parts) for link in links)
    while common < shortest - 1 and len({link.parts[common] for link in links}) == 1:
        common += 1
    end = _with_ends([link.parts[-1] for link in links]).removeprefix("{slug}").removeprefix("{record_id}")
    return [*map(_escaped, links[0].parts[:common]), "{path}" + end]


def _with_ends(values: Sequence[str]) -> str:
    """Return the template of a segment: its extension if all have the same one, else only the placeholder."""
    ends = {found[0] if (found := _EXTENSION.search(value)) else "" for value in values}
    end = ends.pop() if len(ends) == 1 else ""
    bare = [value.removesuffix(end) for value in values]
    if all(value.isascii() and value.isdigit() for value in bare):
        return "{record_id}" + end
    return "{slug}" + end


def _escaped(part: str) -> str:
    return quote(part, safe="-._~!$&'()*+,;=:@%")

"""Reads the HTML page of one document: its keys, fields, transcript, translations and files."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from stringzilla import find, rfind

from harvester.model import DocumentPage, FileLink, Record, Refused, Text
from harvester.parsers import page_problems
from harvester.parsers.dates import read_date
from harvester.parsers.html.page_bytes import container_of, may_end_so, open_elements
from harvester.parsers.html.text import LINK, label_of, line_of, parts_of, printed_label, stated_fields
from harvester.urls import Address, read_address, read_file_address

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from harvester.model import Capture, PrintedDate
    from harvester.parsers.html.engines import Engine, Node
    from harvester.parsers.html.page_bytes import End
    from harvester.parsers.html.text import Part
    from harvester.source import DocumentForm, Source


_NOTE = re.compile(rf"{LINK}\[?[0-9]{{1,3}}\]?\s*$")
"""A link at the end of a title that is only a number leads to a footnote."""


class DocumentReader:
    """Reads one page, parsed by one engine, as the page of a document."""

    def __init__(
        self, engine: Engine, root: Node, form: DocumentForm, source: Source, keys: dict[str, str], end: End
    ) -> None:
        self._engine, self._root, self._form, self._source, self._keys = engine, root, form, source, keys
        self._fields = engine.select(root, form.fields)
        self._panes = engine.select(root, form.panes)
        self._end = end
        self._doubtful = set[int]()  # keys of the elements in which the page is cut off, or right after them

    def read(self) -> DocumentPage | Refused:
        """Return the page; `Refused` if it is not a document's."""
        headings = self._select(self._form.title) or self._select("h1")
        whole = self._is_whole(headings)
        self._doubtful = set() if whole else self._last_elements()
        title = line_of(_NOTE.sub("", self._engine.text(headings[0]))) if headings else ""
        values = list(self._values())
        stated = stated_fields(values, self._form.labelled, others=self._form.keeps_others)
        title = title or stated.get("title", "")
        stated.pop("title", None)
        texts = read_texts(self._engine, self._root, self._believed(self._panes))
        labelled = bool(stated)
        printed = stated.pop("date", None) or (self._near(headings[0]) if headings else None)
        attributes = {**self._keys, "summary": self._summary(), "credit": self._credit(), **stated}
        # A definition may name all of what a page shows of its document.
        selected = self._form.marks and self._form.summary_is_field and (printed or attributes["summary"])
        if not title or not (labelled or texts or selected):
            message = "no title with fields or a text: not a document's page"
            return Refused("no-document", message, title, self._form.name)
        date = self._date(printed)
        record = Record(1, title, date, **attributes, cut=not whole)
        empty = [label for label, found in values if not found and label.casefold() in self._form.labelled]
        problems = (*page_problems.of_dates([record]), *page_problems.of_empty_fields(empty))
        problems += (*page_problems.of_document_end(shown=self._end == "shown", whole=whole),)
        return DocumentPage(self._form.name, record, texts, self._files(), problems)

    def _date(self, printed: str | None) -> PrintedDate:
        """Return the date; where a definition selects an element that holds more, the day that stands in it."""
        if self._form.summary_is_field:
            from harvester.parsers.html.selected_records import date_within  # only definitions select records

            return date_within(printed, self._form, self._source)
        return read_date(printed, self._source.date_order)

    def _is_whole(self, headings: list[Node]) -> bool:
        """Return whether the page shows its end, or at least closes the element around title, all fields and all texts.

        Programs that save pages leave the last end tags out, as HTML allows; nothing else may be open then.
        """
        if self._end == "shown" or not headings:
            return True
        still_open = open_elements(self._engine, self._root)
        if still_open is None or not may_end_so(self._engine, still_open):
            return False
        container = container_of(self._engine, [headings[0], *self._fields, *self._panes, *self._summaries()])
        if container is None:
            return self._end == "saved"
        return self._engine.key(container) not in self._engine.keys(still_open)

    def _last_elements(self) -> set[int]:
        """Return the keys of the last element that was read of a page that is cut off, and of all around it."""
        form = self._form
        selectors = (form.title, form.date, form.summary, form.credit, form.fields, form.panes)
        read = self._select(", ".join(filter(None, selectors)))
        around = self._engine.keys(self._engine.path(read[-1])) if read else []
        return {*around, *self._engine.keys(open_elements(self._engine, self._root) or [])}

    def _believed(self, nodes: list[Node]) -> list[Node]:
        """Return those of the elements in which the page is not cut off."""
        return [node for node in nodes if self._engine.key(node) not in self._doubtful] if self._doubtful else nodes

    def _summaries(self) -> list[Node]:
        """Return the elements that may be the summary: it is not inside a transcript, but may follow one."""
        found = self._select(self._form.summary)
        return found if self._form.summary_is_field else list(self._outside(found))

    def _select(self, selector: str | None) -> list[Node]:
        return self._engine.select(self._root, selector) if selector else []

    def _line(self, node: Node) -> str:
        return line_of(self._engine.text(node))

    def _near(self, heading: Node) -> str | None:
        """Return the text of the first date in the smallest part of the page around the title that has one."""
        every = self._believed(self._select(self._form.date))
        if len(every) <= 1:  # as on nearly all pages
            return self._line(every[0]) or None if every else None
        for step in reversed(self._engine.path(heading)):
            found = self._believed(self._engine.select(step, self._form.date))
            if found:
                return next(filter(None, map(self._line, found)), None)
        return None

    def _credit(self) -> str | None:
        return next(filter(None, map(self._line, self._believed(self._select(self._form.credit)))), None)

    def _summary(self) -> str | None:
        """Return the first summary; in a definition's form, with the elements beside it that it selects, too."""
        found, beside = list[str](), None
        for node in self._believed(self._summaries()):
            around = self._engine.keys(self._engine.path(node)[-2:])[0] if self._form.summary_is_field else None
            if beside not in (None, around):
                break
            parts = parts_of(self._engine.text(node))
            if parts and self._form.labelled.get(label_of(" ".join(parts[0]))) == "summary":
                parts = parts[1:]
            if parts:
                found.append("\n\n".join("\n".join(part) for part in parts))
                beside = around
            if found and not self._form.summary_is_field:
                break
        return "\n\n".join(found) or None

    def _outside(self, nodes: list[Node]) -> Iterator[Node]:
        """Yield those of the elements that are neither in a pane nor in a field."""
        within = set(self._engine.keys([*self._panes, *self._fields]))
        for node in nodes:
            if self._engine.closest(node, within) is None:
                yield node

    def _values(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the labels of the page's fields with their values."""
        blocks = {self._engine.key(node): node for node in self._fields}
        values = self._lines_in(blocks, self._select(self._form.value))
        labels: dict[int, list[str]] | None = None
        pairs: dict[int, list[tuple[str, list[str]]]] | None = None
        for key, block in blocks.items():
            parts = parts_of(self._engine.text(block))
            lines = [" ".join(part) for part in parts]
            doubtful = key in self._doubtful
            if len(lines) == 2 and not doubtful:  # as nearly all are
                label = printed_label(lines[0])
                if label.casefold() in self._form.labelled:
                    yield label, values.get(key, lines[1:])
                    continue
            labels = self._lines_in(blocks, self._select(self._form.label)) if labels is None else labels
            if self._form.keeps_others:
                pairs = self._pairs(blocks) if pairs is None else pairs
                if key in pairs and not doubtful:
                    yield from pairs[key]
                    continue
                lines = list(_pieces(parts, labels.get(key, [])))
            fields = list(_by_label(lines, labels.get(key, []), self._form.labelled))
            if doubtful:  # the last of its fields may be cut off
                del fields[-1:]
            yield from [(fields[0][0], values[key])] if len(fields) == 1 and key in values else fields

    def _pairs(self, blocks: Mapping[int, Node]) -> dict[int, list[tuple[str, list[str]]]]:
        """Return the labels in each block with the values after each, by the block; not of blocks of one label."""
        label, value = self._form.label, self._form.value
        labels = set(self._engine.keys(self._select(label)))
        nodes = {self._engine.key(node): node for node in self._select(f"{label}, {value}")}
        if " " in f"{label},{value}".replace(", ", ","):  # of such selectors the engines give one after the other
            nodes = {key: node for node in self._select("*") if (key := self._engine.key(node)) in nodes}
        found: dict[int, list[tuple[str, list[str]]]] = {}
        for key, node in nodes.items():
            lines = [" ".join(part) for part in parts_of(self._engine.text(node))]
            block = self._engine.closest(node, blocks) if lines else None
            if block is None:
                continue
            pairs = found.setdefault(block, [])
            if key in labels:
                pairs.append((printed_label(" ".join(lines)), []))
            elif pairs:
                is_text = self._form.labelled.get(label_of(pairs[-1][0])) == "summary"
                pairs[-1][1].extend(["\n\n".join(lines)] if is_text else lines)
        return {block: pairs for block, pairs in found.items() if len(pairs) > 1 and all(part for _, part in pairs)}

    def _lines_in(self, blocks: Mapping[int, Node], nodes: list[Node]) -> dict[int, list[str]]:
        """Return the lines of elements by the block that they are in."""
        found: dict[int, list[str]] = {}
        if self._form.keeps_others:  # an element around values is no value
            around = {key for node in nodes for key in self._engine.keys(self._engine.path(node)[:-1])}
            nodes = [node for node in nodes if self._engine.key(node) not in around]
        for node in nodes:
            line = self._line(node)
            block = self._engine.closest(node, blocks) if line else None
            if block is not None:
                found.setdefault(block, []).append(line)
        return found

    def _files(self) -> tuple[FileLink, ...]:
        """Return the files of this document; links to those of others are beside them."""
        files: dict[str, None] = {}
        node_id = self._keys.get("node_id")
        for node in self._select('a[href*="/download"]'):
            address = read_file_address(self._engine.attribute(node, "href"), self._source)
            if address and node_id in (None, address.node_id):
                files[address.url] = None
        return tuple(FileLink(url) for url in files)


def _pieces(parts: list[Part], marked: Collection[str]) -> Iterator[str]:
    """Yield the parts of a block, each in one line, and divided where a line begins with a label."""
    for part in parts:
        piece: list[str] = []
        for line in part:
            if piece and any(line.startswith(label) for label in marked):
                yield " ".join(piece)
                piece = []
            piece.append(line)
        yield " ".join(piece)


def _by_label(
    lines: list[str], marked: Collection[str], labelled: Mapping[str, str]
) -> Iterator[tuple[str, list[str]]]:
    """Yield the labels in the lines of a block, with their values; the first line is a label, or begins with one."""
    label, values = "", list[str]()
    for number, line in enumerate(lines):
        found = _label_in(line, marked, labelled, first=number == 0)
        if found is None:
            values.append(line)
            continue
        if number:
            yield label, values
        label, values = printed_label(found), list(filter(None, [line[len(found) :].strip()]))
    if lines:
        yield label, values


def _label_in(line: str, marked: Collection[str], labelled: Mapping[str, str], *, first: bool) -> str | None:
    if line in marked or (not marked and label_of(line) in labelled):
        return line
    if first:
        return next((label for label in marked if line.startswith(label)), line)
    return next((label for label in marked if label.endswith((":", "：")) and line.startswith(label)), None)


_KIND_WORDS = re.compile(
    r"\b(?:view|original|language|document|transcripts?|transcriptions?|translations?|translated|text|tab|pane|in|into|from|the)\b",
    re.IGNORECASE,
)
_LANGUAGE = re.compile(r"[^\W\d_]{3,20}(?:[ -][^\W\d_]{2,20}){0,2}")
LONGEST_NAME = 200
"""Of a tab's words no more is looked at."""
_TRANSLATED = re.compile("translat", re.IGNORECASE)


def read_texts(engine: Engine, root: Node, panes: list[Node]) -> tuple[Text, ...]:
    """Return the texts of a document page, in the order of their panes; a pane without text is none."""
    texts = []
    names = [engine.attribute(pane, "id") for pane in panes]
    tabs = _tabs(engine, root, names) if panes else {}
    for pane, name in zip(panes, names, strict=True):
        parts = parts_of(engine.text(pane))
        if not parts:
            continue
        label = tabs.get(name, "")
        if _is_label(" ".join(parts[0]), label):
            parts = parts[1:]
        text = "\n\n".join("\n".join(part) for part in parts)
        if text:
            texts.append(Text(*_pane_kind(label[:LONGEST_NAME], name[:LONGEST_NAME]), text))
    return tuple(texts)


def _is_label(line: str, label: str) -> bool:
    """Return whether a line repeats a label; case makes no difference, and triples the length at most."""
    return len(line) <= 3 * len(label) and line.casefold() == label.casefold()


def _tabs(engine: Engine, root: Node, names: list[str]) -> dict[str, str]:
    """Return the texts of the tabs that lead to panes of these names; of several, the first with a text."""
    found: dict[str, str] = {}
    wanted = {f"#{name}": name for name in names if _NAME.fullmatch(name)}
    for tab in engine.select(root, '[href*="#"], [data-bs-target], [data-target]'):
        if not wanted:
            break
        link, *others = (engine.attribute(tab, name) for name in ("href", "data-bs-target", "data-target"))
        leads = wanted.keys() & {link[link.rfind("#") :] if "#" in link else "", *others}
        if leads and (text := line_of(engine.text(tab))):
            found |= {wanted.pop(target): text for target in leads}
    return found


_NAME = re.compile(r"[\w-]+")


@lru_cache(maxsize=256)  # an archive has few names for its tabs
def _pane_kind(label: str, pane: str) -> tuple[Literal["transcript", "translation"], str | None]:
    return _kind(label, pane), _language(label)


def _kind(label: str, pane: str) -> Literal["transcript", "translation"]:
    """Return the kind of text in a pane, from its tab, or else from its own name."""
    named = label if _TRANSLATED.search(label) or "transcript" in label.lower() else pane
    return "translation" if _TRANSLATED.search(named) else "transcript"


def _language(label: str) -> str | None:
    """Return the language that a tab names beside what its pane is: `English Translation`, `Transcript (Russian)`."""
    rest = _KIND_WORDS.sub(" ", label)
    found = _LANGUAGE.fullmatch(" ".join(re.sub(r"[^\w -]", " ", rest).split()))
    return found[0] if found else None


_CANONICAL = re.compile(rb"<link\s(?=[^>]{0,500}?\brel=[\"']?canonical)[^>]{0,1000}>", re.IGNORECASE)
_HREF = re.compile(rb"\bhref=[\"']?([^\"'\s>]+)", re.IGNORECASE)
_CURRENT_PATH = b'"currentPath"'
_STRING = re.compile(rb'\s{0,9}:\s{0,9}("(?:[^"\\]|\\.){0,200}")')
_PLAIN_STRING = re.compile(rb'"((?:[\w/.-]|\\/)*)"')
LONGEST_ADDRESS = 1000


def read_keys(capture: Capture, form: DocumentForm, source: Source) -> dict[str, str]:
    """Return the keys of the page's document: url, slug, record id, node id.

    The keys in the page itself have priority over those of the capture's address, which is only what was requested.
    """
    addresses = [_canonical(capture.body, source), read_address(capture.uri, source) if "//" in capture.uri else None]
    keys: dict[str, str] = {}
    for address in dict.fromkeys(filter(None, addresses)):  # mostly both are the same
        keys |= {name: value for name, value in address._asdict().items() if value and name not in keys}
    node_id = _node_id(capture.body, form)
    if node_id:
        keys.setdefault("node_id", node_id)
    return _with_url(keys, [address for address in addresses if address])


def _node_id(body: bytes, form: DocumentForm) -> str | None:
    """Return the node that Drupal's settings (JSON) name as the page's path; None without one."""
    if form.node_path is None:
        return None
    start = rfind(body, _CURRENT_PATH)  # it is mostly near the end, and a search from there is faster
    found = _STRING.match(body, start + len(_CURRENT_PATH)) if start >= 0 else None
    if found is None:
        return None
    plain = _PLAIN_STRING.fullmatch(found[1])  # nearly always without another code than `\/`
    try:
        path = plain[1].replace(b"\\/", b"/").decode() if plain else json.loads(found[1])
    except ValueError:
        return None
    node = re.fullmatch(form.node_path, path)
    return node[1] if node else None


def _with_url(keys: dict[str, str], addresses: list[Address]) -> dict[str, str]:
    """Return the keys with the address that has the slug: it is the one that the archive itself shows."""
    best = next((address for address in addresses if address.slug), addresses[0] if addresses else None)
    return keys | ({"url": best.url} if best else {})


def _canonical(body: bytes, source: Source) -> Address | None:
    head = find(body, b"<body")
    link = _CANONICAL.search(body, 0, head if head >= 0 else len(body))
    href = _HREF.search(link[0]) if link else None
    return read_address(href[1][:LONGEST_ADDRESS].decode("utf-8", "replace"), source) if href else None

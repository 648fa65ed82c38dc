"""The page of one document in HTML: its fields, its transcript and translations, its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harvester.pages import findings
from harvester.pages.dates import read_date
from harvester.pages.html_address import read_file_address
from harvester.pages.html_end import container_of, may_end_so, open_elements
from harvester.pages.html_labels import label_of, stated_fields
from harvester.pages.html_text import line_of, parts_of
from harvester.pages.html_texts import read_texts
from harvester.pages.page import DocumentPage, FileLink, Record, Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from harvester.html_source import DocumentForm
    from harvester.pages.html_end import End
    from harvester.pages.markup import Engine, Node
    from harvester.source import Source


class DocumentReader:
    """Reads one page, parsed by one engine, as the page of a document."""

    def __init__(
        self, engine: Engine, root: Node, form: DocumentForm, source: Source, keys: dict[str, str], end: End
    ) -> None:
        self._engine, self._root, self._form, self._source, self._keys = engine, root, form, source, keys
        self._fields = engine.select(root, form.fields)
        self._panes = engine.select(root, form.panes)
        self._end = end
        self._doubtful = set[int]()  # keys of the elements in which the page is cut off, or right behind them

    def read(self) -> DocumentPage | Refused:
        """Read the page, or say why it is no document's."""
        headings = self._select(self._form.title) or self._select("h1")
        whole = self._is_whole(headings)
        self._doubtful = set() if whole else self._last_elements()
        title = self._line(headings[0]) if headings else ""
        values = list(self._values())
        stated = stated_fields(values, self._form.labelled)
        texts = read_texts(self._engine, self._root, self._believed(self._panes))
        if not title or not (stated or texts):
            message = "no title with fields or a text: not a document's page"
            return Refused("no-document", message, title, self._form.name)
        printed = stated.pop("date", None) or self._near(headings[0], self._form.date)
        date = read_date(printed, self._source.date_order)
        said = {**self._keys, "summary": self._summary(), "credit": self._credit(), **stated}
        record = Record(1, title, date, **said, cut=not whole)
        empty = [label for label, found in values if not found and label in self._form.labelled]
        problems = (*findings.of_dates([record]), *findings.of_empty_fields(empty))
        problems += (*findings.of_document_end(shown=self._end == "shown", whole=whole),)
        return DocumentPage(self._form.name, record, texts, self._files(), problems)

    def _is_whole(self, headings: list[Node]) -> bool:
        """Say whether the page shows its end, or at least closes what holds the title, all fields and all texts.

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
        """Return the keys of the last element that is read of a page that is cut off, and of all around it."""
        form = self._form
        selectors = (form.title, form.date, form.summary, form.credit, form.fields, form.panes)
        read = self._select(", ".join(filter(None, selectors)))
        around = self._engine.keys(self._engine.path(read[-1])) if read else []
        return {*around, *self._engine.keys(open_elements(self._engine, self._root) or [])}

    def _believed(self, nodes: list[Node]) -> list[Node]:
        """Return those of the elements in which the page is not cut off."""
        return [node for node in nodes if self._engine.key(node) not in self._doubtful] if self._doubtful else nodes

    def _summaries(self) -> list[Node]:
        """Return what may be the summary: it is no part of a transcript, and may stand behind it."""
        return list(self._outside(self._select(self._form.summary)))

    def _select(self, selector: str | None) -> list[Node]:
        return self._engine.select(self._root, selector) if selector else []

    def _line(self, node: Node) -> str:
        return line_of(self._engine.text(node))

    def _near(self, heading: Node, selector: str) -> str | None:
        """Give the first element of the smallest part of the page around the title that has one."""
        for step in reversed(self._engine.path(heading)):
            found = self._believed(self._engine.select(step, selector))
            if found:
                return next(filter(None, map(self._line, found)), None)
        return None

    def _credit(self) -> str | None:
        return next(filter(None, map(self._line, self._believed(self._select(self._form.credit)))), None)

    def _summary(self) -> str | None:
        """Give the first summary."""
        for node in self._believed(self._summaries()):
            parts = parts_of(self._engine.text(node))
            if parts and self._form.labelled.get(label_of(" ".join(parts[0]))) == "summary":
                parts = parts[1:]
            if parts:
                return "\n\n".join("\n".join(part) for part in parts)
        return None

    def _outside(self, nodes: list[Node]) -> Iterator[Node]:
        """Give those of the elements that stand neither in a pane nor in a field."""
        within = set(self._engine.keys([*self._panes, *self._fields]))
        for node in nodes:
            if self._engine.around(node, within) is None:
                yield node

    def _values(self) -> Iterator[tuple[str, list[str]]]:
        """Give the labels of the page's fields with their values."""
        blocks = {self._engine.key(node): node for node in self._fields}
        values = self._lines_in(blocks, self._form.value)
        labels: dict[int, list[str]] | None = None
        for key, block in blocks.items():
            lines = [" ".join(part) for part in parts_of(self._engine.text(block))]
            doubtful = key in self._doubtful
            simple = len(lines) == 2 and not doubtful  # as nearly all are
            if simple and (label := label_of(lines[0])) in self._form.labelled:
                yield label, values.get(key, lines[1:])
                continue
            labels = self._lines_in(blocks, self._form.label) if labels is None else labels
            fields = list(_by_label(lines, labels.get(key, []), self._form.labelled))
            if doubtful:  # the last of its fields may be cut off
                del fields[-1:]
            yield from [(fields[0][0], values[key])] if len(fields) == 1 and key in values else fields

    def _lines_in(self, blocks: Mapping[int, Node], selector: str) -> dict[int, list[str]]:
        """Give the lines of the selected elements by the block that they stand in."""
        found: dict[int, list[str]] = {}
        for node in self._select(selector):
            line = self._line(node)
            block = self._engine.around(node, blocks) if line else None
            if block is not None:
                found.setdefault(block, []).append(line)
        return found

    def _files(self) -> tuple[FileLink, ...]:
        """Give the files of this document; links to those of others stand beside them."""
        files: dict[str, None] = {}
        node_id = self._keys.get("node_id")
        for node in self._select('a[href*="/download"]'):
            address = read_file_address(self._engine.attribute(node, "href"), self._source)
            if address and node_id in (None, address.node_id):
                files[address.url] = None
        return tuple(FileLink(url) for url in files)


def _by_label(
    lines: list[str], marked: Collection[str], labelled: Mapping[str, str]
) -> Iterator[tuple[str, list[str]]]:
    """Part the lines of a block at its labels; its first line is one, or begins with one."""
    label, values = "", list[str]()
    for number, line in enumerate(lines):
        found = _label_in(line, marked, labelled, first=number == 0)
        if found is None:
            values.append(line)
            continue
        if number:
            yield label, values
        label, values = label_of(found), list(filter(None, [line[len(found) :].strip()]))
    if lines:
        yield label, values


def _label_in(line: str, marked: Collection[str], labelled: Mapping[str, str], *, first: bool) -> str | None:
    if line in marked or (not marked and label_of(line) in labelled):
        return line
    if first:
        return next((label for label in marked if line.startswith(label)), line)
    return None

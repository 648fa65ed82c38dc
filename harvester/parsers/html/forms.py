"""HTML pages: decides which form a page has, which engine's reading to use, and why a page cannot be read."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

from harvester.model import REFERENCE_READING, DocumentPage, Page, Problem, Refused
from harvester.parsers.html.document import DocumentReader, read_keys
from harvester.parsers.html.engines import FAST, REFERENCE, reference_outline
from harvester.parsers.html.limits import check_limits
from harvester.parsers.html.listing import ListingReader, refuse_by_outline
from harvester.parsers.html.page_bytes import HtmlBytes, has_marker, is_utf8, slice_of, with_end_mark
from harvester.parsers.html.refusals import classify_non_page
from harvester.source import DocumentForm, HtmlForm, HtmlListing
from harvester.urls import host_of, read_address

if TYPE_CHECKING:
    from harvester.model import Capture
    from harvester.parsers.html.engines import Engine, Node
    from harvester.source import Source

EngineChoice = Literal["auto", "reference", "fast"]
ENGINES: tuple[EngineChoice, ...] = ("auto", "reference", "fast")
_INCONSISTENT = frozenset({"records-missing", "more-records", "cut-off", "field-empty", "row-without-link"})


def read_html(capture: Capture, source: Source, choice: EngineChoice) -> Page:
    """Return an HTML page, read as the first of the source's HTML forms that it proves to have; else the refusal."""
    original = HtmlBytes(capture)
    refused: list[Refused] = []
    for form in _likely_first(capture, source):
        if has_marker(form, capture.body):
            page = _Reading(original, form, source).by(choice)
            if not isinstance(page, Refused):
                return page
            refused.append(page)
    if not refused:
        return Refused("not-a-listing", f"no listing or document of {source.title}")
    return _why(capture.body, refused, source)


def is_foreign(original: HtmlBytes, source: Source) -> bool:
    """Return whether a page is of another site: it is not from a host of the archive, and names nothing of it.

    Then no engine finds a record on it.
    """
    if not source.signs or host_of(original.capture.uri) in source.hosts:
        return False
    return not any(sign in original.unescaped for sign in source.signs)


def _likely_first(capture: Capture, source: Source) -> list[HtmlForm]:
    """Return the HTML forms, those of documents first only if the page has the address of one, or none."""
    forms = [form for form in source.forms if isinstance(form, HtmlForm)]
    is_item = "//" not in capture.uri or capture.uri.startswith("file:") or read_address(capture.uri, source)
    return forms if is_item else sorted(forms, key=lambda form: isinstance(form, DocumentForm))


def _why(body: bytes, refused: list[Refused], source: Source) -> Refused:
    """Return the most helpful reason: what the page is, else what its most likely form lacks."""
    named = classify_non_page(body)
    strong = next((page for page in refused if page.code not in ("no-range-line", "no-document")), None)
    return named or strong or Refused("not-a-listing", f"no listing or document of {source.title}")


class _Reading:
    """The readings of one page as one form."""

    def __init__(self, original: HtmlBytes, form: HtmlForm, source: Source) -> None:
        self.original, self.form, self.source = original, form, source

    def by(self, choice: EngineChoice) -> Page:
        """Return the reading to use: the fast one if it is consistent with itself, else the reference."""
        if isinstance(self.form, DocumentForm) and not self._keys:
            return Refused("no-document", "neither its address nor the page says which document it is")
        if isinstance(self.form, HtmlListing) and not self.form.marks and is_foreign(self.original, self.source):
            return Refused("no-range-line", "a page of another site: it names nothing of this archive")
        if choice == "reference":
            return self._read(REFERENCE)
        fast = self._fast()
        if choice == "fast" or is_consistent(fast):
            return fast
        page = self._refusal_by_outline or self._read(REFERENCE)
        if isinstance(page, Refused):
            return page
        notice = Problem("notice", REFERENCE_READING, "the fast reading was not consistent: the reference was taken")
        return replace(page, problems=(*page.problems, notice))

    @property
    def _refusal_by_outline(self) -> Refused | None:
        """The refusal that the reference would return, where text and links alone show it: no tree is built."""
        if not isinstance(self.form, HtmlListing):
            return None
        too_much = check_limits(self.original.in_utf8[0])
        outline = None if too_much else reference_outline(self.original.to_parse)
        return refuse_by_outline(*outline, self.form, self.source) if outline else None

    def _fast(self) -> Page:
        """Return the reading of the slice if the page can be sliced safely, else that of the whole page."""
        cut = slice_of(self.original.capture.body, self.form) if self._may_be_sliced else None
        return self._read(FAST, cut if cut and is_utf8(cut) else None)

    @property
    def _may_be_sliced(self) -> bool:
        """Whether the rest of the page is not needed: a document page without its end must be parsed as a whole."""
        return not isinstance(self.form, DocumentForm) or self.original.end == "shown"

    def _read(self, engine: Engine, cut: bytes | None = None) -> Page:
        """Return the reading of the whole page, or of the part `cut`."""
        data, problems = self.original.in_utf8 if cut is None else (cut, [])
        refused = check_limits(data)
        root = None if refused else engine.parse(self.original.to_parse if cut is None else with_end_mark(cut))
        if root is None:
            return refused or Refused("empty", "no element in it")
        page = self._read_tree(engine, root)
        return (
            page if isinstance(page, Refused) or not problems else replace(page, problems=(*problems, *page.problems))
        )

    def _read_tree(self, engine: Engine, root: Node) -> Page:
        if isinstance(self.form, DocumentForm):
            return DocumentReader(engine, root, self.form, self.source, self._keys, self.original.end).read()
        assert isinstance(self.form, HtmlListing)  # noqa: S101 - there are no others
        return ListingReader(engine, root, self.form, self.source, whole=self.original.whole).read()

    @cached_property
    def _keys(self) -> dict[str, str]:
        assert isinstance(self.form, DocumentForm)  # noqa: S101 - only these ask
        return read_keys(self.original.capture, self.form, self.source)


def is_consistent(page: Page) -> bool:
    """Return whether a fast reading can be used: as many records as declared, each with a link; no empty field."""
    if isinstance(page, Refused) or any(problem.code in _INCONSISTENT for problem in page.problems):
        return False
    return isinstance(page, DocumentPage) or all(
        (record.url or record.record_id) and not record.cut for record in page.records
    )

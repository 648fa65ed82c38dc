"""Writes pages that need rows of their own and nothing else, many of them together.

Most pages of a first harvest are such: a listing of items that nothing is known of, or the page of an item that only
listings have shown, which says nothing that contradicts them. For these the questions are asked once for a batch, and
the rows are written statement by statement. All other pages are for `PageWriter`, which would write these, too: both
ways give the same database, which is tested.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from harvester.model import DocumentPage, Listing
from harvester.parsers.parse import PARSER_VERSION
from harvester.store.batch_lookup import BatchLookup
from harvester.store.documents import add_document, add_revision, state_at_end
from harvester.store.holders import identity_vote
from harvester.store.identity import INSERT_IDENTITY
from harvester.store.keys import base_of, group_of, keys_of, kind_of, page_keys
from harvester.store.page_writer import INSERT_SIGHTING, sighting_row
from harvester.store.statements import INSERT_STATEMENT, attached_in, content_of, statement_row
from harvester.store.texts import Attachments, add_first
from harvester.store.timeline import Timeline, ValueOrigin
from harvester.store.votes import NAMED, Statement, Vote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlite_utils import Database

    from harvester.model import Capture, Record
    from harvester.source import Source
    from harvester.store.captures import Provenance
    from harvester.store.documents import DocumentIds
    from harvester.store.keys import Keys
    from harvester.store.page_hashes import PageHashes
    from harvester.store.rows import WaitingRows
    from harvester.store.texts import Change
    from harvester.walk_log import WalkRequest


class ParsedPage(NamedTuple):
    """A page that may be plain."""

    capture: Capture
    source: Source
    page: Listing | DocumentPage
    hashes: PageHashes
    step: WalkRequest | None = None

    @property
    def records(self) -> Sequence[Record]:
        """Its records, in order."""
        return self.page.records if isinstance(self.page, Listing) else [self.page.record]

    @property
    def keys(self) -> list[Keys]:
        """The keys of its records, in order."""
        if isinstance(self.page, Listing):
            return keys_of(self.page.records, self.source.name)
        return [page_keys(self.page.record, self.capture.uri, self.source)]


class PlainPages:
    """Writes the plain ones among the pages of a batch, in their order."""

    def __init__(self, db: Database, rows: WaitingRows, ids: DocumentIds, pages: Sequence[ParsedPage]) -> None:
        self._rows = rows
        self._ids = ids
        self._pages = pages
        self._keys = [page.keys for page in pages]
        self._statement = int(db.execute("SELECT coalesce(max(id), 0) FROM statements").fetchone()[0])
        found = [keys for listed in self._keys for keys in listed]
        strong = {key for keys in found for key in keys.strong}
        self._lookup = BatchLookup(db, strong, {keys.own for keys in found}, {group_of(keys.natural) for keys in found})
        self._written = set[str]()
        """The keys that this batch has written, which the lookup does not know."""

    def write(self, number: int, provenance: Provenance) -> Counter[str] | None:
        """Add the rows of a page of the batch; return how many of its documents are new, changed or unchanged.

        None if the page is not plain; nothing is added then.
        """
        page, keys = self._pages[number], self._keys[number]
        if not all(one.strong and group_of(one.natural) not in self._lookup.loose_titles for one in keys):
            return None
        strong = [key for one in keys for key in one.strong]
        if len({*strong}) < len(strong) or not self._written.isdisjoint(strong):
            return None
        held = {document for key in strong for document in self._lookup.holders.get(key, ())}
        if not held:
            outcome = self._write_new(page, keys, provenance)
        elif isinstance(page.page, DocumentPage) and len(held) == 1:
            outcome = self._write_known(page, page.page, keys[0], provenance, *held)
        else:
            outcome = None
        if outcome is not None:
            self._written.update(strong)
        return outcome

    def _write_new(self, page: ParsedPage, keys: list[Keys], provenance: Provenance) -> Counter[str] | None:
        """Add the rows of a page of whose items nothing is known: each makes a document."""
        own = page.page if isinstance(page.page, DocumentPage) else None
        lookup, slugs = self._lookup, [record.slug for record in page.records]
        if not all(slugs) or not lookup.public_keys.isdisjoint(slugs) or (own and own.record.cut):
            return None
        if not lookup.stated.isdisjoint(one.own for one in keys):
            return None
        attached, source = page.hashes.attached, page.source
        for number, (record, one) in enumerate(zip(page.records, keys, strict=True)):
            names = (*one.strong, base_of(one.natural))
            document = self._ids.allocate(names)
            vote = self._vote(page, number, document, one, provenance)
            self._add_statement(vote)
            self._rows.add(INSERT_IDENTITY, [(name, document) for name in names])
            if own is None:
                row = sighting_row(provenance.capture, record, document, vote.statement.id)
                self._rows.add(INSERT_SIGHTING, [row])
            now = state_at_end(Timeline(source), [vote], source)
            add_document(self._rows, document, now, source, provenance.run, record.slug or "", attached)
            if own and attached:
                add_first(self._rows, document, Attachments.of_page(own, attached, provenance.capture))
        lookup.public_keys.update(filter(None, slugs))
        return Counter(new=len(keys))

    def _write_known(
        self, page: ParsedPage, own: DocumentPage, keys: Keys, provenance: Provenance, document: int
    ) -> Counter[str] | None:
        """Add the rows of the first page of an item that listings have shown, if it is the one that they show."""
        row, attached, source = self._lookup.rows[document], page.hashes.attached, page.source
        if own.record.cut or row["attached"] or document in self._lookup.unconfirmed:
            return None
        vote = self._vote(page, 0, document, keys, provenance)
        if not self._is_as_listed(document, vote, keys, source):
            return None
        votes = sorted([*self._lookup.votes[document], vote], key=lambda one: one.order)
        now = state_at_end(Timeline(source), votes, source)
        if now.news or attached_in(now.content) != attached or now.columns["slug"] != row["key"]:
            return None
        self._add_statement(vote)
        new = {*keys.strong, base_of(keys.natural)} - self._lookup.keys[document]
        self._rows.add(INSERT_IDENTITY, [(key, document) for key in new])
        texts: list[Change] = []
        if attached:
            texts = add_first(self._rows, document, Attachments.of_page(own, attached, provenance.capture))
        origin = ValueOrigin(vote.at, vote.capture)
        terms = self._lookup.terms.get(document, {})
        outcome = add_revision(self._rows, row, now, terms, texts, provenance.run, origin, attached)
        return Counter({"changed" if outcome == "changed" else "unchanged": 1})

    def _is_as_listed(self, document: int, own: Vote, keys: Keys, source: Source) -> bool:
        """Return whether only listings have shown a document, and show it as its page does, at the same addresses."""
        lookup, strong = self._lookup, {*keys.strong}
        votes = lookup.votes[document]
        if any(vote.statement.own for vote in votes) or len({kind_of(key) for key in strong}) < len(strong):
            return False
        if lookup.has_loose_titles and {group_of(vote.statement.natural) for vote in votes} != {group_of(keys.natural)}:
            return False
        if not all(_shows_same(vote, own, strong, source) for vote in votes):
            return False
        natural = {base_of(vote.statement.natural) for vote in (*votes, own)}
        return lookup.keys[document] <= strong | natural

    def _vote(self, page: ParsedPage, number: int, document: int, keys: Keys, provenance: Provenance) -> Vote:
        """Return what a page says of an item, as the next statement."""
        record = page.records[number]
        statement = Statement(
            self._statement + 1,
            document,
            keys.own,
            keys.natural,
            provenance.form,
            provenance.host,
            isinstance(page.page, DocumentPage),
            record.cut,
            page.hashes.records[number],
            content_of(record, page.hashes.attached),
        )
        place = (page.capture.uri, page.capture.file)
        at = provenance.observed_at or ""
        return Vote(at, statement, provenance.capture, provenance.listing, False, PARSER_VERSION, place, 0)

    def _add_statement(self, vote: Vote) -> None:
        self._statement += 1
        self._rows.add(INSERT_STATEMENT, [statement_row(vote.statement, vote.capture)])


def _shows_same(row: Vote, own: Vote, keys: set[str], source: Source) -> bool:
    """Return whether a row of a listing states no other keys than these, and not another title and date than a page."""
    stated, fields = row.statement.fields, own.statement.fields
    named = {f"{source.name}:{kind}:{stated[name]}" for kind, name in NAMED.items() if name in stated}
    if not named <= keys or row.statement.key not in keys:
        return False
    if all(stated.get(name) == fields.get(name) for name in ("title", "date_text")):
        return True
    return not identity_vote(row, source).differs(identity_vote(own, source))

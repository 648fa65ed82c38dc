"""A document as it was: as the archive showed it at one time, and as far as it was known here at another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harvester.store.keys import differ
from harvester.store.statements import DESCRIBED, KEYS, Statement, merge, merge_terms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlite_utils import Database

    from harvester.source import Source

ALWAYS = "9999"
"""Later than any time."""


@dataclass(frozen=True)
class Said:
    """A statement with the page that it stood on."""

    statement: Statement
    uri: str
    capture: int

    @property
    def at(self) -> str:
        """When the page was captured; empty where nothing says so, so that it ranks oldest."""
        return self.statement.observed_at or ""


@dataclass(frozen=True)
class Fact:
    """What a field said: since when (empty if no page before said when it was captured), which page, what before."""

    field: str
    value: str
    since: str
    uri: str
    capture_id: int
    before: str | None


def said_of(db: Database, document: int, known: str = ALWAYS) -> list[Said]:
    """Give what pages said of a document, as far as it was known here at that time, the oldest first."""
    learned = "(SELECT min(read_at) FROM reads WHERE capture_id = {})"
    sql = f"""SELECT uri, captures.id, statements.form, host, observed_at, cut, hash, content
        FROM statements JOIN captures ON captures.id = capture_id WHERE document_id = :document
            AND {learned.format("captures.id")} <= :known
            AND (replaced_by IS NULL OR {learned.format("replaced_by")} > :known)
        ORDER BY observed_at, statements.id"""
    rows = db.execute(sql, {"document": document, "known": known})
    return [Said(Statement(f, h, at, bool(cut), d, text), uri, c) for uri, c, f, h, at, cut, d, text in rows]


def facts(said: list[Said], source: Source, observed: str = ALWAYS) -> list[Fact]:
    """Give what a document said at that time, field by field, each with its page; nothing if no page showed it yet."""
    states = list(_states(said, source, observed))
    now = states[-1][1] if states else {}
    pages = [(one, _state([one.statement], source)) for one in said if one.at <= observed]
    return [_fact(name, value, states, pages) for name, value in now.items()]


def gone_at(db: Database, document: int, observed: str = ALWAYS, known: str = ALWAYS) -> str | None:
    """Say since when a document was gone at that time, as far as was known here at another."""
    sql = """SELECT after FROM changes JOIN runs ON runs.id = run_id
        WHERE document_id = ? AND kind IN ('gone', 'returned') AND observed_at <= ? AND started_at <= ?
        ORDER BY observed_at DESC, changes.id DESC LIMIT 1"""
    row = db.execute(sql, [document, observed, known]).fetchone()
    return row[0] if row else None


def _states(said: list[Said], source: Source, observed: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Give what the document said from each time on at which a page spoke, the oldest first."""
    for at in sorted({one.at for one in said if one.at <= observed}):
        yield at, _state([one.statement for one in said if one.at <= at], source)


def _state(statements: list[Statement], source: Source) -> dict[str, str]:
    content: dict[str, Any] = merge(statements, source)
    terms = {facet: "; ".join(found) for facet, found in merge_terms(statements, source).items()}
    named = {"title": content["title"], "date": content["date"] or content["date_text"]}
    named |= {name: content[name] for name in (*DESCRIBED, *KEYS)} | terms
    return {name: value for name, value in named.items() if value}


def _fact(
    name: str, value: str, states: list[tuple[str, dict[str, str]]], pages: list[tuple[Said, dict[str, str]]]
) -> Fact:
    """Go back to where the value came, and find the page that said so then."""
    since, before = states[-1][0], None
    for at, state in reversed(states):
        if differ(state.get(name), value):
            before = state.get(name)
            break
        since = at
    saying = [one for one, state in pages if not differ(state.get(name), value)]
    page = next((one for one in saying if one.at == since), saying[0])
    return Fact(name, value, since, page.uri, page.capture, before)

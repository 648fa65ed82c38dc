"""Captures in any order make one and the same database, and the right one by a plain fold over votes.

`VOTES=2000 python -m pytest tests/unit/store/test_votes.py` tries that many of each.
"""

from __future__ import annotations

import itertools
import os
import random
import re
import tempfile
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, note, settings
from hypothesis import strategies as st

from harvester.ingest import Stop, harvest_captures
from harvester.rebuild import rebuild
from harvester.store.database import open_to_read, open_to_write
from harvester.store.history import fields_as_of
from harvester.store.run import Run
from harvester.utils import utc_timestamp
from tests.support.harvesting import SOURCE, empty_database, sound
from tests.support.trials import trials
from tests.support.vote_model import (
    ALIAS,
    FIELDS,
    OTHER,
    OWN_HOST,
    PAGE,
    SEARCH,
    WHOLE,
    Stated,
    Vote,
    capture_of,
    held,
    listing,
    own_page,
)
from tests.support.vote_timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlite_utils import Database

    from harvester.model import Capture

pytestmark = pytest.mark.slow

MANY = int(os.environ.get("VOTES", trials(3, 10)))
FIRST = datetime(2025, 3, 1, 12, tzinfo=UTC)
TITLES = ("Letter from Émile", "Letter from Ă‰mile", "Letter, corrected")
DATES = {None: None, "1951": "1951", "May 1, 1950": "1950-05-01", "May 1950": "1950-05"}
SUMMARIES = (None, "He writes of aid and trade.", "He writes of aid", "He writes …", "Of something else.")
ORDERS = trials(1, 2)
MOMENTS = [FIRST + timedelta(hours=hours) for hours in (0, 20, 60, 1000)]
SAME = {
    "documents": "SELECT documents.*, id AS label FROM documents",
    "terms": "SELECT document_id AS label, facet, term FROM document_terms",
    "texts": "SELECT document_id AS label, kind, language, text FROM texts",
    # Which captures are kept of one address depends on which of them were known when they came.
    "addresses": """SELECT document_id AS label, identities.key AS address, since, until FROM identities
        WHERE identities.key NOT LIKE '%:public:%' AND identities.key NOT LIKE '%:natural:%'""",
    "sightings": """SELECT DISTINCT document_id AS label, captures.uri, position FROM sightings
        JOIN captures ON captures.id = capture_id""",
}
HIDDEN = {"id", "first_seen", "last_changed"}
# What fails is shown as it was drawn, in order of time; to make it smaller takes minutes, and is asked for: SHRINK=1.
PHASES = tuple(phase for phase in Phase if phase is not Phase.shrink or "SHRINK" in os.environ)
many = settings(
    max_examples=MANY, deadline=None, phases=PHASES, report_multiple_bugs=False, suppress_health_check=list(HealthCheck)
)


@contextmanager
def databases() -> Iterator[Databases]:
    with tempfile.TemporaryDirectory() as folder:
        yield Databases(Path(folder))


class Databases:
    """Empty databases, each a copy of one: that costs less than to make them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made = 0

    def of(self, captures: Sequence[Capture], *, runs: bool = False) -> Path:
        """Harvest captures in this order, in one run or each in one of its own; return the database's path."""
        self.made += 1
        path = self.folder / f"{self.made}.db"
        path.write_bytes(empty_database())
        harvest(path, [[capture] for capture in captures] if runs else [captures])
        return path


def harvest(path: Path, runs: Sequence[Sequence[Capture]]) -> None:
    with open_to_write(path) as db:
        for captures in runs:
            harvest_captures(Run(db, "test"), captures, (SOURCE,), Stop())


Rows = dict[str, list[dict[str, Any]]]


def shown(path: Path) -> tuple[Rows, Rows]:
    """Return what a sound database shows, without ids and clocks.

    First with the documents' keys, then without: a public address is given once and for all, to the document that
    comes first.
    """
    with open_to_read(path) as db:
        assert sound(db)
        return _rows(db, keys=True), _rows(db, keys=False)


def _rows(db: Database, *, keys: bool) -> Rows:
    named = ("key",) if keys else ("record_id", "slug", "title", "date_text", "summary")
    labels = {row["id"]: " ".join(str(row[name]) for name in named) for row in db["documents"].rows}
    found = {}
    for table, sql in SAME.items():
        rows = [row | {"label": labels.get(row["label"])} for row in db.query(sql)]
        rows = [{name: row[name] for name in row if name not in HIDDEN and (keys or name != "key")} for row in rows]
        found[table] = sorted(rows, key=repr) if table != "documents" else sorted(rows, key=lambda row: row["label"])
    found["facts"] = sorted(
        ({"label": label} | fact for number, label in labels.items() for fact in stated_field(db, number)), key=repr
    )
    return found


def stated_field(db: Database, document: int) -> Iterator[dict[str, Any]]:
    """Yield what a document said at some times: each field's value, since when, which page says so, what before."""
    for moment in MOMENTS:
        for fact in fields_as_of(db, document, SOURCE, utc_timestamp(moment)):
            yield {"at": moment.isoformat(), "field": fact.field, "value": fact.value, "since": fact.since} | {
                "uri": fact.uri,
                "before": fact.before,
            }


def ids_and_keys(path: Path) -> list[tuple[int, str]]:
    """Return what is promised to stay, whatever is harvested again or made again."""
    with open_to_read(path) as db:
        return list(db.execute("SELECT id, key FROM documents ORDER BY id").fetchall())


def without_page(path: Path) -> list[tuple[Any, ...]]:
    """Return the changes that name no page."""
    with open_to_read(path) as db:
        return list(db.execute("SELECT * FROM changes WHERE capture_id IS NULL").fetchall())


def differing(found: dict[str, list[Any]], wanted: dict[str, list[Any]]) -> list[str]:
    """Return in which rows two databases differ: table, found, wanted."""
    outcome = []
    for table, rows in wanted.items():
        nothing: dict[str, Any] = {}
        for one, two in itertools.zip_longest(found[table], rows, fillvalue=nothing):
            names = [name for name in {**one, **two} if one.get(name) != two.get(name)]
            outcome += (
                [f"{table} {one.get('label')}: {[(name, one.get(name), two.get(name)) for name in names]}"]
                if names
                else []
            )
    return outcome


def assert_the_same(all_databases: Databases, first: Path, captures: Sequence[Capture], seed: int) -> None:
    """Harvest captures in some orders, twice, and made again: always the database that they made one by one."""
    wanted, wanted_without_keys = shown(first)
    chance = random.Random(seed)
    orders = [list(captures), *(chance.sample(captures, len(captures)) for _ in range(ORDERS))]
    for number, order in enumerate(orders):
        runs = number > 0 and chance.random() < 0.5
        note(f"order {[captures.index(capture) for capture in order]}, {'a run each' if runs else 'one run'}")
        other = all_databases.of(order, runs=runs)
        found, found_without_keys = shown(other)
        lasting = ids_and_keys(other)
        assert without_page(other) == []
        if number == 0:
            assert differing(found, wanted) == []
        assert differing(found_without_keys, wanted_without_keys) == []
        harvest(other, [order])
        assert differing(shown(other)[0], found) == [], "harvested twice"
        assert ids_and_keys(other) == lasting, "harvested twice"
        with open_to_read(other) as db:
            sql = "SELECT new, changed, gone, returned FROM runs WHERE id = (SELECT max(id) FROM runs)"
            assert db.execute(sql).fetchone() == (0, 0, 0, 0)
    rebuild(other, "test", progress=lambda: None)
    assert differing(shown(other)[0], found) == [], "rebuilt"
    assert ids_and_keys(other) == lasting, "rebuilt"


class Captures(list["Capture"]):
    """Captures that are shown by what their pages say, a line each."""

    def __repr__(self) -> str:
        return "".join(f"\n{n}: {c.uri} {c.captured_at or 'undated'}: {_words(c)}" for n, c in enumerate(self))


def _words(capture: Capture) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", capture.body.decode().partition("<main>")[2]).split())


# one document, many voices


class Votes(list[Vote]):
    """Votes that are shown a line each."""

    def __repr__(self) -> str:
        return "".join(f"\n{number}: {vote}" for number, vote in enumerate(self))


saids = st.builds(
    Stated, title=st.sampled_from(TITLES), date=st.sampled_from(list(DATES)), summary=st.sampled_from(SUMMARIES)
)
places = st.sampled_from((PAGE, PAGE, WHOLE, WHOLE, SEARCH, OTHER))
hosts = st.sampled_from((OWN_HOST, OWN_HOST, ALIAS))


@st.composite
def votes_of_one(draw: st.DrawFn) -> Votes:
    """Draw votes about one item, in order of time; the first may have no time.

    Its own page comes first, or never: of an item of which nothing is known, a page that agrees with no row is a claim.
    """
    drawn = draw(st.lists(st.tuples(hosts, places, saids), min_size=1, max_size=8))
    if any(place == PAGE for _, place, _ in drawn):
        drawn = [(draw(hosts), PAGE, draw(saids)), *drawn]
    times = [FIRST + timedelta(hours=7 * number) for number in range(len(drawn))]
    votes = [Vote(at, *vote) for at, vote in zip(times, drawn, strict=True)]
    if draw(st.booleans()):
        return Votes([Vote(None, *drawn[0]), *votes[1:]])
    return Votes(votes)


def shortened_news() -> Votes:
    """Return votes of a search whose corrected summary becomes a teaser of itself."""
    stated = Stated("Letter from Émile", "1951", "Of something else.")
    summaries = ("Of something else.", "He writes of aid and trade.", "He writes …")
    rows = [
        Vote(FIRST + timedelta(days=n + 1), OWN_HOST, SEARCH, replace(stated, summary=s))
        for n, s in enumerate(summaries)
    ]
    return Votes([Vote(FIRST, OWN_HOST, PAGE, stated), *rows])


def teaser_of_what_is_held() -> Votes:
    """Return votes of an item whose page has lost its summary: one search shortens what the listing states of it."""
    stated = Stated("Letter from Émile", "1951")
    votes = [
        (PAGE, "He writes of aid and trade."),
        (PAGE, "Of something else."),
        (WHOLE, None),
        (WHOLE, "He writes of aid"),
        (OTHER, "He writes of aid"),
        (PAGE, None),
        (OTHER, "He writes …"),
        (WHOLE, "He writes of aid and trade."),
    ]
    return Votes(
        Vote(FIRST + timedelta(days=day), OWN_HOST, place, replace(stated, summary=summary))
        for day, (place, summary) in enumerate(votes)
    )


def shorter_sentence() -> Votes:
    """Return votes of a listing whose text becomes another one that ends sooner, and is no teaser."""
    texts = ((PAGE, "He writes again."), (WHOLE, "He writes again."), (WHOLE, "He writes a."))
    stated = Stated("Letter from Émile", "1951")
    return Votes(
        Vote(FIRST + timedelta(days=day), OWN_HOST, place, replace(stated, summary=summary))
        for day, (place, summary) in enumerate(texts)
    )


@settings(many, max_examples=8 * MANY)  # these are cheap: one order, and few questions
@given(votes=votes_of_one())
@example(votes=shortened_news())
@example(votes=teaser_of_what_is_held())
@example(votes=shorter_sentence())
def test_a_document_is_what_a_fold_over_its_votes_makes(votes: Votes) -> None:
    with databases() as made, open_to_read(made.of([capture_of(vote) for vote in votes], runs=True)) as db:
        found = db.execute("SELECT title, date_text, summary FROM documents").fetchall()
        assert found == [tuple(held(votes, field) for field in FIELDS)]


@many
@given(votes=votes_of_one(), seed=st.integers(0, 10**6))
@example(votes=shortened_news(), seed=0)
def test_votes_make_one_document_in_any_order(votes: Votes, seed: int) -> None:
    captures = [capture_of(vote) for vote in votes]
    with databases() as made:
        assert_the_same(made, made.of(captures, runs=True), captures, seed)


# several items, whose addresses change hands


@many
@given(seed=st.integers(0, 10**9), mix_ups=st.booleans())
@example(seed=9600, mix_ups=True)  # after a swap an address shows once more the page of the item that has left it
def test_addresses_lead_where_the_archive_has_them_last(seed: int, mix_ups: bool) -> None:
    life = Timeline(seed, mix_ups)
    note("\n".join(life.outcome))
    with databases() as made:
        path = made.of(life.captures, runs=True)
        with open_to_read(path) as db:
            found = db.execute("SELECT record_id, title, date_text, summary, slug FROM documents").fetchall()
        assert sorted(found) == life.documents
        assert_the_same(made, path, life.captures, seed)


@st.composite
def captures_of_anything(draw: st.DrawFn) -> Captures:
    """Draw captures that agree in nothing: pages at others' addresses, listings of any rows, some without a time."""
    items = [draw(saids) for _ in range(3)]
    items = [
        replace(stated, record=f"{110001 + n}", node=f"{80001 + n}", slug=f"letter-{n}", title=f"{stated.title} {n}")
        for n, stated in enumerate(items)
    ]
    captures = []
    for number in range(draw(st.integers(2, 8))):
        at = FIRST + timedelta(hours=17 * number) if draw(st.integers(0, 9)) else None
        host = draw(st.sampled_from((OWN_HOST, OWN_HOST, ALIAS)))
        rows = draw(st.permutations(items))[: draw(st.integers(1, 3))]
        slugs = draw(st.permutations([stated.slug for stated in items]))
        if draw(st.booleans()):
            rows = [replace(stated, slug=slug) for stated, slug in zip(rows, slugs, strict=False)]
        if draw(st.booleans()):
            captures.append(listing(rows, draw(st.sampled_from((WHOLE, SEARCH))), at, host))
        else:
            captures.append(own_page(rows[0], at, host, slug=draw(st.sampled_from(slugs))))
        if at is None:  # of one file without a time only the newest content counts
            captures[-1] = replace(captures[-1], file=f"saved-{number}.html")
    return Captures(captures)


def rows_without_time() -> Captures:
    """Return two listings without a time that show the same: which page an address comes from, no arrival decides."""
    row = Stated("Letter from Émile", "May 1950")
    return Captures(replace(listing([row], place, None), file=f"saved-{place[-1]}.html") for place in (SEARCH, WHOLE))


@many
@given(captures=captures_of_anything(), seed=st.integers(0, 10**6))
@example(captures=rows_without_time(), seed=0)
@example(captures=rows_without_time(), seed=1)
def test_captures_that_agree_in_nothing_make_one_database_in_any_order(captures: Captures, seed: int) -> None:
    with databases() as made:
        assert_the_same(made, made.of(captures, runs=True), captures, seed)

"""Search is exact however much there is: of 23,000 documents all that answer are found, counted and exported."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import pytest

from harvester.cli.serve import make_datasette
from tests.support.made_up_corpus import PEOPLE, RARE, Corpus, make
from tests.support.trials import trials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from datasette.app import Datasette

    Holds = Callable[[dict[str, Any], dict[str, frozenset[str]]], bool]

pytestmark = pytest.mark.slow

DOCUMENTS = trials(5_000, 23_000)
MANY = trials(1500, 3000)
"""So many are not read one by one, but for one question: that takes seconds, and their number is compared anyway."""
GOMULKA, KHRUSHCHEV = PEOPLE[0], PEOPLE[5]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    return make(tmp_path_factory.mktemp("made up") / "made.db", DOCUMENTS)


class Room:
    """The reading room, asked in process."""

    def __init__(self, datasette: Datasette, loop: asyncio.AbstractEventLoop) -> None:
        self.datasette, self.loop = datasette, loop
        loop.run_until_complete(datasette.invoke_startup())

    def get(self, path: str) -> Any:
        answer = self.loop.run_until_complete(self.datasette.client.get(path))
        assert answer.status_code == 200, path
        return answer

    def page(self, **requested: object) -> dict[str, Any]:
        answer: dict[str, Any] = self.get(f"/search.json?{urlencode({'page': 1, **requested}, doseq=True)}").json()
        return answer


@pytest.fixture(scope="module")
def room(corpus: Corpus) -> Iterator[Room]:
    with asyncio.Runner() as runner:
        yield Room(make_datasette(corpus.path, {}), runner.get_loop())


def anywhere(word: str) -> Holds:
    return lambda _, held: any(word in part for part in held.values())


QUESTIONS: list[tuple[dict[str, Any], Holds]] = [
    ({"q": "treaty"}, anywhere("treaty")),
    (
        {"q": "treaty", "kind": "Telegram"},
        lambda row, held: row["kind"] == "Telegram" and anywhere("treaty")(row, held),
    ),
    (
        {"q": "treaty", "year": 1956},
        lambda row, held: row["year"] == 1956 and anywhere("treaty")(row, held),
    ),
    ({"q": "soviet treaty"}, lambda row, held: anywhere("treaty")(row, held) and anywhere("soviet")(row, held)),
    ({"q": "soviet -treaty"}, lambda row, held: anywhere("soviet")(row, held) and not anywhere("treaty")(row, held)),
    ({"q": "-treaty"}, lambda row, held: not anywhere("treaty")(row, held)),
    ({"q": f"{RARE[3]} OR {RARE[4]}"}, lambda row, held: anywhere(RARE[3])(row, held) or anywhere(RARE[4])(row, held)),
    ({"q": f"title:{RARE[5]}"}, lambda _, held: RARE[5] in held["title"]),
    ({"q": "title:treaty text:soviet"}, lambda _, held: "treaty" in held["title"] and "soviet" in held["text"]),
    ({"q": "word12*"}, lambda _, held: any(word.startswith("word12") for part in held.values() for word in part)),
    ({"q": "Gomulka", "kind": "-"}, lambda row, _: GOMULKA in row["title"] and row["kind"] is None),
    ({"q": "sender:Хрущев"}, lambda row, _: row["sender"] == KHRUSHCHEV),
    ({"sender": "Kovalev", "recipient": "Joseph Stalin"}, lambda row, _: row["title"].find("Kovalev to Joseph") >= 0),
    (
        {"party": ["Kovalev", "Enver Hoxha"]},
        lambda row, _: {row["sender"], row["recipient"]} == {"Kovalev", "Enver Hoxha"},
    ),
    ({"kind": ["Telegram", "Letter"]}, lambda row, _: row["kind"] in ("Telegram", "Letter")),
    ({"q": "d. 4711"}, anywhere("4711")),
    ({"q": "Lodz"}, lambda row, _: ("place", "Łódź") in row["terms"]),
    ({"q": "economic aid", "person": KHRUSHCHEV},
     lambda row, _: {("subject", "Economic aid"), ("person", KHRUSHCHEV)} <= set(row["terms"])),
    ({"from": "1956-10-23", "to": "1956-11-04"},
     lambda row, _: row["date"] is not None and row["date_from"] <= "1956-11-04" and row["date_to"] >= "1956-10-23"),
    ({"q": "June 1960"}, lambda row, _: row["date"] is not None and (row["date"][:7] in ("1960-06", "1960"))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("requested", "holds"), QUESTIONS, ids=[urlencode(requested, doseq=True) for requested, _ in QUESTIONS]
)
def test_everything_is_found_and_counted(room: Room, corpus: Corpus, requested: dict[str, Any], holds: Holds) -> None:
    held = corpus.where(holds)
    answer = room.page(**requested)
    assert answer["total"] == len(held) > 0
    if len(held) < MANY or requested == {"q": "treaty"}:
        everything = room.get(f"/search.json?{urlencode(requested, doseq=True)}").json()["results"]
        assert {row["id"] for row in everything} == held
        assert len(everything) == len(held)
    for facet in ("kind", "sender", "recipient"):
        if facet not in requested:
            counts = {row["value"]: row["count"] for row in answer["counts"][facet]}
            assert counts == {value or "-": number for value, number in corpus.counted(held, facet).items()}
    for facet in ("person", "place", "subject"):
        counts = {row["value"]: row["count"] for row in answer["counts"][facet]}
        terms = (term for number in held for name, term in corpus.rows[number]["terms"] if name == facet)
        assert counts == Counter(terms)


@pytest.mark.parametrize("requested", [{"q": "treaty"}, {"q": "treaty", "kind": "Report"}])
def test_years_are_counted_beside_the_chosen_one(room: Room, corpus: Corpus, requested: dict[str, str]) -> None:
    held = {one for one in corpus.holding("treaty") if requested.get("kind") in (None, corpus.rows[one]["kind"])}
    years = corpus.counted(held, "year")
    years.pop(None)
    for year in ({}, {"year": "1950"}):
        counts = room.page(**requested, **year)["counts"]["year"]
        assert {row["value"]: row["count"] for row in counts} == years


@pytest.mark.parametrize("order", ["relevance", "date", "newest", "changed"])
def test_pages_show_each_document_once_up_to_the_last(room: Room, corpus: Corpus, order: str) -> None:
    held, seen = corpus.holding(RARE[7]), []
    answer = room.page(q=RARE[7], order=order, size=7)
    seen += answer["results"]
    while answer["next"]:
        answer = room.get(answer["next"].removeprefix("http://localhost")).json()
        seen += answer["results"]
    assert sorted(row["id"] for row in seen) == sorted(held)
    dates = [row["date_from"] for row in seen if row["date_from"]]
    if order in ("date", "newest"):
        assert dates == sorted(dates, reverse=order == "newest")
        assert [row["date_from"] for row in seen[: len(dates)]] == dates, "undated ones are last in both orders"


def test_beyond_the_last_page_stands_the_last(room: Room, corpus: Corpus) -> None:
    last = -(-len(corpus.holding("treaty")) // 20)
    page = room.get(f"/search?q=treaty&page={last + 50}").text
    assert f"There are {last:,} pages: this is the last." in page
    assert "Nothing was found" not in page
    assert f'aria-current="page">{last:,}<' in page


def test_all_is_exported_in_every_format(room: Room, corpus: Corpus) -> None:
    held = corpus.where(lambda row, _: row["kind"] == "Telegram" and row["year"] == 1950)
    query = "kind=Telegram&year=1950"
    rows = list(csv.DictReader(io.StringIO(room.get(f"/search.csv?{query}").text.removeprefix("\ufeff"), newline="")))
    assert {row["key"] for row in rows} == {f"made-{number}" for number in held}
    assert len(rows) == len(held)
    assert room.get(f"/search.bib?{query}").text.count("@unpublished{") == len(held)
    assert room.get(f"/search.ris?{query}").text.count("TY  - MANSCPT") == len(held)
    assert len(room.get(f"/search.csljson?{query}").json()) == len(held)
    lines = [json.loads(line) for line in room.get(f"/search.jsonl?{query}").text.splitlines()]
    assert {line["id"]: line["texts"][0]["text"] for line in lines} == {n: corpus.rows[n]["text"] for n in held}


def test_more_words_in_the_title_come_before_less(room: Room, corpus: Corpus) -> None:
    typed = ("treaty", "soviet", "kádár")
    found = room.get(f"/search.json?q={quote(' '.join(typed))}").json()["results"]
    entitled = [sum(word in corpus.words[row["id"]]["title"] for word in typed) for row in found]
    assert len(found) > DOCUMENTS // 12
    assert entitled == sorted(entitled, reverse=True)
    assert entitled[0] == 3


def test_all_values_of_a_facet_are_listed(room: Room, corpus: Corpus) -> None:
    rows = room.get("/search/sender.json?q=treaty").json()["values"]
    assert {row["value"]: row["count"] for row in rows} == corpus.counted(corpus.holding("treaty"), "sender")
    first = ["Enver Hoxha", "János Kádár", "Joseph Stalin", "Kovalev", "Mao Zedong", "Władysław Gomułka"]
    assert [row["label"] for row in rows] == [*first, KHRUSHCHEV]


def test_what_is_not_known_is_said(room: Room) -> None:
    answer = room.page(sendre="Kovalev", year="last")
    assert answer["total"] == DOCUMENTS
    assert any("There is no filter “sendre”" in note for note in answer["notes"])
    assert any("“last” is no year and no date" in note for note in answer["notes"])

"""What readers need of a document: its languages, texts side by side, a file to keep, the way back to the results."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from harvester.db.pages.labels import fields_in_words
from harvester.db.pages.texts import lang_of, parallel
from tests.support.for_each import for_each
from tests.support.hostile_sample import make_sample
from tests.support.publishing import Site, harvester_serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUSSIAN = "Первый абзац о Сталине.\n\nВторой абзац."
ENGLISH = "The first paragraph on Stalin.\n\nThe second one."


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve the sample with a document (k3) whose transcript and translation have two paragraphs each."""
    database: Path = tmp_path_factory.mktemp("reading") / "reading.db"
    make_sample(database)
    with closing(sqlite3.connect(database)) as db, db:
        db.execute("DELETE FROM texts WHERE document_id IN (3, 7)")
        rows = [
            (3, "transcript", "Russian", RUSSIAN),
            (3, "translation", "English", ENGLISH),
            (7, "transcript", "Arabic", "نص"),
            (7, "translation", "English", "One.\n\nTwo."),
        ]
        db.executemany("INSERT INTO texts (document_id, kind, language, text, capture_id) VALUES (?, ?, ?, ?, 1)", rows)
    with harvester_serve(database) as (served, _):
        yield served


@for_each(
    "language, attributes",
    [
        ("Russian", ' lang="ru" dir="ltr"'),
        ("Chinese", ' lang="zh" dir="ltr"'),
        ("Persian", ' lang="fa" dir="rtl"'),
        ("Serbo-Croatian", ' lang="sh" dir="ltr"'),
        ("Chinese (Traditional)", ' lang="zh" dir="ltr"'),
        ('"><b>', ' lang="" dir="auto"'),
        (None, ' lang="" dir="auto"'),
    ],
)
def test_a_text_has_its_language_and_direction(language: str | None, attributes: str) -> None:
    assert lang_of(language) == attributes


def test_a_text_and_its_translation_stand_side_by_side(site: Site) -> None:
    page = site.text("/document/k3")
    pairs = re.findall(r'<div class="pair">(.*?)</div></div>', page)
    assert len(pairs) == 2
    assert pairs[1].index('lang="ru" dir="ltr">Второй абзац.') < pairs[1].index('lang="en" dir="ltr">The second one.')
    below = site.text("/document/k3?_view=one")
    assert 'class="pair"' not in below
    assert 'lang="ru" dir="ltr">Первый' in below


def test_texts_of_which_the_paragraphs_do_not_agree_stand_one_below_the_other(site: Site) -> None:
    page = site.text("/document/k7")
    assert 'class="pair"' not in page
    assert '<div class="prose" lang="ar" dir="rtl">نص</div>' in page


def test_side_by_side_only_a_transcript_and_a_translation() -> None:
    text = {"id": 1, "kind": "translation", "language": "English", "raw": "A.\n\nB."}
    assert parallel([text, {**text, "id": 2}]) is None
    assert parallel([]) is None


def test_words_found_are_marked_and_counted_in_texts(site: Site) -> None:
    page = site.text("/document/k3?q=Stalin")
    assert "on <mark>Stalin</mark>." in page
    assert "1 match in the texts" in page


def test_a_text_is_a_file(site: Site) -> None:
    status, text, headers = site.get("/document/k3.txt")
    assert status == 200
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert "attachment" in headers["Content-Disposition"]
    assert text.startswith("Letter to be followed\n")
    assert f"Translation (English)\n---------------------\n\n{ENGLISH}\n\n\n" in text
    assert text.endswith(f"Transcript (Russian)\n--------------------\n\n{RUSSIAN}\n")


def links(page: str) -> dict[str, str]:
    """Return the links of the way back and on, by what they say."""
    way = re.search(r'<nav class="way".*?</nav>', page, re.DOTALL)
    assert way
    return {name: path.replace("&amp;", "&") for path, name in re.findall(r'href="([^"]+)">([^<]+)<', way[0])}


def test_the_way_back_keeps_filters_order_and_page(site: Site) -> None:
    query = "from=1940&to=1990&order=newest&page=2&size=3"
    results = re.findall(r'<h2><a href="([^"]+)"', site.text(f"/search?{query}"))
    second = links(site.text(results[1].replace("&amp;", "&")))
    assert second["Back to the results"] == f"/search?{query}"
    assert second["Previous result"] == results[0].replace("&amp;", "&")
    assert second["Next result"] == results[2].replace("&amp;", "&")


def test_the_results_can_be_read_one_after_the_other(site: Site) -> None:
    keys = [row["key"] for row in site.json("/search.json?order=date&size=50&page=1")["results"]]
    path, read = re.findall(r'<h2><a href="([^"]+)"', site.text("/search?order=date&size=3"))[0], []
    while path:
        path = path.replace("&amp;", "&")
        read.append(path.removeprefix("/document/").partition("?")[0])
        page = site.text(path)
        path = links(page).get("Next result", "")
    assert read == keys


def test_a_number_that_is_no_more_true_leads_back_all_the_same(site: Site) -> None:
    for number in ("999", "0", "x", "-1", "2"):
        page = site.text(f"/document/k3?kind=Report&_n={number}")
        assert "Next result" not in page
        assert "/search?kind=Report" in page


def test_parties_lead_to_their_correspondence(site: Site) -> None:
    row = next(row for row in site.json("/search.json?size=50&page=1")["results"] if row["sender"] and row["recipient"])
    page = site.text(f"/document/{row['key']}")
    found = re.findall(r'<dt>(From|To)</dt><dd><a href="(/search\?(?:sender|recipient)=[^"]+)"', page)
    assert [name for name, _ in found] == ["From", "To"]
    assert all(site.json(path.replace("/search?", "/search.json?"))["total"] >= 1 for _, path in found)


def test_many_changed_fields_are_one_short_line() -> None:
    fields = "translation English, transcript Korean, contributor, place, subject, person, archive_location, rights"
    assert fields_in_words(fields) == "texts, author and 5 other fields"
    assert fields_in_words("title") == "title"
    assert fields_in_words("title, summary") == "title and summary"
    assert fields_in_words("node_id, record_id") == "node number and record number"


def test_ticked_documents_are_one_file(site: Site) -> None:
    page = site.text("/search")
    assert 'name="key" value="k3"' in page
    assert 'formaction="/ticked.ris"' in page
    found = site.text("/ticked.ris?key=k7&key=k3")
    assert re.findall(r"ID  - wilson-(\w+)", found) == ["k7", "k3"]
    assert RUSSIAN.partition("\n")[0] in site.text("/ticked.jsonl?key=k3")
    status, page, _ = site.get("/ticked.bib?key=nothing")
    assert status == 404
    assert "tick some" in page

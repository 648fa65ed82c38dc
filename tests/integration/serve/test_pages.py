"""The reading room through HTTP, started in both ways: search, documents, coverage, feeds, health."""

from __future__ import annotations

import json
import re
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from typing import Any
from urllib.parse import quote

import pytest
from bs4 import BeautifulSoup

from tests.support.for_each import for_each
from tests.support.hostile_sample import SCRIPT, make_sample
from tests.support.publishing import Site, harvester_serve

PAGES = (
    "/search",
    "/search?q=alert",
    "/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E&kind=%3Cb%3E&listing=1&order=%22%3E",
    "/search?place=%22%3E%3Cimg+src%3Dx+onerror%3Dalert(1)%3E",
    *(f"/document/k{number}?q=alert+onclick" for number in range(1, 13)),
    "/document/two",
    "/coverage",
    "/syncs",
)
ATOM = "{http://www.w3.org/2005/Atom}"
TAKEN = ("csv", "bib", "ris", "csljson", "json", "atom", "feed.json")


@pytest.fixture
def site(sample_site: Site) -> Site:
    return sample_site


def found(site: Site, query: str) -> list[int]:
    return [row["id"] for row in site.json(f"/search.json?{query}")["results"]]


def heads(site: Site, path: str, name: str) -> str:
    return str(site.get(path)[2][name])


@for_each(
    "typed, ids",
    [
        ("letter", [3]),
        ("LETTER followed", [3]),
        ('"to be followed"', [3]),
        ('"followed be"', []),
        ("follow*", [3]),
        ("emigre", [7, 11]),
        ("émigré", [7, 11]),
        ("телеграмма", [11]),
        ("ТЕЛЕГРАММА", [11]),
        ("сталин*", [11]),
        ("шанхае", [11]),
        ("ёлках", [11]),
        ("Filippov Телеграмма", [11]),  # one word in a text, the other in the title
        ("plantation", [1]),
        ("plantations -rubber", []),
        ("gone OR undated", [9, 10]),
        ("毛泽东会见斯大林", [7]),
        ("毛泽东*", [7]),
        ("stalin", [7, 11]),  # among people
    ],
)
def test_words_are_found_in_titles_summaries_and_texts(site: Site, typed: str, ids: list[int]) -> None:
    assert sorted(found(site, f"q={quote(typed)}")) == ids


@for_each(
    "typed",
    [
        '"',
        '""',
        "'",
        "AND",
        "OR",
        "NOT",
        "a OR",
        "title:x",
        "*",
        "NEAR(a b)",
        "(",
        "—",
        "-",
        "-x",
        "%00",
        "a" * 5000,
        "\u202e",
    ],
)
def test_no_question_is_an_error(site: Site, typed: str) -> None:
    assert site.get(f"/search?q={typed if typed == '%00' else quote(typed)}")[0] == 200


def test_what_must_not_be_found_leaves_all_else(site: Site) -> None:
    every, with_it = ({row["id"] for row in site.json(f"/search.json?q={q}")["results"]} for q in ("", "script"))
    without = site.json("/search.json?q=-script")
    assert with_it
    assert {row["id"] for row in without["results"]} == every - with_it
    years = sum(row["count"] for row in without["counts"]["year"])
    assert years == sum(row["year"] is not None for row in without["results"])


def test_a_word_typed_again_is_asked_once(site: Site) -> None:
    assert site.text("/search?q=nowhere+there+nowhere+there").count("does not occur") == 2


@for_each(
    "query, help_",
    [
        ("q=%22to+be", "A quotation mark is not closed"),
        ("q=%E2%80%94", "no letter and no digit"),
        ("q=-stalin", "Only what must not be found"),
        ("q=letter+AND", "An AND, OR or NOT has nothing on one side of it"),
        ("q=%E6%AF%9B", "written without spaces"),
        ("year=last", "is no year"),
        ("order=worst", "There is no order"),
        ("listing=x", "is no listing"),
        ("q=letter+nowhere", "<strong>nowhere</strong> does not occur"),
        ("q=%22nowhere+near", 'q=nowhe%2A">nowhe*</a>'),
        ("q=letter&kind=Telegram", 'aria-label="Without Telegram">Telegram ✕</a>'),
        ("q=letter&year=1900", "Search without filters"),
    ],
)
def test_a_mistake_is_answered_with_help(site: Site, query: str, help_: str) -> None:
    assert help_ in site.text(f"/search?{query}").replace("&#34;", '"')


@for_each(
    "query, ids",
    [
        ("year=1957", [2, 3, 4, 5]),
        ("from=1959&to=1960", [1, 6]),
        ("from=1960&to=1959", [1, 6]),
        ("to=1949", [11, 12]),
        ("kind=Letter", [3]),
        ("kind=Letter&kind=Report", [1, 3, 5]),
        ("kind=-&year=1957", [2, 4]),
        ("person=Stalin%2C+Joseph", [7, 11]),
        ("person=Stalin%2C+Joseph&q=телеграмма", [11]),
        ("language=Russian&from=1950", [7]),
        ("listing=2", [11, 12]),
        ("gone=yes", [10]),
        ("q=gone&gone=no", []),
    ],
)
def test_filters(site: Site, query: str, ids: list[int]) -> None:
    assert sorted(found(site, quote(query, safe="=&%+"))) == ids


def test_the_title_weighs_most(tmp_path: Any) -> None:
    database = make_sample(tmp_path / "harvest.db")
    with closing(sqlite3.connect(database)) as db, db:
        for number, title, summary in ((21, "Other", "wheat " * 30), (22, "Wheat for export, and much else", "")):
            db.execute(
                "INSERT INTO documents (id, key, source, title, summary, first_seen, last_changed) "
                "VALUES (?, ?, 'wilson', ?, ?, '', '')",
                [number, f"k{number}", title, summary],
            )
            db.execute("INSERT INTO documents_fts (rowid, title, summary) VALUES (?, ?, ?)", [number, title, summary])
        db.execute("DELETE FROM documents_unindexed")
    with harvester_serve(database) as (site, _):
        assert found(site, "q=wheat") == [22, 21]


def test_dated_documents_come_before_undated_ones(site: Site) -> None:
    by_date, latest = found(site, "order=date"), found(site, "order=newest")
    assert by_date[0] == 11
    assert latest[0] == 6
    assert by_date[-1] == latest[-1] == 9


def test_counts_lead_on(site: Site) -> None:
    counts = site.json("/search.json?q=телеграмма+OR+letter+OR+report".replace("телеграмма", quote("телеграмма")))[
        "counts"
    ]
    assert {row["value"]: row["count"] for row in counts["kind"]} == {"Letter": 1, "Report": 1, "Telegram": 1}
    assert [row["value"] for row in counts["year"]] == [1949, 1957, 1959]
    assert {row["value"] for row in counts["person"]} == {"Stalin, Joseph"}
    page = site.text("/search?kind=Letter")
    assert 'aria-label="Without Letter"' in page


def test_one_question_has_one_address(site: Site) -> None:
    one, other = (
        re.findall(r'href="(/search\.atom[^"]*)"', site.text(f"/search?{query}"))[0]
        for query in ("kind=Report&q=x&to=1960&from=1950", "from=1950&to=1960&q=x&page=1&kind=Report")
    )
    assert one == other


def test_extracts_are_marked(site: Site) -> None:
    page = site.text("/search?q=plantations")
    assert "rubber <mark>plantations</mark>" in page
    assert "The <mark>émigrés</mark> left" in site.text("/search?q=emigre")
    assert "<mark>plantations</mark>" in site.text("/document/k1?q=plantations")
    assert "<mark>plantations</mark>" not in site.text("/document/k1")


def test_a_document_shows_everything(site: Site) -> None:
    page = site.text("/document/k11")
    for part in ("Телеграмма Сталину", "Филиппов", "Shanghai", "Stalin, Joseph", "A whole one", "record 1", "of 2"):
        assert part in page
    assert "Chicago, note" in page
    assert 'rel="next" href="/document/k12"' in page


def test_a_documents_original_is_linked_only_on_the_web(site: Site) -> None:
    assert 'class="original" href="https://archive.example/a?b=1&amp;c=2"' in site.text("/document/k3")
    assert 'class="original"' not in site.text("/document/k2")
    assert "https://archive.example/3.pdf" in site.text("/document/k3")


@for_each("key", ["old-address", "111780"])
def test_old_keys_lead_on(site: Site, key: str) -> None:
    assert "<h1>Letter to be followed</h1>" in site.text(f"/document/{key}")
    assert site.json(f"/document/{key}.json")["key"] == "k3"


def test_a_key_of_several_asks_which(site: Site) -> None:
    page = site.text("/document/two")
    assert 'href="/document/k1"' in page
    assert 'href="/document/k2"' in page


def test_an_unknown_key_says_what_to_do(site: Site) -> None:
    status, page, _ = site.get("/document/nothing")
    assert status == 404
    assert "look for words of its title" in page


def test_reference_managers_recognise_a_document(site: Site) -> None:
    page = site.text("/document/k7")
    assert '<meta name="citation_author" content="Stalin">' in page
    assert '<meta name="citation_publication_date" content="1958/01/01">' in page
    # Zotero would take COinS before the page's own metadata, and lose the signature: unAPI comes before both.
    assert "Z3988" not in page
    assert '<abbr class="unapi-id" title="k7"></abbr>' in page
    assert 'rel="unapi-server"' in page
    data = json.loads(re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)[0])
    assert data["name"] == "Émigré “quoted”"
    assert site.text("/search?q=quoted").count("Z3988") == 1


def test_unapi_gives_the_formats_and_the_records(site: Site) -> None:
    status, formats, _ = site.get("/unapi")
    assert status == 200
    assert [one.get("name") for one in ET.fromstring(formats)] == ["ris", "bibtex", "csljson"]
    status, formats, _ = site.get("/unapi?id=k7")
    assert (status, ET.fromstring(formats).get("id")) == (300, "k7")
    assert site.text("/unapi?id=k7&format=ris").startswith("TY  - MANSCPT")
    assert site.get("/unapi?id=k7&format=mods")[0] == 406
    assert site.get("/unapi?id=nothing&format=ris")[0] == 404


@pytest.mark.parametrize("ending", ["bib", "ris", "csljson"])
@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("/document/k3.{}", 1),
        ("/search.{}?year=1957", 4),
        ("/DB/documents.{}?_size=2", 12),
        ("/DB/documents.{}?year=1957", 4),
        ("/DB/sightings.{}", 12),
        ("/DB.{}?sql=select+key,+title+from+documents+limit+5", 5),
    ],
)
def test_citations_of_everything(site: Site, path: str, ending: str, number: int) -> None:
    text = site.text(path.format(ending))
    mark = {"bib": "@unpublished{", "ris": "TY  - MANSCPT", "csljson": '"type": "manuscript"'}[ending]
    assert text.count(mark) == number


def test_a_document_is_cited_alike_wherever_it_is_downloaded(site: Site) -> None:
    """Without an address at the archive the page here is cited, in lists of documents, too."""
    alone = site.text("/document/k7.ris")
    assert f"UR  - {site.address}document/k7" in alone
    for path in ("/search.ris?q=quoted", "/ticked.ris?key=k7", "/DB/documents.ris?id=7", "/DB/sightings.ris"):
        assert alone.strip() in site.text(path), path


def test_tables_without_documents_offer_no_citations(site: Site) -> None:
    assert ".bib" not in site.text("/DB/runs")
    assert "/documents.bib" in site.text("/DB/documents")


def test_every_csv_is_safe_to_open(site: Site) -> None:
    for path in (
        "/search.csv",
        "/DB/documents.csv",
        "/DB/documents.csv?_stream=1",
        "/DB.csv?sql=select+title+from+documents",
    ):
        text = site.text(path)
        assert text.startswith("\ufeff")
        assert "'=HYPERLINK(1)" in text
    raw = site.text("/DB/documents.csv?_raw=1")
    assert raw.startswith("id,")
    assert ",=HYPERLINK(1)" in raw


def test_feeds_of_everything_and_of_a_search(site: Site) -> None:
    root = ET.fromstring(site.text("/feed.atom"))
    assert len(root.findall(f"{ATOM}entry")) == 12
    assert {entry.tag for entry in root[:3]} == {f"{ATOM}id", f"{ATOM}title", f"{ATOM}updated"}
    links = [link.get("href", "") for link in root.iter(f"{ATOM}link")]
    assert all(link.startswith(site.address) for link in links)
    stated = site.json("/search.feed.json?year=1957")
    assert stated["version"] == "https://jsonfeed.org/version/1.1"
    assert len(stated["items"]) == 4
    assert len({item["id"] for item in stated["items"]}) == 4
    assert SCRIPT in str(site.json("/feed.json"))


def test_coverage_names_what_is_missing(site: Site) -> None:
    assert "records 1–710, 721–1,250" in site.text("/coverage")
    listings = site.json("/coverage.json")["listings"]
    assert [row["gaps"] for row in listings] == [[[1, 710], [721, 1250]], []]


def test_the_status_shows_the_health(site: Site) -> None:
    status, text, headers = site.get("/-/health")
    assert status == 503
    assert headers["Content-Type"].startswith("application/json")
    state = json.loads(text)
    assert state["healthy"] is False
    assert "the last run (1) is partial" in state["harvests"][0]["reason"]


def test_robots_are_kept_out(site: Site) -> None:
    assert "Disallow: /\n" in site.text("/robots.txt")


def test_an_answer_may_be_kept_until_the_database_changes(site: Site) -> None:
    first = heads(site, "/search?q=letter", "ETag")
    assert first == heads(site, "/search?q=letter", "ETag")
    assert first != heads(site, "/search?q=report", "ETag")
    with closing(sqlite3.connect(site.json("/-/databases.json")[0]["path"])) as db, db:
        db.execute("UPDATE documents SET rights = 'changed' WHERE id = 8")
    assert first != heads(site, "/search?q=letter", "ETag")
    assert "changed" in site.text("/document/k8")


@for_each("path", PAGES)
def test_no_page_lets_hostile_text_become_markup(site: Site, path: str) -> None:
    page = site.text(path)
    assert SCRIPT not in page
    assert re.findall(r'<script(?![^>]*\ssrc=)(?! type="application/ld\+json">[^<]*</script>)', page) == []
    hrefs = re.findall(r'\s(?:href|src|action)="([^"]*)"', page)
    assert [link for link in hrefs if not re.match(r"(https?://|/|\?|#)", link)] == []
    elements = BeautifulSoup(page, "lxml").find_all(True)
    assert [one for one in elements if one.name == "img" or any(name.startswith("on") for name in one.attrs)] == []
    assert re.findall(r"script-src ([^;]*)", heads(site, path, "Content-Security-Policy")) == ["'self'"]


@for_each("ending", TAKEN)
def test_hostile_text_is_taken_away_safely(site: Site, ending: str) -> None:
    status, text, headers = site.get(f"/search.{ending}")
    assert status == 200
    assert not headers["Content-Type"].startswith("text/html")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "\x00" not in text
    if ending == "atom":
        assert SCRIPT not in text

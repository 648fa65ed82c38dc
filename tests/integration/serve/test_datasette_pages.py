"""What a real Datasette shows, through HTTP, started in both ways: everything that is held, and nothing hostile."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.support.for_each import for_each
from tests.support.hostile_sample import CLOCK, DOCUMENTS, SCRIPT

if TYPE_CHECKING:
    from tests.support.publishing import Site

PAGES = (
    "/",
    "/DB",
    "/DB/documents",
    "/DB/documents/1",
    "/DB/coverage",
    "/DB/sightings",
    "/DB/changes",
    "/DB/runs",
    "/DB/problems",
    "/DB/captures",
    "/DB/listings/1",
    "/DB/documents?_search=alert",
    "/DB?sql=select+*+from+documents",
)


@pytest.fixture
def site(sample_site: Site) -> Site:
    return sample_site


def words(page: str) -> str:
    """Return a page's text without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def heads(page: str) -> list[str]:
    return re.findall(r'data-column="(\w+)" data-column-type', page)


def columns_of(site: Site, table: str) -> list[str]:
    """Return the names of a table's columns in SQLite."""
    sql = f"select name from pragma_table_info('{table}') order by cid"
    return [name for (name,) in site.json(f"/DB.json?_shape=arrays&sql={quote(sql)}")["rows"]]


def hrefs(page: str) -> set[str]:
    return set(re.findall(r'href="([^"]*)"', page))


def test_the_front_page_says_what_is_held(site: Site) -> None:
    page = words(site.text("/"))
    assert "12 documents, 1949 – 1960" in page.replace("&thinsp;", " ").replace("\u2009", " ")
    assert "2 listings of the archive; in 1 of these, some records are not held yet" in page
    assert "1 is undated" in page
    assert "1 is no longer in the archive, and kept here" in page


def test_every_title_leads_to_the_reading_page(site: Site) -> None:
    titles = re.findall(r'<td class="col-title[^>]*><a href="([^"]*)"', site.text("/DB/documents"))
    assert len(titles) == len(DOCUMENTS)
    assert all(re.match(r"/document/[^/]+$", path) for path in titles)
    for table in ("changes", "sightings", "texts", "files"):
        links = re.findall(r'<td class="col-document_id[^>]*>(.*?)</td>', site.text(f"/DB/{table}"), re.DOTALL)
        assert links, table
        assert all('href="/document/' in link for link in links if link.strip() not in ("", "\xa0")), table
    assert ">Read this document</a>" in site.text("/DB/documents/3")


def test_the_menu_is_for_readers(site: Site) -> None:
    menu = re.findall(r'<nav aria-label="Main">(.*?)</nav>', site.text("/"), re.DOTALL)[0]
    assert re.findall(r">([^<>]+)</a>", menu) == ["Search", "Browse", "About", "Data"]
    assert {"/coverage", "/syncs"} <= hrefs(site.text("/DB"))
    about = words(site.text("/about"))
    for heading in ("Which archive", "Rights", "Whom to ask", "How to cite"):
        assert heading in about


def test_months_can_be_browsed(seeds_site: Site) -> None:
    page = seeds_site.text("/browse")
    number = re.findall(r'href="/search\?year=1960-06" aria-label="1960-06: (\d+)"', page)[0]
    assert seeds_site.json("/search.json?year=1960-06&page=1")["total"] >= int(number) > 0


def test_everything_can_be_browsed(site: Site) -> None:
    page = site.text("/browse")
    assert '<section class="shelf" id="kind">' in page


@for_each("path", ["/people", "/about-us", "/sitemap", "/DB/nothing"])
def test_an_unknown_page_has_the_menu_and_a_search_box(site: Site, path: str) -> None:
    status, page, _ = site.get(path)
    assert status == 404
    assert 'href="/browse"' in page
    assert 'role="search"' in page
    assert "Database not found" not in page


def test_errors_say_what_readers_can_use(site: Site) -> None:
    status, page, _ = site.get("/document/%C5%82%C3%B3d%C5%BA")
    assert (status, "łódź" in page, "~C5" in page) == (404, True, False)
    assert site.get("/DB/documents?_sort=nothing")[0] == 400


def test_the_front_page_says_what_is_missing(site: Site) -> None:
    page = words(site.text("/"))
    assert "10 of 1,250 held: 711–720; 1,240 missing , the first at 1" in page
    assert "All 2 held" in page


def test_the_front_page_gives_the_verdict_of_the_last_run(site: Site) -> None:
    page = words(site.text("/"))
    assert "Last run partial 2026-01-02 03:04:05 a page was refused" in page
    assert "1 error" in page


def test_the_front_page_lists_kinds_and_latest(site: Site) -> None:
    page = site.text("/")
    assert "Report 2 Telegram 2 Letter 1 not stated 7" in words(page)
    latest = re.findall(r'class="title" href="/document/k(\d+)[?"]', page)
    assert latest == ["12", "11", "10", "9", "8", "7", "6", "5"]


def test_every_link_of_the_front_page_leads_somewhere(site: Site) -> None:
    inside = {link.replace("&amp;", "&") for link in hrefs(site.text("/")) if link.startswith("/")}
    assert len(inside) > 20
    assert {link: site.get(link)[0] for link in inside if site.get(link)[0] != 200} == {}


def test_documents_come_by_date_with_the_columns_a_reader_wants(site: Site) -> None:
    page = site.text("/DB/documents")
    assert heads(page) == ["date", "title", "kind", "sender", "recipient"]
    dates = re.findall(r'<td class="col-date [^>]*>([^<]*)<', page)
    stated = sorted((str(document["date"]) for document in DOCUMENTS if document["date"]), reverse=True)
    assert dates == stated + ["undated"] * (len(dates) - len(stated))


def test_all_columns_are_one_link_away(site: Site) -> None:
    page = site.text("/DB/documents")
    assert "_columns=all" in page
    shown = heads(site.text("/DB/documents?_columns=all"))
    assert shown == columns_of(site, "documents")


def test_columns_come_in_the_order_of_the_request(site: Site) -> None:
    assert heads(site.text("/DB/documents?_col=summary&_col=date")) == ["id", "summary", "date"]


def test_documents_have_facets_and_none_are_suggested(site: Site) -> None:
    answer = site.json("/DB/documents.json")
    assert set(answer["facet_results"]) == {"year", "kind"}
    assert answer["suggested_facets"] == []
    kinds = {row["value"]: row["count"] for row in answer["facet_results"]["kind"]["results"]}
    assert kinds == {"Report": 2, "Telegram": 2, "Letter": 1}


def test_years_come_in_their_own_order(site: Site) -> None:
    facet = site.text("/DB/documents").split('id="facet-year"')[1].split("</section>")[0]
    assert re.findall(r">(\d{4})</a>", facet) == ["1949", "1950", "1957", "1958", "1959", "1960"]


@for_each("requested, found", [("emigre", [7, 11]), ("quoted", [7]), ("Сталину", [11]), ("FOLLOW", [3])])
def test_search_finds_words(site: Site, requested: str, found: list[int]) -> None:
    answer = site.json(f"/DB/documents.json?_shape=array&_search={quote(requested)}")
    assert sorted(row["id"] for row in answer) == found


@for_each("requested", ['"', '""', " ", "'", "AND", "title:", "*", "NEAR(", "(", "—", "\u202e", "%00"])
def test_no_search_is_an_error(site: Site, requested: str) -> None:
    assert site.get(f"/DB/documents?_search={requested if '%' in requested else quote(requested)}")[0] == 200


def test_an_empty_search_finds_everything(site: Site) -> None:
    assert site.json("/DB/documents.json?_search=")["filtered_table_rows_count"] == len(DOCUMENTS)


def test_foreign_keys_show_labels(site: Site) -> None:
    changes = site.text("/DB/changes")
    assert re.search(r'/document/k3(\?in=\S*)?">Letter to be followed</a>', changes)
    assert f'/runs/1">{CLOCK}</a>' in changes
    assert '/captures/1">https://archive.example/search?page=71</a>' in site.text("/DB/sightings")
    assert "A whole one</a>&nbsp;<em>2</em>" in site.text("/DB/captures")


def test_a_rows_page_shows_labels_too_and_leads_on(site: Site) -> None:
    assert re.search(r'/documents/3">Letter to be followed</a>&nbsp;<em>3</em>', site.text("/DB/changes/3"))
    page = site.text("/DB/documents/3")
    assert "1 row in sightings" in words(page)
    assert "1 row in changes" in words(page)
    assert "statements" not in page


def test_internals_are_out_of_sight(site: Site) -> None:
    page = site.text("/DB")
    for name in ("statements", "_sqlite_migrations", "documents_fts", "documents_unindexed"):
        assert f'/{name}"' not in page


def test_tables_and_columns_are_explained(site: Site) -> None:
    page = words(site.text("/DB/coverage"))
    assert "What is held of each listing, and what is missing." in page
    assert "The first position that is not held." in page


def test_coverage_says_in_words_what_is_complete(site: Site) -> None:
    page = site.text("/DB/coverage")
    assert re.findall(r'<td class="col-complete [^>]*>([^<]*)<', page) == ["incomplete", "complete"]
    assert re.search(r'/listings/2">A whole one</a>', page)


@for_each("path", PAGES)
def test_no_page_lets_hostile_text_become_markup(site: Site, path: str) -> None:
    page = site.text(path)
    assert SCRIPT not in page
    assert re.findall(r"<script(?![^>]*\ssrc=)", page) == []
    assert [link for link in hrefs(page) if not re.match(r"(https?://|/|\?|#)", link)] == []
    assert re.findall(r"\son\w+=", page) == []
    assert "49 {% raw" not in page


@for_each("path", PAGES)
def test_every_page_has_a_policy_without_inline_scripts(site: Site, path: str) -> None:
    headers = site.get(path)[2]
    scripts = re.findall(r"script-src ([^;]*)", headers["Content-Security-Policy"])
    assert scripts == ["'self'"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_only_columns_of_addresses_link_and_only_to_the_web(site: Site) -> None:
    page = site.text("/DB/documents?_columns=all")
    outside = {link for link in hrefs(page) if link.startswith("http") and site.address not in link}
    assert outside <= {
        "https://archive.example/a?b=1&amp;c=2",
        "https://datasette.io/",
        "https://archive.example/&#34;onclick=&#34;alert(1)",
    }
    assert 'href="https://archive.example/a?b=1&amp;c=2" rel="noreferrer nofollow"' in page
    assert "javascript:alert(1)" in page


def test_long_words_are_cut_on_tables_and_whole_on_their_row(site: Site) -> None:
    assert "x" * 700 not in site.text("/DB/documents?_columns=all")
    assert "x" * 3000 in site.text("/DB/documents/8")


def test_csv_and_json_hold_every_column(site: Site) -> None:
    header = site.text("/DB/documents.csv").removeprefix("\ufeff").splitlines()[0].split(",")
    assert header == list(site.json("/DB/documents.json?_shape=array")[0])
    assert header == columns_of(site, "documents")


def test_sql_of_ones_own_works_and_mistakes_are_explained(site: Site) -> None:
    assert "<td" in site.text("/DB?sql=select+title+from+documents")
    assert "syntax error" in site.get("/DB?sql=select+from")[1]


def test_it_only_reads(site: Site) -> None:
    assert site.get("/DB?sql=delete+from+documents")[0] == 400
    assert [row["is_mutable"] for row in site.json("/-/databases.json")] == [True]


def test_a_change_shows_at_once(site: Site) -> None:
    before = site.json("/DB/documents.json?_size=0")["filtered_table_rows_count"]
    with closing(sqlite3.connect(site.json("/-/databases.json")[0]["path"], isolation_level=None)) as db:
        db.execute(
            "INSERT INTO documents (id, key, source, title, first_seen, last_changed) VALUES (99, '', '', '', '', '')"
        )
        after = site.json("/DB/documents.json?_size=0")["filtered_table_rows_count"]
        outcome = words(site.text("/DB/documents"))
        db.execute("DELETE FROM documents WHERE id = 99")
        db.execute("DELETE FROM documents_unindexed")
    assert after == before + 1
    assert "Search does not know 1 of these yet" in outcome


def test_pages_answer_while_a_harvest_writes(site: Site) -> None:
    with closing(sqlite3.connect(site.json("/-/databases.json")[0]["path"], isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE documents SET title = 'not yet'")
        page = site.text("/DB/documents")
        db.execute("ROLLBACK")
    assert "not yet" not in page
    assert "Letter to be followed" in page


def test_an_unknown_page_says_so_in_the_same_dress(site: Site) -> None:
    status, page, _ = site.get("/DB/nothing")
    assert status == 404
    assert "static/style.css" in page
    assert "To the front page" in page

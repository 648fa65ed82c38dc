"""One search over several databases, and a page that says that it is counting."""

from __future__ import annotations

import asyncio
import html
import re
import sys
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from datasette.utils import MultiParams

from harvester.cli.serve import make_datasette
from harvester.store.database import open_to_write
from harvester.store.search_index import update_index
from tests.support.made_up_corpus import Corpus, make
from tests.support.publishing import configuration_with, datasette_alone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.publishing import Site


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> list[Corpus]:
    folder = tmp_path_factory.mktemp("several")
    return [make(folder / "one.db", 300), make(folder / "two.db", 200)]


@pytest.fixture(scope="module")
def site(corpora: list[Corpus], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = configuration_with(tmp_path_factory.mktemp("served") / "db", *(corpus.path for corpus in corpora))
    with datasette_alone(folder) as (site, _):
        yield site


def test_all_databases_are_searched_and_counted(site: Site, corpora: list[Corpus]) -> None:
    each = [len(corpus.holding("treaty")) for corpus in corpora]
    answer = site.json("/search.json?q=treaty")
    assert answer["total"] == len(answer["results"]) == sum(each)
    assert {row["value"]: row["count"] for row in answer["counts"]["in"]} == dict(
        zip(("one", "two"), each, strict=True)
    )
    kinds = sum((corpus.counted(corpus.holding("treaty"), "kind") for corpus in corpora), start=Counter())
    assert {row["value"]: row["count"] for row in answer["counts"]["kind"]} == {k or "-": n for k, n in kinds.items()}
    assert site.json("/search.json?q=treaty&in=two")["total"] == each[1]


@pytest.mark.parametrize("order", ["date", "newest"])
def test_pages_put_all_into_one_order(site: Site, order: str) -> None:
    seen: list[dict[str, Any]] = []
    for page in range(1, 5):
        seen += site.json(f"/search.json?q=treaty&order={order}&size=100&page={page}")["results"]
    dates = [row["date_from"] for row in seen if row["date_from"]]
    assert dates == sorted(dates, reverse=order == "newest")
    assert [row["date_from"] for row in seen[: len(dates)]] == dates, "undated ones are last"


def test_results_lead_into_their_own_database(site: Site) -> None:
    rows = site.json("/search.json?q=treaty&size=100&page=1")["results"]
    assert {row["page"].partition("?")[2] for row in rows} == {"", "in=two"}
    for row in rows[:5]:
        assert site.get(row["page"].removeprefix(site.address))[0] == 200


def test_a_document_leads_back_and_on_over_all_databases(site: Site) -> None:
    asked = "q=treaty&order=date"
    rows = site.json(f"/search.json?{asked}&page=1")["results"]
    page = site.text(f"/search?{asked}")
    ways = [html.unescape(way) for way in re.findall(r'<h2><a href="(/document/[^"]+)"', page)]
    assert {"in=two" in way for way in ways} == {True, False}
    at = next(number for number in range(1, 19) if ("in=two" in ways[number]) != ("in=two" in ways[number + 1]))
    for number in (at, at + 1):
        shown = site.text(ways[number])
        way = html.unescape(re.findall(r'<nav class="way".*?</nav>', shown, re.DOTALL)[0])
        back, before, after = re.findall(r'href="([^"]+)"', way)
        assert (back, before, after) == (f"/search?{asked}", ways[number - 1], ways[number + 1])
        assert rows[number]["title"] in html.unescape(shown)


def test_what_takes_long_says_that_it_is_counting(corpora: list[Corpus], monkeypatch: pytest.MonkeyPatch) -> None:
    async def request_page() -> tuple[Any, Any]:
        datasette = make_datasette(corpora[0].path, {})
        await datasette.invoke_startup()
        monkeypatch.setattr(sys.modules["harvest_configuration.pages.search_page"], "PATIENCE", 0.0)
        first = await datasette.client.get("/search?q=treaty")
        for _ in range(200):
            then = await datasette.client.get("/search?q=treaty")
            if "refresh" not in then.headers:
                break
            await asyncio.sleep(0.05)
        return first, then

    first, then = asyncio.run(request_page())
    assert "Counting …" in first.text
    assert first.headers["refresh"] == "1"
    assert f"<strong>{len(corpora[0].holding('treaty'))} documents</strong>" in then.text


@pytest.mark.parametrize("order", ["relevance", "newest"])
def test_documents_that_a_harvest_merged_meanwhile_are_left_out(tmp_path: Path, order: str) -> None:
    path = make(tmp_path / "harvest.db", 30).path
    with asyncio.Runner() as runner:
        datasette = make_datasette(path, {})
        runner.run(datasette.invoke_startup())
        merging = sys.modules["harvest_configuration.pages.several"]
        search = sys.modules["harvest_configuration.pages.search_page"]
        question = search.read_request(MultiParams({"q": ["treaty"], "order": [order]}))
        found = {"harvest": runner.run(search.search_database(datasette, "harvest", question))}
        ids = [one for _, one in runner.run(search.merge_pages(datasette, question, found, 0, 30))]
        with closing(open_to_write(path)) as db:
            db.execute("PRAGMA foreign_keys = OFF")
            db.execute("DELETE FROM documents WHERE id = ?", [ids[1]])
            update_index(db)
        left = [ids[0], *ids[2:]]
        assert len(left) > 2
        keys = runner.run(search.with_reader(datasette, "harvest", lambda read: merging._keys(read, question, ids)))
        assert [one for one, _ in keys] == left
        assert runner.run(search.merge_pages(datasette, question, found, 0, 30)) == [("harvest", one) for one in left]

"""What one request may take, and which of Datasette's own pages are open."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from harvester.cli import run
from harvester.cli.serve import make_datasette
from tests.support.for_each import for_each
from tests.support.hostile_sample import make_sample
from tests.support.publishing import datasette_alone

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBERS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000)"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sample(tmp_path_factory.mktemp("limits") / "harvest.db")


@pytest.fixture(scope="module")
def asking(database: Path) -> Iterator[Any]:
    datasette = make_datasette(database, {})
    with asyncio.Runner() as runner:
        runner.run(datasette.invoke_startup())
        yield lambda path: runner.run(datasette.client.get(path))


@pytest.mark.parametrize(
    ("sql", "stated"),
    [
        ("SELECT zeroblob(1000000000)", "too big"),
        ("SELECT hex(zeroblob(400000000))", "too big"),
        ("SELECT length(printf('%.1000000000c', 'x'))", "not authorized to use function: printf"),
        ("SELECT format('%.1000000000c', 'x')", "not authorized to use function: format"),
        (f"{NUMBERS} SELECT zeroblob(4000000) FROM n", "the answer is too large"),
        (f"{NUMBERS} SELECT 'x' || hex(zeroblob(2000000)) FROM n", "the answer is too large"),
    ],
)
@pytest.mark.parametrize("ending", ["", ".json"])
def test_no_query_takes_all_memory(asking: Any, sql: str, stated: str, ending: str) -> None:
    before = peak()
    answer = asking(f"/harvest{ending}?sql={quote(sql)}")
    assert answer.status_code == 400
    assert stated in answer.text
    assert peak() - before < 300_000_000


def peak() -> int:
    """Return the most memory that this process has held, in bytes."""
    status = Path("/proc/self/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))


def test_what_is_large_but_not_too_large_is_answered(asking: Any) -> None:
    answer = asking(f"/harvest.json?_shape=array&sql={quote(f'{NUMBERS} SELECT hex(zeroblob(5000)) AS x FROM n')}")
    assert [len(row["x"]) for row in answer.json()] == [10_000] * 1000


def test_a_query_that_may_be_cut_says_so_in_its_last_line(asking: Any) -> None:
    more = asking(f"/harvest.csv?sql={quote(NUMBERS.replace('1000', '1001') + ' SELECT i FROM n')}").text
    assert more.splitlines()[-2] == "1000"
    assert more.splitlines()[-1].startswith('"Cut after 1,000 rows')
    all_ = asking(f"/harvest.csv?sql={quote(NUMBERS.replace('1000', '999') + ' SELECT i FROM n')}").text
    assert all_.splitlines()[-1] == "999"


@for_each("page", ["messages", "allow-debug", "patterns", "logout", "threads", "threads.json", "permissions"])
def test_forms_of_whoever_runs_it_are_closed(asking: Any, page: str) -> None:
    assert asking(f"/-/{page}").status_code == 403


def test_what_is_published_tells_nothing_of_the_machine(database: Path, tmp_path: Path) -> None:
    assert run(["publish", str(tmp_path / "made"), "--db", str(database), "--yes"]) == 0
    with datasette_alone(tmp_path / "made") as (site, _):
        for page in ("databases.json", "versions", "plugins.json", "settings", "metadata.json", "patterns"):
            assert site.get(f"/-/{page}")[0] == 403
        assert site.json("/search.json?q=plantations")["total"] == 1
        assert site.get("/-/health")[0] in (200, 503)

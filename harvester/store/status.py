"""A report of what the database holds, and of what is wrong with it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from harvester.store.run import latest_runs
from harvester.store.run_pages import STILL_INCOMPLETE

if TYPE_CHECKING:
    from sqlite_utils import Database

RUNS_SHOWN = 5
_LAST_WALKS = """SELECT listings.name, walks.* FROM walks JOIN listings ON listings.id = listing_id
    WHERE walks.id IN (SELECT max(id) FROM walks GROUP BY listing_id) ORDER BY listing_id"""


@dataclass(frozen=True)
class StatusReport:
    """Coverage and last walk of each listing, the last runs (newest first), each reason why the state is unhealthy."""

    documents: int
    last_read: str | None
    coverage: list[dict[str, Any]]
    walks: list[dict[str, Any]]
    runs: list[dict[str, Any]]
    problems: list[dict[str, Any]]
    unhealthy: list[str]

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong."""
        return not self.unhealthy

    def as_dict(self) -> dict[str, Any]:
        """Return the report as it is printed as JSON."""
        return {"healthy": self.healthy, **asdict(self)}


def status_report(db: Database) -> StatusReport:
    """Return the report on a database."""
    runs = list(islice(latest_runs(db), RUNS_SHOWN))
    return StatusReport(
        documents=db.execute("SELECT count(*) FROM documents").fetchone()[0],
        last_read=db.execute("SELECT max(read_at) FROM reads").fetchone()[0],
        coverage=list(db.query("SELECT * FROM coverage ORDER BY listing_id")),
        walks=list(db.query(_LAST_WALKS)),
        runs=runs,
        problems=_problems(db, runs),
        unhealthy=_unhealthy(db, runs),
    )


def count_holdings(db: Database) -> dict[str, int]:
    """Return the numbers of documents, texts, documents without a statement on rights, and documents that are gone."""
    sql = """SELECT (SELECT count(*) FROM documents) AS documents, (SELECT count(*) FROM texts) AS texts,
        (SELECT count(*) FROM documents WHERE rights IS NULL) AS silent,
        (SELECT count(*) FROM documents WHERE gone_at IS NOT NULL) AS gone"""
    return next(iter(db.query(sql)))


def list_sources(db: Database) -> list[str]:
    """Return the names of the sources that documents are from."""
    return [str(row[0]) for row in db.execute("SELECT DISTINCT source FROM documents ORDER BY source")]


def count_rights(db: Database) -> list[tuple[str, int]]:
    """Return the statements on rights, each with its number of documents, the most frequent first."""
    sql = "SELECT rights, count(*) FROM documents WHERE rights IS NOT NULL GROUP BY rights ORDER BY 2 DESC, 1"
    return db.execute(sql).fetchall()


def _problems(db: Database, runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the problems of the last run except notices, and notices about pages that still could not be stored."""
    if not runs:
        return []
    sql = """SELECT uri, position, severity, code, message FROM problems
        WHERE run_id = ? AND (severity <> 'notice' OR message = ?) ORDER BY id"""
    return list(db.query(sql, [runs[0]["id"], STILL_INCOMPLETE]))


def _unhealthy(db: Database, runs: list[dict[str, Any]]) -> list[str]:
    if not runs:
        return ["nothing was harvested yet: run `harvester harvest TARGET`"]
    last = runs[0]
    if last["status"] in ("complete", "running"):
        return []
    sql = "SELECT reason FROM walks WHERE run_id = ? AND status NOT IN ('complete', 'bounded')"
    walks = "; ".join(row[0] for row in db.execute(sql, [last["id"]]) if row[0])
    why = last["reason"] or walks or "its problems are listed above"
    return [f"the last run ({last['id']}) is {last['status']}: {why}"]

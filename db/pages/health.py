"""`/-/health` for monitors, `/robots.txt`, and the pages with pictures: coverage and syncs."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from datasette.database import QueryInterrupted

from . import responses
from .coverage import listings
from .databases import harvests, requested_harvest
from .queries import rows, try_rows

if TYPE_CHECKING:
    from datasette.app import Datasette
    from datasette.utils.asgi import Request, Response

STATE = """
    SELECT (SELECT read_at FROM reads ORDER BY id DESC LIMIT 1) AS last_read,
        (SELECT count(*) FROM (SELECT 1 FROM documents_unindexed LIMIT 10000)) AS unindexed"""
LAST_RUN = "SELECT id, status, started_at, finished_at, reason FROM runs ORDER BY id DESC LIMIT 1"
RUNS = """
    SELECT * FROM (SELECT id, started_at, finished_at, command, status, pages, records, new, changed, gone, returned,
        problems, reason FROM runs ORDER BY id DESC LIMIT 60) ORDER BY id"""
WALKS = """
    SELECT run_id, group_concat(status || coalesce(' (' || proof || ')', ''), ', ') AS verdicts FROM walks
    WHERE status IS NOT NULL AND run_id > (SELECT max(id) FROM runs) - 60 GROUP BY run_id"""
TURNS = """SELECT run_id, id, schedule, kind FROM sync_attempts
    WHERE run_id > (SELECT max(id) FROM runs) - 60 AND run_id IS NOT NULL"""
UPCOMING = "SELECT * FROM upcoming ORDER BY next_start, schedule"
MISSED = """
    SELECT sync_attempts.schedule, sync_attempts.due_at, sync_attempts.missed_reason, sync_attempts.caught_up_by,
    by.started_at AS caught_up_at
    FROM sync_attempts LEFT JOIN sync_attempts AS by ON by.id = sync_attempts.caught_up_by
    WHERE sync_attempts.missed_reason IS NOT NULL ORDER BY sync_attempts.id DESC LIMIT 10"""
BAD = "SELECT subject, kind, started_at, summary, remedy FROM incidents ORDER BY started_at"


async def health(datasette: Datasette) -> Response:
    """Return the health of each harvest as JSON; status 503 if one is not healthy."""
    states = [await _state(datasette, name) for name in harvests(datasette)]
    healthy = bool(states) and all(state["healthy"] for state in states)
    reason = "" if states else "nothing is harvested yet"
    return responses.json_response({"healthy": healthy, "reason": reason, "harvests": states}, 200 if healthy else 503)


async def _state(datasette: Datasette, database: str) -> dict[str, Any]:
    try:
        (state,) = await rows(datasette, database, STATE)
        runs = await rows(datasette, database, LAST_RUN)
    except (sqlite3.Error, QueryInterrupted) as error:
        return {"name": database, "healthy": False, "reason": f"the database does not answer: {error}"}
    reason = run_trouble(runs) or await _schedule_trouble(datasette, database)
    return {
        "name": database,
        "healthy": not reason,
        "reason": reason,
        "last_run": runs[0] if runs else None,
        "last_read": state["last_read"],
        "not_yet_searchable": state["unindexed"],
    }


def run_trouble(runs: list[dict[str, Any]]) -> str:
    """Return what is wrong with the last run, as `harvester status` does; empty if nothing is."""
    if not runs:
        return "nothing was harvested yet"
    last = runs[0]
    if last["status"] in ("complete", "running"):
        return ""
    return f"the last run ({last['id']}) is {last['status']}: {last['reason'] or 'see its problems'}"


async def _schedule_trouble(datasette: Datasette, database: str) -> str:
    """Return the open incidents and overdue schedules as text; empty if there are none, or no such tables."""
    bad = await try_rows(datasette, database, BAD) or []
    overdue = [row for row in await try_rows(datasette, database, UPCOMING) or [] if row["overdue"]]
    problems = [f"{row['subject']} since {row['started_at']}: {row['summary']}" for row in bad]
    problems += [f"{row['schedule']} is overdue since {row['next_start']}: no scheduler is running" for row in overdue]
    return "; ".join(problems)


async def coverage_page(request: Request, datasette: Datasette) -> Response:
    """Show what each listing holds and lacks; as JSON, too."""
    database = requested_harvest(datasette, request)
    found = await listings(datasette, database)
    if request.url_vars["format"]:
        return responses.json_response({"listings": found})
    return await responses.render_page(datasette, request, "coverage.html", {"listings": found}, database)


async def syncs_page(request: Request, datasette: Datasette) -> Response:
    """Show upcoming and missed syncs, and the last runs over time with their results."""
    database = requested_harvest(datasette, request)
    context: dict[str, Any] = {"runs": await rows(datasette, database, RUNS)}
    context["walks"] = {row["run_id"]: row["verdicts"] for row in await rows(datasette, database, WALKS)}
    # A database of an older version has no schedules.
    context["attempts"] = {row["run_id"]: row for row in await try_rows(datasette, database, TURNS) or []}
    for name, question in (("upcoming", UPCOMING), ("missed", MISSED), ("bad", BAD)):
        context[name] = await try_rows(datasette, database, question) or []
    return await responses.render_page(datasette, request, "syncs.html", context, database)


async def robots(datasette: Datasette) -> Response:
    """Return robots.txt, which excludes crawlers unless metadata.yaml admits them: search pages are endless."""
    config = datasette.plugin_config("reading-room") or {}
    rule = "Disallow: /search\nDisallow: /*?" if config.get("robots") else "Disallow: /"
    return responses.text_response(f"User-agent: *\n{rule}\n", "text/plain; charset=utf-8")

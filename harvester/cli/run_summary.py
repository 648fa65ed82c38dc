"""The summary of a run, as a harvest prints it, and its exit status."""

from __future__ import annotations

import shlex
import signal
from typing import TYPE_CHECKING, Any

from harvester.db.pages.labels import CHECKED_AGAINST

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.ingest import Stop

OPTIONAL_COUNTS = {
    "gone": ("gone", "gone"),
    "returned": ("returned", "returned"),
    "refused": ("page refused", "pages refused"),
    "ignored": ("other file ignored", "other files ignored"),
    "reference_readings": ("page read by the reference engine", "pages read by the reference engine"),
}
"""Counts that are shown only if they are not zero: their singular and plural."""


def summary(row: dict[str, Any], db: Path) -> str:
    """Return the summary of a run as text."""
    counted = ", ".join(f"{row[name]} {name[:-1] if row[name] == 1 else name}" for name in ("pages", "records"))
    parts = [f"{counted}: {row['new']} new, {row['changed']} changed, {row['unchanged']} unchanged"]
    parts += [f"{row[name]} {words[row[name] != 1]}" for name, words in OPTIONAL_COUNTS.items() if row[name]]
    parts += [f"{count} {severity}{'s' * (count != 1)}" for severity, count in row["severities"].items()]
    see = f"See why: harvester status --db {shlex.quote(str(db))}"
    hint = {"complete": "", "interrupted": "\nRun it again to go on."}.get(row["status"], f"\n{see}")
    walks = "".join(f"\nthe listing: {format_walk(walk)}{_format_earlier(walk, row)}" for walk in row["walks"])
    return f"{row['status']}: {'; '.join(parts)}{walks}{hint}"


EXIT_STATUS = {"complete": 0, "failed": 1, "partial": 3}


def exit_status(row: dict[str, Any], stop: Stop) -> int:
    """Return the exit status of a harvest from its run's row."""
    return EXIT_STATUS.get(row["status"], 128 + (stop.signal or signal.SIGINT))


def format_walk(walk: dict[str, Any]) -> str:
    """Return how a walk ended as text."""
    if walk["status"] is None:
        return "going on, or its run has ended without a word"
    outcome = f"{walk['status']} (proof: {walk['proof']})" if walk["proof"] else f"{walk['status']}: {walk['reason']}"
    if walk["status"] == "complete" and walk["checked_against"] in CHECKED_AGAINST:
        outcome += f", {CHECKED_AGAINST[walk['checked_against']]}"
    of_total = "" if walk["declared_total"] is None else f" of {walk['declared_total']}"
    return (
        f"{walk['distinct_records']}{of_total} records, {outcome}" if of_total or walk["distinct_records"] else outcome
    )


def _format_earlier(walk: dict[str, Any], row: dict[str, Any]) -> str:
    """Return when a listing was walked, as text, if that was before the run."""
    finished = walk["finished_at"]
    return f", walked by {finished}" if finished and finished < row["started_at"] else ""

"""What is said of a run when it has ended."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

ASIDE = {
    "gone": ("gone", "gone"),
    "returned": ("returned", "returned"),
    "refused": ("page refused", "pages refused"),
    "ignored": ("other file ignored", "other files ignored"),
    "reference_readings": ("page read by the reference engine", "pages read by the reference engine"),
}
"""What is told only if there is any."""


def summary(row: dict[str, Any], db: Path) -> str:
    """Say in words what a run has done."""
    parts = [f"{row['records']} records: {row['new']} new, {row['changed']} changed, {row['unchanged']} unchanged"]
    parts += [f"{row[name]} {words[row[name] != 1]}" for name, words in ASIDE.items() if row[name]]
    parts += [f"{count} {severity}{'s' * (count != 1)}" for severity, count in row["severities"].items()]
    see = f"See why: harvester status --db {shlex.quote(str(db))}"
    hint = {"complete": "", "interrupted": "\nRun it again to go on."}.get(row["status"], f"\n{see}")
    walks = "".join(f"\nthe listing: {walked(walk)}{_before(walk, row)}" for walk in row["walks"])
    return f"{row['status']}: {row['pages']} pages, {'; '.join(parts)}{walks}{hint}"


def walked(walk: dict[str, Any]) -> str:
    """Say in words how a walk ended."""
    if walk["status"] is None:
        return "going on, or its run has ended without a word"
    told = f"{walk['status']} (proof: {walk['proof']})" if walk["proof"] else f"{walk['status']}: {walk['reason']}"
    if walk["declared_total"] is None:
        return told
    return f"{walk['distinct_records']} of {walk['declared_total']} records, {told}"


def _before(walk: dict[str, Any], row: dict[str, Any]) -> str:
    """Return when a listing was walked, where that was before the run."""
    finished = walk["finished_at"]
    return f", walked by {finished}" if finished and finished < row["started_at"] else ""

"""What `check` notices of what something else has written, and that the documents name the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harvester.store.integrity.check import run_checks
from tests.soak.forgeries import lines, made, tried
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

RELIABILITY = ROOT / "docs" / "reliability.md"


def test_nearly_every_forgery_is_noticed_and_the_documents_name_the_others(tmp_path: Path) -> None:
    path = made(tmp_path)
    assert [finding for finding in run_checks(path, fast=True) if not finding.notice] == []
    results = tried(path)
    assert {
        "sync_attempts",
        "incidents",
        "notifications",
        "schedules",
        "source_locks",
        "containers_read",
        "fill_rates",
        "withdrawn_keys",
    } <= results.keys()
    noticed = sum(result.noticed for result in results.values())
    assert noticed >= 0.95 * (noticed + sum(len(result.missed) for result in results.values()))
    written = " ".join(re.sub(r"[`*]", "", RELIABILITY.read_text("utf-8")).split())
    assert [line for line in lines(results) if line not in written] == []

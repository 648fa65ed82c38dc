"""Bulk readings by real processes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from harvester.bulk.status import read_status, refusals
from tests.support.bulk import pages, plan, read_here, records
from tests.support.dask_cluster import MOMENTS

if TYPE_CHECKING:
    from pathlib import Path


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "a.warc.gz").write_bytes(b"".join(records(pages(10), gz=True)))
    bulk = plan(tmp_path / "bulk", [tmp_path / "a.warc.gz"], 10**9)
    full = "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    full += "resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000)); from harvester.cli import main; main()"
    command = [sys.executable, "-c", full, "bulk", "read", str(bulk.path)]
    # Python would leave half a compiled module, and fail with it ever after.
    environment = os.environ | {
        "PYTHONDONTWRITEBYTECODE": "1"
    }  # half a compiled module would stay, and fail ever after
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert result.returncode == 1
    assert "free some disk space" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert [list((bulk.path / name).iterdir()) for name in ("parts", "receipts")] == [[], []]
    read_here(bulk)
    assert read_status(bulk).verdict == "complete"


def test_a_page_that_kills_its_process_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    made = pages(10)
    poison = list(made)[4]
    made[poison] += b"POISON"
    (tmp_path / "a.warc.gz").write_bytes(b"".join(records(made, gz=True)))
    bulk = plan(tmp_path / "bulk", [tmp_path / "a.warc.gz"], 8_000)
    environment = os.environ | {"PYTHONPATH": str(MOMENTS), "BULK_MOMENTS": str(tmp_path)}
    command = [sys.executable, "-m", "harvester", "bulk", "read", str(bulk.path), "--workers", "2"]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert "partial: " in result.stdout
    status = read_status(bulk)
    assert (status.missing, status.totals.refused) == ([], {"ends-its-reader": 1})
    assert status.totals.counts["pages"] == 10
    assert "(SIGKILL)" in next(refusals(bulk))["message"]
    assert list(bulk.path.rglob(".*")) == []  # nor is anything left of what the killed ones had begun

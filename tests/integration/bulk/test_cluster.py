"""Bulk readings on a real Dask cluster, whose workers and scheduler are killed at named moments."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from harvester.bulk.status import read_status
from tests.support.bulk import harvest_here, load_here, pages, plan, read_here, records, rows
from tests.support.dask_cluster import cluster
from tests.support.paths import ROOT
from tests.support.trials import trials

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.bulk.folder import BulkFolder


def start(bulk: BulkFolder, address: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "harvester", "bulk", "read", str(bulk.path), "--dask", address]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_whatever_dies_on_a_cluster_the_database_is_that_of_a_plain_harvest(tmp_path: Path) -> None:
    made = pages(10)
    (tmp_path / "a.warc.gz").write_bytes(b"".join(records(made, gz=True)))
    bulk = plan(tmp_path / "bulk", [tmp_path / "a.warc.gz"], 20_000)
    moments = tmp_path / "moments"
    with cluster(moments, trials(1, 2)) as running:
        (moments / "half-written").write_text("kill worker")
        client = start(bulk, running.address)
        assert client.communicate(timeout=280)[1] == ""
        assert client.returncode == 0
        assert {path.suffix for path in moments.iterdir()} == {".reached"}
        assert read_status(bulk).verdict == "complete"
        # The scheduler dies while parts are being read: the next reading goes on.
        other = plan(tmp_path / "other", [tmp_path / "a.warc.gz"], 30_000)
        (moments / "half-written").write_text("wait")
        client = start(other, running.address)
        while (moments / "half-written").exists():
            time.sleep(0.05)
        running.kill_scheduler()
        errors = client.communicate(timeout=280)[1]
        assert client.returncode == 1
        assert errors.startswith("Error: the scheduler at tcp://127.0.0.1:")
        assert len(errors.splitlines()) == 1
    read_here(other)  # by another engine: the files are the contract
    harvest_here(tmp_path / "plain.db", [tmp_path / "a.warc.gz"])
    for one in (bulk, other):
        load_here(one, tmp_path / f"{one.path.name}.db")
        assert rows(tmp_path / f"{one.path.name}.db") == rows(tmp_path / "plain.db")

"""No single request is dear: some of those that `python -m tests.soak.request_costs` makes by the thousand."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.soak.request_costs import HOSTILE_SQL, costs, keys_of, paths, too_dear
from tests.support.hostile_sample import make_sample
from tests.support.publishing import harvester_serve_alone

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.skipif(not psutil.LINUX, reason="only Linux tells the most memory that a process has held since a reset")
def test_no_request_takes_more_than_300_mb_or_five_seconds(tmp_path: Path) -> None:
    database = make_sample(tmp_path / "harvest.db")
    with harvester_serve_alone(database) as (site, server):
        process = psutil.Process(server.process.pid)
        wanted = [*(f"/DB?sql={sql.replace('%', '%25').replace(' ', '+')}" for sql in HOSTILE_SQL[:4])]
        wanted += paths(random.Random(7), 80, keys_of(database))
        dear = [one for one in costs(site, process, iter(wanted)) if too_dear(one)]
    assert dear == []

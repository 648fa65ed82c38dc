"""Where things are when nobody says."""

from __future__ import annotations

import os
from pathlib import Path


def default_database() -> Path:
    """Give the database that is meant when none is named: HARVESTER_DB, else db/harvest.db in this folder."""
    return Path(os.environ.get("HARVESTER_DB") or Path("db", "harvest.db"))

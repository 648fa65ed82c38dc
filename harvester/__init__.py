"""Harvests archive listings into SQLite, and records what is missing."""

from pathlib import Path

_checkout = Path(__file__).resolve().parent.parent
if (_checkout / "scrapy.cfg").is_file():
    # In a checkout `spiders`, `db` and `seeds` lie beside this package; in the wheel they lie inside it.
    # One import name works in both: harvester.spiders, harvester.db, harvester.seeds.
    __path__.append(str(_checkout))

__version__ = "0.1.0"

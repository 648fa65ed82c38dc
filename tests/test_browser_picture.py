"""The README's picture: the project's own Datasette on the harvested seeds.

`python -m tests.test_browser_picture` takes it anew.
"""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.publishing import ROOT, harvester_serve
from tests.test_browser import chromium, harvest_seeds

if TYPE_CHECKING:
    from playwright.sync_api import ViewportSize

PICTURE = ROOT / "docs" / "front-page.png"
WIDTH, HEIGHT, SHARPNESS = 1120, 860, 1.5
LARGEST = 200_000


def take(picture: Path) -> None:
    """Harvest the seeds, serve them, and take the picture."""
    with tempfile.TemporaryDirectory() as folder:
        database = harvest_seeds(Path(folder, "harvest.db"))
        with harvester_serve(database) as (site, _), chromium() as browser:
            size: ViewportSize = {"width": WIDTH, "height": HEIGHT}
            page = browser.new_page(viewport=size, device_scale_factor=SHARPNESS, color_scheme="light")
            page.goto(site.address)
            page.screenshot(path=picture)


def test_the_readme_has_its_picture() -> None:
    start = PICTURE.read_bytes()[:24]
    assert start[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", start[16:]) == (WIDTH * SHARPNESS, HEIGHT * SHARPNESS)
    assert PICTURE.stat().st_size < LARGEST


def test_it_can_be_taken_again(tmp_path: Path) -> None:
    take(tmp_path / "again.png")
    assert abs((tmp_path / "again.png").stat().st_size - PICTURE.stat().st_size) < PICTURE.stat().st_size / 2


if __name__ == "__main__":
    take(PICTURE)

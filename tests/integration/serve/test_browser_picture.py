"""The pictures of the README and docs/: the project's own Datasette on the harvested seeds.

`python -m tests.integration.serve.test_browser_picture` takes them anew.
"""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.browsing import chromium, harvest_seeds
from tests.support.paths import ROOT
from tests.support.publishing import harvester_serve

if TYPE_CHECKING:
    from playwright.sync_api import ViewportSize

DOCS = ROOT / "docs"
PICTURES = {"front-page": "/", "search": "/search?q=Stalin+Mao", "coverage": "/coverage"}
WIDTH, HEIGHT, SHARPNESS = 1120, 860, 1.25
LARGEST = 200_000


def take(folder: Path) -> None:
    """Harvest the seeds, serve them, and take the pictures."""
    with tempfile.TemporaryDirectory() as place:
        database = harvest_seeds(Path(place, "harvest.db"))
        with harvester_serve(database) as (site, _), chromium() as browser:
            size: ViewportSize = {"width": WIDTH, "height": HEIGHT}
            page = browser.new_page(viewport=size, device_scale_factor=SHARPNESS, color_scheme="light")
            for name, path in PICTURES.items():
                page.goto(site.address + path.lstrip("/"))
                page.screenshot(path=folder / f"{name}.png")


@pytest.mark.parametrize("name", PICTURES)
def test_the_documents_have_their_pictures(name: str) -> None:
    picture = DOCS / f"{name}.png"
    start = picture.read_bytes()[:24]
    assert start[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", start[16:]) == (WIDTH * SHARPNESS, HEIGHT * SHARPNESS)
    assert picture.stat().st_size < LARGEST


def test_they_can_be_taken_again(tmp_path: Path) -> None:
    take(tmp_path)
    for name in PICTURES:
        before, after = ((folder / f"{name}.png").stat().st_size for folder in (DOCS, tmp_path))
        assert abs(after - before) < before / 2


if __name__ == "__main__":
    take(DOCS)

"""Where the checkout and the data of the tests lie."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
PLATFORMS = FIXTURES / "platforms"

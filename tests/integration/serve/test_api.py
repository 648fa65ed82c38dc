"""Every example of docs/api.md is true of the harvested seeds."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.for_each import for_each
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from tests.support.publishing import Site

EXAMPLE = re.compile(r"```http\nGET (\S+)\n```\n\n```json\n(.*?)```", re.DOTALL)
EXAMPLES = EXAMPLE.findall((ROOT / "docs" / "api.md").read_text("utf-8"))


@pytest.fixture
def site(seeds_site: Site) -> Site:
    return seeds_site


def assert_within(shown: Any, answer: Any, where: str = "") -> None:
    """Check that what is shown is in the answer, which may hold more."""
    if isinstance(shown, dict):
        for name, value in shown.items():
            assert name in answer, where
            assert_within(value, answer[name], f"{where}.{name}")
    elif isinstance(shown, list):
        assert len(shown) <= len(answer), where
        for number, value in enumerate(shown):
            assert_within(value, answer[number], f"{where}[{number}]")
    else:
        assert shown == answer, where


def test_there_are_examples_of_everything() -> None:
    assert len(EXAMPLES) == 7


@for_each("path, shown", EXAMPLES)
def test_the_example_is_true(site: Site, path: str, shown: str) -> None:
    here = json.loads(json.dumps(site.json(path)).replace(site.address, "http://127.0.0.1:8001/"))
    assert_within(json.loads(shown), here)


def test_programs_of_other_sites_may_read(site: Site) -> None:
    for path in ("/search.json", "/coverage.json", "/-/health", "/feed.atom"):
        assert site.get(path)[2]["Access-Control-Allow-Origin"] == "*"

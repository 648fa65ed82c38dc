"""What listings and changed fields are called in the reading room."""

from __future__ import annotations

import pytest

from harvester.db.pages.labels import listing_labels, listing_title

FILE = "wilson:file:file:///home/ann/pages/003_2c25.txt"


@pytest.mark.parametrize(
    ("name", "key", "total", "title"),
    [
        ("003_2c25.txt", FILE, 1250, "Listing of 1,250 records"),
        ("003_2c25.txt", "wilson:file:file:7/003_2c25.txt", 1, "Listing of 1 record"),
        ("page 1.html", "wilson:file:file:///a/mirror.tar#page%201.html", None, "Listing without a total"),
        ("Sino-Soviet Relations", FILE, 20, "Sino-Soviet Relations"),
        ("whole archive", "wilson:url:https://archive.example/search", 400, "whole archive"),
        ("autumn", "wilson:name:autumn", 9, "autumn"),
    ],
)
def test_a_listing_known_by_its_file_is_called_by_its_total(name: str, key: str, total: int | None, title: str) -> None:
    assert listing_title({"name": name, "key": key, "declared_total": total}) == title


def test_listings_of_one_total_are_told_apart_by_their_files() -> None:
    rows = [
        {"id": number, "name": name, "key": f"wilson:file:file:///{name}", "declared_total": total}
        for number, name, total in ((1, "a.txt", 10), (2, "b.txt", 10), (3, "c.txt", 11))
    ]
    assert listing_labels(rows) == {
        "1": "Listing of 10 records (a.txt)",
        "2": "Listing of 10 records (b.txt)",
        "3": "Listing of 11 records",
    }

"""Letters are folded one by one where that gives what Unicode's own decomposition gives."""

from __future__ import annotations

import random
import unicodedata

import pytest

from harvester.db.pages.folding import MARKS, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Władysław Gomułka", "Wladyslaw Gomulka"),
        ("Хрущёв и Мао", "Хрущев и Мао"),
        ("émigré’s “secret” — Ångström", "emigre’s “secret” — Angstrom"),
        ("e\u0301migre\u0301", "emigre"),
        ("Straße, Æthelred", "Strasse, AEthelred"),
        ("毛澤東 và Hồ Chí Minh", "毛澤東 va Ho Chi Minh"),
        ("\u1112\u1161\u11ab\u1100\u116e\u11a8", "한국"),  # jamo that are written one by one
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_no_accent_is_left_whatever_the_neighbours() -> None:
    chosen = random.Random(1)
    letters = [chr(code) for code in (*range(0x41, 0x530), *range(0x1E00, 0x2070))]
    for _ in range(2000):
        text = "".join(chosen.choices(letters, k=20))
        folded = fold(text)
        assert folded is not None
        assert not MARKS.search(unicodedata.normalize("NFD", folded)), ascii(text)
        assert fold(folded) == folded
        assert folded == "".join(fold(letter) or "" for letter in text)

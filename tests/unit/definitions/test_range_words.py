"""The word `range` of definitions: lines as archives print them, in each of the languages that it knows.

Each line is one of a real kind of catalogue in that language, with its own separators of thousands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harvester.definitions import loader
from harvester.model import Capture, Listing
from harvester.parsers.parse import parse
from harvester.registry import PLATFORMS

if TYPE_CHECKING:
    from pathlib import Path

    from harvester.source import Source

LINES = {
    "en": [("Showing 11 to 20 of 1,234 records", 11, 20, 1234), ("Results 1 – 10 out of 12,345", 1, 10, 12345)],
    "de": [("Treffer 11 bis 20 von insgesamt 1.234", 11, 20, 1234), ("Ergebnisse 1 – 10 von 12’345", 1, 10, 12345)],
    "fr": [("Résultats 11 à 20 sur 1 234", 11, 20, 1234), ("Notices 1 - 10 sur un total de 12\u202f345", 1, 10, 12345)],
    "es": [
        ("Mostrando 11 a 20 de 1.234 registros", 11, 20, 1234),
        ("Resultados 1 al 10 de un total de 12.345", 1, 10, 12345),
    ],
    "it": [("Risultati da 11 a 20 di 1.234", 11, 20, 1234), ("Schede 1 - 10 su un totale di 12.345", 1, 10, 12345)],
    "pt": [
        ("A mostrar 11 a 20 de 1.234 registos", 11, 20, 1234),
        ("Exibindo 1 até 10 de um total de 12 345", 1, 10, 12345),
    ],
    "nl": [
        ("Resultaat 11 t/m 20 van 1.234", 11, 20, 1234),
        ("Resultaten 1 tot en met 10 van in totaal 12.345", 1, 10, 12345),
    ],
    "ru": [
        ("Показаны записи 11 – 20 из 1 234", 11, 20, 1234),
        ("Документы с 1 по 10 из общего числа 12\xa0345", 1, 10, 12345),
    ],
    "pl": [("Wyniki 11 do 20 z 1 234", 11, 20, 1234), ("Pozycje 1–10 spośród 12\xa0345", 1, 10, 12345)],
    "cs": [("Záznamy 11 až 20 z 1 234", 11, 20, 1234), ("Zobrazeno 1 – 10 z celkem 12\xa0345 záznamů", 1, 10, 12345)],
    "hu": [("1 234 találatból 11–20", 11, 20, 1234), ("Találatok: 1 - 10 / 12 345", 1, 10, 12345)],
    "zh": [("显示第 11 至 20 条，共 1,234 条", 11, 20, 1234), ("第 1-10 条 / 共 12,345 条记录", 1, 10, 12345)],
    "ja": [("1,234 件中 11 ～ 20 件を表示", 11, 20, 1234), ("検索結果 1 から 10 件 / 全 12,345 件", 1, 10, 12345)],
}
HEAD = 'title = "City"\naddress = "https://city.example.org"\nitems = "/item/{slug}"\n'
CASES = [(language, *line) for language, lines in LINES.items() for line in lines]


def page(line: str, count: int) -> bytes:
    rows = "".join(f'<li><a href="/item/i{n}">Letter {n}</a></li>' for n in range(count))
    return f"<!DOCTYPE html><html><body><p>{line}</p><ul>{rows}</ul></body></html>".encode()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Source:
    file = tmp_path_factory.mktemp("sources") / "city.toml"
    file.write_text(f'{HEAD}[listing]\ndeclares = "range"\n', "utf-8")
    return loader.load_definition(file, PLATFORMS)


def test_there_are_two_lines_of_each_of_thirteen_languages() -> None:
    assert len(LINES) == 13
    assert all(len(lines) == 2 for lines in LINES.values())


@pytest.mark.parametrize(("language", "line", "first", "last", "total"), CASES, ids=[f"{c[0]}-{c[2]}" for c in CASES])
def test_a_range_line_is_read_in_its_language(
    city: Source, language: str, line: str, first: int, last: int, total: int
) -> None:
    read = parse(Capture("https://city.example.org/a", page(line, last - first + 1)), city)
    assert isinstance(read, Listing), language
    assert (read.first, read.last, read.declared_total, read.total_kind) == (first, last, total, "exact")


@pytest.mark.parametrize(
    "line",
    [
        "Letters of 1914 - 1918 of the 2nd Division",
        "Seite 11 bis 20 der Ausgabe",
        "Fonds 12, Opis 3, Delo 4 из архива",
        "1914年から1918年までの 20 通の手紙",
    ],
)
def test_other_lines_with_numbers_are_no_range(city: Source, line: str) -> None:
    read = parse(Capture("https://city.example.org/a", page(line, 10)), city)
    assert not isinstance(read, Listing)


def test_a_range_line_is_found_above_and_below_however_many_lines_hold_numbers(tmp_path: Path) -> None:
    (tmp_path / "city.toml").write_text(f'{HEAD}[listing]\ndeclares = "range"\nrecord = "li"\n', "utf-8")
    city = loader.load_definition(tmp_path / "city.toml", PLATFORMS)
    lines = "".join(f"<p>{number} letters</p>" for number in range(6000))
    row = '<ul><li><a href="/item/i1">Letter 1</a></li><li><a href="/item/i2">Letter 2</a></li></ul>'
    stated = "<p>Results 1 - 2 of 1,234</p>"
    pages = {"above": stated + lines + row, "below": row + lines + stated, "between": lines + stated + lines + row}
    totals = {}
    for place, body in pages.items():
        page = parse(Capture("https://city.example.org/a", f"<html>{body}".encode()), city)
        totals[place] = page.declared_total if isinstance(page, Listing) else None
    assert totals == {"above": 1234, "below": 1234, "between": None}

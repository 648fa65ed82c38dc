"""What is learned from invented pages: their records, their fields, what they declare, and how they go on."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path

import pytest

from harvester.learn.declared import statements
from harvester.learn.learner import learn_page
from harvester.learn.tree import tree_of
from harvester.learn.verdict import is_article
from harvester.parsers.dates_within import dates_within

FIXTURES = Path(__file__).parents[2] / "fixtures" / "html"
MENU = (
    "<nav><ul>"
    + "".join(f'<li><a href="/{name}">{name}</a></li>' for name in ("about", "visit", "shop"))
    + "</ul></nav>"
)


def _page(main: str, aside: str = "") -> bytes:
    return f"<html><head><title>Archive</title></head><body>{MENU}{aside}<main>{main}</main></body></html>".encode()


def _titles(data: bytes) -> list[str]:
    learned = learn_page(data)
    return [record.title for record in learned.records] if learned else []


ROWS = [
    ("12 May 1950", "Letter to the mayor", "R 1/12", "/item/41"),
    ("3 June 1951", "Minutes of the council", "R 1/13", "/item/57"),
    ("19 March 1952", "Report on the harbour", "R 2/1", "/item/63"),
]


def test_rows_of_a_table_are_records_with_the_columns_that_their_headings_name() -> None:
    """Half of real listings link a number, and print the title in another cell."""
    rows = "".join(f'<tr><td>{d}</td><td><a href="{u}">{n}</a></td><td>{t}</td></tr>' for d, t, n, u in ROWS)
    head = "<tr><td><b>Date</b></td><td><b>Reference</b></td><td><b>Title</b></td></tr>"
    learned = learn_page(_page(f"<p>1 - 3 of 120</p><table>{head}{rows}</table>"))
    assert learned is not None
    assert [record.title for record in learned.records] == [title for _, title, _, _ in ROWS]
    assert [record.date for record in learned.records] == [date for date, _, _, _ in ROWS]
    assert learned.items == ("/item/{record_id}",)
    assert learned.fields.columns == ("Date", "Reference", "Title")
    assert learned.verdict.convinced


def test_a_record_that_spans_two_rows_is_one_block() -> None:
    """A row with the link, and a row with its summary behind it."""
    rows = "".join(
        f'<tr><td><a href="{u}">{t}</a></td><td>{d}</td></tr>'
        f'<tr><td colspan="2">What is told at length in {n}.</td></tr>'
        for d, t, n, u in ROWS
    )
    learned = learn_page(_page(f"<table>{rows}</table>"))
    assert learned is not None
    assert [record.title for record in learned.records] == [title for _, title, _, _ in ROWS]
    assert "What is told at length in R 1/12." in learned.records[0].text


def test_rows_of_which_every_second_has_other_classes_are_alike() -> None:
    """Some software names the parts of every second row differently, too."""
    rows = "".join(
        f'<tr class="{kind}Panel"><td><span class="{kind}Text"><a href="{u}">{t}</a></span></td>'
        f'<td><span class="{kind}Text">{n}</span></td><td><span class="{kind}Text">{d}</span></td></tr>'
        for (d, t, n, u), kind in zip([*ROWS, ("1 May 1953", "Plan", "R 3", "/item/70")], ("", "Alt") * 2, strict=True)
    )
    learned = learn_page(_page(f"<table>{rows}</table>"))
    assert learned is not None
    assert [record.date for record in learned.records] == ["12 May 1950", "3 June 1951", "19 March 1952", "1 May 1953"]


def test_what_follows_the_last_record_is_none_of_it() -> None:
    """The line that counts the pages stands beside the parts of the records."""
    rows = "".join(
        f'<h3><a href="{u}">{t}</a></h3><p>{d}</p>' + f"<blockquote>Of {n}, told at length.</blockquote>" * at
        for at, (d, t, n, u) in enumerate(ROWS)
    )
    pager = '<div><span>Page 1 of 12</span> <a href="?page=2">2</a> <a href="?page=3">3</a></div>'
    learned = learn_page(_page(f"<div>{rows.removesuffix('</blockquote>')}</blockquote>{pager}</div>"))
    assert learned is not None
    assert "Page" not in learned.records[-1].text
    assert learned.declared is not None
    assert learned.declared.template == "Page {page} of {pages}{*}"


def test_goods_have_the_addresses_that_they_begin_with_not_those_of_their_buttons() -> None:
    """Their paths have as many parts as their groups have; the button's address has one shape."""
    folders = ("/goods/maps/old", "/goods/maps", "/goods/maps/new")
    rows = "".join(
        f'<div class=lot><a href="{folder}/{n[2:].replace("/", "-")}.html">{t}</a><p>{d}</p>'
        f'<a href="/bid.html?lot={at}">Bid</a></div>'
        for at, ((d, t, n, _), folder) in enumerate(zip(ROWS, folders, strict=True))
    )
    learned = learn_page(_page(f"<p>Lots 1 - 3 of 120</p>{rows}"))
    assert learned is not None
    assert [record.href for record in learned.records] == [
        "/goods/maps/old/1-12.html",
        "/goods/maps/1-13.html",
        "/goods/maps/new/2-1.html",
    ]


def test_elements_whose_names_no_selector_can_say_are_no_obstacle() -> None:
    """A space was forgotten, or a word processor has its own names."""
    rows = "".join(f'<li><o:p><a href="{u}">{t}</a></o:p> {d}</li>' for d, t, n, u in ROWS)
    page = _page(f"<ul>{rows}</ul>").replace(b"<body>", b'<htmllang="en"><body>')
    assert _titles(page) == [title for _, title, _, _ in ROWS]


def test_groups_under_several_headings_are_one_listing() -> None:
    """A list for each year holds records of the same listing."""
    years = "".join(
        f"<h3>19{y}</h3><ul>"
        + "".join(f'<li><a href="/doc/{y}-{n}">Record {w} of the year</a></li>' for n, w in enumerate("abc"))
        + "</ul>"
        for y in (50, 51, 52)
    )
    learned = learn_page(_page(years))
    assert learned is not None
    assert len(learned.records) == 9
    assert learned.items == ("/doc/{slug}",)


def test_the_range_line_tells_the_records_from_a_box_that_looks_the_same() -> None:
    """The box has more entries; the page says that it shows three."""
    box = (
        "<div class=box>"
        + "".join(f'<p><a href="/news/{n}">News {w} of today</a></p>' for n, w in enumerate("abcdef"))
        + "</div>"
    )
    main = "<p>Results 11 to 13 of 1,250</p>" + "".join(f'<p><a href="{u}">{t}</a></p>' for _, t, _, u in ROWS)
    learned = learn_page(_page(f"<div>{main}</div>", box))
    assert learned is not None
    assert [record.title for record in learned.records] == [title for _, title, _, _ in ROWS]
    assert learned.declared is not None
    assert (learned.declared.first, learned.declared.last, learned.declared.total) == (11, 13, 1250)
    assert learned.declared.template == "Results {first} to {last} of {total}"


@pytest.mark.parametrize(
    ("line", "kind", "numbers"),
    [
        ("711 - 720 of 1250", "range", (711, 720, 1250)),
        ("Treffer 1 bis 20 von 1.234", "range", (1, 20, 1234)),
        ("Résultats 1 à 10 sur 2 345", "range", (1, 10, 2345)),
        ("1-10 de 250 resultados", "range", (1, 10, 250)),
        ("Risultati 1 - 20 di 300", "range", (1, 20, 300)),
        ("Resultados 1 a 10 de 95", "range", (1, 10, 95)),
        ("Resultaten 1 tot 10 van 543", "range", (1, 10, 543)),
        ("Показано 1–20 из 1 234", "range", (1, 20, 1234)),
        ("Wyniki 1–20 z 350", "range", (1, 20, 350)),
        ("Zobrazeno 1–20 z celkem 350", "range", (1, 20, 350)),
        ("1–10. találat, összesen 250", "range", (1, 10, 250)),
        ("共 1234 条，显示 1-20", "range", (1, 20, 1234)),
        ("1,250件中 1～20件を表示", "range", (1, 20, 1250)),
        ("Displaying items 21 through 40 of 1,005 in total", "range", (21, 40, 1005)),
        ("Itens 1 para 12 de 51 total", "range", (1, 12, 51)),
        ("1 250 notices trouvées", "total", (1250,)),
        ("Gefunden: 35 Treffer", "total", (35,)),
        ("Всего найдено: 432", "total", (432,)),
        ("全 123 件", "total", (123,)),
        ("Seite 2 von 34", "pages", (2, 34)),
        ("Strona 3 z 12", "pages", (3, 12)),
        ("Page: 1 of 5", "pages", (1, 5)),
        ("第 2/34 页", "pages", (2, 34)),
    ],
)
def test_a_line_that_declares_is_read_in_the_languages_of_archives(
    line: str, kind: str, numbers: tuple[int, ...]
) -> None:
    """The first statement of the line is the one that says most."""
    tree = tree_of(_page(f"<p>{line}</p>"))
    assert tree is not None
    first = statements(tree)[0]
    values = (first.first, first.last, first.total, first.page, first.pages)
    assert (first.kind, tuple(value for value in values if value is not None)) == (kind, numbers)


@pytest.mark.parametrize(
    "line",
    [
        "12 May 1950 - 13 June 1951",
        "Call 212-555-1234",
        "Volume 3-4, 1950",
        "Mostrar 10 resultados",
        "Show 100 records",
        "20 Treffer pro Seite",
    ],
)
def test_dates_and_telephone_numbers_declare_nothing(line: str) -> None:
    """Only numbers in the right order beside such words count, and not what a reader may choose."""
    tree = tree_of(_page(f"<p>{line}</p>"))
    assert tree is not None
    assert not statements(tree)


@pytest.mark.parametrize(
    ("links", "kind", "name", "begin", "step"),
    [
        ("?page=1 ?page=2 ?page=3", "page", "page", 1, 1),
        ("?page=0 ?page=1 ?page=2", "page", "page", 0, 1),
        ("?start=0 ?start=3 ?start=6", "offset", "start", 0, 3),
        ("?from=1 ?from=4 ?from=7", "offset", "from", 1, 3),
        ("/list/page/1/ /list/page/2/ /list/page/3/", "page_path", "", 1, 1),
    ],
)
def test_the_pager_is_what_differs_between_its_links(links: str, kind: str, name: str, begin: int, step: int) -> None:
    """Each link shows the number of the page that it leads to."""
    shown = "".join(f'<a href="{href}">{number}</a> ' for number, href in enumerate(links.split(), 1))
    records = "".join(f'<li><a href="{u}">{t}</a> {d}</li>' for d, t, _, u in ROWS)
    learned = learn_page(_page(f"<ul>{records}</ul><div>{shown}</div>"), "https://archive.example.org/list")
    assert learned is not None
    assert learned.pager is not None
    assert (learned.pager.kind, learned.pager.name, learned.pager.begin, learned.pager.step) == (
        kind,
        name,
        begin,
        step,
    )
    assert learned.pager.agrees


@pytest.mark.parametrize(
    ("href", "kind"),
    [("/list/page/2/", "page_path"), ("/list?paged=2", "page"), ('/list/page/9/" rel="next', "page_path")],
)
def test_a_link_to_the_second_page_is_a_pager_whatever_it_shows(href: str, kind: str) -> None:
    """Its words are those of a weblog's author, in any language."""
    records = "".join(f'<li><a href="{u}">{t}</a> {d}</li>' for d, t, _, u in ROWS)
    learned = learn_page(
        _page(f'<ul>{records}</ul><a href="{href}">« Lisää tarinoita</a>'), "https://a.example.org/list"
    )
    assert learned is not None
    assert learned.pager is not None
    assert (learned.pager.kind, learned.pager.begin, learned.pager.agrees) == (kind, 1, False)


def test_a_link_to_the_next_page_alone_is_a_pager() -> None:
    """Cursors cannot be counted."""
    records = "".join(f'<li><a href="{u}">{t}</a> {d}</li>' for d, t, _, u in ROWS)
    learned = learn_page(_page(f'<ul>{records}</ul><a rel="next" href="/list?cursor=Zm9v">Weiter</a>'))
    assert learned is not None
    assert learned.pager is not None
    assert (learned.pager.kind, learned.pager.next) == ("next", 'a[rel~="next"]')


SENTENCE = "The council was glad of the money that the ships brought, and of the work that the harbour gave. "
ARTICLE = "".join(
    f"<p>{SENTENCE} So <a href='/x/{year}'>a report</a> tells, and {SENTENCE}</p>" for year in range(50, 58)
)
FORM = "<form>" + "".join(f"<p><label>Field {n}</label><input name=f{n}></p>" for n in range(12)) + "</form>"
NEWS = "".join(f'<p><a href="/news/{n}">Something happened</a></p>' for n in range(3))
HOME = f"<h1>City Archive</h1><p>{SENTENCE * 12}</p><div class=news><h2>News</h2>{NEWS}</div>"
FACTS = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in (("Date", "12 May 1950"), ("Place", "Hamburg")))
DOCUMENT = f"<h1>Letter to the mayor</h1><dl>{FACTS}</dl><p>{SENTENCE * 10}</p>"


MENU_PAGE = "<h1>Parts</h1><ul>" + "".join(
    f"<li><a href=/{name}>{name}</a></li>" for name in ("Maps", "Prints", "Films")
)


LONG_MENU = "<table><tr><td>" + "".join(
    f"<p><a href=/shop/{at}>{what} for the {who}</a></p>"
    for at, (what, who) in enumerate(product(("Costumes", "Masks and hats", "Shoes"), ("carnival", "theatre", "house")))
)


BY_CHANCE = (
    f"<h1>The harbour</h1><p>{SENTENCE * 6}</p><p>{SENTENCE} Of the 3 reports found in Hamburg nothing is left.</p>"
    + "".join(f'<div class=box><a href="/more/{n}">More of {n}</a></div>' for n in ("it", "us", "you"))
)
HISTORY = "<h1>Case 12/1950</h1><p>4 results</p>" + "".join(
    f"<div><b>{day} May 1950</b><p>{what}</p></div>"
    for day, what in ((12, "Filed"), (13, "Heard"), (14, "Sent"), (15, "Closed"))
)
COMMENTS = f"<h1>The harbour</h1><p>{SENTENCE * 4}</p><ol class=commentlist>" + "".join(
    f"<li id=comment-{n}><a href=/user/{n}>{who}</a> 12 May 20{n}: I have seen it as well, and so has my aunt.</li>"
    for n, who in enumerate(("Ann", "Ben", "Cleo", "Dora"), 12)
)


@pytest.mark.parametrize(
    "main",
    [ARTICLE, FORM, HOME, DOCUMENT, MENU_PAGE, LONG_MENU, BY_CHANCE, COMMENTS, HISTORY],
    ids=[
        "article",
        "form",
        "home",
        "document",
        "menu",
        "long menu",
        "total by chance",
        "comments",
        "what happened to one",
    ],
)
def test_other_pages_are_not_taken_for_listings(main: str) -> None:
    """They have groups of alike blocks, too."""
    learned = learn_page(_page(main))
    assert learned is None or not learned.verdict.convinced


GOODS = "".join(
    f"<div class=product><h2><a href=/p/{n}.html>{t}</a></h2><p>R$ {n}9,90</p><p>Comprar</p></div>"
    for n, (_, t, _, _) in enumerate(ROWS * 3)
)


@pytest.mark.parametrize(
    ("head", "body", "after", "listing"),
    [
        ("", "<body class=catalog>", "", True),
        ("", '<body class="page cms-home">', "", False),
        ('<link rel="canonical" href="https://shop.example.org/">', "<body>", "", False),
        ('<link rel="canonical" href="https://shop.example.org/new">', '<body class="not-front">', "", True),
        ("", '<body class="home blog">', "<a href='?page=2'>2</a> <a href='?page=3'>3</a>", True),
        ("", '<body class="home blog paged">', "<a href='/'>Newer</a>", True),
    ],
    ids=["catalogue", "named", "by address", "not the home page", "weblog", "last of a weblog"],
)
def test_a_home_page_is_a_listing_only_if_it_goes_on(head: str, body: str, after: str, *, listing: bool) -> None:
    """What a home page shows is a choice, unless it has further pages."""
    learned = learn_page(f"<html><head>{head}</head>{body}<main>{GOODS}</main>{after}</body></html>".encode())
    assert learned is not None
    assert learned.verdict.convinced == listing


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("16.02.2016 15:06", ("16.02.2016",)),
        ("aprile 25, 2016 - 5:47 pm", ("aprile 25, 2016",)),
        ("Publicado el 10 de marzo de 2016 por la redacción", ("10 de marzo de 2016",)),
        ("Lazol - 02.03.2016, 21:56 Uhr", ("02.03.2016",)),
        ("December 1, 2023 11:00 AM by telephone", ("December 1, 2023",)),
        ("2016-02-03T10:00:00Z", ("2016-02-03",)),
        ("Gen 10:15, of 3 May 1950", ("3 May 1950",)),
    ],
)
def test_a_time_of_day_is_no_part_of_a_date(text: str, dates: tuple[str, ...]) -> None:
    """Its minutes are not taken for a year of two digits."""
    assert dates_within(text) == dates


@pytest.mark.parametrize(
    ("name", "titles"),
    [
        (
            "f-rows",
            [
                "Memorandum of Conversation, Chinese Officials and the Hungarian Ambassador",
                "Telegram, Mao Zedong to Liu Shaoqi, 18 December 1949",
                "Notes on the “Émigré” Question & Others",
            ],
        ),
        ("blacklight-index", ["Letters of a traveller", "Undated thing"]),
    ],
)
def test_the_pages_of_our_own_archives_are_listings(name: str, titles: list[str]) -> None:
    """The records are those that their hand-written definitions find."""
    learned = learn_page((FIXTURES / name / "page.html").read_bytes())
    assert learned is not None
    assert learned.verdict.convinced
    assert [record.title for record in learned.records] == titles


@pytest.mark.parametrize("name", [path.name for path in sorted(FIXTURES.glob("document-*"))])
def test_the_documents_of_our_own_archives_are_no_listings(name: str) -> None:
    """Their boxes of featured documents are not records."""
    learned = learn_page((FIXTURES / name / "page.html").read_bytes())
    assert learned is None or not learned.verdict.convinced


def test_what_every_record_states_is_not_what_the_page_states() -> None:
    """Volumes state which of their pages are held; the line of the page has other words."""
    rows = "".join(
        f'<p><a href="/v/{at}">Volume {at} of maps</a><br>pages 1 to 14 of {at + 90}</p>' for at in range(13)
    )
    tree = tree_of(_page(f"<div>Results 1 to 13 of 250</div>{rows}"))
    assert tree is not None
    assert [one.total for one in statements(tree) if one.kind == "range"] == [250]


@pytest.mark.parametrize(
    "data",
    [
        b"<html><body>" + b"<p>x" * 1_000_000,
        b"<div>" * 100_000,
        b"<html><body><p>" + b"<b>1 - 2 " * 900_000,
    ],
    ids=["a million siblings", "deep", "many tags"],
)
def test_what_no_archive_shows_is_not_looked_at(data: bytes) -> None:
    """The limits of the parsers hold here, too."""
    assert learn_page(data) is None


@pytest.mark.parametrize(
    ("head", "row"),
    [
        (b"<ul>", b"<li><a href=/x>1 - 2 of 3</a></li>"),
        (b"<p>", b"1 - 2 of 12 May 1950 "),
        (b"<table>", b"<tr><td><td>1 - 2<td><a href=?page=2>2</a>"),
    ],
    ids=["equal rows", "numbers", "cells"],
)
def test_a_hostile_page_takes_no_more_than_its_length(head: bytes, row: bytes) -> None:
    """Four times as many rows take about four times as many calls, not sixteen times."""
    few, many = (calls_of(b"<html><body>" + head + row * number) for number in (400, 1600))
    assert many < 6 * few


def test_an_address_of_very_many_numbers_is_no_pagers() -> None:
    """Each number would be looked at with all the others around it."""
    records = "".join(f'<li><a href="{u}">{t}</a> {d}</li>' for d, t, _, u in ROWS)
    addresses = ("&".join(f"a{at}=1" for at in range(number)) for number in (400, 1600))
    few, many = (calls_of(_page(f"<ul>{records}</ul><a href='?{address}'>2</a>")) for address in addresses)
    assert many < 6 * few


def test_a_page_states_in_json_ld_that_it_is_an_article() -> None:
    """Other scripts before it, broken ones too, do not hide it."""
    tree = tree_of(_page("<p>A text.</p>"))
    assert tree is not None
    broken = b'<script type="application/ld+json">{"@type": </script>'
    script = b'<script>1</script><SCRIPT type=application/ld+json>{"@type": ["Thing", "Article"]}</SCRIPT>'
    assert is_article(tree, broken + script)
    assert not is_article(tree, broken + script.removesuffix(b"</SCRIPT>"))
    assert not is_article(tree, script.replace(b"Article", b"WebPage"))


def calls_of(data: bytes) -> int:
    """Return how many functions are called, of Python's own too, while a page is learned from."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        learn_page(data)
    finally:
        sys.setprofile(before)
    return count

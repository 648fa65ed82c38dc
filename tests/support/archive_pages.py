"""Made-up pages in the shape of the new site, for tests, benchmarks and the local archive.

`make_items` makes plain records from a seed; `listing_page` and `document_page` render them, navigation, filters,
featured links and scripts included, about as large as the real pages (85 and 105 KB). Nothing here is copied.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

HOST = "https://digitalarchive.wilsoncenter.org"
PAGE_SIZE = 10


def _listed(names: str) -> list[str]:
    return names.split("|")


_MONTHS = _listed("January|February|March|April|May|June|July|August|September|October|November|December")
_PEOPLE = _listed(
    "Mao Zedong|Nikita Khrushchev|Zhou Enlai|Josef Stalin|Kim Il Sung|Anastas Mikoyan|Liu Shaoqi|Walter Ulbricht"
    "|Władysław Gomułka|Josip Broz Tito|Fidel Castro|Andrei Gromyko|János Kádár|Enver Hoxha|Todor Zhivkov"
)
_PLACES = _listed("China|Soviet Union|Hungary|Poland|Cuba|North Korea|Vietnam|Albania|East Germany|Yugoslavia")
_SUBJECTS = _listed("Sino-Soviet split|Nuclear weapons|Economic aid|Korean War, 1950-1953|Borders|Trade & loans")
_KINDS = _listed("Telegram|Cable|Letter|Memorandum of Conversation|Report|Minutes|Note")
_LANGUAGES = _listed("Russian|Chinese|German|Hungarian|Korean|Polish")
_WORDS = _listed(
    "discusses|the|situation|of|talks|with|a|delegation|about|aid|and|trade,|reports|that|relations|were|strained;"
    "|asks|for|advice|on|the|treaty’s|“secret”|protocols|—|and|proposes|a|meeting|in|the|émigré’s|office|before"
    "|the|congress,|which|the|other|side|declines,|citing|Party|documents,|letters|&|telegrams|of|earlier|years"
)
_TOKENS = random.Random(0)


@dataclass(frozen=True)
class Item:
    """One archival item, as the pages print it."""

    number: int
    slug: str
    title: str
    date: str | None
    summary: tuple[str, ...]
    people: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    contributors: tuple[str, ...] = ()
    language: str | None = None
    archive: str | None = None
    location: str | None = None
    classification: str | None = None
    donor: str | None = None
    kind: str | None = None
    transcript: tuple[str, ...] = ()
    translation: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """Its address."""
        return f"{HOST}/document/{self.slug}"

    @property
    def node_id(self) -> str:
        """Its node."""
        return str(80_000 + self.number)

    @property
    def record_id(self) -> str:
        """Its record."""
        return str(110_000 + self.number)


def make_items(n: int, seed: int = 0) -> list[Item]:
    """Make `n` items; the same seed gives the same items, and the first of many are those of few."""
    return [make_item(number, seed) for number in range(n)]


@lru_cache(4096)
def make_item(number: int, seed: int) -> Item:
    """Make one of the items of a seed."""
    chance = random.Random(f"{seed}:{number}")
    kind, year = chance.choice(_KINDS), chance.randrange(1945, 1991)
    one, other = chance.sample(_PEOPLE, 2)
    title = (
        f"{kind} No. {number}, {one} to {other}{chance.choice(('', ', Regarding ‘Aid’', f', {year}', ' [Excerpts]'))}"
    )
    day = f"{chance.choice(_MONTHS)} {chance.randrange(1, 29)}, {year}"
    dates = (day, day, day, day, day, day, day, f"{chance.choice(_MONTHS)} {year}", str(year), None)
    return Item(
        number,
        slug="-".join("".join(c if c.isalnum() and c.isascii() else " " for c in title.lower()).split()),
        title=title,
        date=chance.choice(dates),
        summary=tuple(_paragraph(chance, 30, 70) for _ in range(chance.choice((0, 1, 1, 1, 1, 1, 1, 1, 2)))),
        people=(one, other),
        places=tuple(chance.sample(_PLACES, 2)),
        subjects=tuple(chance.sample(_SUBJECTS, 2)),
        contributors=(one,),
        language=chance.choice(_LANGUAGES),
        archive="Archive of Foreign Policy of the Russian Federation (AVPRF)",
        location=f"AVPRF, f. {number % 90}, op. 1, d. {number}, l. {chance.randrange(1, 300)}; obtained by a reader.",
        classification=chance.choice((None, "Secret", "Top Secret")),
        donor=chance.choice((None, "Leon Levy Foundation")),
        kind=kind,
        transcript=tuple(_paragraph(chance, 20, 60) for _ in range(6)),
        translation=tuple(_paragraph(chance, 20, 120) for _ in range(chance.randrange(4, 20))),
    )


def _paragraph(chance: random.Random, least: int, most: int) -> str:
    words = chance.choices(_WORDS, k=chance.randrange(least, most))
    return f"{chance.choice(_PEOPLE)} {' '.join(words).strip(',;')}."


def listing_page(
    items: Sequence[Item], first: int, total: int, *, shape: str = "table", page_size: int = PAGE_SIZE, beyond: int = 0
) -> bytes:
    """Render one page of a listing: `items` stand at the positions from `first` on of `total`.

    `shape`: `table` (rows of a table), `rows` (`.views-row`) or `linked` (a table whose summaries link to documents).
    `beyond`: how many pages more the pager has than the total says.
    """
    last = first + len(items) - 1 if items else 0
    rows = "".join(map(_ROWS[shape], items))
    records = _AROUND[shape].format(rows)
    pager = _pager((first - 1) // page_size, -(-total // page_size) + beyond) if total + beyond > page_size else ""
    main = f"""
    <div class="results-header"><h2>Results:</h2>
      <p class="summary-count"><strong>{first}</strong> - <strong>{last}</strong> of <strong>{total}</strong></p></div>
    <h3 class="visually-hidden">Documents</h3>
    <div class="view-content">{records}
    </div>{pager}"""
    return _page("Search", _filters() + main, "search")


def _table_row(item: Item) -> str:
    date = f'<div class="date">{item.date}</div>' if item.date else ""
    summary = "".join(f"<p>{escape(text)}</p>" for text in item.summary)
    return f"""
      <tr><td class="document contextual-region">
        {date}
        <h4 class="title"><a href="/document/{item.slug}" hreflang="en">{escape(item.title, quote=False)}</a></h4>
        <div class="description">{summary}</div>
      </td></tr>"""


def _views_row(item: Item) -> str:
    date = f'<span class="date">{item.date}</span> ' if item.date else ""
    summary = "".join(f"<p>{escape(text)}</p>" for text in item.summary)
    return f"""
      <div class="views-row"><a class="thumb" href="/document/{item.slug}"><img src="/t/{item.number}.png" alt=""></a>
        <div class="line">{date}<a href="{item.url}">{escape(item.title)}</a></div>
        {summary}
      </div>"""


def _linked_row(item: Item) -> str:
    """Render a row whose summary links to another document, and to itself."""
    links = f'See <a href="/document/another-letter-{item.number}">the other letter</a> of the same day, and '
    links += f'<a href="{item.url}">this one</a>.'
    return _table_row(item).replace('<div class="description">', f'<div class="description"><p>{links}</p>')


_ROWS = {"table": _table_row, "rows": _views_row, "linked": _linked_row}
_AROUND = {
    "linked": '<table class="table table-hover table-striped"><tbody>{}</tbody></table>',
    "table": '<table class="table table-hover table-striped"><tbody>{}</tbody></table>',
    "rows": '<div class="views-infinite-scroll">{}</div>',
}


def _pager(page: int, pages: int) -> str:
    links = "".join(
        f'<li class="pager__item"><a href="?page={number}" title="Go to page {number + 1}">{number + 1}</a></li>'
        for number in range(max(0, page - 4), min(pages, page + 5))
    )
    return f'<nav class="pager" aria-label="pages"><h4 class="visually-hidden">Pagination</h4><ul>{links}</ul></nav>'


def document_page(item: Item, *, featured: Sequence[Item] = (), canonical: bool = False) -> bytes:
    """Render the page of one document; `canonical`: with a link in its head that names its address."""
    date = f'<div class="date">{item.date}</div>' if item.date else ""
    donated = f'<div class="donated">This document was made possible with support from {item.donor}</div>'
    main = f"""
    <article class="node node--type-document"><header><h1 class="title">{escape(item.title, quote=False)}</h1>
      {date}{donated if item.donor else ""}</header>
      <div class="text-block">{"".join(f"<p>{escape(text)}</p>" for text in item.summary)}</div>
      {_tabs(item)}
      <a class="btn download" href="/document/{item.node_id}/download">Download PDF</a>
      <div class="information">{_information(item)}</div>
    </article>"""
    head = f'<link rel="canonical" href="{item.url}">' if canonical else ""
    return _page(item.title, main, f"node\\/{item.node_id}", featured, _RELATED, head)


def _tabs(item: Item) -> str:
    panes = [("transcript", f"{item.language} Transcript", item.transcript)] if item.transcript else []
    panes += [("translation", "English Translation", item.translation)] if item.translation else []
    tabs = "".join(f'<li><a data-toggle="tab" href="#{name}">{label}</a></li>' for name, label, _ in panes)
    bodies = "".join(
        f'<div class="tab-pane{" active" * (number == 0)}" id="{name}">'
        + "".join(f"<p>{escape(text)}</p>\n" for text in texts)
        + "</div>"
        for number, (name, _, texts) in enumerate(panes)
    )
    return f'<div id="documentTabs"><ul class="nav nav-tabs">{tabs}</ul><div class="tab-content">{bodies}</div></div>'


def _information(item: Item) -> str:
    single = [
        ("Source", item.location),
        ("Original Uploaded Date", "2011-11-20"),
        ("Rights", "The History and Public Policy Program welcomes reuse of Digital Archive materials."),
        ("Type", item.kind),
        ("Record ID", item.record_id),
        ("Original Classification", item.classification),
    ]
    several = [
        ("Author(s)", item.contributors),
        ("Associated Places", item.places),
        ("Subjects Discussed", item.subjects),
        ("Associated People & Organizations", item.people),
        ("Original Archive", (item.archive,) if item.archive else ()),
        ("Language", (item.language,) if item.language else ()),
        ("Donors", (item.donor,) if item.donor else ()),
    ]
    blocks = [
        f'<div class="information-block"><div class="sub-title">{escape(label)}</div>'
        f'<div class="text">{escape(value)}</div></div>'
        for label, value in single
        if value
    ]
    blocks += [
        f'<div class="pill-block"><h4>{escape(label)}</h4>'
        + "".join(f'<a class="pill" href="/x"><span class="name">{escape(name)}</span></a>' for name in names)
        + "</div>"
        for label, names in several
        if names
    ]
    return "\n".join(blocks)


def _filters() -> str:
    """Render the facets beside the results: they hold no items, but most of the page's bytes."""
    groups = []
    for facet in ("topics", "people", "places", "languages", "original_repositories"):
        terms = "".join(
            f'<li class="facet-item"><a href="/search?f%5B0%5D={facet}%3A{number}" rel="nofollow"'
            f' data-drupal-facet-item-value="{number}"><span class="facet-item__value">Term {number} &amp; more</span>'
            f' <span class="facet-item__count">({number}) documents</span></a></li>\n'
            for number in range(30)
        )
        groups.append(f'<div class="facet facet--{facet}"><h4>{facet.title()}</h4><ul>{terms}</ul></div>')
    return f'<aside class="filters"><form action="/search">{"".join(groups)}</form></aside>'


def _page(title: str, main: str, path: str, featured: Sequence[Item] = (), after: str = "", head: str = "") -> bytes:
    token = _TOKENS.randbytes(24).hex()
    noise = "".join(
        f'<li><a href="/document/{item.slug}">{escape(item.title)}</a></li>' for item in featured or _FEATURED
    )
    return f"""<!DOCTYPE html>
<html lang="en" dir="ltr"><head><meta charset="utf-8"><title>{escape(title)} | Wilson Center Digital Archive</title>
{head}<style>{".x { color: #123; margin: 0 auto; padding: 1px }" * 250}</style></head>
<body class="path"><a href="#main-content" class="skip-link">Skip to content</a>
<header class="header"><nav><ul>{_MENU}</ul></nav>
<div class="featured"><h3>Featured Documents</h3><ul>{noise}</ul></div></header>
<main id="main">{main}</main>
{after}<footer class="footer"><div class="popular"><h3>Popular Documents</h3><ul>{noise}</ul></div>
<ul>{_MENU}</ul></footer>
<script type="application/json">{{"path":{{"currentPath":"{path}"}},"ajaxPageState":{{"token":"{token}"}}}}</script>
<script>{"window.dataLayer = window.dataLayer || []; if (1 < 2) { push('</div>') }" * 250}</script>
</body></html>""".encode()


_MENU = "".join(
    f'<li class="menu-item"><a href="/topics/topic-{number}" class="nav-link">Topic {number}</a></li>\n'
    for number in range(150)
)
_FEATURED = make_items(5, seed=-1)
_RELATED = "".join(
    f'<section class="related"><a href="/topics/topic-{number}"><div class="card"><span>Related topic {number}</span>'
    f'<picture><source srcset="/sites/default/files/styles/card/{number}.webp"><img src="/t/{number}.png" alt="">'
    f"</picture></div></a></section>\n"
    for number in range(170)
)

"""Templates: texts with placeholders, with which definitions describe lines of pages and addresses.

They are made into regular expressions whose time is bounded by construction: a number is matched at once or not at
all, and of placeholders for any text there are at most two, the second at the end. So a hostile definition costs no
more than a hostile page.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST = 200
"""Characters of a template."""
MOST = 24
"""Templates for one thing."""
LONGEST_ANY = 80
"""Characters for which `{*}` may stand in a line, unless it ends the line."""

NUMBER = r"(?<!\d)(?>\d{1,3}(?:[,.\x20’']\d{3}){1,5}|\d{1,3}(?:,\d{2,3}){1,5}|\d{1,15})(?!\d)"
"""A number, with or without separators of its thousands."""
OF = (
    "(?:[件条] ?)?(?:out of a total of|out of|of a total of|of about|of over|of|from"
    "|von insgesamt|von etwa|von|aus|insgesamt"
    "|d[’']un total de|sur un total de|sur les|sur"
    "|de un total de|de um total de|de los|de las|de|du total de|di un totale di|di|da|su un totale di|su|dei|delle"
    "|van de|van in totaal|van|uit|из общего числа|из|spośród|z celkem|celkem|z|ze|od|összesen|a"
    "|[/／|,，、]? ?(?:共|共计|全|全部|总共)|/|中|의)"
)
"""What stands between the last number and the total, in the languages of archives."""
TO = (
    "through|thru|until|to|bis zu|bis|à|au|a|al|até|ao|para|hasta|fino a|tot en met|tot|t/m|до|по|do|až|ig"
    "|至|到|から|~|～|〜|[.]{2,3}|…|[-–—−‐‑]"
)
"""What stands between the first and the last number."""
BEFORE_TOTAL = (
    "about|around|approximately|approx[.]|circa|ca[.]|roughly|nearly|almost|some|~|≈|over|more than|at least|>"
    "|up to|at most|a maximum of|the first|first|ungefähr|etwa|mehr als|environ|plus de|más de|mais de|oltre|meer dan"
    "|более|ponad|více než|több mint|超过|約|约"
)
"""Words that qualify a total; what they mean: see `parsers/range_lines.py`."""
_TO_A_NUMBER = r"[^\t\n0-9]{0,80}+(?:[0-9]++[^\t\n0-9]{1,80}+){0,20}?"
"""Any text before a number: it is tried at numbers only."""
_IN_LINES = {
    "first": rf"(?P<first>{NUMBER})",
    "last": rf"(?P<last>{NUMBER})",
    "total": rf"(?:(?P<before>{BEFORE_TOTAL}) ?)?(?P<total>{NUMBER})(?P<after> ?[+]| or more)?",
    "page": rf"(?P<page>{NUMBER})",
    "pages": rf"(?P<pages>{NUMBER})",
    "number": NUMBER,
    "date": r"(?P<date>[^\t\n]{1,80}?)",
    "of": rf"(?:{OF})",
    "to": rf"(?:{TO})",
    "*": "",
}
_IN_ADDRESSES = {
    "slug": r"(?P<slug>[^/?#]+)",
    "path": r"(?P<slug>[^?#]*[^/?#])",
    "record_id": r"(?P<record_id>\d{1,18})",
    "node_id": r"(?P<node_id>\d{1,18})",
    "*": r"[^/?#]{1,200}",
}
_IN_QUERIES = _IN_ADDRESSES | {"slug": r"(?P<slug>[^&#]+)", "path": r"(?P<slug>[^&#]+)", "*": r"[^&#]{1,200}"}
_IN_NAMES = {"number": r"\d*", "*": r"[^\]=&]{0,80}"}
_TOKEN = re.compile(r"\{([^{}]*)\}|([{}])|([^{}]+)")
_ALIKE = {**dict.fromkeys("-–—−‐‑", "[-–—−‐‑]"), **dict.fromkeys("'’‘", "['’‘]"), **dict.fromkeys('"“”„«»', '["“”„«»]')}
_GROUP = re.compile(r"\(\?P<(\w+)>")
RANGE_TEMPLATES = (
    "{*}{first} {to} {last} {of} {total}{*}",
    "{*}{total} 件中 {first} {to} {last}{*}",
    "{*}{total} találatból {first} {to} {last}{*}",
)
"""What the word `range` stands for: a range line in any of the languages, with any words around it."""


def placeholders(template: str) -> list[str]:
    """Return the names of a template's placeholders."""
    return [token[1] for token in _TOKEN.finditer(template) if token[1] is not None]


def line_pattern(template: str) -> str:
    """Return the pattern of a line; raise ValueError with the fix if the template is none.

    Spaces in it stand for any number of spaces, and a dash or quotation mark for any kind of it.
    """
    tokens = list(_tokens(template, _IN_LINES))
    anywhere = [at for at, (name, _) in enumerate(tokens) if name == "*"]
    inner = [at for at in anywhere if at < len(tokens) - 1]
    if len(inner) > 1 or len(anywhere) == len(tokens):
        raise ValueError("this has {*} too often; write it at most twice: once within the line, once at its end")
    _no_name_twice(template)
    parts = []
    for at, (name, text) in enumerate(tokens):
        if at == 0 and name == "*" and len(tokens) > 1 and tokens[1][0] in ("first", "page"):
            parts.append(_TO_A_NUMBER)
        elif name == "*":
            parts.append(rf"[^\t\n]{{0,{LONGEST_ANY}}}?" if at < len(tokens) - 1 else r"[^\t\n]*+")
        else:
            parts.append(_IN_LINES[name] if name else _words(text))
    needed = max((text.strip() for name, text in tokens if not name), key=len, default="")
    there = rf"(?=[^\t\n]*?{_words(needed)})" if tokens[0][0] == "*" and needed else ""
    return f"(?i:{there}{''.join(parts)})"


def address_pattern(template: str, base: str = "") -> str:
    """Return the pattern of a path without its first slash, below the path `base`."""
    if not template.startswith("/"):
        raise ValueError(
            f"“{template}” is no path; begin it with a slash, as behind the archive's address: “/item/{{slug}}”"
        )
    _no_name_twice(template)
    path, _, query = (base.rstrip("/") + template).partition("?")
    stated = [_stated_in_query(pair) for pair in query.split("&")] if query else []
    behind = rf"\?{''.join(stated)}[^#]*" if stated else ""
    return _in_address(path, _IN_ADDRESSES).removeprefix("/") + behind


def parameters_of(template: str) -> list[str]:
    """Return the names of the parameters that an address states."""
    query = template.partition("?")[2]
    return [pair.partition("=")[0] for pair in query.split("&")] if query else []


def _stated_in_query(pair: str) -> str:
    """Return the pattern of a parameter with its value, wherever it stands in a query."""
    name, equals, value = pair.partition("=")
    if not equals or not re.fullmatch(r"[\w.\[\]:-]{1,80}", name):
        raise ValueError(f"“{pair}” is no parameter with a value; write “?id={{record_id}}” behind the path")
    return rf"(?=(?:[^#]*&)?{re.escape(name)}={_in_address(value, _IN_QUERIES)}(?:[&#]|$))"


def _in_address(template: str, known: dict[str, str]) -> str:
    return "".join(known[name] if name else re.escape(text) for name, text in _tokens(template, known))


def name_pattern(template: str) -> str:
    """Return the pattern of a parameter's name."""
    return "".join(_IN_NAMES[name] if name else re.escape(text) for name, text in _tokens(template, _IN_NAMES))


def literal_of(template: str) -> str:
    """Return the longest text between the placeholders of an address."""
    return max((text for name, text in _tokens(template, _IN_ADDRESSES) if not name), key=len, default="")


def any_of(patterns: Iterable[str]) -> str:
    """Return one pattern for several, whose groups are numbered so that each has a name of its own: `total2`."""
    numbered = [_GROUP.sub(rf"(?P<\g<1>{at or ''}>", pattern) for at, pattern in enumerate(patterns)]
    return "|".join(f"(?:{pattern})" for pattern in numbered)


def _tokens(template: str, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the placeholders by name, and the texts between them with an empty name."""
    if len(template) > LONGEST:
        raise ValueError(f"this is longer than {LONGEST} characters; write what is needed to recognise it")
    for token in _TOKEN.finditer(template):
        if token[2] or (token[1] is not None and token[1] not in known):
            there = ", ".join(f"{{{name}}}" for name in known)
            raise ValueError(f"“{token[0]}” is no placeholder; there are {there}")
        yield token[1] or "", token[3] or ""


def _no_name_twice(template: str) -> None:
    names = [name for name in placeholders(template) if name not in ("*", "number", "of", "to")]
    double = next((name for name in names if names.count(name) > 1), None)
    if double or {"slug", "path"} <= set(names):
        raise ValueError(f"{{{double or 'slug'}}} stands twice in it; write it once, and {{*}} for what does not count")


def _words(text: str) -> str:
    """Return the pattern of a text: white space counts little, and kinds of dashes and quotation marks are alike."""
    letters = ["\0" if letter.isspace() else _ALIKE.get(letter, re.escape(letter)) for letter in text]
    return re.sub("\0+", " ?", "".join(letters))

"""Reads what people type into the search box. Nothing is an error; what cannot be searched for is said."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markupsafe import Markup, escape

OPEN, SHUT = "\x02", "\x03"
"""Stand around a found word in what SQLite gives back, until the text is escaped."""
_PART = re.compile(
    r'(?P<not>-(?=[\w"“]))?(?:["“”](?P<phrase>[^"“”]*)(?P<close>["“”])?|(?P<word>[^\s"“”]+))(?P<star>\*)?'
)
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
MOST = 12
"""Words that are searched for; a pasted page would keep the database busy."""


@dataclass(frozen=True)
class Term:
    """One word or phrase, and whether its last word is only a beginning."""

    text: str
    prefix: bool = False

    @property
    def match(self) -> str:
        """Give it as SQLite's full text takes it: always quoted, so that nothing in it is an operator."""
        return '"' + self.text.replace('"', '""') + '"' + ("*" if self.prefix else "")

    def __str__(self) -> str:
        """Give it as people write it."""
        return (f"“{self.text}”" if " " in self.text else self.text) + ("*" if self.prefix else "")


@dataclass(frozen=True)
class Words:
    """What is searched for: groups of alternatives, of which each must be found; what must not be; what to say."""

    groups: tuple[tuple[Term, ...], ...] = ()
    without: tuple[Term, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def terms(self) -> tuple[Term, ...]:
        """Give every word that may be found."""
        return tuple(term for group in self.groups for term in group)

    @property
    def wanted(self) -> tuple[str, ...]:
        """Give each group as SQLite takes it."""
        return tuple("(" + " OR ".join(term.match for term in group) + ")" for group in self.groups)

    @property
    def match(self) -> str:
        """Give all that must be found in one place."""
        return " AND ".join(self.wanted)

    @property
    def any(self) -> str:
        """Give what is to be marked."""
        return " OR ".join(term.match for term in self.terms)

    @property
    def unwanted(self) -> str:
        """Give what must not be found, or nothing."""
        return " OR ".join(term.match for term in self.without)


def read(typed: str) -> Words:
    """Read what was typed: words, "phrases", beginnings*, -exclusions, and OR between alternatives."""
    groups: list[tuple[Term, ...]] = []
    without: list[Term] = []
    either = False
    for found in _PART.finditer(typed.replace("\0", " ")):
        if found["word"] == "OR" and groups:
            either = True
            continue
        term = _term(found)
        if not term.text:
            continue
        if found["not"]:
            without.append(term)
        elif either:
            groups[-1] += (term,)
        elif (term,) not in groups:
            groups.append((term,))
        either = False
    return Words(tuple(groups[:MOST]), tuple(without[:MOST]), tuple(_notes(typed, groups, without)))


def _term(found: re.Match[str]) -> Term:
    text = found["phrase"] if found["phrase"] is not None else found["word"]
    stripped = text.rstrip("*")
    # Only letters and digits are indexed; what stands between them separates words, as in the texts themselves.
    plain = " ".join(re.findall(r"[\w\u0300-\u036f]+", stripped.replace("_", " ")))
    return Term(plain, prefix=bool(plain) and (stripped != text or bool(found["star"])))


def _notes(typed: str, groups: list[tuple[Term, ...]], without: list[Term]) -> list[str]:
    """Say what was done about a mistake, and what search cannot do."""
    notes = []
    if typed.count('"') % 2:
        notes.append("A quotation mark is not closed: the phrase was taken to go on to the end.")
    if typed.strip() and not groups and not without:
        notes.append("There is no letter and no digit in this: type a word, or part of one with * behind it.")
    if without and not groups:
        notes.append("Only what must not be found is named: this is everything else.")
    if len(groups) > MOST:
        notes.append(f"Only the first {MOST} words were looked for.")
    if _WITHOUT_SPACES.search(typed):
        notes.append(
            "Words of this script are written without spaces, and search cannot part them: it finds whole stretches "
            "between punctuation marks, or with * behind what they begin with."
        )
    if re.search(r"\b(AND|NOT|NEAR)\b", typed):
        notes.append("All words are looked for anyway; AND, NOT and NEAR are words like others. Exclude with -word.")
    return notes


def marked(text: str | None) -> Markup:
    """Escape a text and mark what was found in it."""
    safe = str(escape(text or ""))
    safe = re.sub(f"{OPEN}([^{OPEN}{SHUT}]*){SHUT}", r"<mark>\1</mark>", safe)
    return Markup(safe.replace(OPEN, "").replace(SHUT, ""))  # noqa: S704 - escaped above, but for our own marks

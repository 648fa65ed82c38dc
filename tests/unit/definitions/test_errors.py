"""Wrong and hostile definitions: one line each with file, line and how to mend it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from harvester.config.toml_file import SettingsError
from harvester.registry import load_definition

if TYPE_CHECKING:
    from pathlib import Path

HEAD = 'title = "City"\naddress = "https://archive.example.org"\nitems = "/document/{slug}"\n'
PAGER = '[pager]\npath = "/search"\nsize = 10\n'
LISTING = '[listing]\ndeclares = "range"\n'
WHOLE = HEAD + PAGER + LISTING
DOCUMENT = "[document]\n"

CASES = {
    # what is not TOML at all
    "empty": ("", '1: title: this is missing; write title = "City Archive"'),
    "no quotes": (
        "title = City",
        '1: this cannot be read (invalid value); write key = "value", texts in quotes, tables as [listing]',
    ),
    "yaml": (
        "title: City\n",
        "1: this cannot be read (expected '=' after a key in a key/value pair); "
        'write key = "value", texts in quotes, tables as [listing]',
    ),
    "twice the same key": (
        HEAD + 'title = "Other"\n',
        "4: this cannot be read (cannot overwrite a value); keep one of the two",
    ),
    "nested without end": (
        "title = " + "[" * 5000,
        "1: tables or lists within each other, too deep to be meant; write one list",
    ),
    "a key of many parts": (
        "a." * 20000 + "b = 1",
        "1: tables or lists within each other, too deep to be meant; write one list",
    ),
    # keys
    "unknown key": (WHOLE.replace("title", "titel"), "1: titel: no such key; did you mean title?"),
    "unknown key in a table": (
        HEAD + PAGER + "sizes = 5\n" + LISTING,
        "7: pager.sizes: no such key; did you mean size?",
    ),
    "a command": (HEAD + 'run = "rm -rf /"\n' + LISTING, "4: run: no such key; there are: "),
    "python": (HEAD + LISTING + 'parser = "mine:parse"\n', "6: listing.parser: no such key; there are: "),
    "no address": (
        'title = "City"\n' + LISTING,
        '1: address: this is missing; write address = "https://archive.example.org"',
    ),
    "no size": (HEAD + '[pager]\npath = "/"\n' + LISTING, "4: pager.size: this is missing; write size = 25"),
    "no path": (HEAD + "[pager]\nsize = 10\n" + LISTING, '4: pager.path: this is missing; write path = "/search"'),
    "no declares": (
        HEAD + "[listing]\n",
        '4: listing.declares: this is missing; write declares = "Results {first} to {last} of {total}"',
    ),
    "nothing to read": (
        HEAD,
        "1: nothing says how its pages are read; write a table [listing], [document], or a platform",
    ),
    "no items": (
        WHOLE.replace('items = "/document/{slug}"\n', ""),
        '6: listing: nothing says which links are records; write items = "/document/{slug}" at the top, or',
    ),
    "a table for a value": (HEAD + LISTING + "[pager]\npath = { a = 1 }\nsize = 3\n", "7: pager.path: "),
    "a value for a table": (HEAD + 'listing = "range"\n', "4: listing: this should be a table; write "),
    "two lists of the same": (HEAD + '[[listing]]\ndeclares = "range"\n', "4: listing: this should be a table; write "),
    # texts and numbers
    "title is a number": (WHOLE.replace('"City"', "3"), '1: title: 3 is no text; write it in quotes: "…"'),
    "title is empty": (
        WHOLE.replace("City", " "),
        "1: title: this text is empty or has control characters; write one without, or leave the key out",
    ),
    "title steers the terminal": (WHOLE.replace("City", "\\u001b[2J"), "1: title: this text is empty or has control"),
    "size is a text": (WHOLE.replace("size = 10", 'size = "10"'), "6: pager.size: this is no whole number; write 25"),
    "size is nothing": (
        WHOLE.replace("size = 10", "size = 0"),
        "6: pager.size: this should be greater than or equal to 1; write 25",
    ),
    "size is enormous": (
        WHOLE.replace("size = 10", "size = 100000"),
        "6: pager.size: this should be less than or equal to 1000; write 25",
    ),
    "begin is 7": (
        HEAD + PAGER + "begin = 7\n" + LISTING,
        "7: pager.begin: this should be less than or equal to 1; write 1",
    ),
    "dates of two kinds": (
        'dates = "american"\n' + WHOLE,
        "1: dates: this should be 'day-month' or 'month-day'; write \"day-month\"",
    ),
    "assert a negative number": (
        WHOLE + "[assert]\nmin_records = -1\n",
        "10: assert.min_records: this should be greater than or equal to 0; write 1000",
    ),
    "assert what cannot be": (WHOLE + "[assert]\nmin_titles = 1\n", "10: assert.min_titles: no such key; "),
    # addresses
    "address without https": (
        WHOLE.replace("https://archive.example.org", "archive.example.org"),
        '2: address: "archive.example.org" is no address of an archive; write https:// and its host',
    ),
    "address of a file": (
        WHOLE.replace("https://archive.example.org", "file:///etc/passwd"),
        '2: address: "file:///etc/passwd" is no',
    ),
    "address with a password": (
        WHOLE.replace("archive.example.org", "me:secret@archive.example.org"),
        "2: address: this address has a name or password in it; leave them out",
    ),
    "address with a query": (
        WHOLE.replace("example.org", "example.org/?q=1"),
        '2: address: "https://archive.example.org/?q=1" is no',
    ),
    "address that is none": (WHOLE.replace("https://archive.example.org", "http://["), '2: address: "http://[" is no'),
    "host with a path": (
        HEAD + 'hosts = "a.example.org/x"\n' + LISTING,
        '4: hosts: "a.example.org/x" is no host; write the name only',
    ),
    "path without slash": (
        WHOLE.replace('"/search"', '"search"'),
        '5: pager.path: "search" is no path; write it from the address on, without ? and what follows: "/search"',
    ),
    "path with a query": (
        WHOLE.replace('"/search"', '"/search?page=1"'),
        '5: pager.path: "/search?page=1" is no path; ',
    ),
    "items without slash": (
        WHOLE.replace("/document/{slug}", "document/{slug}"),
        '3: items: "document/{slug}" is no path; begin it with a slash',
    ),
    "items that identify nothing": (
        WHOLE.replace("/document/{slug}", "/document/{*}"),
        '3: items: "/document/{*}" does not say which item it is; write {slug} or {record_id} where that stands',
    ),
    "items without placeholder": (
        WHOLE.replace("/document/{slug}", "/document"),
        '3: items: "/document" does not say which',
    ),
    "a regular expression": (
        WHOLE.replace("/document/{slug}", r"/(?P<slug>(a+)+)$".replace("\\", "\\\\")),
        "3: items: ",
    ),
    "two slugs": (
        WHOLE.replace("/document/{slug}", "/{slug}/{slug}"),
        "3: items: {slug} stands twice in it; write it once, and {*} for what does not count",
    ),
    "slug and path": (WHOLE.replace("/document/{slug}", "/{slug}/{path}"), "3: items: {slug} stands twice in it"),
    "unknown placeholder": (
        WHOLE.replace("{slug}", "{id}"),
        '3: items: "{id}" is no placeholder; there are {slug}, {path}, {record_id}, {node_id}, {*}',
    ),
    "brace not closed": (WHOLE.replace("{slug}", "{slug"), '3: items: "{" is no placeholder; there are {slug}'),
    "no items in the list": (
        WHOLE.replace('"/document/{slug}"', "[]"),
        "3: items: this list is empty; write addresses of items, or leave the key out",
    ),
    "too many items": (
        WHOLE.replace('"/document/{slug}"', str([f"/{n}/{{slug}}" for n in range(40)]).replace("'", '"')),
        "3: items: these are more than 24; keep those that pages really have",
    ),
    "an endless template": (
        WHOLE.replace("/document/", "/" + "a" * 5000),
        "3: items: this is longer than 200 characters",
    ),
    # what a listing declares
    "declares without numbers": (
        HEAD + '[listing]\ndeclares = "Results"\n',
        '5: listing.declares: "Results" states nothing; write {first}, {last} and {total}, only {total}, or',
    ),
    "declares a first without a last": (
        HEAD + '[listing]\ndeclares = "from {first} of {total}"\n',
        '5: listing.declares: "from {first} of {total}" states nothing; ',
    ),
    "declares something and nothing": (
        HEAD + '[listing]\ndeclares = ["range", "nothing"]\n',
        "5: listing.declares: a listing declares something or nothing; leave one of them out",
    ),
    "declares twice the same": (
        HEAD + '[listing]\ndeclares = "{total} of {total}"\n',
        "5: listing.declares: {total} stands twice in it; write it once",
    ),
    "declares anything": (
        HEAD + '[listing]\ndeclares = "{*}{*}{*}{*} {total}"\n',
        "5: listing.declares: this has {*} too often; ",
    ),
    "declares by a pattern": (
        HEAD + "[listing]\ndeclares = '(\\d+)+$ {total} {x'\n",
        '5: listing.declares: "{" is no placeholder; there are {first}, ',
    ),
    "single with a total": (
        HEAD + LISTING + 'single = "{total} result"\n',
        '6: listing.single: "{total} result" has numbers',
    ),
    # selectors
    "a selector that is none": (
        HEAD + DOCUMENT + 'title = "h1["\n',
        '5: document.title: "h1[" is no selector that is read here; write elements, classes, ids, [attributes]',
    ),
    "a selector that is slow": (
        HEAD + DOCUMENT + 'title = "a:has(b:has(c))"\n',
        '5: document.title: "a:has(b:has(c))" is no',
    ),
    "a selector of siblings": (
        HEAD + DOCUMENT + 'title = "a ~ a ~ a"\n',
        '5: document.title: "a ~ a ~ a" is no selector',
    ),
    "a selector of many steps": (
        HEAD + DOCUMENT + 'title = "a b c d e f g"\n',
        '5: document.title: "a b c d e f g" is no selector',
    ),
    "a selector without end": (
        HEAD + DOCUMENT + f'title = "{"a," * 4000}a"\n',
        "5: document.title: this selector is longer than 300 characters; name the nearest class",
    ),
    "a selector that is empty": (HEAD + DOCUMENT + 'title = ","\n', '5: document.title: "" is no selector'),
    "selectors of many steps in all": (
        HEAD + LISTING + 'record = "li"\n[listing.fields]\n' + "".join(f'"f{n}" = "div span b i"\n' for n in range(21)),
        "7: listing.fields: these selectors take more than 40 steps in all; name the nearest classes only",
    ),
    "two pagers, one of them a link": (
        HEAD + PAGER + 'page = "page"\nnext = "a.next"\n' + LISTING,
        "8: pager.next: a pager counts in one way; write `page` or `next`",
    ),
    "items with a parameter without value": (
        WHOLE.replace("/document/{slug}", "/show?{slug}"),
        '3: items: "{slug}" is no parameter with a value; write "?id={record_id}" behind the path',
    ),
    "an address at port 0": (
        WHOLE.replace("example.org", "example.org:0"),
        '2: address: "https://archive.example.org:0" is no',
    ),
    # fields, platforms, pagers
    "a field that is none": (
        WHOLE + '[labels]\nSignatur = "archive_locaton"\n',
        '10: labels.Signatur: there is no field "archive_locaton"; did you mean archive_location?',
    ),
    "a platform that is none": (
        'platform = "atomm"\ntitle = "City"\naddress = "https://archive.example.org"\n',
        '1: platform: there is no platform "atomm"; ',
    ),
    "a platform outside the folder": (
        'platform = "../../etc/passwd"\ntitle = "City"\naddress = "https://archive.example.org"\n',
        '1: platform: there is no platform "../../etc/passwd"; ',
    ),
    "two pagers": (
        HEAD + PAGER + 'page = "page"\noffset = "start"\n' + LISTING,
        "8: pager.offset: a pager counts in one way; write `page` or `offset`",
    ),
    "a parameter with its value": (
        HEAD + PAGER + 'page = "page=1"\n' + LISTING,
        '7: pager.page: "page=1" is no parameter; write its name as in the address, before the =: "page"',
    ),
}


@pytest.mark.parametrize(("written", "expected"), CASES.values(), ids=CASES)
def test_each_is_one_line_that_mends_it(tmp_path: Path, written: str, expected: str) -> None:
    file = tmp_path / "city.toml"
    file.write_text(written, "utf-8")
    began = time.process_time()
    with pytest.raises(SettingsError) as found:
        load_definition(file)
    message = str(found.value)
    assert message.startswith(f"{file}:{expected}")
    assert len(message) < 600
    assert "\n" not in message
    assert time.process_time() - began < 2


def test_there_are_sixty_of_them() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("City Archive.toml", WHOLE.encode(), "1: a source has its file's name; rename it to small letters, digits"),
        ("city.toml", b'title = "\xff"', "1: this is no UTF-8 text; save the file as UTF-8"),
        ("city.toml", b"#" * 300_000, None),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_too(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(SettingsError) as found:
        load_definition(file)
    assert str(found.value).startswith(f"{file}:{expected}" if expected else f"{file} is larger than 200 KB")

"""What pages are that are no pages of an archive: told by how they are made, never by a word in a document's title."""

from __future__ import annotations

import pytest

from harvester.model import Capture, Refused
from harvester.parsers.parse import parse
from harvester.urls import read_address
from tests.support.harvesting import SOURCE

SEARCH = "https://digitalarchive.wilsoncenter.org/search"


def code_of(body: str) -> str:
    page = parse(Capture(SEARCH, body.encode(), media_type="text/html", http_status=200), SOURCE)
    assert isinstance(page, Refused)
    return page.code


@pytest.mark.parametrize(
    "title",
    [
        "Report on the Maintenance of Soviet Troops",
        "Memorandum on Security Check at the Embassy",
        "Soviet Password Decree",
        "Telegram Not Found in the Archive",
        "Error 404 Squadron's Report",
        "Please Wait for Instructions, Telegram to Havana",
        "Log in the Ambassador's Journal",
        "Access Denied to Soviet Inspectors",
        "Instructions on Waiting Rooms at the Border",
    ],
)
def test_titles_that_sound_like_refusals_are_none(title: str) -> None:
    page = "<html><head><title>{0} | An Archive</title></head><body><h1>{0}</h1><p>A document.</p></body></html>"
    assert code_of(page.format(title)) == "not-a-listing"


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("Just a moment...", "challenge"),
        ("Attention Required! | Cloudflare", "challenge"),
        ("Pardon Our Interruption", "challenge"),
        ("Making sure you're not a bot!", "challenge"),
        ("Log in | An Archive", "login"),
        ("Site under maintenance", "maintenance"),
        ("An Archive - Service Unavailable", "maintenance"),
        ("404 Not Found", "error-page"),
        ("Page not found | An Archive", "error-page"),
        ("502 Bad Gateway", "error-page"),
        ("Waiting Room powered by Cloudflare", "waiting-room"),
        ("You are now in line", "waiting-room"),
    ],
)
def test_phrases_of_servers_name_a_page(title: str, code: str) -> None:
    assert code_of(f"<html><head><title>{title}</title></head><body><p>.</p></body></html>") == code


@pytest.mark.parametrize(
    ("made", "code"),
    [
        ('<script src="/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1"></script>', "challenge"),
        ('<script src="https://geo.captcha-delivery.com/c.js"></script>', "challenge"),
        ('<script src="https://static.queue-it.net/script/queueclient.min.js"></script>', "waiting-room"),
        ("<p>Thank you for your patience. Your estimated wait time is 12 minutes.</p>", "waiting-room"),
        ('<form><input name="p" type="password"></form>', "login"),
    ],
)
def test_pages_are_named_by_how_they_are_made(made: str, code: str) -> None:
    assert code_of(f"<html><head><title>An Archive</title></head><body>{made}</body></html>") == code


def test_a_page_with_much_text_is_none_of_these() -> None:
    body = (
        f"<html><body><h1>Not found</h1><form><input type=password></form><p>{'A long text. ' * 300}</p></body></html>"
    )
    assert code_of(body) == "not-a-listing"


def test_an_address_has_one_spelling() -> None:
    spelled = ("/document/ceaușescu-letter", "/document/ceau%C8%99escu-letter", "/document/ceau%c8%99escu-l%65tter")
    assert {read_address(href, SOURCE) for href in spelled} == {read_address(spelled[1], SOURCE)}
    found = read_address(spelled[0], SOURCE)
    assert found
    assert (found.slug, found.url) == (
        "ceau%C8%99escu-letter",
        "https://digitalarchive.wilsoncenter.org/document/ceau%C8%99escu-letter",
    )

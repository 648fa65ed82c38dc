"""How a live harvest behaves towards an archive, measured in the server's own log; and how it fails."""

from __future__ import annotations

import gzip
import itertools
import ssl
import subprocess
from typing import TYPE_CHECKING

import pytest

from harvester.errors import UsageError
from harvester.politeness import agreed_delay, is_loopback, retry_after
from harvester.processes import identity
from harvester.store.database import open_to_read, open_to_write
from harvester.utils import utc_timestamp
from tests.support.archive_server import ArchiveServer
from tests.support.archive_server_site import Answer, Manner, Site, html
from tests.support.harvesting import sound
from tests.support.live_processes import Harvests, in_process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TIMER = 0.02
"""How much a clock may be early."""


def gaps(server: ArchiveServer) -> list[float]:
    return [other.time - one.time for one, other in itertools.pairwise(server.log)]


def harvested(folder: Path, site: Site, *more: str, delay: str | None = "0") -> tuple[ArchiveServer, int | None, str]:
    with ArchiveServer(site) as server:
        done = Harvests(folder, server).live("a.db", "--no-documents", *more, delay=delay)
        return server, done.status, done.err


def test_there_is_a_second_between_requests_by_default(tmp_path: Path) -> None:
    server, status, _ = harvested(tmp_path, Site(15), delay=None)
    assert (status, len(server.log)) == (0, 4)
    assert min(gaps(server)) >= 1 - TIMER


def test_the_crawl_delay_of_robots_txt_is_kept(tmp_path: Path) -> None:
    server, _, _ = harvested(tmp_path, Site(5, manner=Manner(robots="User-agent: *\nCrawl-delay: 1.5\n")), delay="1")
    assert len(server.log) == 3
    assert min(gaps(server)) >= 1.5 - TIMER


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed(tmp_path: Path, status: int) -> None:
    site = Site(5)
    whole, busy = site.answer, [html(status, b"", Retry_After="1")]
    site.answer = lambda target, headers: (  # type: ignore[method-assign]
        busy.pop() if "page=" in target and busy else whole(target, headers)
    )
    server, ended, _ = harvested(tmp_path, site)
    assert ended == 0
    assert gaps(server)[1] >= 1 - TIMER


def test_a_server_that_wants_a_long_rest_is_left_alone(tmp_path: Path) -> None:
    site = Site(5)
    site.answer = lambda *_: html(429, b"", Retry_After="7200")  # type: ignore[method-assign]
    server, status, err = harvested(tmp_path, site)
    assert (status, [requested.target for requested in server.log]) == (1, ["/robots.txt"])
    assert "120 minutes" in err


def test_it_says_who_it_is_and_asks_caches_to_step_aside(tmp_path: Path) -> None:
    server, _, _ = harvested(tmp_path, Site(5), "--contact", "me@example.org")
    for requested in server.log:
        assert requested.headers["user-agent"].startswith("archive-harvester/")
        assert requested.headers["user-agent"].endswith("(+me@example.org)")
        assert "cookie" not in requested.headers
    assert {requested.headers["cache-control"] for requested in server.requested("page=")} == {"no-cache"}


def test_there_is_one_connection_at_a_time_and_no_more_requests_than_needed(tmp_path: Path) -> None:
    server, _, _ = harvested(tmp_path, Site(25))
    assert [requested.target.partition("page=")[2] for requested in server.requested("page=")] == ["0", "1", "2", "0"]


def test_what_robots_txt_forbids_is_not_asked_for(tmp_path: Path) -> None:
    server, status, err = harvested(tmp_path, Site(5, manner=Manner(robots="User-agent: *\nDisallow: /search\n")))
    assert [requested.target for requested in server.log] == ["/robots.txt"]
    assert (status, err.count("\n")) == (1, 1)
    assert "robots.txt forbids" in err


def test_an_unreachable_host_is_one_line(tmp_path: Path) -> None:
    done = in_process(
        tmp_path,
        ["harvest", "wilson", "--base-url", "http://127.0.0.1:1", "--delay", "0", "--db", str(tmp_path / "a.db")],
    )
    assert (done.status, done.err.count("\n")) == (1, 1), done.err
    assert "127.0.0.1:1" in done.err
    assert "connection" in done.err
    unharmed(tmp_path / "a.db", "failed")


def test_a_host_without_an_address_is_one_line_that_says_what_can_be_done(tmp_path: Path) -> None:
    command = [
        "harvest",
        "wilson",
        "--base-url",
        "http://archive.invalid",
        "--delay",
        "1",
        "--db",
        str(tmp_path / "a.db"),
    ]
    done = in_process(tmp_path, command)
    assert (done.status, done.err.count("\n")) == (1, 1), done.err
    assert "archive.invalid has no address (DNS)" in done.err
    assert "can be harvested as files" in done.err
    unharmed(tmp_path / "a.db", "failed")


def unharmed(path: Path, status: str) -> None:
    with open_to_write(path) as db:
        assert sound(db)
        assert db.execute("SELECT status FROM runs ORDER BY id DESC").fetchone() == (status,)
        assert db.execute("SELECT count(*) FROM source_locks").fetchone() == (0,)


def test_a_failing_certificate_is_one_line_and_is_asked_once(tmp_path: Path) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=127.0.0.1", "-days", "2"]
    subprocess.run([*command, "-keyout", str(key), "-out", str(cert)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    with ArchiveServer(Site(5), tls=context) as server:
        done = Harvests(tmp_path, server).live("a.db")
        assert server.log == []
    assert (done.status, done.err.count("\n")) == (1, 1), done.err
    assert "certificate" in done.err
    unharmed(tmp_path / "a.db", "failed")


def test_a_source_that_another_run_holds_is_left_to_it(tmp_path: Path) -> None:
    with open_to_write(tmp_path / "a.db") as db:
        db.execute("INSERT INTO runs (id, command, started_at) VALUES (1, 'harvest', '2026-01-01')")
        holder = identity()
        db.execute("INSERT INTO source_locks VALUES ('wilson', 1, ?, ?)", [holder, utc_timestamp()])
    server, status, err = harvested(tmp_path, Site(5))
    assert (status, err.count("\n"), server.log) == (4, 1, [])
    assert holder in err
    with open_to_read(tmp_path / "a.db") as db:
        assert db.execute("SELECT count(*) FROM runs").fetchone() == (1,)


def spoiled(site: Site, spoil: Callable[[str], Answer | None]) -> Site:
    """Make a site give other responses at times; return the site."""
    whole = site.answer
    site.answer = lambda target, headers: spoil(target) or whole(target, headers)  # type: ignore[method-assign]
    return site


@pytest.mark.parametrize("requested", ["3601", "86400", "1e9", "1e300"])
def test_a_crawl_delay_beyond_an_hour_ends_the_run(tmp_path: Path, requested: str) -> None:
    site = Site(5, manner=Manner(robots=f"User-agent: *\nCrawl-delay: {requested}\n"))
    server, status, err = harvested(tmp_path, site)
    assert (status, [requested.target for requested in server.log]) == (1, ["/robots.txt"])
    assert (err.count("\n"), "Crawl-delay" in err) == (1, True)
    unharmed(tmp_path / "a.db", "failed")


@pytest.mark.parametrize("place", ["/robots.txt", "/search", "/document/"])
def test_a_redirect_to_anything_but_the_web_is_not_followed(tmp_path: Path, place: str) -> None:
    secret = tmp_path / "secret.html"
    secret.write_text("User-agent: *\nDisallow: /\n<p>a secret</p>")
    for number, target in enumerate(
        [secret.as_uri(), "data:text/plain,User-agent:%20*%0ADisallow:%20/", "http://[", "ftp://x/"]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        elsewhere = html(301, b"", Location=target)
        spoil = spoiled(Site(5), lambda path: elsewhere if path.startswith(place) else None)  # noqa: B023
        with ArchiveServer(spoil) as server:
            done = Harvests(folder, server).live("a.db")
        assert done.status == {"/robots.txt": 0, "/search": 1, "/document/": 3}[place], done.err
        kept = b"".join(gzip.decompress(file.read_bytes()) for file in folder.glob("a.db-captures/*.gz"))
        assert b"a secret" not in kept


def test_rules_for_this_harvester_alone_are_obeyed(tmp_path: Path) -> None:
    robots = "User-agent: archive-harvester\nDisallow: /search\n\nUser-agent: *\nAllow: /\n"
    server, status, _ = harvested(tmp_path, Site(5, manner=Manner(robots=robots)))
    assert (status, [requested.target for requested in server.log]) == (1, ["/robots.txt"])


def test_robots_txt_is_followed_to_where_it_lies(tmp_path: Path) -> None:
    answers = {
        "/robots.txt": html(301, b"", Location="/rules.txt"),
        "/rules.txt": Answer(200, b"User-agent: *\nDisallow: /search\n", {"Content-Type": "text/plain"}),
    }
    server, status, err = harvested(tmp_path, spoiled(Site(5), answers.get))
    assert (status, [requested.target for requested in server.log]) == (1, ["/robots.txt", "/rules.txt"])
    assert "robots.txt forbids" in err


def test_robots_txt_that_cannot_be_read_forbids_all(tmp_path: Path) -> None:
    site = spoiled(Site(5), lambda target: html(503, b"User-agent: *\nAllow: /") if "robots" in target else None)
    server, status, err = harvested(tmp_path, site)
    assert {requested.target for requested in server.log} == {"/robots.txt"}
    assert (status, err.count("\n")) == (1, 1)
    assert "robots.txt could not be read" in err


def test_robots_txt_of_a_busy_server_is_waited_for(tmp_path: Path) -> None:
    busy = [html(503, b"", Retry_After="1")]
    site = spoiled(Site(5), lambda target: busy.pop() if "robots" in target and busy else None)
    server, status, _ = harvested(tmp_path, site)
    assert (status, [requested.status for requested in server.requested("robots")]) == (0, [503, 404])
    assert gaps(server)[0] >= 1 - TIMER


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (html(200, b"<title>Just a moment...</title><body>Checking your browser before accessing"), "challenge"),
        (html(404, b"<h1>Not found</h1>"), "404"),
    ],
    ids=["challenge", "not found"],
)
def test_an_archive_of_which_nothing_can_be_read_is_one_line(tmp_path: Path, answer: Answer, outcome: str) -> None:
    for _ in range(2):  # the second time the answer is known already
        site = spoiled(Site(5), lambda target: answer if "/search" in target else None)
        server, status, err = harvested(tmp_path, site)
        assert (status, err.count("\n"), len(server.requested("/search"))) == (1, 1, 3)
        assert outcome in err
        unharmed(tmp_path / "a.db", "failed")


def test_an_archive_whose_listing_cannot_be_had_is_not_asked_for_documents(tmp_path: Path) -> None:
    with ArchiveServer(Site(35)) as server:
        archive = Harvests(tmp_path, server)
        archive.live("a.db", "--no-documents")
        spoiled(server.site, lambda target: html(503, b"", Retry_After="0") if "/search" in target else None)
        done = archive.live("a.db")
        assert (done.status, done.err.count("\n")) == (1, 1)
        assert server.requested("/document/") == []


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        (["wilson", "--base-url", "127.0.0.1:80"], "http://"),
        (["wilson", "--base-url", "http://127.0.0.1:99999"], "http://"),
        (["wilson", "--base-url", "ftp://127.0.0.1"], "http://"),
        (["wilson", "--listing", "letters"], "--listing"),
        (["seeds", "--search", "Mao"], "--search"),
        (["https://digitalarchive.wilsoncenter.org/topics/mao"], "no listing"),
        (["https://digitalarchive.wilsoncenter.org/search", "--search", "Mao"], "--search"),
        (["wilsen"], "wilson"),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_asked(
    tmp_path: Path, arguments: list[str], outcome: str
) -> None:
    done = in_process(tmp_path, ["harvest", *arguments, "--db", str(tmp_path / "a.db")])
    assert (done.status, done.err.count("\n")) == (2, 1)
    assert outcome in done.err
    assert not (tmp_path / "a.db").exists()


def test_redirects_are_followed_to_the_same_page_only(tmp_path: Path) -> None:
    site = Site(15)
    whole = site.answer

    def sent_on(target: str, headers: dict[str, str]) -> Answer:
        if "page=0" in target and "again" not in target:
            return html(302, b"", Location=f"{target}&again=1")
        return html(302, b"", Location="/user/login") if "page=1" in target else whole(target, headers)

    site.answer = sent_on  # type: ignore[method-assign]
    server, status, _ = harvested(tmp_path, site)
    assert status == 3
    assert server.requested("login") == []
    with open_to_read(tmp_path / "a.db") as db:
        assert set(db.execute("SELECT code FROM problems").fetchall()) == {("redirected",)}
        assert db.execute("SELECT DISTINCT uri FROM captures WHERE form IS NOT NULL").fetchone()[0].endswith("page=0")


def test_going_faster_is_for_this_machine_only() -> None:
    with pytest.raises(UsageError, match="faster"):
        agreed_delay(0.5, "https://digitalarchive.wilsoncenter.org")
    assert agreed_delay(0, "http://127.0.0.1:8000") == 0
    assert agreed_delay(None, "http://127.0.0.1:8000") == 1
    assert agreed_delay(3, "https://digitalarchive.wilsoncenter.org") == 3
    assert [is_loopback(f"http://{host}/") for host in ("localhost", "[::1]", "127.0.0.2", "10.0.0.1", "a.org")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_retry_after_is_a_number_or_a_date() -> None:
    assert retry_after("120") == 120
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert [retry_after(odd) for odd in ("soon", "²", "٣", "1²", "-1", "1.5")] == [None] * 6
    assert retry_after(None) is None


class WaitingRoom(Site):
    """Lets nobody in to its second page before it was asked some times."""

    looks = 0

    def answer(self, target: str, headers: dict[str, str]) -> Answer:
        if "page=1" in target and self.looks < 5:
            self.looks += 1
            return html(200, b"<html><title>Waiting Room</title><p>You are now in line.</p></html>")
        return super().answer(target, headers)


def test_a_waiting_room_is_waited_for(tmp_path: Path) -> None:
    server, status, _ = harvested(tmp_path, WaitingRoom(30))
    assert status == 0
    assert len(server.requested("page=1")) == 6


def test_a_waiting_room_that_lets_nobody_in_is_named_and_not_waited_for_twice(tmp_path: Path) -> None:
    site = WaitingRoom(30)
    site.looks = -1000
    server, status, _ = harvested(tmp_path, site)
    assert status in (1, 3)
    assert len(server.requested("page=1")) < 20
    with open_to_read(tmp_path / "a.db") as db:
        assert db.execute("SELECT count(*) FROM problems WHERE code = 'waiting-room'").fetchone()[0] > 0

"""150 records captured at five times, from pywb and from the Internet Archive's dialect, compared with the WARC files.

`python -m tests.soak.web_archives [--records 150]` prints what differs, and ends with 1 if anything does.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.support.captured_archive import captures_of, write_warcs
from tests.support.pywb_server import pywb
from tests.support.wayback_server import WaybackServer
from tests.support.web_archives import facts_of, harvest, harvest_wayback, untrue


def compare(folder: Path, records: int) -> list[str]:
    """Harvest the same captures in three ways; return what differs."""
    captures = captures_of(records)
    warcs = write_warcs(folder / "warcs", captures)
    assert harvest(folder, str(folder / "warcs"), db="files.db").status == 0
    expected, wrong = facts_of(folder / "files.db"), list[str]()
    wrong += untrue(expected, records)
    (folder / "served").mkdir()
    with pywb(folder / "served", warcs) as place:
        done = harvest(folder, "wilson", "--web-archive", place, "--delay", "0", db="pywb.db")
    print(done.out, done.err, flush=True)
    with WaybackServer([one for crawl in captures for one in crawl], most_lines=300, out_of_time=400) as server:
        for _ in range(2):
            began, before = time.monotonic(), len(server.log)
            done = harvest_wayback(folder, server, db="wayback.db")
            requests = server.log[before:]
            played = sum("id_/" in one.target for one in requests)
            seconds = time.monotonic() - began
            print(done.out, f"{len(requests) - played} index requests, {played} captures, {seconds:.0f} s")
    for name in ("pywb", "wayback"):
        found = facts_of(folder / f"{name}.db")
        wrong += [f"{name}: {kind} differ" for kind in expected if found[kind] != expected[kind]]
    return wrong


def main(arguments: list[str]) -> int:
    """Compare, and print what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=150)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        wrong = compare(Path(folder), options.records)
    print("\n".join(wrong) or "nothing differs")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

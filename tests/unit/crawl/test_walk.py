"""What the verdict of a walk is worth, on listings that move under it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harvester.crawl.proof import WalkPage, WalkResult
from harvester.crawl.walk import ENDLESS, OTHER_ORDER, UNREAD_FRONT, WalkLimits, walk
from tests.support.walks import MILD, SCENARIOS, STILL, Scenario, walked

if TYPE_CHECKING:
    from harvester.model import Declares

WALKS = 150


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_nothing_is_lost_and_no_verdict_is_false(scenario: Scenario, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = [walked(scenario, seed) for seed in range(WALKS)]
    complete = [o for o in outcomes if o.verdict.status == "complete"]
    assert all(o.true for o in complete)
    assert all(o.verdict.proof for o in complete)
    assert not any(o.invented for o in outcomes)
    assert all(o.verdict.reason for o in outcomes if o.verdict.status != "complete")
    assert not any(o.lost for o in (complete if scenario.refused else outcomes))
    if scenario.name in STILL:
        assert len(complete) >= 0.99 * WALKS
    if scenario.name in MILD:
        assert len(complete) >= 0.6 * WALKS
    lost = sum(bool(o.lost) for o in outcomes)
    requests = sum(o.requests for o in outcomes)
    with capsys.disabled():
        print(
            f"\n{scenario.name:24} complete {len(complete):4} of {WALKS}, lost in {lost:3}, requests {requests:6}",
            end="",
        )


def ended(plan: WalkLimits, pages: dict[int, WalkPage]) -> tuple[WalkResult, list[str]]:
    """Walk pages that never change; give the verdict and why each page was read."""
    steps, reasons = walk(plan), []
    wanted = next(steps)
    while True:
        reasons.append(f"{wanted.number} {wanted.reason}")
        try:
            wanted = steps.send(pages.get(wanted.number, WalkPage(wanted.number, None)))
        except StopIteration as end:
            return end.value, reasons


def still(total: int, size: int = 10) -> dict[int, WalkPage]:
    keys = [f"r{n}" for n in range(total)]
    return {n: WalkPage(n, total, tuple(keys[n * size : (n + 1) * size])) for n in range(max(1, -(-total // size)))}


def test_an_ordered_listing_costs_one_page_for_its_proof() -> None:
    verdict, reasons = ended(WalkLimits(10, ordered=True), still(25))
    assert (verdict.status, verdict.proof, len(verdict.keys)) == ("complete", "ordered", 25)
    assert reasons == ["0 walk", "1 walk", "2 walk", "0 proof: the first page again"]


def test_a_listing_without_order_is_walked_twice() -> None:
    verdict, reasons = ended(WalkLimits(10), still(15))
    assert (verdict.status, verdict.proof) == ("complete", "twice")
    assert reasons == ["0 walk", "1 walk", "0 pass 2", "1 pass 2"]


def test_an_empty_listing_is_complete() -> None:
    assert ended(WalkLimits(10, ordered=True), still(0))[0].status == "complete"


def test_a_page_that_cannot_be_read_is_asked_for_again_and_named_by_its_positions() -> None:
    """A second pass shows that it is not only the end of a listing that has become shorter."""
    pages = still(25)
    del pages[1]
    verdict, reasons = ended(WalkLimits(10, ordered=True), pages)
    assert (verdict.status, verdict.missing) == ("partial", ((11, 20),))
    assert verdict.reason == "pages that could not be read: 1"
    once = ["0 walk", "1 walk", "2 walk", "1 repair: could not be read"]
    assert reasons == [*once, *(reason.replace("walk", "pass 2") for reason in once)]


@pytest.mark.parametrize("ordered", [True, False])
def test_a_page_that_is_read_when_asked_for_again_completes_the_pass(*, ordered: bool) -> None:
    pages, reasons, failed = still(45), list[str](), False
    steps = walk(WalkLimits(10, ordered=ordered))
    wanted = next(steps)
    try:
        while True:
            reasons.append(wanted.reason)
            fails, failed = wanted.number == 2 and not failed, failed or wanted.number == 2
            wanted = steps.send(WalkPage(2, None) if fails else pages[wanted.number])
    except StopIteration as end:
        verdict = end.value
    assert (verdict.status, len(verdict.keys), verdict.missing) == ("complete", 45, ())
    assert reasons.count("repair: could not be read") == 1
    assert len(reasons) == (7 if ordered else 11)


def test_the_end_of_a_listing_that_has_become_shorter_is_no_page_that_could_not_be_read() -> None:
    """The last page is no more when it is asked for: what stood on it has moved up, to a page that was read."""
    before, after, reasons = still(21), still(20), list[str]()
    after[1] = WalkPage(1, 20, (*before[1].keys[1:], *before[2].keys))
    steps = walk(WalkLimits(10))
    wanted = next(steps)
    try:
        while True:
            reasons.append(f"{wanted.number} {wanted.reason}")
            pages = before if len(reasons) < 3 else after
            wanted = steps.send(pages.get(wanted.number, WalkPage(wanted.number, None)))
    except StopIteration as end:
        verdict = end.value
    assert (verdict.status, verdict.keys) == ("complete", {key for step in after.values() for key in step.keys})
    assert "2 repair: could not be read" in reasons


def test_no_page_behind_the_last_is_asked_for_in_a_proof() -> None:
    steps, shown = walk(WalkLimits(10, ordered=True)), ["old", "new", "new", "new"]
    wanted, numbers = next(steps), list[int]()
    try:
        while True:
            numbers.append(wanted.number)
            records = shown.pop(0)
            wanted = steps.send(WalkPage(0, 3, tuple(f"{records}{n}" for n in range(3))))
    except StopIteration as end:
        verdict = end.value
    assert (verdict.status, numbers) == ("complete", [0, 0, 0, 0])


def test_a_proof_that_cannot_be_read_is_no_reason_for_another_pass() -> None:
    steps, pages, reasons = walk(WalkLimits(10, ordered=True)), still(25), list[str]()
    wanted = next(steps)
    try:
        while True:
            reasons.append(wanted.reason)
            wanted = steps.send(WalkPage(0, None) if "proof" in wanted.reason else pages[wanted.number])
    except StopIteration as end:
        verdict = end.value
    assert (verdict.status, verdict.reason, len(verdict.keys)) == ("partial", UNREAD_FRONT, 25)
    assert reasons == ["walk"] * 3 + ["proof: the first page again"] * 3


def test_many_pages_that_cannot_be_read_are_not_all_asked_for_again() -> None:
    pages = {n: step for n, step in still(400).items() if n % 3 == 0}
    verdict, reasons = ended(WalkLimits(10, ordered=True), pages)
    assert (verdict.status, verdict.reason) == ("partial", "pages that could not be read: 26")
    assert sum("could not be read" in reason for reason in reasons) == 2 * 3


@pytest.mark.parametrize("ordered", [True, False])
def test_a_total_that_is_wrong_is_said_after_two_passes_that_show_the_same(*, ordered: bool) -> None:
    pages = {n: WalkPage(n, 28, step.keys) for n, step in still(25).items()}
    verdict, reasons = ended(WalkLimits(10, ordered=ordered), pages)
    assert (verdict.status, verdict.reason) == ("partial", "the archive declares 28 records and shows 25")
    assert verdict.missing == ((26, 28),)
    assert len(reasons) == 2 * (3 + ordered)


def test_a_listing_of_which_nothing_can_be_read_is_partial() -> None:
    verdict, reasons = ended(WalkLimits(10), {})
    assert (verdict.status, verdict.total, reasons) == ("partial", None, ["0 walk"])


def test_a_short_page_in_the_middle_is_not_complete() -> None:
    pages = still(25)
    pages[1] = WalkPage(1, 25, pages[1].keys[:9])
    verdict, _ = ended(WalkLimits(10), pages)
    assert (verdict.status, verdict.missing) == ("partial", ((20, 20),))


def test_a_walk_that_was_asked_to_stop_is_bounded() -> None:
    verdict, reasons = ended(WalkLimits(10, most_pages=2), still(25))
    assert (verdict.status, verdict.proof, len(reasons)) == ("bounded", None, 2)


def test_asking_for_as_many_pages_as_there_are_is_no_bound() -> None:
    assert ended(WalkLimits(10, ordered=True, most_pages=3), still(25))[0].status == "complete"


def test_a_walk_until_known_stops_at_what_is_known() -> None:
    pages = {n: WalkPage(n, 55, s.keys, known=n >= 1) for n, s in still(55).items()}
    verdict, reasons = ended(WalkLimits(10, ordered=True, until_known=2), pages)
    assert (verdict.status, len(reasons)) == ("bounded", 3)


def test_a_pager_without_end_is_noticed() -> None:
    pages = {n: WalkPage(n, 10 * (n + 2), tuple(f"{n}-{i}" for i in range(10))) for n in range(500)}
    verdict, reasons = ended(WalkLimits(10), pages)
    assert (verdict.status, verdict.reason) == ("partial", ENDLESS)
    assert len(reasons) < 30


def shows(total: int, most: int, behind: str, size: int = 10) -> dict[int, WalkPage]:
    """Return the pages of a site that declares `total` records and shows `most`, with `behind` on those that follow."""
    pages = still(total, size)
    for number in range(most // size, len(pages)):
        keys = {"empty": (), "the first page": pages[0].keys, "the last page": pages[most // size - 1].keys}
        pages[number] = WalkPage(number, total, keys[behind]) if behind in keys else WalkPage(number, None)
    return pages


@pytest.mark.parametrize("behind", ["nothing", "empty", "the first page", "the last page"])
@pytest.mark.parametrize("ordered", [True, False])
def test_pages_that_show_nothing_new_prove_a_ceiling(*, behind: str, ordered: bool) -> None:
    verdict, reasons = ended(WalkLimits(10, ordered=ordered), shows(1675, 1000, behind))
    assert (verdict.status, verdict.proof, len(verdict.keys)) == ("partial", None, 1000)
    assert "declares 1,675 records and shows no more than 1,000" in (verdict.reason or "")
    assert verdict.missing == ((1001, 1675),)
    assert reasons[100:] == [
        "100 walk",
        "101 walk",
        "102 walk",
        "99 is the archive there",
        "167 is the last page there",
    ]


@pytest.mark.parametrize("busy", [True, False])
def test_an_archive_that_goes_away_is_no_ceiling(*, busy: bool) -> None:
    pages = {number: step for number, step in still(1675).items() if number < 40}
    requested, steps = list[int](), walk(WalkLimits(10))
    wanted = next(steps)
    try:
        while True:
            requested.append(wanted.number)
            gone = max(requested) >= 40
            wanted = steps.send(WalkPage(wanted.number, None, busy=busy) if gone else pages[wanted.number])
    except StopIteration as end:
        verdict = end.value
    assert (verdict.status, requested[40:]) == ("interrupted", [40, 41, 42] if busy else [40, 41, 42, 39])


def test_three_broken_pages_in_the_middle_are_no_ceiling_and_no_end() -> None:
    pages = {number: step for number, step in still(250).items() if number not in (7, 8, 9)}
    verdict, _ = ended(WalkLimits(10, ordered=True), pages)
    assert (verdict.status, len(verdict.keys), verdict.missing) == ("partial", 220, ((71, 100),))


@pytest.mark.parametrize("total", [500, 1000, 10_000])
def test_a_total_at_which_sites_stop_counting_is_no_proof(total: int) -> None:
    verdict, reasons = ended(WalkLimits(100, ordered=True), still(total, 100))
    assert (verdict.status, verdict.proof) == ("partial", None)
    assert f"exactly {total:,} records" in (verdict.reason or "")
    assert len(reasons) == total // 100 + 1
    assert ended(WalkLimits(100, ordered=True, ceiling=0), still(total, 100))[0].status == "complete"
    assert ended(WalkLimits(100, ordered=True), still(total - 1, 100))[0].status == "complete"


def test_a_ceiling_that_the_definition_names_is_one() -> None:
    plan = WalkLimits(10, ordered=True, ceiling=300)
    assert [ended(plan, still(total))[0].status for total in (0, 299, 300)] == ["complete", "complete", "partial"]
    assert "no more than 300" in (ended(plan, still(300))[0].reason or "")


def in_two_orders(
    plan: WalkLimits, pages: dict[int, WalkPage], others: dict[int, WalkPage]
) -> tuple[WalkResult, list[str]]:
    """Walk a listing that can be had in two orders."""
    steps, reasons = walk(plan), list[str]()
    wanted = next(steps)
    while True:
        reasons.append(wanted.reason)
        try:
            wanted = steps.send((others if wanted.other else pages)[wanted.number])
        except StopIteration as end:
            return end.value, reasons


def reverse(pages: dict[int, WalkPage], size: int = 10) -> dict[int, WalkPage]:
    keys = [key for step in pages.values() for key in step.keys][::-1]
    return {n: WalkPage(n, step.total, tuple(keys[n * size : (n + 1) * size])) for n, step in pages.items()}


def test_another_order_settles_a_suspicion() -> None:
    pages, plan = still(500), WalkLimits(10, ordered=True, reorders=True)
    assert in_two_orders(plan, pages, reverse(pages))[0].status == "complete"
    assert in_two_orders(plan, pages, pages)[0].status == "partial"  # it knows one order only
    others = reverse(
        {n: WalkPage(n, 500, tuple(f"{key}!" if key == "r7" else key for key in s.keys)) for n, s in pages.items()}
    )
    assert in_two_orders(plan, pages, others)[0].status == "partial"  # there are more than are shown


def test_what_was_settled_is_settled_until_something_changes() -> None:
    known = {n: WalkPage(n, 500, s.keys, known=True) for n, s in still(500).items()}
    assert ended(WalkLimits(10, ordered=True, settled=500), known)[0].status == "complete"
    assert ended(WalkLimits(10, ordered=True, settled=500), known | {3: still(500)[3]})[0].status == "partial"
    assert ended(WalkLimits(10, ordered=True, settled=1000), known)[0].status == "partial"


def tied(total: int = 25) -> dict[int, WalkPage]:
    """Return pages of which the second begins with the record that ends the first: the tenth record is not shown."""
    pages = still(total)
    return pages | {0: WalkPage(0, total, (*pages[0].keys[:9], "r10"))}


@pytest.mark.parametrize("ordered", [True, False])
def test_a_tie_that_never_resolves_is_partial_and_names_the_position(*, ordered: bool) -> None:
    verdict, _ = ended(WalkLimits(10, ordered=ordered), tied())
    assert (verdict.status, len(verdict.keys)) == ("partial", 24)
    assert "declares 25 records and shows 24; shown a second time, in place of others: positions 11" in str(
        verdict.reason
    )


@pytest.mark.parametrize("ordered", [True, False])
def test_another_order_shows_what_a_tie_has_hidden(*, ordered: bool) -> None:
    plan = WalkLimits(10, ordered=ordered, reorders=True)
    verdict, reasons = in_two_orders(plan, tied(), reverse(still(25)))
    assert (verdict.status, verdict.proof, len(verdict.keys)) == ("complete", "twice", 25)
    assert [reason for reason in reasons if reason.startswith(OTHER_ORDER)] == [OTHER_ORDER] * 3 + [
        f"{OTHER_ORDER}, pass 2"
    ] * 3
    assert in_two_orders(plan, tied(), tied())[0].status == "partial"
    assert in_two_orders(plan, tied(), reverse(tied()))[0].status == "partial"


def test_a_link_behind_the_last_page_by_the_total_is_looked_at() -> None:
    pages = still(48)
    low = {n: WalkPage(n, 45, s.keys, onward=n < 4) for n, s in still(60).items()}
    verdict, reasons = ended(
        WalkLimits(10, ordered=True), {n: WalkPage(n, 45, s.keys, onward=n < 5) for n, s in still(60).items()}
    )
    assert (verdict.status, verdict.reason) == ("partial", "the archive declares 45 records and shows 60")
    assert reasons[4:6] == ["4 walk", "5 behind the last page by the total"]
    verdict, reasons = ended(WalkLimits(10, ordered=True), low | {4: WalkPage(4, 45, pages[4].keys[:5])})
    assert (verdict.status, len(reasons)) == ("complete", 6)
    always = {n: WalkPage(n, 45, s.keys, onward=True) for n, s in still(45).items()}
    verdict, reasons = ended(WalkLimits(10, ordered=True), always | {5: WalkPage(5, 45, always[4].keys, onward=True)})
    assert (verdict.status, len(reasons)) == ("complete", 7)


@pytest.mark.parametrize(("no_such", "status"), [(True, "complete"), (False, "partial")])
def test_a_page_behind_the_last_one_that_cannot_be_read_may_hold_records(*, no_such: bool, status: str) -> None:
    linked = {n: WalkPage(n, 45, s.keys, onward=True) for n, s in still(45).items()}
    verdict, _ = ended(WalkLimits(10, ordered=True), linked | {5: WalkPage(5, None, no_such=no_such)})
    assert verdict.status == status


def test_a_page_that_the_walk_before_could_not_read_is_asked_for_first() -> None:
    verdict, reasons = ended(WalkLimits(10, ordered=True, first=(1,)), still(25))
    assert (verdict.status, reasons[0]) == ("complete", "1 could not be read by the walk before")


def test_an_empty_page_in_the_middle_is_asked_for_again() -> None:
    steps, pages, requested = walk(WalkLimits(10, ordered=True)), still(45), list[str]()
    wanted = next(steps)
    try:
        while True:
            requested.append(f"{wanted.number} {wanted.reason}")
            wanted = steps.send(WalkPage(2, 0) if requested[-1] == "2 walk" else pages[wanted.number])
    except StopIteration as end:
        verdict = end.value
    assert (verdict.status, "2 repair: could not be read" in requested) == ("complete", True)


def open_pages(
    total: int, size: int = 10, *, linked: bool = True, declares: Declares = "nothing"
) -> dict[int, WalkPage]:
    """Return the pages of a listing that states no total; `linked`: each page links to the next one."""
    keys, count = [f"r{n}" for n in range(total)], max(1, -(-total // size))
    return {
        n: WalkPage(
            n,
            None,
            tuple(keys[n * size : (n + 1) * size]),
            onward=linked and n + 1 < count,
            declares=declares,
            pages=count if declares == "pages" else None,
        )
        for n in range(count)
    }


def test_a_listing_that_declares_nothing_is_proven_by_two_equal_walks_and_says_so() -> None:
    verdict, reasons = ended(WalkLimits(10), open_pages(25))
    assert (verdict.status, verdict.proof, verdict.total, len(verdict.keys)) == ("complete", "twice", None, 25)
    assert verdict.checked == "nothing"
    assert reasons == [f"{n} {why}" for why in ("walk", "pass 2") for n in range(3)]


def test_a_listing_without_links_ends_where_a_page_is_short_or_not_there() -> None:
    assert ended(WalkLimits(10), open_pages(25, linked=False))[0].checked == "nothing"
    full = open_pages(20, linked=False) | {2: WalkPage(2, None, no_such=True)}
    verdict, reasons = ended(WalkLimits(10), full)
    assert (verdict.status, len(verdict.keys)) == ("complete", 20)
    assert reasons == [f"{n} {why}" for why in ("walk", "pass 2") for n in range(3)]


@pytest.mark.parametrize("behind", [(), tuple(f"r{n}" for n in range(10, 20))], ids=["empty", "the last page again"])
def test_what_stands_behind_the_last_full_page_is_its_end(behind: tuple[str, ...]) -> None:
    pages = open_pages(20, linked=False) | {2: WalkPage(2, None, behind, declares="nothing")}
    verdict, _ = ended(WalkLimits(10), pages)
    assert (verdict.status, verdict.proof, len(verdict.keys)) == ("complete", "twice", 20)


def test_a_page_that_is_linked_and_cannot_be_read_leaves_an_open_listing_partial() -> None:
    pages = {n: page for n, page in open_pages(45).items() if n != 2}
    verdict, _ = ended(WalkLimits(10), pages)
    assert (verdict.status, verdict.proof, len(verdict.keys)) == ("partial", None, 35)
    assert verdict.reason == "pages that could not be read: 1"


def test_an_open_listing_that_shows_a_record_twice_proves_nothing() -> None:
    pages = open_pages(25)
    pages[2] = WalkPage(2, None, ("r19", *pages[2].keys), declares="nothing")
    verdict, _ = ended(WalkLimits(10), pages)
    assert verdict.status == "partial"
    assert verdict.reason == (
        "the archive shows records more than once; shown a second time, in place of others: positions 21"
    )


def test_a_round_number_of_records_may_be_a_ceiling_where_no_total_is_declared() -> None:
    verdict, _ = ended(WalkLimits(100), open_pages(500, 100))
    assert verdict.status == "partial"
    assert "exactly 500 records" in (verdict.reason or "")
    assert ended(WalkLimits(100, ceiling=0), open_pages(500, 100))[0].status == "complete"


def test_declared_pages_are_counted_and_all_but_the_last_must_be_full() -> None:
    pages = open_pages(25, declares="pages")
    verdict, _ = ended(WalkLimits(10), pages)
    assert (verdict.status, verdict.proof, verdict.checked) == ("complete", "twice", "pages")
    pages[1] = replace(pages[1], keys=pages[1].keys[:-1])
    verdict, _ = ended(WalkLimits(10), pages)
    assert verdict.status == "partial"
    assert verdict.reason == "the archive declares 3 pages; 3 were read, not all of them full"


def test_a_total_alone_is_compared_with_what_was_seen() -> None:
    pages = {n: replace(page, declares="total") for n, page in still(15).items()}
    verdict, _ = ended(WalkLimits(10), pages)
    assert (verdict.status, verdict.proof, verdict.total, verdict.checked) == ("complete", "twice", 15, "total")

"""Whose turn it is in a storm: compounds take turns, each in its own order, and proofs wait for all before them."""

from collections import defaultdict
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.vocabulary import Arrival
from shouwang.flows.backlog import PORTION, Backlog, Item


class Taken:
    def __init__(self, arrivals: Sequence[Arrival]) -> None:
        self.arrivals = arrivals

    def acknowledge(self) -> None:
        raise AssertionError("a backlog acknowledges nothing by itself")


def batch(backlog: Backlog, *lanes: str | None) -> Taken:
    items = [Item(Arrival(f"t/{lane}", b"", 0), None, lane, True) for lane in lanes]
    taken = Taken([item.arrival for item in items])
    backlog.add(taken, items)
    return taken


def test_the_first_alarm_of_another_compound_waits_for_one_portion_only() -> None:
    backlog = Backlog()
    storm = batch(backlog, *["storm"] * 500)
    assert [one.lane for one in backlog.portion()] == ["storm"] * PORTION
    single = batch(backlog, *["storm"] * 499, "quiet")
    assert backlog.committed() == []
    assert [one.lane for one in backlog.portion()] == ["quiet"], "in a portion of its own"
    backlog.committed()
    more = batch(backlog, "quiet")
    assert [one.lane for one in backlog.portion()].count("storm") == PORTION - 1, "and the storm goes on after it"
    whole = []
    while backlog:
        backlog.portion()
        whole += backlog.committed()
    assert whole == [storm, single, more], "acknowledged in their order"


def test_a_portion_stays_the_same_until_it_is_committed() -> None:
    backlog = Backlog()
    batch(backlog, *["a"] * 80)
    first = list(backlog.portion())
    batch(backlog, *["b"] * 80)
    assert list(backlog.portion()) == first


def test_a_proof_waits_for_all_that_came_before_it_and_for_nothing_that_came_after() -> None:
    backlog = Backlog()
    batch(backlog, *["a"] * 60, None, *["b"] * 300)
    seen = []
    while backlog:
        seen += [one.lane for one in backlog.portion()]
        backlog.committed()
    assert seen.index(None) > max(index for index, lane in enumerate(seen) if lane == "a")
    assert seen.index(None) < len(seen) - 1


@given(st.lists(st.lists(st.sampled_from(["a", "b", "c", None]), max_size=120), min_size=1, max_size=6), st.data())
def test_each_arrival_comes_once_and_every_compound_in_its_order(
    lanes: list[list[str | None]], data: st.DataObject
) -> None:
    backlog = Backlog()
    taken = [batch(backlog, *some) for some in lanes[:1]]
    waiting, whole, committed = list(lanes[1:]), [], []
    while backlog or waiting:
        if waiting and (not backlog or data.draw(st.booleans())):
            taken.append(batch(backlog, *waiting.pop(0)))
        portion = list(backlog.portion())
        assert sum(one.weighs for one in portion if one.lane is not None) <= PORTION
        committed += portion
        whole += backlog.committed()
    assert whole == taken
    order = {id(arrival): number for number, arrival in enumerate(one for held in taken for one in held.arrivals)}
    by_lane = defaultdict(list)
    for item in committed:
        by_lane[item.lane].append(order[id(item.arrival)])
    assert all(numbers == sorted(numbers) for numbers in by_lane.values())
    assert sorted(number for numbers in by_lane.values() for number in numbers) == sorted(order.values())
    assert len(backlog) == 0

"""The feed: batches by count and bytes, acknowledgements in order and on the right connection, no message twice."""

import threading
import time
from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from shouwang.domain.vocabulary import Arrival
from shouwang.mqtt.feed import FeedBatch, FeedQueue


class Wire:
    """A connection that notes what is acknowledged on it."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []

    def acknowledge(self, packet_ids: Sequence[int]) -> None:
        self.acknowledged.extend(packet_ids)


def heard(
    packet_id: int, topic: str = "t", payload: bytes = b"x", *, duplicate: bool = False, received_at: int = 0
) -> Arrival:
    return Arrival(
        topic=topic,
        payload=payload,
        received_at=received_at,
        qos=1 if packet_id else 0,
        packet_id=packet_id,
        duplicate=duplicate,
        session="us/1",
    )


def ids(batch: FeedBatch | None) -> list[int]:
    return [arrival.packet_id for arrival in batch.arrivals] if batch else []


def test_a_batch_is_whatever_has_arrived() -> None:
    feed, wire = FeedQueue(), Wire()
    feed.put(wire, [heard(1)])
    feed.put(wire, [heard(2), heard(3)])
    assert ids(feed.next_batch(0)) == [1, 2, 3]
    assert feed.next_batch(0) is None


def test_a_batch_ends_at_its_count() -> None:
    feed, wire = FeedQueue(batch_count=2), Wire()
    feed.put(wire, [heard(1), heard(2), heard(3)])
    assert [ids(feed.next_batch(0)), ids(feed.next_batch(0))] == [[1, 2], [3]]


def test_a_batch_ends_at_its_bytes_but_a_larger_message_goes_alone() -> None:
    feed, wire = FeedQueue(batch_bytes=100), Wire()
    feed.put(wire, [heard(1, payload=b"x" * 60), heard(2, payload=b"x" * 60), heard(3, payload=b"x" * 500), heard(4)])
    assert [ids(feed.next_batch(0)) for _ in range(4)] == [[1], [2], [3], [4]]


def test_an_idle_line_waits_for_nothing_and_wakes_at_once() -> None:
    feed, wire, seen = FeedQueue(), Wire(), []

    def take() -> None:
        batch = feed.next_batch(5)
        seen.append((time.monotonic(), ids(batch)))

    taker = threading.Thread(target=take)
    taker.start()
    time.sleep(0.05)
    put_at = time.monotonic()
    feed.put(wire, [heard(1)])
    taker.join(5)
    assert seen[0][1] == [1]
    assert seen[0][0] - put_at < 0.5


def test_nothing_arrives_and_the_wait_ends_at_its_timeout() -> None:
    began = time.monotonic()
    assert FeedQueue().next_batch(0.05) is None
    assert 0.05 <= time.monotonic() - began < 2


def test_a_closed_feed_wakes_its_taker() -> None:
    feed = FeedQueue()
    threading.Timer(0.05, feed.close).start()
    began = time.monotonic()
    assert feed.next_batch(30) is None
    assert time.monotonic() - began < 10


def test_acknowledging_sends_the_packet_ids_in_order_of_arrival_and_only_once() -> None:
    feed, wire = FeedQueue(), Wire()
    feed.put(wire, [heard(7), heard(0), heard(3), heard(9)])
    batch = feed.next_batch(0)
    assert batch is not None
    assert wire.acknowledged == []
    batch.acknowledge()
    batch.acknowledge()
    assert wire.acknowledged == [7, 3, 9]


def test_what_we_publish_ourselves_is_acknowledged_at_once_and_never_seen() -> None:
    feed, wire = FeedQueue(), Wire()
    feed.put(wire, [heard(1, "shouwang/v1/alerts/b3/_/smoke"), heard(2, "shouwang/v1/status")])
    assert wire.acknowledged == [1, 2]
    assert feed.next_batch(0) is None


def test_what_we_publish_ourselves_is_acknowledged_in_its_turn_while_others_wait() -> None:
    feed, wire = FeedQueue(batch_count=1), Wire()
    own = "shouwang/v1/alerts/b3/_/smoke"
    feed.put(wire, [heard(1), heard(2, own), heard(3)])
    first, second = feed.next_batch(0), feed.next_batch(0)
    assert first is not None
    assert second is not None
    feed.put(wire, [heard(4, own)])
    assert wire.acknowledged == []
    first.acknowledge()
    assert wire.acknowledged == [1, 2]
    second.acknowledge()
    assert wire.acknowledged == [1, 2, 3, 4]


def test_what_we_publish_ourselves_waits_for_no_batch_of_an_older_connection() -> None:
    feed, old, new = FeedQueue(), Wire(), Wire()
    own = "shouwang/v1/status"
    feed.put(old, [heard(1)])
    batch = feed.next_batch(0)
    assert batch is not None
    feed.put(old, [heard(2, own)])
    feed.put(new, [heard(2, own, duplicate=True)])
    assert (old.acknowledged, new.acknowledged) == ([], [2])


def test_a_packet_id_of_an_older_connection_is_never_acknowledged_on_a_newer_one() -> None:
    feed, old, new = FeedQueue(), Wire(), Wire()
    feed.put(old, [heard(1), heard(2)])
    early = feed.next_batch(0)
    feed.put(old, [heard(3)])
    feed.put(new, [heard(1, payload=b"another")])
    late = feed.next_batch(0)
    assert early is not None
    assert late is not None
    early.acknowledge()
    late.acknowledge()
    assert old.acknowledged == [1, 2]  # which a lost connection does not send
    assert new.acknowledged == [1]


def test_a_redelivery_of_what_still_waits_is_one_message_with_its_first_time() -> None:
    feed, old, new = FeedQueue(), Wire(), Wire()
    feed.put(old, [heard(1, received_at=10), heard(2, received_at=11)])
    feed.put(new, [heard(1, duplicate=True, received_at=20), heard(2, duplicate=True, received_at=21)])
    batch = feed.next_batch(0)
    assert batch is not None
    assert [(one.packet_id, one.received_at, one.duplicate) for one in batch.arrivals] == [
        (1, 10, False),
        (2, 11, False),
    ]
    batch.acknowledge()
    assert (old.acknowledged, new.acknowledged) == ([], [1, 2])


def test_a_redelivery_of_what_intake_holds_comes_again_marked_as_duplicate() -> None:
    feed, old, new = FeedQueue(), Wire(), Wire()
    feed.put(old, [heard(1)])
    assert ids(feed.next_batch(0)) == [1]
    feed.put(new, [heard(1, duplicate=True)])
    again = feed.next_batch(0)
    assert again is not None
    assert [one.duplicate for one in again.arrivals] == [True]


def test_what_waits_is_kept_when_a_broker_that_forgot_it_comes_back() -> None:
    feed, old, new = FeedQueue(), Wire(), Wire()
    feed.put(old, [heard(1, payload=b"fire")])
    feed.put(new, [heard(1, payload=b"other")])
    batch = feed.next_batch(0)
    assert batch is not None
    assert [one.payload for one in batch.arrivals] == [b"fire", b"other"]


def test_the_same_id_with_another_content_is_another_message_even_when_marked() -> None:
    feed, old, new = FeedQueue(), Wire(), Wire()
    feed.put(old, [heard(1, payload=b"fire")])
    feed.put(new, [heard(1, payload=b"press", duplicate=True)])
    batch = feed.next_batch(0)
    assert batch is not None
    assert [one.payload for one in batch.arrivals] == [b"fire", b"press"]


@pytest.mark.parametrize(("capacity", "batch_bytes"), [(3, 1_000_000), (1000, 50)])
def test_a_full_feed_asks_the_session_to_stop_reading_and_says_when_to_go_on(capacity: int, batch_bytes: int) -> None:
    calls: list[None] = []
    feed = FeedQueue(batch_count=2, batch_bytes=batch_bytes, capacity=capacity, on_room=lambda: calls.append(None))
    wire = Wire()
    assert feed.has_room()
    feed.put(wire, [heard(number, payload=b"x" * 39) for number in (1, 2, 3)])
    assert not feed.has_room()
    assert calls == []
    feed.next_batch(0)
    assert calls == [None]
    assert feed.has_room()


class Exchange(RuleBasedStateMachine):
    """A broker that redelivers what is unacknowledged over connections that come and go, and an intake that is at times
    behind: whatever happens, no message is lost, none is acknowledged before it was taken, and each connection sees
    PUBACKs in the order in which it sent."""

    def __init__(self) -> None:
        super().__init__()
        self.feed = FeedQueue(batch_count=3)
        self.wire = Wire()
        self.sent: list[int] = []  # packet ids on this connection, in order
        self.unacknowledged: dict[int, Arrival] = {}  # at the broker
        self.settled = 0  # of self.wire.acknowledged, how many the broker has seen
        self.last_id = 0
        self.held: list[FeedBatch] = []
        self.taken: list[bytes] = []
        self.published: list[bytes] = []

    @rule(own=st.booleans(), qos=st.sampled_from([0, 1]), count=st.integers(1, 4))
    def devices_publish(self, own: bool, qos: int, count: int) -> None:
        arrivals = []
        for _ in range(count):
            self.last_id += 1
            payload = str(self.last_id).encode()
            topic = "shouwang/v1/status" if own else "t"
            arrival = heard(self.last_id if qos else 0, topic, payload)
            arrivals.append(arrival)
            if qos:
                self.sent.append(arrival.packet_id)
                self.unacknowledged[arrival.packet_id] = arrival
            if not own:
                self.published.append(payload)
        self.feed.put(self.wire, arrivals)

    @rule()
    def intake_takes(self) -> None:
        if (batch := self.feed.next_batch(0)) is not None:
            assert 1 <= len(batch.arrivals) <= 3
            self.held.append(batch)
            self.taken.extend(arrival.payload for arrival in batch.arrivals)

    @precondition(lambda self: self.held)
    @rule()
    def intake_acknowledges(self) -> None:
        self.held.pop(0).acknowledge()

    @rule()
    def the_connection_is_replaced(self) -> None:
        self.see_acknowledgements()
        self.wire, self.settled = Wire(), 0
        again = [
            heard(arrival.packet_id, arrival.topic, arrival.payload, duplicate=True)
            for arrival in self.unacknowledged.values()
        ]
        self.sent = [arrival.packet_id for arrival in again]
        self.feed.put(self.wire, again)

    @invariant()
    def see_acknowledgements(self) -> None:
        """In the order sent, none twice, none of another connection, none before it was taken."""
        assert self.wire.acknowledged == self.sent[: len(self.wire.acknowledged)]
        for packet_id in self.wire.acknowledged[self.settled :]:
            arrival = self.unacknowledged.pop(packet_id)
            assert arrival.topic != "t" or arrival.payload in self.taken
        self.settled = len(self.wire.acknowledged)

    def teardown(self) -> None:
        while (batch := self.feed.next_batch(0)) is not None:
            self.held.append(batch)
            self.taken.extend(arrival.payload for arrival in batch.arrivals)
        for batch in self.held:
            batch.acknowledge()
        self.see_acknowledgements()
        assert self.unacknowledged == {}
        assert set(self.taken) == set(self.published)
        # The order of the first taking is the order of publishing.
        assert list(dict.fromkeys(self.taken)) == self.published


Exchange.TestCase.settings = settings(
    max_examples=150, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestExchange = Exchange.TestCase

"""How a channel is judged to stand by what went through it and what looks at it found."""

from hypothesis import given
from hypothesis import strategies as st

from shouwang.domain.community import Community
from shouwang.domain.duty import Contact, Person
from shouwang.domain.notice import Failure
from shouwang.domain.pulse import (
    LOOK_HOLDS,
    PROVEN_FOR,
    ChannelState,
    Fare,
    Look,
    Pulse,
    cut_off,
    failed,
    fare_of,
    looked,
    sent,
    users_of,
)
from shouwang.domain.vocabulary import MINUTE, SECOND, PersonId

AWAY = Look(failure=Failure.UNREACHABLE, detail="gateway.example: ConnectionRefusedError")
ALIVE, UNPROVEN, FAILING = ChannelState.ALIVE, ChannelState.UNPROVEN, ChannelState.FAILING


def failures(pulse: Pulse, *codes: Failure, start: int = 0) -> Pulse:
    for number, code in enumerate(codes):
        pulse = failed(pulse, code, start + number * SECOND)
    return pulse


def test_a_channel_that_nothing_has_used_is_not_called_alive() -> None:
    assert fare_of(Pulse(), 0) == Fare(state=UNPROVEN)


def test_what_went_through_speaks_for_a_day_and_a_look_for_some_minutes() -> None:
    told, seen = sent(Pulse(), 0), looked(Pulse(), Look(), 0)
    assert fare_of(told, PROVEN_FOR).state is ALIVE
    assert fare_of(told, PROVEN_FOR + 1) == Fare(state=UNPROVEN, proven_at=0)
    assert fare_of(seen, LOOK_HOLDS).state is ALIVE
    assert fare_of(seen, LOOK_HOLDS + 1).state is UNPROVEN


def test_three_failures_in_a_row_name_their_code_and_the_first_of_them() -> None:
    pulse = failures(Pulse(), Failure.AUTH, Failure.AUTH, start=5 * SECOND)
    assert fare_of(pulse, MINUTE) == Fare(state=UNPROVEN, reason=Failure.AUTH)
    pulse = failed(pulse, Failure.RATE, 9 * SECOND)
    assert fare_of(pulse, MINUTE) == Fare(state=FAILING, reason=Failure.RATE, since=5 * SECOND)
    assert fare_of(sent(pulse, MINUTE), MINUTE).state is ALIVE


def test_wrong_numbers_and_unanswered_calls_kill_no_gateway() -> None:
    pulse = failures(sent(Pulse(), 0), *[Failure.REFUSED, Failure.NO_ANSWER] * 20)
    assert fare_of(pulse, MINUTE).state is ALIVE


def test_one_look_that_fails_is_a_hiccup_and_two_are_not() -> None:
    pulse = looked(looked(Pulse(), Look(), 0), AWAY, SECOND)
    assert fare_of(pulse, 2 * SECOND).state is ALIVE
    pulse = looked(pulse, AWAY, 3 * SECOND)
    found = fare_of(pulse, 4 * SECOND)
    assert (found.state, found.reason, found.since) == (FAILING, Failure.UNREACHABLE, SECOND)
    assert fare_of(sent(pulse, 5 * SECOND), 6 * SECOND).state is ALIVE, "a message that goes through knows better"
    assert fare_of(looked(pulse, Look(), 5 * SECOND), 6 * SECOND).state is ALIVE


def test_a_whole_look_that_fails_is_enough() -> None:
    pulse = looked(Pulse(), Look(failure=Failure.UNREACHABLE, is_whole=True), SECOND)
    assert fare_of(pulse, SECOND).state is FAILING


def test_a_server_that_is_back_is_unproven_until_a_message_goes_through() -> None:
    dead = failures(Pulse(), *[Failure.UNREACHABLE] * 3)
    back = looked(dead, Look(), MINUTE)
    assert fare_of(back, MINUTE) == Fare(state=UNPROVEN, reason=Failure.UNREACHABLE, proven_at=MINUTE)
    assert fare_of(looked(dead, Look(is_whole=True), MINUTE), MINUTE).state is ALIVE
    assert fare_of(failed(back, Failure.UNREACHABLE, 2 * MINUTE), 2 * MINUTE).state is FAILING


def test_a_gateway_that_refuses_us_is_not_alive_because_it_can_be_reached() -> None:
    refused = failures(Pulse(), *[Failure.AUTH] * 3)
    assert fare_of(looked(refused, Look(), MINUTE), MINUTE).state is FAILING


EVENTS = st.lists(st.sampled_from(["sent", *Failure, "seen", "missed"]), max_size=30)


@given(EVENTS)
def test_nothing_is_alive_that_neither_a_message_nor_a_look_has_proven(events: list[str]) -> None:
    pulse = Pulse()
    for number, event in enumerate(events, 1):
        at = number * SECOND
        match event:
            case "sent":
                pulse = sent(pulse, at)
            case "seen":
                pulse = looked(pulse, Look(), at)
            case "missed":
                pulse = looked(pulse, AWAY, at)
            case _:
                pulse = failed(pulse, Failure(event), at)
    found = fare_of(pulse, (len(events) + 1) * SECOND)
    if found.state is ALIVE:
        assert "sent" in events or "seen" in events
    if found.state is FAILING:
        assert found.reason is not None
        assert found.since is not None
    if events and events[-1] == "sent":
        assert found.state is ALIVE


def test_who_is_cut_off_is_named() -> None:
    def person(id: str, *kinds: str) -> Person:
        return Person(id=PersonId(id), name=id, channels=[Contact(kind=kind) for kind in kinds])

    people = [person("a", "sms"), person("b", "sms", "voice"), person("c", "fax"), person("d"), person("e", "voice")]
    community = Community(people={one.id: one for one in people})
    fares = {"sms": Fare(state=FAILING), "voice": Fare(state=UNPROVEN)}
    assert cut_off(community, fares, list(community.people)) == ["a", "c"]
    assert users_of(community)["sms"] == {"a", "b"}

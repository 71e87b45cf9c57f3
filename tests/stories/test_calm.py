"""What people hold changes how alerts are told, from the messages to the phones: silences, permits, maintenance."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.calm import CLEAR, COMPOUND, HOME, S501, S601, SMOKE, TAMPER, TROUBLE, says
from harness.station import HandedBatch, Station, open_station
from shouwang.domain.alert import AlertClass, AlertState
from shouwang.domain.errors import Conflict
from shouwang.domain.incident import Finding, Incident
from shouwang.domain.suppression import Hold, HoldKind, Work
from shouwang.domain.vocabulary import DAY, HOUR, MINUTE, SECOND, Arrival, DeviceId, PersonId, PlaceId
from shouwang.domain.wallclock import Hours
from shouwang.flows.holding import Holding


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    with open_station(tmp_path, COMPOUND) as opened:
        yield opened


def hold(station: Station, kind: HoldKind, lasts: int, **how: object) -> Hold:
    now = station.clock.now()
    wanted = Hold(
        id="",
        kind=kind,
        by="desk",
        why="装修",
        made_at=now,
        starts_at=now,
        ends_at=now + lasts,
        **how,  # type: ignore[arg-type]
    )
    return station.holding.begin(wanted)


def permit(station: Station, lasts: int = HOUR, **how: object) -> Hold:
    given = {"places": [HOME], "work": Work.RENOVATION, "watcher": PersonId("watcher"), **how}
    return hold(station, HoldKind.PERMIT, lasts, **given)


async def test_a_silence_mutes_the_notice_and_says_at_its_end_what_is_still_true(station: Station) -> None:
    hold(station, HoldKind.SILENCE, 10 * MINUTE, rules=["tamper"], places=[HOME])
    await station.hears(S501, TAMPER)
    alert = station.alert("tamper")
    assert alert.state is AlertState.UNACKED
    assert station.incidents() == []
    await station.forward(minutes=9)
    station.phone("engineer").receives_nothing_else()
    await station.forward(minutes=2)
    station.phone("engineer").receives("first", "501")
    assert station.alert("tamper").held_by == ""


async def test_a_silence_ends_without_a_word_where_the_condition_is_over(station: Station) -> None:
    hold(station, HoldKind.SILENCE, 10 * MINUTE, rules=["tamper"])
    await station.hears(S501, TAMPER)
    await station.forward(seconds=1)
    await station.hears(S501, CLEAR)
    await station.forward(minutes=11)
    assert station.alert("tamper").state is AlertState.RTN_UNACKED
    assert station.incidents() == []


async def test_a_silence_of_everything_at_a_place_mutes_no_smoke(station: Station) -> None:
    hold(station, HoldKind.SILENCE, DAY, places=[PlaceId("cj/dm/jy")])
    await station.hears(S501, SMOKE)
    station.phone("guard").receives("first", "501").within(seconds=1)
    station.phone("leader").receives("first", "501").within(seconds=1)


async def test_a_silence_outlives_a_kill_and_so_does_its_end(station: Station) -> None:
    hold(station, HoldKind.SILENCE, 10 * MINUTE, rules=["tamper"])
    station.restart()
    await station.hears(S501, TAMPER)
    station.restart()
    assert station.incidents() == []
    await station.forward(minutes=11)
    station.phone("engineer").receives("first", "501")


class Dying(Holding):
    """Is killed after a hold was marked over, before what it held was let go."""

    def _free(self, id: str) -> None:
        raise KeyboardInterrupt(id)


async def test_a_kill_between_the_end_of_a_silence_and_what_it_held_loses_nothing(station: Station) -> None:
    begun = hold(station, HoldKind.SILENCE, 10 * MINUTE, rules=["tamper"])
    await station.hears(S501, TAMPER)
    with pytest.raises(KeyboardInterrupt):
        Dying(station.casebook, lambda: station.world, station.clock).end(begun.id, actor="desk")
    assert station.alert("tamper").held_by == begun.id
    await station.forward(seconds=1)
    station.phone("engineer").receives("first", "501")


async def test_smoke_under_a_permit_goes_to_the_watcher_and_the_desk_at_once_and_to_all_a_minute_later(
    station: Station,
) -> None:
    begun = permit(station)
    await station.hears(S501, SMOKE)
    station.phone("watcher").receives("first", "501").within(seconds=1)
    station.phone("guard").receives("first", "501").within(seconds=1)
    assert station.alert("smoke").under == begun.id
    assert station.incident().under == begun.id
    await station.forward(seconds=59)
    station.phone("leader").receives_nothing_else()
    await station.forward(seconds=2)
    station.phone("leader").receives("next_step", "501").within(seconds=62)
    station.phone("guard").receives("next_step", "501")
    await station.forward(seconds=60)
    station.phone("manager").receives("next_step", "501")


async def test_a_watcher_who_has_it_spares_the_others_and_who_finds_fire_calls_them(station: Station) -> None:
    permit(station)
    await station.hears(S501, SMOKE)
    station.phone("watcher").receives("first")
    station.phone("guard").receives("first")
    station.respond.acknowledge(station.incident().id, actor="watcher")
    await station.forward(minutes=5)
    station.phone("leader").receives_nothing_else()
    station.respond.verify(station.incident().id, actor="watcher", finding=Finding.REAL, how="on_scene")
    await station.settles()
    station.phone("leader").receives("verified", "501")
    station.phone("guard").receives("verified")
    station.phone("watcher").receives("verified")


async def test_a_fire_next_door_to_a_permit_takes_its_cover_off(station: Station) -> None:
    permit(station)
    await station.hears(S501, SMOKE)
    station.phone("watcher").receives("first")
    station.phone("guard").receives("first")
    await station.forward(seconds=10)
    await station.hears(S601, SMOKE)
    station.phone("leader").receives("worse", "601").within(seconds=1)
    station.phone("guard").receives("worse", "601").within(seconds=1)
    station.phone("watcher").receives("worse", "601")
    assert station.incident().under == ""
    await station.forward(seconds=61)
    station.phone("manager").receives("next_step")


async def test_a_fire_next_door_alone_knows_nothing_of_the_permit(station: Station) -> None:
    permit(station)
    await station.hears(S601, SMOKE)
    station.phone("guard").receives("first", "601").within(seconds=1)
    station.phone("leader").receives("first", "601").within(seconds=1)
    assert station.incident().under == ""


async def test_a_permit_that_ends_while_it_smokes_tells_everybody(station: Station) -> None:
    begun = permit(station)
    await station.hears(S501, SMOKE)
    station.phone("watcher").receives("first")
    station.phone("guard").receives("first")
    station.respond.acknowledge(station.incident().id, actor="watcher")
    await station.settles()
    station.holding.end(begun.id, actor="desk")
    await station.settles()
    station.phone("leader").receives("worse", "501")
    station.phone("guard").receives("worse")
    station.phone("watcher").receives("worse")
    station.phone("engineer").receives("first", "501")  # the detector is to be tried


async def test_a_permit_holds_only_within_its_hours(station: Station) -> None:
    permit(station, lasts=30 * DAY, hours=Hours(8 * HOUR, 18 * HOUR))
    await station.hears(S501, SMOKE)  # at two in the morning
    station.phone("guard").receives("first").within(seconds=1)
    station.phone("leader").receives("first").within(seconds=1)


async def test_a_detector_that_is_taken_down_for_the_work_is_told_when_the_day_is_over(station: Station) -> None:
    permit(station, lasts=30 * DAY, hours=Hours(2 * HOUR, 3 * HOUR))
    await station.hears(S501, TAMPER)
    assert station.alert("tamper").state is AlertState.OUT_OF_SERVICE
    await station.until("02:59")
    station.phone("engineer").receives_nothing_else()
    await station.until("03:01")
    station.phone("engineer").receives("first", "501")
    assert station.alert("tamper").state is AlertState.UNACKED


async def test_after_the_work_every_detector_is_to_be_tried_and_a_press_is_enough(station: Station) -> None:
    begun = permit(station)
    await station.forward(minutes=61)
    station.phone("engineer").receives("first", "501")
    alert = station.alert("permit-untried")
    assert (alert.device, alert.state) == ("smoke-501", AlertState.UNACKED)
    await station.hears(S501, says(smoke=True, test=True))
    station.phone("guard").receives("first")
    station.phone("leader").receives("first")
    await station.forward(seconds=10)
    station.phone("engineer").receives("cleared")
    with station.casebook.change() as transaction:
        kept = transaction.hold(begun.id)
    assert kept is not None
    assert kept.untried == []
    assert kept.tried[DeviceId("smoke-501")].by == "system"


async def test_who_tried_a_detector_by_hand_says_so(station: Station) -> None:
    begun = permit(station)
    station.holding.end(begun.id, actor="desk", note="完工")
    await station.settles()
    station.phone("engineer").receives("first", "501")
    station.holding.tried(begun.id, DeviceId("smoke-501"), actor="engineer", note="按测试键")
    await station.settles()
    station.phone("engineer").receives("cleared")
    assert station.alert("permit-untried").active is False


async def test_maintenance_takes_lesser_alerts_out_and_returns_them(station: Station) -> None:
    begun = hold(station, HoldKind.MAINTENANCE, HOUR, devices=[DeviceId("smoke-501")])
    await station.hears(S501, TROUBLE)
    assert station.alert("fault").state is AlertState.OUT_OF_SERVICE
    await station.forward(seconds=1)
    await station.hears(S501, CLEAR)
    station.holding.end(begun.id, actor="desk")
    await station.settles()
    assert station.alert("fault").state is AlertState.NORMAL


async def test_a_shelf_returns_at_its_time_and_fire_has_none(station: Station) -> None:
    await station.hears(S501, TAMPER)
    station.phone("engineer").receives("first")
    incident = station.incident().id
    station.respond.acknowledge(incident, actor="engineer")
    now = station.clock.now()
    shelved = station.holding.shelve(station.alert("tamper").id, actor="desk", until=now + 30 * MINUTE, why="等配件")
    assert shelved.state is AlertState.SHELVED
    await station.forward(minutes=31)
    station.phone("engineer").receives("repeat") if station.phone("engineer").waiting else None
    assert station.alert("tamper").state is AlertState.UNACKED
    await station.hears(S601, SMOKE)
    station.phone("guard").receives("first")
    station.phone("leader").receives("first")
    with pytest.raises(Conflict, match="matter of life"):
        station.holding.shelve(station.alert("smoke").id, actor="desk", until=station.clock.now() + MINUTE, why="no")


DEEDS = st.sampled_from(
    [
        "silence",
        "maintain",
        "permit",
        "end",
        "tamper",
        "trouble",
        "smoke",
        "smoke next door",
        "clear",
        "restart",
        "wait",
    ]
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(deeds=st.lists(DEEDS, min_size=3, max_size=14))
def test_whatever_is_held_and_killed_no_smoke_waits_and_every_end_restores(
    tmp_path_factory: pytest.TempPathFactory, deeds: list[str]
) -> None:
    """Nobody dispatches here: what was to be told is in the notices."""
    with open_station(tmp_path_factory.mktemp("calm"), COMPOUND) as station:
        begun: list[Hold] = []
        for deed in deeds:
            station.clock.set(station.clock.now() + 7 * SECOND)
            match deed:
                case "silence":
                    begun.append(hold(station, HoldKind.SILENCE, 5 * MINUTE, places=[PlaceId("cj/dm/jy")]))
                case "maintain":
                    begun.append(hold(station, HoldKind.MAINTENANCE, 5 * MINUTE, devices=[DeviceId("smoke-501")]))
                case "permit":
                    begun.append(permit(station, 5 * MINUTE))
                case "end":
                    if begun:
                        station.holding.end(begun.pop().id, actor="desk")
                case "tamper" | "trouble" | "smoke" | "clear":
                    payload = {"tamper": TAMPER, "trouble": TROUBLE, "smoke": SMOKE, "clear": CLEAR}[deed]
                    before = notices(station)
                    was = standing(station, "smoke-501")
                    say(station, S501, payload)
                    if deed == "smoke" and was is not AlertState.UNACKED:
                        assert notices(station) > before or was is not None
                        assert incident_of(station, "smoke-501") is not None
                case "smoke next door":
                    say(station, S601, SMOKE)
                    own = incident_of(station, "smoke-601")
                    assert own is not None
                    assert own.under == ""
                case "restart":
                    station.restart()
                case "wait":
                    station.clock.set(station.clock.now() + 2 * MINUTE)
                    look(station)
        station.restart()
        station.clock.set(station.clock.now() + 6 * MINUTE)
        look(station)
        for alert in station.alerts():
            assert (alert.under, alert.state in SUPPRESSED_BY_PEOPLE) == ("", False)
            holder = next((one for one in station.alerts() if one.id == alert.held_by), None)
            assert alert.held_by == "" or (holder is not None and holder.klass is AlertClass.FIRE)
            if alert.active and not alert.held_by:
                assert alert.incident is not None, alert
        assert all(incident.under == "" or not incident.active for incident in station.incidents())


SUPPRESSED_BY_PEOPLE = (AlertState.OUT_OF_SERVICE, AlertState.SHELVED)


def say(station: Station, topic: str, payload: dict[str, object]) -> None:
    arrival = Arrival(topic, json.dumps(payload).encode(), station.clock.now(), session="s", packet_id=1)
    station.intake.accept(HandedBatch((arrival,)))


def look(station: Station) -> None:
    while station.holding.end_due():
        pass
    station.holding.let_go()
    station.rounds.escalate_due()


def notices(station: Station) -> int:
    return sum(entry.kind == "notice.made" for entry in station.journal.since(0, 10_000))


def standing(station: Station, device: str) -> AlertState | None:
    return next((one.state for one in station.alerts() if one.device == device and one.rule == "smoke"), None)


def incident_of(station: Station, device: str) -> Incident | None:
    smoke = next((one for one in station.alerts() if one.device == device and one.rule == "smoke"), None)
    return next((one for one in station.incidents() if smoke is not None and one.id == smoke.incident), None)

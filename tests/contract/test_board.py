"""Read models, tokens and kept replies: one suite over SQLite and a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.window import ABOVE, COMPOUND, ELSEWHERE, ROOM, START, Site, site_on
from shouwang.domain.access import Role
from shouwang.domain.alert import AlertClass, AlertState
from shouwang.domain.board import CaseQuery, DeliveryQuery, EntryQuery, KeptReply
from shouwang.domain.incident import IncidentState
from shouwang.domain.notice import DeliveryState
from shouwang.domain.vocabulary import DAY, DeviceId, IncidentId, PlaceId, Severity
from shouwang.store.replies import SqlReplies


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Site]:
    url = f"sqlite:///{tmp_path}/state.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with site_on(url, tmp_path, {}) as site:
        yield site


def test_pages_run_from_newest_to_oldest_and_neither_skip_nor_repeat_while_new_cases_arrive_on_top(site: Site) -> None:
    for device in ("smoke-501", "smoke-202"):
        for rule in ("smoke-alarm", "device-fault"):
            site.clock.forward(60)
            site.alarm(device, rule=rule)
    first = site.board.alerts(CaseQuery(), None, 2)
    site.clock.forward(60)
    site.alarm("smoke-601")
    rest = site.board.alerts(CaseQuery(), (first[-1].raised_at, first[-1].id), 10)
    seen = [alert.raised_at for alert in (*first, *rest)]
    assert len(seen) == 4 and seen == sorted(seen, reverse=True)
    assert not {alert.id for alert in first} & {alert.id for alert in rest}


def test_alerts_of_one_instant_are_told_apart_by_their_ids(site: Site) -> None:
    for device in ("smoke-501", "smoke-601", "smoke-202"):
        site.alarm(device)
    pages, mark = [], None
    for _ in range(3):
        (alert,) = site.board.alerts(CaseQuery(), mark, 1)
        pages.append(alert.id)
        mark = (alert.raised_at, alert.id)
    assert len(set(pages)) == 3
    assert site.board.alerts(CaseQuery(), mark, 1) == []


def test_a_place_holds_itself_and_all_below_it_and_no_neighbour_of_like_name(site: Site) -> None:
    for device in ("smoke-501", "smoke-601", "smoke-202"):
        site.alarm(device)

    def places(*within: str) -> set[str]:
        query = CaseQuery(places=tuple(PlaceId(place) for place in within))
        return {alert.place for alert in site.board.alerts(query, None, 10)}

    assert places(COMPOUND) == {ROOM, ABOVE, ELSEWHERE}
    assert places(f"{COMPOUND}/b3") == {ROOM, ABOVE}
    assert places(ROOM) == {ROOM}
    assert places(f"{COMPOUND}/b") == set(), "a prefix of a name is not a place"
    assert places("chengjiang/dongmen/jinyua_") == set(), "wildcards are letters here"
    assert places(f"{COMPOUND}/b3", ELSEWHERE) == set(), "two subtrees that share nothing hold nothing"


def test_states_severities_devices_and_incidents_filter(site: Site) -> None:
    alert, incident = site.alarm("smoke-501")
    site.alarm("smoke-202", rule="device-fault")
    board = site.board
    assert [a.id for a in board.alerts(CaseQuery(severities=frozenset({Severity.CRITICAL})), None, 9)] == [alert.id]
    assert [a.id for a in board.alerts(CaseQuery(device="smoke-501"), None, 9)] == [alert.id]
    assert [a.id for a in board.alerts(CaseQuery(incident=incident.id), None, 9)] == [alert.id]
    assert [a.rule for a in board.alerts(CaseQuery(rule="device-fault"), None, 9)] == ["device-fault"]
    assert board.alerts(CaseQuery(states=frozenset({AlertState.NORMAL})), None, 9) == []
    assert len(board.incidents(CaseQuery(states=frozenset({IncidentState.OPEN})), None, 9)) == 2
    assert board.alert(alert.id) == alert
    assert board.incident(IncidentId("nothing")) is None


def test_a_timeline_is_whole_and_in_order_and_lists_get_only_its_newest_end(site: Site) -> None:
    _, one = site.alarm("smoke-501")
    _, other = site.alarm("smoke-202")
    site.respond.acknowledge(one.id, actor="wang")
    whole = site.board.timelines([one.id, other.id], None)
    kinds = [entry.kind for entry in whole[one.id]]
    assert kinds[:2] == ["alert.raised", "incident.opened"] and "incident.acknowledged" in kinds
    assert [entry.seq for entry in whole[one.id]] == sorted(entry.seq for entry in whole[one.id])
    assert {entry.incident for entry in whole[other.id]} == {other.id}
    ends = site.board.timelines([one.id, other.id], 2)
    assert ends[one.id] == whole[one.id][-2:] and ends[other.id] == whole[other.id][-2:]
    assert site.board.timelines([], None) == {}


def test_deliveries_are_found_by_incident_person_state_and_place(site: Site) -> None:
    _, one = site.alarm("smoke-501")
    _, other = site.alarm("smoke-202")
    sent = site.told(one, "wang", DeliveryState.SENT)
    site.told(one, "zhao", DeliveryState.UNREACHABLE)
    far = site.told(other, "wang", DeliveryState.SENT)
    board = site.board
    assert [d.person for d in board.deliveries_of([one.id, other.id])[one.id]] == ["wang", "zhao"]
    assert {d.key for d in board.deliveries(DeliveryQuery(person="wang"), None, 9)} == {sent.key, far.key}
    assert {d.key for d in board.deliveries(DeliveryQuery(places=(ELSEWHERE,)), None, 9)} == {far.key}
    unreachable = board.deliveries(DeliveryQuery(states=frozenset({"unreachable"}), incident=one.id), None, 9)
    assert [d.person for d in unreachable] == ["zhao"]


def test_the_journal_is_read_backwards_by_kind_actor_and_time(site: Site) -> None:
    _, incident = site.alarm("smoke-501")
    site.clock.forward(5)
    site.respond.acknowledge(incident.id, actor="wang")
    board = site.board
    entries = board.entries(EntryQuery(), None, 100)
    assert [entry.seq for entry in entries] == sorted((entry.seq for entry in entries), reverse=True)
    assert board.entries(EntryQuery(), entries[0].seq, 1) == [entries[1]]
    kinds = {entry.kind for entry in board.entries(EntryQuery(kind="incident."), None, 100)}
    assert kinds == {"incident.opened", "incident.acknowledged"}
    assert {entry.actor for entry in board.entries(EntryQuery(actor="wang"), None, 100)} == {"wang"}
    before = board.entries(EntryQuery(end=START + 1, incident=incident.id), None, 100)
    assert "incident.acknowledged" not in {entry.kind for entry in before} and before


def test_device_states_come_by_device_and_those_never_heard_are_absent(site: Site) -> None:
    site.heard("smoke-501", ago=60, smoke=False, battery=94)
    found = site.board.states([DeviceId("smoke-501"), DeviceId("smoke-601")])
    assert list(found) == ["smoke-501"] and found[DeviceId("smoke-501")].values["battery"].value == 94
    assert site.board.heard() == {"smoke-501": START - 60_000_000}
    site.alarm("smoke-501")
    assert site.board.open_classes() == [("smoke-501", AlertClass.FIRE)]


def test_what_could_not_be_read_is_listed_and_counted_by_reason(site: Site) -> None:
    for reason in ("invalid_json", "invalid_json", "unknown_model"):
        site.clock.forward(1)
        site.stray(reason)
    counts = [(one.reason, one.count) for one in site.board.stray_counts(START)]
    assert counts == [("invalid_json", 2), ("unknown_model", 1)]
    assert site.board.stray_counts(site.clock.now() + 1) == []
    newest = site.board.stray_messages(None, None, 1)[0]
    assert newest.reason == "unknown_model" and site.board.stray_message(newest.seq) == newest
    older = site.board.stray_messages("invalid_json", newest.seq, 9)
    assert [one.reason for one in older] == ["invalid_json", "invalid_json"]
    assert [one.address for one in site.board.stray_devices(None, 1)] == ["zigbee2mqtt:0xunknown_model"]


def test_a_token_is_known_by_its_text_alone_until_it_is_revoked(site: Site) -> None:
    text = site.token(Role.RESPONDER, place=ROOM, person="wang")
    found = site.tokens.find(text, START)
    assert found is not None
    assert (found.role, found.place, found.person, found.actor) == (Role.RESPONDER, ROOM, "wang", "wang")
    assert site.tokens.find(text[:-1], START) is None
    assert [one.id for one in site.tokens.live(START)] == [found.id]
    assert site.tokens.revoke(found.id, START) and not site.tokens.revoke(found.id, START)
    assert site.tokens.find(text, START) is None and site.tokens.live(START) == []


def test_a_token_ends_at_its_time_and_its_text_is_kept_nowhere(site: Site) -> None:
    text = site.tokens.create(role=Role.VIEWER, name="wall", now=START, expires_at=START + DAY)
    assert site.tokens.find(text, START + DAY - 1) is not None
    assert site.tokens.find(text, START + DAY) is None
    with site.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM tokens").all()
    assert text not in str(rows)


def test_the_first_reply_of_a_key_stays_for_a_day_and_belongs_to_its_token(site: Site) -> None:
    replies = SqlReplies(site.database)
    first = KeptReply(request="r1", status=200, body=b"{}")
    replies.keep("t1", "k", first, START)
    replies.keep("t1", "k", KeptReply(request="r2", status=409, body=b""), START + 1)
    assert replies.find("t1", "k", START + 2) == first
    assert replies.find("t2", "k", START + 2) is None
    assert replies.find("t1", "k", START + DAY) is None
    second = KeptReply(request="r2", status=200, body=b"[]")
    replies.keep("t1", "k", second, START + DAY + 1)
    assert replies.find("t1", "k", START + DAY + 2) == second

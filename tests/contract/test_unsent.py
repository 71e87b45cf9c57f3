"""What a transaction keeps waits in memory, and no question is answered otherwise for that: not about what was kept,
not about what it was before, not about what was foreseen."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.cases import alert, opening, seconds
from harness.memory import MemoryTransaction, Rows
from shouwang.domain.alert import Alert, AlertState
from shouwang.domain.incident import Incident, IncidentState
from shouwang.domain.notice import Delivery, DeliveryState, Notice, Why
from shouwang.domain.vocabulary import AlertId, DeliveryKey, DeviceId, IncidentId, NoticeId, PersonId
from shouwang.store.database import Database
from shouwang.store.inbox import SqlAcceptance, SqlInbox
from shouwang.store.leases import INTAKE, Leases
from shouwang.store.tables import alerts, deliveries, incidents, notices

NOW = seconds(0)
SUBJECTS = {"a0": ("smoke", "d1"), "a1": ("smoke", "d1"), "a2": ("gas", "d1"), "a3": ("smoke", "d2")}
CASES, GROUPS, KEYS, NOTICES = ["i0", "i1", "i2"], ["g0", "g1"], ["k0", "k1"], ["n0", "n1"]

ALERTS = st.builds(
    lambda id, state, case: made_alert(id, state, case),
    st.sampled_from(sorted(SUBJECTS)),
    st.sampled_from([AlertState.NORMAL, AlertState.UNACKED, AlertState.ACKED]),
    st.sampled_from(CASES),
)
INCIDENTS = st.builds(
    lambda id, state, group: made_incident(id, state, group),
    st.sampled_from(CASES),
    st.sampled_from([IncidentState.OPEN, IncidentState.RESOLVED, IncidentState.CLOSED]),
    st.sampled_from(GROUPS),
)
DELIVERIES = st.builds(
    lambda key, state: made_delivery(key, state, CASES[int(key[1]) % len(CASES)]),  # of one case for all its life
    st.sampled_from(KEYS),
    st.sampled_from([DeliveryState.QUEUED, DeliveryState.SENT]),
)
NEW = st.builds(
    lambda id, why: Notice(id=NoticeId(id), incident=IncidentId("i0"), why=why, tell=["zone"], created_at=int(id[1])),
    st.sampled_from(NOTICES),
    st.sampled_from([Why.FIRST, Why.WORSE]),
)
OTHERS = st.sampled_from(
    [
        "commit",
        "foresee",
        *(f"expand {id}" for id in NOTICES),
        "ask alerts",
        "ask incidents",
        "ask deliveries",
        "ask all",
    ]
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.servers)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path}/state.sqlite" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = Database(url)
    opened.create()
    yield opened
    opened.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.one_of(ALERTS, INCIDENTS, DELIVERIES, NEW, OTHERS, OTHERS), max_size=25))
def test_every_question_is_answered_as_if_all_had_been_written_at_once(
    database: Database, deeds: list[Alert | Incident | Delivery | Notice | str]
) -> None:
    with database.write(cases=True) as connection:
        for table in (alerts, incidents, deliveries, notices):
            connection.execute(table.delete())
    lease = Leases(database, lambda _holder: False).take(INTAKE, "one", NOW)
    assert lease is not None
    inbox = SqlInbox(database, lease, lambda _point: None)
    model = MemoryTransaction(Rows())
    with ExitStack() as stack:
        mine = stack.enter_context(inbox.accept())
        for deed in deeds:
            match deed:
                case Alert():
                    other = model.open_alert(deed.rule, deed.subject)
                    if deed.state is AlertState.NORMAL or other is None or other.id == deed.id:
                        mine.keep_alert(deed)
                        model.keep_alert(deed)
                case Incident():
                    mine.keep_incident(deed)
                    model.keep_incident(deed)
                case Delivery():
                    mine.keep_delivery(deed)
                    model.keep_delivery(deed)
                case Notice():
                    mine.make_notice(deed)
                    model.make_notice(deed)
                case "commit":
                    stack.close()
                    mine = stack.enter_context(inbox.accept())
                case "foresee":
                    mine.foresee([DeviceId("d1"), DeviceId("d2")], GROUPS, NOW)
                case _:
                    doing, what = deed.split()
                    if doing == "expand":
                        assert mine.expanded(NoticeId(what), NOW) == model.expanded(NoticeId(what), NOW)
                    else:
                        agree(mine, model, what)
        agree(mine, model, "all")


def agree(mine: SqlAcceptance, model: MemoryTransaction, what: str) -> None:
    if what in ("alerts", "all"):
        for rule, subject in set(SUBJECTS.values()):
            assert mine.open_alert(rule, subject) == model.open_alert(rule, subject)
        for id in SUBJECTS:
            assert mine.alert(AlertId(id)) == model.alert(AlertId(id))
        for device in ("d1", "d2"):
            still_open = [
                one
                for id in SUBJECTS
                if (one := model.alert(AlertId(id))) and one.device == device and one.state is not AlertState.NORMAL
            ]
            assert mine.open_alerts_of(DeviceId(device)) == still_open
        for case in CASES:
            assert mine.alerts_of(IncidentId(case)) == model.alerts_of(IncidentId(case))
    if what in ("incidents", "all"):
        for group in GROUPS:
            assert mine.open_incident(group, NOW) == model.open_incident(group, NOW)
        assert mine.incidents([IncidentId(one) for one in CASES]) == model.incidents([IncidentId(one) for one in CASES])
    if what in ("deliveries", "all"):
        for case in CASES:
            assert mine.deliveries_of(IncidentId(case)) == model.deliveries_of(IncidentId(case))
            assert mine.told(IncidentId(case)) == model.told(IncidentId(case))
    if what == "all":
        assert mine.notices(10) == model.notices(10)


def made_alert(id: str, state: AlertState, case: str) -> Alert:
    rule, subject = SUBJECTS[id]
    return msgspec.structs.replace(
        alert(),
        id=AlertId(id),
        rule=rule,
        subject=subject,
        device=DeviceId(subject),
        state=state,
        incident=IncidentId(case),
        raised_at=NOW + int(id[1]),
    )


def made_incident(id: str, state: IncidentState, group: str) -> Incident:
    return msgspec.structs.replace(
        opening()[0],
        id=IncidentId(id),
        state=state,
        group=group,
        opened_at=NOW + int(id[1]),
        resolved_at=NOW if state is not IncidentState.OPEN else None,
    )


def made_delivery(key: str, state: DeliveryState, case: str) -> Delivery:
    return Delivery(
        key=DeliveryKey(key),
        notice=NoticeId("n0"),
        incident=IncidentId(case),
        person=PersonId("guard"),
        channel="webhook",
        contact=0,
        why=Why.FIRST,
        state=state,
        created_at=NOW + int(key[1]),
        due_at=NOW,
    )

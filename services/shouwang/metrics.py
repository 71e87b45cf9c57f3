"""Every counter, gauge and histogram of the product, named and explained once.

Flows and rooms count by the constants below (``metrics.READINGS.inc(n)``): thread-safe, about a microsecond, so count
once a batch rather than once a message. ``docs/metrics.md`` holds the same table for people; a test compares the two.

Two processes count: intake and server. Each sample bears the label ``process``, so a restart of one never looks like a
reset of the sum. Intake has no HTTP: once a second it leaves its figures as exposition text in the data directory
(``leave_snapshot``), and the server shows them beside its own (``render``). Text of a process that stopped writing is
left out after ``STALE_SECONDS``, so that its gauges end instead of lying; its age stays.
"""

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
STALE_SECONDS = 10.0

INTAKE, SERVER, EVERY = "intake", "server", "every"
"""Who counts a figure. A process shows only its own, so that no idle gauge reads 0 beside the true one. A process under
any other name (both roles in one, as tests run it) shows them all."""


class Meaning(msgspec.Struct, frozen=True):
    """What a figure says. ``type`` is counter, gauge or histogram; ``of`` the process that counts it."""

    type: str
    labels: tuple[str, ...]
    of: str
    says: str


REGISTRY = CollectorRegistry(auto_describe=True)
MEANINGS: dict[str, Meaning] = {}
"""By full name, as ``/metrics`` shows it, in order of declaration."""

_PREFIX = "shouwang"
# From one fsync of a good disk to a gateway that hangs.
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_SIZES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)

disable_created_metrics()  # type: ignore[no-untyped-call]  # one more series for each counter, read by nobody
ProcessCollector(registry=REGISTRY)


def _counter(name: str, says: str, *labels: str, of: str) -> Counter:
    _enter(f"{name}_total", Meaning("counter", labels, of, says))
    return Counter(name, says, labels, namespace=_PREFIX, registry=REGISTRY)


def _gauge(name: str, says: str, *labels: str, of: str) -> Gauge:
    _enter(name, Meaning("gauge", labels, of, says))
    return Gauge(name, says, labels, namespace=_PREFIX, registry=REGISTRY)


def _histogram(name: str, says: str, *labels: str, of: str, buckets: Iterable[float] = _SECONDS) -> Histogram:
    _enter(name, Meaning("histogram", labels, of, says))
    return Histogram(name, says, labels, namespace=_PREFIX, registry=REGISTRY, buckets=tuple(buckets))


def _enter(name: str, meaning: Meaning) -> None:
    MEANINGS[f"{_PREFIX}_{name}"] = meaning


# The ear -------------------------------------------------------------------------------------------------------------

BROKER_CONNECTED = _gauge("broker_connected", "1 while the session with the MQTT broker stands, else 0.", of=INTAKE)
BROKER_CONNECTS = _counter("broker_connects", "Sessions opened with the broker, the first one included.", of=INTAKE)
LEASE_EPOCH = _gauge("lease_epoch", "Epoch of the lease under which this intake commits.", of=INTAKE)

# Intake --------------------------------------------------------------------------------------------------------------

ARRIVALS = _counter(
    "arrivals", "Messages taken in, by family; unknown where no family claims the topic.", "family", of=INTAKE
)
BATCHES = _counter("batches", "Acceptances committed.", of=INTAKE)
BATCH_ARRIVALS = _histogram("batch_arrivals", "Messages in one acceptance.", of=INTAKE, buckets=_SIZES)
ACCEPTANCE_SECONDS = _histogram("acceptance_seconds", "From a closed batch to its commit on disk.", of=INTAKE)
RECEIVED_TO_COMMITTED_SECONDS = _histogram(
    "received_to_committed_seconds", "From the receipt of a batch's oldest message to its commit on disk.", of=INTAKE
)
ACCEPTANCE_FAILURES = _counter(
    "acceptance_failures", "Acceptances rolled back and tried again, by the error's kind.", "reason", of=INTAKE
)
READINGS = _counter("readings", "Readings accepted.", of=INTAKE)
DROPPED_FIELDS = _counter(
    "dropped_fields", "Fields of readable messages that were not kept, by reason.", "reason", of=INTAKE
)
QUARANTINED = _counter("quarantined", "Messages that no profile could read, kept raw, by reason.", "reason", of=INTAKE)
REREAD = _counter("reread", "Messages read out of the quarantine after their device was claimed.", of=INTAKE)
REPEATS = _counter("repeats", "Messages recognised as told before, by how it was recognised.", "kind", of=INTAKE)
TRANSITIONS = _counter(
    "transitions", "Alert transitions: raised, repeated, cleared; by severity.", "change", "severity", of=INTAKE
)
TIMER_LAG_SECONDS = _histogram("timer_lag_seconds", "How late rule timers were looked at.", of=INTAKE)

# Telling -------------------------------------------------------------------------------------------------------------

INCIDENTS_OPEN = _gauge("incidents_open", "Incidents neither resolved nor closed, by severity.", "severity", of=SERVER)
ALERTS_OPEN = _gauge("alerts_open", "Alerts not back to normal, by severity.", "severity", of=SERVER)
DEVICES = _gauge("devices", "Registered devices by how they stand, the worst counts.", "state", of=SERVER)
DEVICES_PROTECTING = _gauge(
    "devices_protecting", "Devices that save lives, in service and heard: what somebody may count on.", of=SERVER
)
ALARMS_PER_OPERATOR_HOUR = _gauge(
    "alarms_per_operator_hour", "Alarms that ask somebody to act, of the last day, an hour and desk.", of=SERVER
)
ALARM_FLOOD_SHARE = _gauge(
    "alarm_flood_share", "Share of the last day in flood: from 10 alarms in ten minutes until fewer than 5.", of=SERVER
)
ALARMS_CHATTERING = _gauge(
    "alarms_chattering", "Alarms raised three times within a minute during the last day.", of=SERVER
)
ALARMS_STALE = _gauge("alarms_stale", "Alarms that have been true for more than 24 hours.", of=SERVER)
ALARMS_TOP_TEN_SHARE = _gauge(
    "alarms_top_ten_share", "Share of the ten most frequent alarms among all of the last day.", of=SERVER
)
ALARMS_HELD = _gauge(
    "alarms_held", "Raises of the last day that a silence or another hold kept from being told.", of=SERVER
)
COVERAGE_GAPS = _gauge("coverage_gaps", "Duties that resolve to nobody at this moment.", of=SERVER)
NOTICES = _counter("notices", "Notices turned into deliveries, by why people are told.", "why", of=SERVER)
DELIVERIES = _counter(
    "deliveries",
    "Attempts to reach a person, by channel, outcome (sent, unreachable, refused) and why.",
    "channel",
    "outcome",
    "why",
    of=SERVER,
)
TOLD_SECONDS = _histogram(
    "told_seconds", "From an alert being raised to the gateway accepting its first notification.", "channel", of=SERVER
)
CHANNEL_SECONDS = _histogram("channel_seconds", "One attempt on a channel.", "channel", of=SERVER)
CHANNEL_UP = _gauge(
    "channel_up",
    "1 while a channel is proven to reach people, 0 while it fails; absent while nothing is known of it.",
    "channel",
    of=SERVER,
)
CHANNEL_STATE = _gauge(
    "channel_state",
    "1 for the state that a channel is in: alive, unproven (nothing went through yet), failing, off; 0 for the others.",
    "channel",
    "state",
    of=SERVER,
)
CHANNEL_SENT_TIMESTAMP = _gauge(
    "channel_sent_timestamp_seconds",
    "When a channel last reached somebody, in seconds since 1970.",
    "channel",
    of=SERVER,
)
CHANNEL_FAILURES = _counter(
    "channel_failures",
    "Attempts that failed, by channel and code: auth, rate, refused, unreachable, no_answer.",
    "channel",
    "failure",
    of=SERVER,
)
MODEM_REGISTERED = _gauge("modem_registered", "1 while the local modem is registered in a network, else 0.", of=SERVER)
MODEM_SIGNAL_DBM = _gauge("modem_signal_dbm", "Signal at the local modem, in dBm; 0 where none is set up.", of=SERVER)
PUSHES = _counter(
    "pushes",
    "Messages to browsers beside people's contacts: sent, failed, gone (taken back), left_out (too many at a time).",
    "outcome",
    of=SERVER,
)
DELIVERIES_WAITING = _gauge("deliveries_waiting", "Deliveries due and not yet sent.", of=SERVER)
DELIVERIES_OLDEST_SECONDS = _gauge("deliveries_oldest_seconds", "Age of the oldest delivery that is due.", of=SERVER)
LEASES_RECLAIMED = _counter("leases_reclaimed", "Deliveries whose sender died and that were queued again.", of=SERVER)
DISPATCH_CYCLE_SECONDS = _histogram("dispatch_cycle_seconds", "One look of dispatch at the outbox.", of=SERVER)
ROUND_SECONDS = _histogram("round_seconds", "One of the watchman's rounds, by name.", "round", of=SERVER)
ROUND_FAILURES = _counter("round_failures", "Rounds that ended in an error, by name.", "round", of=SERVER)
PUBLISHES_REFUSED = _counter(
    "publishes_refused", "MQTT messages of ours that the broker refused, by reason.", "reason", of=INTAKE
)
ASKS = _counter("asks", "Messages that asked a device or node how things stand, by family.", "family", of=INTAKE)
ANNOUNCEMENTS = _counter("announcements", "MQTT messages of ours that the broker took over.", of=INTAKE)

# Readings at rest ----------------------------------------------------------------------------------------------------

STORE_UP = _gauge("store_up", "1 while the reading store takes what is shipped, else 0.", of=SERVER)
SPOOL_BACKLOG_BATCHES = _gauge("spool_backlog_batches", "Batches accepted and not yet in the reading store.", of=SERVER)
SPOOL_OLDEST_SECONDS = _gauge("spool_oldest_seconds", "Age of the oldest of them, 0 when there is none.", of=SERVER)
SHIPPED_READINGS = _counter("shipped_readings", "Readings written to the reading store.", of=SERVER)
SHIPPING_SECONDS = _histogram("shipping_seconds", "One write to the reading store.", of=SERVER)
SHIPPING_FAILURES = _counter("shipping_failures", "Writes that will be tried again.", of=SERVER)
UNSTORABLE_READINGS = _counter(
    "unstorable_readings", "Readings that the reading store will never take, skipped, by reason.", "reason", of=SERVER
)

# The window and the service itself -----------------------------------------------------------------------------------

SSE_CLIENTS = _gauge("sse_clients", "Open event streams.", of=SERVER)
HTTP_REQUESTS = _counter(
    "http_requests", "Requests answered, by method and class of status.", "method", "status", of=SERVER
)
HTTP_SECONDS = _histogram("http_seconds", "One request, event streams excepted.", "method", of=SERVER)
CANARY_AGE_SECONDS = _gauge("canary_age_seconds", "Since the canary last came back through the broker.", of=SERVER)
CANARY_SECONDS = _histogram("canary_seconds", "Round trip of the canary.", of=SERVER)
BUILD = _gauge("build", "Always 1; the version is its label.", "version", of=EVERY)

_AGE = "snapshot_age_seconds"
_AGE_SAYS = "Since another process of this service last left its figures."
_enter(_AGE, Meaning("gauge", (), EVERY, _AGE_SAYS))


def snapshot(process: str) -> bytes:
    """This process's figures as exposition text (Prometheus text format 0.0.4), each sample labelled ``process``."""
    return generate_latest(_Labelled(process))


def leave_snapshot(process: str, directory: Path) -> None:
    """Writes ``directory/<process>.prom`` in one step; a reader sees the old text or the new, never half.

    Not synced: figures that a power cut takes were of a process that it took too. Raises OSError.
    """
    directory.mkdir(parents=True, exist_ok=True)
    part = directory / f"{process}.{os.getpid()}.part"
    part.write_bytes(snapshot(process))
    part.replace(directory / f"{process}.prom")


def render(process: str, directory: Path | None = None) -> bytes:
    """All that ``/metrics`` shows: own figures, and those that other processes left in ``directory``."""
    texts, ages = [snapshot(process)], []
    for path in sorted(directory.glob("*.prom")) if directory else ():
        if path.stem == process:
            continue
        try:
            age, text = max(0.0, time.time() - path.stat().st_mtime), path.read_bytes()
        except OSError:  # removed since it was listed
            continue
        ages.append(f'{_PREFIX}_{_AGE}{{process="{path.stem}"}} {age:.3f}\n')
        if age <= STALE_SECONDS:
            texts.append(text)
    if ages:
        head = f"# HELP {_PREFIX}_{_AGE} {_AGE_SAYS}\n# TYPE {_PREFIX}_{_AGE} gauge\n"
        texts.append((head + "".join(ages)).encode())
    return merge(texts)


def merge(texts: Iterable[bytes]) -> bytes:
    """Exposition texts as one, each family's samples together under one HELP and TYPE, as the format demands."""
    families: dict[bytes, tuple[list[bytes], list[bytes]]] = {}
    for text in texts:
        for line in text.splitlines(keepends=True):
            if line.startswith(b"# HELP "):
                name = line.split(b" ", 3)[2]
                known = name in families
                head, samples = families.setdefault(name, ([line], []))
            elif line.startswith(b"# TYPE "):
                if not known:
                    head.append(line)
            else:
                samples.append(line)
    return b"".join(line for head, samples in families.values() if samples for line in head + samples)


def table(of: str) -> str:
    """The rows of ``docs/metrics.md`` for the figures that one process counts."""
    rows = ["| figure | type | labels | what it says |", "| --- | --- | --- | --- |"]
    for name, meaning in MEANINGS.items():
        if meaning.of == of:
            rows.append(f"| `{name}` | {meaning.type} | {', '.join(meaning.labels)} | {meaning.says} |")
    return "\n".join(rows) + "\n"


class _Labelled(Collector):
    """The registry as one process shows it."""

    def __init__(self, process: str) -> None:
        self._process = process
        hidden = {INTAKE: SERVER, SERVER: INTAKE}.get(process)
        self._hidden = {name.removesuffix("_total") for name, meaning in MEANINGS.items() if meaning.of == hidden}

    def collect(self) -> Iterator[Metric]:
        for family in REGISTRY.collect():
            if family.name in self._hidden:
                continue
            labelled = Metric(family.name, family.documentation, family.type, family.unit)
            for sample in family.samples:
                labels: Mapping[str, str] = {"process": self._process, **sample.labels}
                labelled.add_sample(sample.name, dict(labels), sample.value)
            yield labelled

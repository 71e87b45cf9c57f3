"""Every table and index of the state database, with the reason for each index.

Instants are BIGINT microseconds. Bodies are JSON text where people look at them (alerts, incidents, journal,
directory), MessagePack where only code does and size matters (device states, spool).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

metadata = MetaData()

Sequence = BigInteger().with_variant(Integer, "sqlite")
"""SQLite gives out row numbers only for INTEGER PRIMARY KEY."""

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
"""Single facts: the directory's revision, the canary's newest round, when intake last pulsed."""

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
)

directory = Table(
    "directory",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("at", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    # the newest version of one thing, for changes and look-ups
    Index("directory_thing", "kind", "id", "since"),
    # what changed after a revision, so that a large directory reloads in steps
    Index("directory_since", "since"),
    Index(
        "directory_until", "until", postgresql_where=text("until IS NOT NULL"), sqlite_where=text("until IS NOT NULL")
    ),
    sqlite_autoincrement=True,
)
"""Configuration as versioned rows: a row holds from revision ``since`` up to, not including, ``until``. A large change
is staged under the next revision in small transactions, and switched on by one meta row (docs/decisions)."""

device_states = Table(
    "device_states",
    metadata,
    Column("device", Text, primary_key=True),
    Column("heard_at", BigInteger),
    Column("due_at", BigInteger),
    Column("state", LargeBinary, nullable=False),
    # which timers are due; only rows that have one
    Index(
        "device_states_due",
        "due_at",
        postgresql_where=text("due_at IS NOT NULL"),
        sqlite_where=text("due_at IS NOT NULL"),
    ),
)

links = Table(
    "links",
    metadata,
    Column("device", Text, primary_key=True),
    Column("gateway", Text, nullable=False),
)
"""Behind which gateway's address each device was heard last. Written when that changes, never for each message."""

alerts = Table(
    "alerts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rule", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("klass", Text, nullable=False),
    Column("device", Text),
    Column("place", Text, nullable=False),
    Column("incident", Text),
    Column("raised_at", BigInteger, nullable=False),
    Column("held", Text, nullable=False, server_default=""),
    Column("body", Text, nullable=False),
    # at most one alert of (rule, subject) is not back to normal: the guard between people and machines
    Index(
        "alerts_open",
        "rule",
        "subject",
        unique=True,
        postgresql_where=text("state <> 'normal'"),
        sqlite_where=text("state <> 'normal'"),
    ),
    Index("alerts_incident", "incident"),
    # the wall and the list: newest first, by state
    Index("alerts_newest", "raised_at", "id"),
    Index("alerts_device", "device", "raised_at"),
    # what a hold, a permit or another alert keeps, to be let go
    Index("alerts_held", "held", postgresql_where=text("held <> ''"), sqlite_where=text("held <> ''")),
    # the newest of (rule, subject): whether one more raise is chatter
    Index("alerts_subject", "subject", "rule", "raised_at"),
)

holds = Table(
    "holds",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("due_at", BigInteger),
    Column("body", Text, nullable=False),
    # what is on, asked for by every acceptance in which something is raised
    Index("holds_open", "state", postgresql_where=text("state <> 'ended'"), sqlite_where=text("state <> 'ended'")),
    # those whose time is over
    Index("holds_due", "due_at", postgresql_where=text("due_at IS NOT NULL"), sqlite_where=text("due_at IS NOT NULL")),
    Index("holds_newest", "made_at", "id"),
)
"""Silences, maintenance, permits, shelves. ``state``: on, untried (a permit that ended, its detectors not yet tried),
ended."""

incidents = Table(
    "incidents",
    metadata,
    Column("id", Text, primary_key=True),
    Column("group_key", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("place", Text, nullable=False),
    Column("zone", Text),
    Column("opened_at", BigInteger, nullable=False),
    Column("resolved_at", BigInteger),
    Column("next_step_at", BigInteger),
    Column("body", Text, nullable=False),
    # the incident that an alert joins: newest of its group
    Index("incidents_group", "group_key", "opened_at"),
    # escalations that are due
    Index(
        "incidents_due",
        "next_step_at",
        postgresql_where=text("next_step_at IS NOT NULL"),
        sqlite_where=text("next_step_at IS NOT NULL"),
    ),
    Index("incidents_newest", "opened_at", "id"),
    Index("incidents_state", "state", "opened_at"),
)

journal = Table(
    "journal",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("incident", Text),
    Column("alert", Text),
    Column("device", Text),
    Column("place", Text),
    Column("body", Text, nullable=False),
    # how often alarms are raised, over a month
    Index(
        "journal_raised",
        "at",
        postgresql_where=text("kind = 'alert.raised'"),
        sqlite_where=text("kind = 'alert.raised'"),
    ),
    # the timeline of a case
    Index(
        "journal_incident",
        "incident",
        "seq",
        postgresql_where=text("incident IS NOT NULL"),
        sqlite_where=text("incident IS NOT NULL"),
    ),
    Index(
        "journal_device",
        "device",
        "seq",
        postgresql_where=text("device IS NOT NULL"),
        sqlite_where=text("device IS NOT NULL"),
    ),
    sqlite_autoincrement=True,
)

notices = Table(
    "notices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("incident", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expanded_at", BigInteger),
    Column("body", Text, nullable=False),
    # work for dispatch: first notices before a storm's updates, oldest first
    Index(
        "notices_waiting",
        "rank",
        "created_at",
        postgresql_where=text("expanded_at IS NULL"),
        sqlite_where=text("expanded_at IS NULL"),
    ),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("key", Text, primary_key=True),
    Column("notice", Text, nullable=False),
    Column("incident", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("lease_holder", Text),
    Column("lease_until", BigInteger),
    Column("body", Text, nullable=False),
    # due work, first notices first; finished deliveries are not in it
    Index(
        "deliveries_due",
        "rank",
        "due_at",
        postgresql_where=text("state IN ('queued', 'unreachable')"),
        sqlite_where=text("state IN ('queued', 'unreachable')"),
    ),
    # leases that ran out
    Index(
        "deliveries_leased",
        "lease_until",
        postgresql_where=text("state = 'leased'"),
        sqlite_where=text("state = 'leased'"),
    ),
    Index("deliveries_incident", "incident", "created_at"),
    Index("deliveries_newest", "created_at", "key"),
)

announcements = Table(
    "announcements",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("topic", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("retain", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
"""MQTT messages that wait for their PUBACK."""

orders = Table(
    "orders",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("body", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""People's acts that only intake may carry out (reset of a latch)."""

spool = Table(
    "spool",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
"""Readings on their way to the reading store: one compact row a batch."""

redeliveries = Table(
    "redeliveries",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("body", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
"""Packet ids and payload hashes of the newest accepted batches: what the broker may send once more."""

quarantine = Table(
    "quarantine",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("topic", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("device", Text, nullable=False),
    # retention, and the counts by reason of the newest day
    Index("quarantine_at", "at"),
    sqlite_autoincrement=True,
)

discovered = Table(
    "discovered",
    metadata,
    Column("address", Text, primary_key=True),
    Column("first_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("profile", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("refusal", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    Index("discovered_newest", "last_at"),
)

rereads = Table(
    "rereads",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("address", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
"""Devices that somebody has claimed: intake reads again what lies in quarantine of them, and removes the row."""

visits = Table(
    "visits",
    metadata,
    Column("seq", Sequence, primary_key=True, autoincrement=True),
    Column("place", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("result", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("note", Text, nullable=False),
    # the newest of each dwelling
    Index("visits_place", "place", "seq"),
    sqlite_autoincrement=True,
)
"""What installers' visits to dwellings came to."""

announced = Table(
    "announced",
    metadata,
    Column("family", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
"""What families said of themselves (Zigbee2MQTT definitions), so that a restart decodes."""

tokens = Table(
    "tokens",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("place", Text),
    Column("person", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("revoked_at", BigInteger),
)

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("password", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("place", Text),
    Column("person", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("removed_at", BigInteger),
)
"""Who signs in with a name and a password (argon2id, kept with its own cost)."""

sessions = Table(
    "sessions",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("user", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Index("sessions_user", "user"),
)
"""Browsers that are signed in; the row goes when they sign out."""

replies = Table(
    "replies",
    metadata,
    Column("token", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("request", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index("replies_at", "at"),
)
"""Answers to POSTs that carried an Idempotency-Key."""

exercises = Table(
    "exercises",
    metadata,
    Column("id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Column("body", Text, nullable=False),
    # looked at each second; nearly always empty
    Index(
        "exercises_live",
        "begun_at",
        postgresql_where=text("ended_at IS NULL"),
        sqlite_where=text("ended_at IS NULL"),
    ),
    Index("exercises_newest", "kind", "begun_at", "id"),
)
"""Drills, duty checks and campaigns that verify contacts."""

plans = Table(
    "plans",
    metadata,
    Column("place", Text, primary_key=True),
    Column("picture", Text, nullable=False),
    Column("body", Text, nullable=False),
)
"""平面图: the picture of each place that has one."""

plan_pictures = Table(
    "plan_pictures",
    metadata,
    Column("id", Text, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""Content of pictures in parts, so that none is a long transaction; its id names place and content."""

plan_spots = Table(
    "plan_spots",
    metadata,
    Column("place", Text, primary_key=True),
    Column("device", Text, primary_key=True),
    Column("body", Text, nullable=False),
)
"""Where a device stands on the picture of a place."""

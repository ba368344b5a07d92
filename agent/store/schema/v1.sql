-- First schema. Times are UTC: `at`, `start`, `*_at` in epoch seconds, `*_ms` in milliseconds.
-- Wear decides the keys: rows arrive in time order, so every big table is keyed by time first.

CREATE TABLE settings (            -- facts about this store itself
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE series (              -- history belongs to outlet and factor, not to the device
    id       INTEGER PRIMARY KEY,
    outlet   TEXT NOT NULL,
    factor   TEXT NOT NULL,
    quantity TEXT NOT NULL,        -- rtd | zs
    UNIQUE (outlet, factor, quantity)
) STRICT;

CREATE TABLE devices (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE samples (             -- one row per device and cycle; pack: see agent/store/samples.py
    key   INTEGER PRIMARY KEY,     -- at_ms << 16 | device << 4 | epoch & 15: time order, appended
    epoch INTEGER NOT NULL,        -- clock epoch the label belongs to
    pack  BLOB NOT NULL
) STRICT;

CREATE TABLE untimed (             -- samples taken before the clock was trusted
    boot    TEXT NOT NULL,
    mono_ms INTEGER NOT NULL,
    device  INTEGER NOT NULL,
    pack    BLOB NOT NULL,
    PRIMARY KEY (boot, mono_ms, device)
) STRICT, WITHOUT ROWID;

CREATE TABLE measurements (        -- one row per result of a batch analyzer
    id           INTEGER PRIMARY KEY,
    series       INTEGER NOT NULL,
    device       INTEGER NOT NULL,
    sampled_at   INTEGER NOT NULL, -- start of the hour of sampling
    completed_at REAL NOT NULL,    -- the instrument's own time of the result
    received_at  REAL NOT NULL,
    value        REAL,
    cause        TEXT NOT NULL,
    parameters   TEXT NOT NULL DEFAULT '{}',
    UNIQUE (series, completed_at)
) STRICT;
CREATE INDEX measurements_by_hour ON measurements (sampled_at, series);

CREATE TABLE statistics (
    kind     TEXT NOT NULL,        -- 1m | 5m, 10m … | 1h | 1d | 1M
    start    INTEGER NOT NULL,
    series   INTEGER NOT NULL,
    revision INTEGER NOT NULL,     -- 0: what was known when due, never altered
    avg      REAL, min REAL, max REAL, cou REAL,
    zs_avg   REAL, zs_min REAL, zs_max REAL,
    cause    TEXT NOT NULL,
    abnormal TEXT NOT NULL,
    share    REAL NOT NULL,
    valid    INTEGER NOT NULL,
    parts    INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    weighted INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    PRIMARY KEY (kind, start, series, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursors (             -- to-do list of open periods: the next one each closer owes
    name TEXT PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE qn (                  -- last request number of each station, in milliseconds
    station TEXT PRIMARY KEY,
    last_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (              -- to-do list of the sender: messages, never bytes
    id         INTEGER PRIMARY KEY,
    station    TEXT NOT NULL,
    cn         TEXT NOT NULL,      -- command code, or `event`
    st         TEXT NOT NULL,
    at         INTEGER NOT NULL,   -- DataTime
    revision   INTEGER NOT NULL,
    pno        INTEGER NOT NULL,
    pnum       INTEGER NOT NULL,
    qn_ms      INTEGER NOT NULL,
    class      INTEGER NOT NULL,   -- 0 reply, 1 alarm, 2 live; backlog by age
    answer     INTEGER NOT NULL,   -- 1 when 9014 is asked for
    body       TEXT NOT NULL,      -- text between the && marks; an event's JSON
    created_at REAL NOT NULL,
    not_before REAL NOT NULL,
    state      TEXT NOT NULL DEFAULT 'open', -- open | accepted | unconfirmed | rejected | dropped
    attempts   INTEGER NOT NULL DEFAULT 0,
    done_at    REAL,
    outcome    TEXT NOT NULL DEFAULT '',
    UNIQUE (station, cn, st, at, revision, pno)
) STRICT;
CREATE INDEX outbox_open ON outbox (station, at) WHERE state = 'open';

CREATE TABLE deliveries (          -- outlives the outbox: what each station was owed and got
    station  TEXT NOT NULL,
    cn       TEXT NOT NULL,
    start    INTEGER NOT NULL,
    st       TEXT NOT NULL,
    revision INTEGER NOT NULL,
    state    TEXT NOT NULL,        -- open | accepted | unconfirmed | rejected | abandoned
    PRIMARY KEY (station, cn, start, st, revision)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    id       INTEGER PRIMARY KEY,
    ref      TEXT NOT NULL UNIQUE, -- the same fact told twice stays one event
    kind     TEXT NOT NULL,
    at       REAL NOT NULL,
    outlet   TEXT NOT NULL,
    factor   TEXT NOT NULL,
    ended_at REAL,
    detail   TEXT NOT NULL
) STRICT;
CREATE INDEX events_open ON events (kind, outlet, factor) WHERE ended_at IS NULL;

CREATE TABLE actions (             -- to-do list of devices
    id          INTEGER PRIMARY KEY,
    ref         TEXT NOT NULL UNIQUE, -- an order given twice is one order
    device      TEXT NOT NULL,
    kind        TEXT NOT NULL,     -- retain | probe
    cause       TEXT NOT NULL,     -- rule | platform | operator
    request     TEXT NOT NULL,
    created_at  REAL NOT NULL,
    not_after   REAL NOT NULL,
    state       TEXT NOT NULL,     -- queued | running | done | failed | refused | expired | unknown
    started_at  REAL,
    finished_at REAL,
    before      TEXT NOT NULL DEFAULT 'null', -- the device's own record before the order
    outcome     TEXT NOT NULL DEFAULT 'null',
    boot           TEXT NOT NULL DEFAULT '', -- boot the next two belong to; wall times may step
    not_after_mono REAL,
    started_mono   REAL
) STRICT;
CREATE INDEX actions_open ON actions (device, id) WHERE state IN ('queued', 'running', 'unknown');

CREATE TABLE journal (             -- append-only, each line chained to the one before
    seq    INTEGER PRIMARY KEY,
    at     REAL NOT NULL,
    who    TEXT NOT NULL,
    what   TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash   TEXT NOT NULL
) STRICT;

CREATE TABLE clock_steps (
    epoch INTEGER PRIMARY KEY,
    at    REAL NOT NULL,
    step_s REAL NOT NULL,
    boot  TEXT NOT NULL
) STRICT;

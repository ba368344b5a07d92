-- Third schema: what is frozen as evidence.
-- Times are UTC epoch seconds.

CREATE TABLE holds (               -- intervals whose rows and clips nobody prunes
    id          INTEGER PRIMARY KEY,
    ref         TEXT NOT NULL UNIQUE, -- the same freeze ordered twice is one
    outlet      TEXT NOT NULL,     -- '' for all
    start       INTEGER NOT NULL,
    end         INTEGER,           -- NULL: from its start on, until it is released
    why         TEXT NOT NULL,
    source      TEXT NOT NULL,     -- order of a platform, or operator
    made_by     TEXT NOT NULL,
    made_at     REAL NOT NULL,
    released_by TEXT,
    released_at REAL,
    release_why TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX holds_open ON holds (start) WHERE released_at IS NULL;

-- Alarms: what a person has to take note of.

CREATE TABLE alarms (              -- one row until it is acknowledged, however often it comes back
    id              INTEGER PRIMARY KEY,
    event           INTEGER NOT NULL, -- the first that raised it
    kind            TEXT NOT NULL,
    outlet          TEXT NOT NULL,
    factor          TEXT NOT NULL,
    level           TEXT NOT NULL, -- urgent | warning
    raised_at       REAL NOT NULL,
    last_event      INTEGER NOT NULL, -- the newest of the same kind and place
    last_at         REAL NOT NULL,
    times           INTEGER NOT NULL DEFAULT 1, -- events
    said            INTEGER NOT NULL DEFAULT 0, -- times it was said again
    said_at         REAL NOT NULL,
    acknowledged_by TEXT,
    acknowledged_at REAL,
    why             TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE UNIQUE INDEX alarms_open ON alarms (kind, outlet, factor) WHERE acknowledged_at IS NULL;

CREATE TABLE silences (            -- what is not said again and does not sound for a while
    id       INTEGER PRIMARY KEY,
    kind     TEXT NOT NULL,        -- or its first word; '' for every kind
    outlet   TEXT NOT NULL,        -- '' for every outlet
    made_by  TEXT NOT NULL,
    why      TEXT NOT NULL,
    made_at  REAL NOT NULL,
    until    REAL NOT NULL,        -- it ends by itself then
    ended_at REAL,
    ended_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX silences_open ON silences (until) WHERE ended_at IS NULL;

-- the watch and the health statement: what was filed, what cost points, what the agency says.
CREATE TABLE filed (               -- parameters as filed (备案): a row when the site file's changed
    id     INTEGER PRIMARY KEY,
    outlet TEXT NOT NULL,
    at     REAL NOT NULL,
    sha256 TEXT NOT NULL,          -- over the detail
    detail TEXT NOT NULL           -- JSON: device -> parameter -> value
) STRICT;
CREATE TABLE deductions (          -- points taken from the 100 of an outlet
    id        INTEGER PRIMARY KEY,
    ref       TEXT NOT NULL UNIQUE, -- the same fact costs once
    outlet    TEXT NOT NULL,
    kind      TEXT NOT NULL,       -- over_hour | over_day | … | suspension | agency
    at        REAL NOT NULL,
    points    REAL NOT NULL,       -- as the settings were then
    events    TEXT NOT NULL,       -- JSON list of ids
    source    TEXT NOT NULL,       -- agent, or the station that ordered it
    text      TEXT NOT NULL,
    made_at   REAL NOT NULL,
    voided_at REAL,                -- taken back: a mark excused it, or the agency did
    void_why  TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX deductions_by_time ON deductions (outlet, at);
CREATE TABLE labels (              -- what an agency calls an outlet, as it is now
    outlet TEXT NOT NULL,
    source TEXT NOT NULL,          -- station
    family TEXT NOT NULL,          -- one of the eight, or `risk`
    value  TEXT NOT NULL,
    set_at REAL NOT NULL,
    ref    TEXT NOT NULL,          -- of the order
    PRIMARY KEY (outlet, source, family, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_time ON events (at);

-- how treatment equipment ran, by the contacts that tell of it (2021, 2041). Times are UTC epoch seconds.
CREATE TABLE states (              -- one row for as long as a contact was known to stand one way
    id       INTEGER PRIMARY KEY,
    input    TEXT NOT NULL,        -- the contact, as the site file names it
    facility TEXT NOT NULL,        -- SB1 …
    outlet   TEXT NOT NULL,
    means    TEXT NOT NULL,        -- run | pump | power | maintenance | calibration
    level    INTEGER NOT NULL,     -- 1 it is so, 0 it is not
    start    REAL NOT NULL,
    seen_at  REAL NOT NULL,        -- when that was last known, at most a minute ago while it lasts
    ended_at REAL                  -- NULL: it stands so now
) STRICT;
CREATE INDEX states_open ON states (input) WHERE ended_at IS NULL;
CREATE INDEX states_by_time ON states (outlet, start);

-- mass that stands for lost mass, beside the reported rows and never in them (HJ 75-2017 §12.2, HJ 356-2019).
CREATE TABLE substitutes (
    kind     TEXT NOT NULL,        -- 1h (gas) | 1d (water)
    start    INTEGER NOT NULL,
    series   INTEGER NOT NULL,
    revision INTEGER NOT NULL,     -- 0: the first reckoning, never altered; the greatest counts
    mass     REAL,                 -- in the factor's amount unit; NULL: the rules give none
    reason   TEXT NOT NULL,        -- how it was found, or why there is none; '' once it is no longer lost
    made_at  REAL NOT NULL,
    PRIMARY KEY (kind, start, series, revision)
) STRICT, WITHOUT ROWID;

-- What is counted of the links: it outlives the daemon.
CREATE TABLE link_counts (         -- one row a station, written every some minutes
    station          TEXT PRIMARY KEY,
    saved_at         REAL NOT NULL,
    for_s            REAL NOT NULL,   -- how long it was counted
    linked_s         REAL NOT NULL,   -- how long of that it was connected
    linked           INTEGER NOT NULL, -- 1 when it was connected as this was written
    drops            INTEGER NOT NULL,
    last_return_s    REAL,            -- from a break to the next connection; NULL: none yet
    longest_return_s REAL,
    accepted         INTEGER NOT NULL, -- attempts to deliver an upload, by how they ended
    rejected         INTEGER NOT NULL,
    kept             INTEGER NOT NULL,
    refused          INTEGER NOT NULL -- frames that came down and could not be taken
) STRICT;

CREATE TABLE link_bytes (          -- both ways, without those of TCP and TLS themselves
    station  TEXT NOT NULL,
    month    TEXT NOT NULL,        -- YYYY-MM at the outlet (UTC+8)
    sent     INTEGER NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (station, month)
) STRICT, WITHOUT ROWID;

-- Orders of platforms on the topic `order`, and electronic supervision.

CREATE TABLE orders (              -- what came down as JSON, a row before it is acted on
    id          INTEGER PRIMARY KEY,
    station     TEXT NOT NULL,
    ref         TEXT NOT NULL,     -- the platform's own; repeated, it is the same order
    kind        TEXT NOT NULL,
    digest      TEXT NOT NULL,     -- SHA-256 of kind and body: another order under one ref shows
    body        TEXT NOT NULL,     -- JSON
    received_at REAL NOT NULL,
    state       TEXT NOT NULL,     -- received | done | refused
    text        TEXT NOT NULL DEFAULT '', -- why refused
    done_at     REAL,
    tries       INTEGER NOT NULL DEFAULT 0, -- how often it was begun
    repeats     INTEGER NOT NULL DEFAULT 0,
    UNIQUE (station, ref)
) STRICT;
CREATE INDEX orders_open ON orders (id) WHERE state = 'received';

CREATE TABLE supervision (         -- supervision orders (SUP-01, SUP-02)
    id           INTEGER PRIMARY KEY,
    station      TEXT NOT NULL,
    ref          TEXT NOT NULL,
    number       TEXT NOT NULL,    -- the agency's number
    level        TEXT NOT NULL,    -- warning | dispatch | handling
    outlet       TEXT NOT NULL,    -- '' for all of the station
    body         TEXT NOT NULL,    -- the order as it came, JSON
    start        INTEGER NOT NULL, -- of the interval that is frozen
    end          INTEGER,          -- exclusive; NULL: goes on
    received_at  REAL NOT NULL,
    deadline_at  REAL,             -- NULL: needs no answer
    reminded     INTEGER NOT NULL DEFAULT 0, -- percent of its time at which was reminded last
    answered_at  REAL,
    verification INTEGER NOT NULL DEFAULT 0, -- 0 not | 1 done | 2 in process
    stage        TEXT NOT NULL DEFAULT '',   -- '' | deal | case | ended
    verdict      TEXT NOT NULL DEFAULT '{}', -- what the agency said of the answer, JSON
    UNIQUE (station, ref)
) STRICT;
CREATE INDEX supervision_due ON supervision (deadline_at) WHERE answered_at IS NULL;

CREATE TABLE supervision_answers ( -- what a person answered, and that the platform has it
    id          INTEGER PRIMARY KEY,
    supervision INTEGER NOT NULL REFERENCES supervision (id) ON DELETE CASCADE,
    at          REAL NOT NULL,
    made_by     TEXT NOT NULL,
    why         TEXT NOT NULL,
    text        TEXT NOT NULL,
    uploads     TEXT NOT NULL,     -- JSON: [DataTime, revision] of what is owed for it
    received_at REAL,              -- when all of it was taken; NULL: not known to be
    receipt     TEXT NOT NULL DEFAULT '' -- how that is known
) STRICT;
CREATE INDEX supervision_answers_of ON supervision_answers (supervision);
CREATE INDEX supervision_answers_open ON supervision_answers (id) WHERE receipt = '';

CREATE TABLE supervision_files (   -- what a person sent with an answer
    answer  INTEGER NOT NULL REFERENCES supervision_answers (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL,
    name    TEXT NOT NULL,
    sha256  TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (answer, number)
) STRICT;

-- Bottles that samplers kept, from filling to hand-over.
CREATE TABLE bottles (
    id           INTEGER PRIMARY KEY,
    ref          TEXT NOT NULL UNIQUE, -- its order and its number: told twice it is one
    code         TEXT NOT NULL UNIQUE, -- what its label says
    sampler      TEXT NOT NULL,
    bottle       INTEGER NOT NULL,
    outlet       TEXT NOT NULL,
    mode         TEXT NOT NULL,    -- why it was kept: exceedance | immediate | manual | timed | …
    factors      TEXT NOT NULL,    -- JSON: [{factor, value, limit}], those over their limits
    sampled_at   INTEGER,          -- hour of the water; NULL: not known
    kept_at      REAL NOT NULL,    -- by the sampler's clock
    noted_at     REAL NOT NULL,    -- by ours
    vessel       TEXT NOT NULL,    -- A | B | ''
    volume_ml    REAL NOT NULL,
    temperature  REAL,             -- of the box, degC
    action       INTEGER NOT NULL, -- the order that filled it
    guarded      INTEGER NOT NULL, -- 1: inspector or platform alone may release it
    keep_until   REAL NOT NULL,    -- when its holding time ends
    touched_at   REAL,             -- when the door was opened on it, until somebody confirms it
    confirmed_by TEXT,
    confirmed_at REAL,
    released_by  TEXT,
    released_at  REAL,
    release_why  TEXT NOT NULL DEFAULT '',
    handed_to    TEXT,
    handed_by    TEXT,
    handed_at    REAL,
    seal         TEXT,             -- photo of the seal, a file in the state directory
    seal_sha256  TEXT,
    gone_at      REAL              -- when it was found empty, or another took its place
) STRICT;
CREATE INDEX bottles_there ON bottles (sampler, bottle) WHERE gone_at IS NULL;
CREATE INDEX bottles_by_time ON bottles (noted_at);

-- evidence bundles that are made of intervals and sent to platforms
CREATE TABLE bundles (             -- to-do list: each is made once, then sent in parts
    id         INTEGER PRIMARY KEY,
    station    TEXT NOT NULL,
    ref        TEXT NOT NULL,      -- of the order, or event-<id>; asked twice it is one
    begin      REAL NOT NULL,
    end        REAL NOT NULL,
    event      INTEGER,            -- the event it is of
    clips      INTEGER,            -- 1 with films, 0 without, NULL where the line is not metered
    why        TEXT NOT NULL,
    source     TEXT NOT NULL,      -- order | policy
    asked_at   REAL NOT NULL,
    not_before REAL NOT NULL,      -- what is of the event is waited for
    state      TEXT NOT NULL,      -- asked | made | sent | failed
    made_at    REAL,
    bytes      INTEGER,
    sha256     TEXT NOT NULL DEFAULT '',
    part_bytes INTEGER,
    acked      INTEGER NOT NULL DEFAULT 0, -- parts that are over there, the manifest is part 0
    done_at    REAL,
    outcome    TEXT NOT NULL DEFAULT '',
    UNIQUE (station, ref)
) STRICT;
CREATE INDEX bundles_open ON bundles (station, id) WHERE done_at IS NULL;

CREATE TABLE bundle_months (       -- what bundles cost each station, for the budget of a month
    month   TEXT NOT NULL,         -- 2026-11, local
    station TEXT NOT NULL,
    bytes   INTEGER NOT NULL,
    PRIMARY KEY (month, station)
) STRICT, WITHOUT ROWID;

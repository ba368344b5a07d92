-- Second schema: what platforms order and set, what went over the wire, what each day came to.
-- Times are UTC: `at`, `start`, `*_at` in epoch seconds, `*_ms` in milliseconds.

CREATE TABLE commands (            -- one row per request that came down; repeated, it is the same
    id          INTEGER PRIMARY KEY,
    station     TEXT NOT NULL,
    qn          TEXT NOT NULL,
    cn          TEXT NOT NULL,
    st          TEXT NOT NULL,
    effect      TEXT NOT NULL,     -- read | parameters | control
    request     TEXT NOT NULL,     -- data area as it came, secrets as ***
    received_at REAL NOT NULL,
    qn_rtn      INTEGER NOT NULL,
    exe_rtn     INTEGER,           -- NULL while it is not done; a notice never gets one
    action      INTEGER,           -- the order to a device that it became
    done_at     REAL,
    told_at     REAL,              -- when its 9012 went out
    repeats     INTEGER NOT NULL DEFAULT 0,
    outcome     TEXT NOT NULL DEFAULT '',
    UNIQUE (station, qn, cn)
) STRICT;
CREATE INDEX commands_untold ON commands (station, id)
    WHERE told_at IS NULL AND effect <> 'read';
CREATE INDEX commands_by_time ON commands (received_at);

CREATE TABLE credentials (         -- what a platform set; wins until the file's own value changes
    station TEXT NOT NULL,
    name    TEXT NOT NULL,         -- pw | key, or next_… (not told yet), previous_… (in grace)
    sealed  BLOB NOT NULL,         -- AES-GCM under the machine key: nonce, then cipher and tag
    file    TEXT NOT NULL,         -- keyed hash of what the file said then
    set_at  REAL NOT NULL,
    until   REAL,                  -- when it stops to count; NULL: never
    source  TEXT NOT NULL,
    PRIMARY KEY (station, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE overrides (           -- the same for what is no secret
    station TEXT NOT NULL,
    name    TEXT NOT NULL,         -- mn | real_time_s | minutes | timeout_s | resends | real_time
    value   TEXT NOT NULL,         -- JSON
    file    TEXT NOT NULL,         -- JSON of what the file said then
    set_at  REAL NOT NULL,
    source  TEXT NOT NULL,
    PRIMARY KEY (station, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE frames (              -- message log: what went over the wire, some seconds a row
    id       INTEGER PRIMARY KEY,  -- in the order it happened, whatever the clock said
    first_at REAL NOT NULL,
    last_at  REAL NOT NULL,
    stations TEXT NOT NULL,        -- names, each between blanks
    pack     BLOB NOT NULL         -- see agent/store/frame_packs.py
) STRICT;

CREATE TABLE digests (             -- what each local day came to, for reconciliation
    day          INTEGER NOT NULL, -- its start
    station      TEXT NOT NULL,
    outlet       TEXT NOT NULL,
    kind         TEXT NOT NULL,    -- real_time | minute | hour | day
    due          INTEGER NOT NULL, -- uploads
    sent         INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL,
    unconfirmed  INTEGER NOT NULL,
    sha256       TEXT NOT NULL,    -- over the texts sent, by DataTime and packet
    made_at      REAL NOT NULL,
    PRIMARY KEY (day, station, outlet, kind)
) STRICT, WITHOUT ROWID;

-- Evidence: what comes into a range that the journal has sealed already is sealed by itself.
CREATE TABLE late_rows (           -- to-do list of the next seal
    tbl TEXT NOT NULL,             -- samples | statistics
    row TEXT NOT NULL,             -- key, or kind/start/series/revision
    PRIMARY KEY (tbl, row)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER late_sample AFTER INSERT ON samples
WHEN new.key < (SELECT next FROM cursors WHERE name = 'sealed samples ' || new.epoch)
BEGIN
    INSERT OR IGNORE INTO late_rows VALUES ('samples', new.key);
END;

CREATE TRIGGER late_statistic AFTER INSERT ON statistics
WHEN new.start < (
    SELECT next FROM series
    JOIN cursors ON name = 'sealed statistics ' || new.kind || '/' || outlet
    WHERE series.id = new.series
)
BEGIN
    INSERT OR IGNORE INTO late_rows
    VALUES ('statistics', new.kind || '/' || new.start || '/' || new.series || '/' || new.revision);
END;

-- what persons say of the data, and what checks say of the instruments.
-- Times are UTC epoch seconds; `start` and `end` of whole minutes, `end` exclusive.

CREATE TABLE columns (             -- a period after marks, after exemptions; no row: as reported
    kind    TEXT NOT NULL,         -- 1h | 1d | 1M …
    start   INTEGER NOT NULL,
    series  INTEGER NOT NULL,
    col     TEXT NOT NULL,         -- marks | exemptions
    avg     REAL, min REAL, max REAL, cou REAL,
    zs_avg  REAL, zs_min REAL, zs_max REAL,
    cause   TEXT NOT NULL,
    valid   INTEGER NOT NULL,
    parts   INTEGER NOT NULL,
    due     INTEGER NOT NULL,
    reason  TEXT NOT NULL,
    PRIMARY KEY (kind, start, series, col)
) STRICT, WITHOUT ROWID;

CREATE TABLE marks (               -- proposed, confirmed and refused; nothing is ever deleted
    id         INTEGER PRIMARY KEY,
    ref        TEXT NOT NULL UNIQUE, -- the same mark proposed twice is one
    outlet     TEXT NOT NULL,
    facility   TEXT NOT NULL,      -- furnace, kiln, unit of a condition; '' for all of the outlet
    factors    TEXT NOT NULL,      -- JSON list; [] means every factor
    kind       TEXT NOT NULL,      -- equipment | interruption | condition | no_fault | exemption
    code       TEXT NOT NULL,
    start      INTEGER NOT NULL,
    end        INTEGER NOT NULL,
    channel    TEXT NOT NULL,      -- auto | manual
    state      TEXT NOT NULL,      -- proposed | confirmed | refused
    reason     TEXT NOT NULL,
    proof      TEXT NOT NULL DEFAULT '', -- file name and SHA-256 of the attachment
    evidence   TEXT NOT NULL DEFAULT '[]', -- JSON list of what spoke for it
    objections TEXT NOT NULL DEFAULT '[]', -- JSON list of what speaks against it
    made_by    TEXT NOT NULL,
    made_at    REAL NOT NULL,
    decided_by TEXT,
    decided_at REAL,
    why        TEXT NOT NULL DEFAULT '',
    entered_by TEXT,               -- who entered it on the platform's own page
    entered_at REAL
) STRICT;
CREATE INDEX marks_by_time ON marks (outlet, start);

CREATE TABLE manual_values (       -- laboratory and hand-held results, never mixed with measured ones
    id         INTEGER PRIMARY KEY,
    ref        TEXT NOT NULL UNIQUE,
    outlet     TEXT NOT NULL,
    factor     TEXT NOT NULL,
    purpose    TEXT NOT NULL,      -- substitute | comparison
    start      INTEGER NOT NULL,
    end        INTEGER NOT NULL,
    value      REAL NOT NULL,      -- in the factor's wire unit
    corrected  REAL,               -- at reference oxygen
    unit       TEXT NOT NULL,
    method     TEXT NOT NULL,
    instrument TEXT NOT NULL,
    type       INTEGER NOT NULL,   -- 1 own monitoring, 2 enforcement
    file       TEXT NOT NULL DEFAULT '', -- name and SHA-256 of the laboratory's file
    made_by    TEXT NOT NULL,
    made_at    REAL NOT NULL,
    why        TEXT NOT NULL
) STRICT;
CREATE INDEX manual_values_by_time ON manual_values (outlet, factor, start);

CREATE TABLE faults (              -- tickets with their clocks (QC-04)
    id          INTEGER PRIMARY KEY,
    ref         TEXT NOT NULL UNIQUE,
    outlet      TEXT NOT NULL,
    device      TEXT NOT NULL,
    what        TEXT NOT NULL,     -- instrument | logger
    opened_at   REAL NOT NULL,
    on_site_at  REAL,
    repaired_at REAL,
    spare_at    REAL,              -- a tested spare instrument took over
    closed_at   REAL,
    text        TEXT NOT NULL,
    made_by     TEXT NOT NULL
) STRICT;
CREATE INDEX faults_open ON faults (outlet) WHERE closed_at IS NULL;

CREATE TABLE checks (              -- calibrations, standard checks, comparisons: one record each
    id        INTEGER PRIMARY KEY,
    ref       TEXT NOT NULL UNIQUE,
    outlet    TEXT NOT NULL,
    factor    TEXT NOT NULL,
    kind      TEXT NOT NULL,       -- zero | span | standard | comparison | accuracy
    start     INTEGER NOT NULL,
    end       INTEGER NOT NULL,
    nominal   REAL,
    reading   REAL,
    deviation REAL,                -- percent, of full scale for zero and span
    verdict   TEXT NOT NULL,       -- pass | fail | out_of_control
    channel   TEXT NOT NULL,       -- auto | manual
    detail    TEXT NOT NULL DEFAULT '{}', -- gas, parameters before and after, pairs
    made_by   TEXT NOT NULL,
    made_at   REAL NOT NULL
) STRICT;
CREATE INDEX checks_by_time ON checks (outlet, factor, end);

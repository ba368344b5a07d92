-- Third schema: what persons say of the data, and what checks say of the instruments.
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

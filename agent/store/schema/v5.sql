-- Fifth schema: what instruments keep to themselves, who they are, what a person switched.
-- Times are UTC epoch seconds.

CREATE TABLE parameters (          -- settings of instruments as last read; changes are events
    device  TEXT NOT NULL,
    name    TEXT NOT NULL,
    value   REAL NOT NULL,
    text    TEXT NOT NULL,         -- the meaning of a code
    unit    TEXT NOT NULL,         -- `time`: epoch seconds by the instrument's clock
    since   REAL NOT NULL,         -- when this value was first read
    seen_at REAL NOT NULL,         -- when it was last read
    PRIMARY KEY (device, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE device_checks (       -- what an instrument says its checks of itself came to
    device  TEXT NOT NULL,
    kind    TEXT NOT NULL,         -- standard | blank | zero | span | spike | parallel
    at      REAL NOT NULL,         -- by the instrument's clock, else when it was first read
    value   REAL,
    unit    TEXT NOT NULL,
    seen_at REAL NOT NULL,
    PRIMARY KEY (device, kind, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE exchanges (           -- which instrument stood at a place, since when, by whose act
    id     INTEGER PRIMARY KEY,
    device TEXT NOT NULL,
    kind   TEXT NOT NULL,          -- found | exchange | standby | main
    at     REAL NOT NULL,
    serial TEXT NOT NULL,
    before TEXT NOT NULL,          -- serial that stood there before
    other  TEXT NOT NULL,          -- standby: the device that stands in
    who    TEXT NOT NULL,
    why    TEXT NOT NULL
) STRICT;
CREATE INDEX exchanges_of ON exchanges (device, id);

CREATE TABLE maintenance (         -- the switch 维护/停产: causes set by a person, live
    id       INTEGER PRIMARY KEY,
    outlet   TEXT NOT NULL,
    factor   TEXT NOT NULL,        -- empty: every factor of the outlet
    kind     TEXT NOT NULL,        -- maintenance | stopped | calibration
    who      TEXT NOT NULL,
    why      TEXT NOT NULL,
    source   TEXT NOT NULL,        -- operator, or the input of a key switch
    began_at REAL NOT NULL,
    until    REAL NOT NULL,        -- it ends by itself then
    ended_at REAL,
    ended_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX maintenance_open ON maintenance (outlet, factor) WHERE ended_at IS NULL;

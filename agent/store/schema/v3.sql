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

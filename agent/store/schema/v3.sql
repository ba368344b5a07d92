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

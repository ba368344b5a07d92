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

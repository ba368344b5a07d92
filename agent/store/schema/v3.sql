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

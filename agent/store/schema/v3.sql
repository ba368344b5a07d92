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

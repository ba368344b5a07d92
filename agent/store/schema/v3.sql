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

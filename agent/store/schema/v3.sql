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

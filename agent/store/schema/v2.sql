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

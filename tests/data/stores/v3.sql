PRAGMA user_version = 3;
BEGIN TRANSACTION;
CREATE TABLE "_sqlite_migrations" (
   "id" INTEGER PRIMARY KEY,
   "migration_set" TEXT,
   "name" TEXT,
   "applied_at" TEXT
);
INSERT INTO "_sqlite_migrations" VALUES(1,'paikou','v1','2026-11-21 19:45:14.086227+00:00');
INSERT INTO "_sqlite_migrations" VALUES(2,'paikou','v2','2026-11-21 22:36:33.542442+00:00');
CREATE TABLE actions (             -- to-do list of devices
    id          INTEGER PRIMARY KEY,
    ref         TEXT NOT NULL UNIQUE, -- an order given twice is one order
    device      TEXT NOT NULL,
    kind        TEXT NOT NULL,     -- retain | probe
    cause       TEXT NOT NULL,     -- rule | platform | operator
    request     TEXT NOT NULL,
    created_at  REAL NOT NULL,
    not_after   REAL NOT NULL,
    state       TEXT NOT NULL,     -- queued | running | done | failed | refused | expired | unknown
    started_at  REAL,
    finished_at REAL,
    before      TEXT NOT NULL DEFAULT 'null', -- the device's own record before the order
    outcome     TEXT NOT NULL DEFAULT 'null',
    boot           TEXT NOT NULL DEFAULT '', -- boot the next two belong to; wall times may step
    not_after_mono REAL,
    started_mono   REAL
) STRICT;
INSERT INTO "actions" VALUES(1,'retain:DW001:w01018:1','sampler','retain','rule','{"outlet": "DW001"}',1781056800.0,1781060400.0,'queued',NULL,NULL,'null','null','',NULL,NULL);
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
CREATE TABLE bundle_months (       -- what bundles cost each station, for the budget of a month
    month   TEXT NOT NULL,         -- 2026-11, local
    station TEXT NOT NULL,
    bytes   INTEGER NOT NULL,
    PRIMARY KEY (month, station)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE clock_steps (
    epoch INTEGER PRIMARY KEY,
    at    REAL NOT NULL,
    step_s REAL NOT NULL,
    boot  TEXT NOT NULL
) STRICT;
INSERT INTO "clock_steps" VALUES(1,1781056860.0,-1.5,'boot');
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
INSERT INTO "commands" VALUES(1,'st1','20260610100000123','1062','32','parameters','RtdInterval=60',1781056800.0,1,1,NULL,1781056800.0,1781056801.0,0,'real_time_s=60');
INSERT INTO "commands" VALUES(2,'st1','20260610100001123','3022','32','control','PolId=w01018',1781056800.0,1,NULL,1,NULL,NULL,0,'');
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
INSERT INTO "credentials" VALUES('st1','pw',X'000102030405060708090A0B0C0D0E0F','aa',1781056800.0,NULL,'platform');
CREATE TABLE cursors (             -- to-do list of open periods: the next one each closer owes
    name TEXT PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "cursors" VALUES('10m/DW001',1781064600);
INSERT INTO "cursors" VALUES('1M/DW001',1780243200);
INSERT INTO "cursors" VALUES('1d/DW001',1781020800);
INSERT INTO "cursors" VALUES('1h/DW001',1781060400);
INSERT INTO "cursors" VALUES('1m/DW001',1781064900);
INSERT INTO "cursors" VALUES('late results',1);
INSERT INTO "cursors" VALUES('rtd/st1',1781064930);
INSERT INTO "cursors" VALUES('since/st1',1781020800);
CREATE TABLE deductions (          -- points taken from the 100 of an outlet
    id        INTEGER PRIMARY KEY,
    ref       TEXT NOT NULL UNIQUE, -- the same fact costs once
    outlet    TEXT NOT NULL,
    kind      TEXT NOT NULL,       -- over_hour | over_day | … | suspension | agency
    at        REAL NOT NULL,
    points    REAL NOT NULL,       -- as the settings were then
    events    TEXT NOT NULL,       -- JSON list of ids
    source    TEXT NOT NULL,       -- agent, or the station that ordered it
    text      TEXT NOT NULL,
    made_at   REAL NOT NULL,
    voided_at REAL,                -- taken back: a mark excused it, or the agency did
    void_why  TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE deliveries (          -- outlives the outbox: what each station was owed and got
    station  TEXT NOT NULL,
    cn       TEXT NOT NULL,
    start    INTEGER NOT NULL,
    st       TEXT NOT NULL,
    revision INTEGER NOT NULL,
    state    TEXT NOT NULL,        -- open | accepted | unconfirmed | rejected | abandoned
    PRIMARY KEY (station, cn, start, st, revision)
) STRICT, WITHOUT ROWID;
INSERT INTO "deliveries" VALUES('st1','2051',1781056800,'32',0,'open');
INSERT INTO "deliveries" VALUES('st1','2061',1781056800,'32',0,'open');
CREATE TABLE device_checks (       -- what an instrument says its checks of itself came to
    device  TEXT NOT NULL,
    kind    TEXT NOT NULL,         -- standard | blank | zero | span | spike | parallel
    at      REAL NOT NULL,         -- by the instrument's clock, else when it was first read
    value   REAL,
    unit    TEXT NOT NULL,
    seen_at REAL NOT NULL,
    PRIMARY KEY (device, kind, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE devices (
    id   INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;
INSERT INTO "devices" VALUES(1,'flow');
INSERT INTO "devices" VALUES(2,'ph');
INSERT INTO "devices" VALUES(3,'cod');
INSERT INTO "devices" VALUES(4,'sampler');
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
INSERT INTO "digests" VALUES(1781020800,'st1','DW001','hour',24,24,23,0,'ab',1781056800.0);
CREATE TABLE events (
    id       INTEGER PRIMARY KEY,
    ref      TEXT NOT NULL UNIQUE, -- the same fact told twice stays one event
    kind     TEXT NOT NULL,
    at       REAL NOT NULL,
    outlet   TEXT NOT NULL,
    factor   TEXT NOT NULL,
    ended_at REAL,
    detail   TEXT NOT NULL
) STRICT;
INSERT INTO "events" VALUES(1,'exceedance:1','exceedance',1781056800.0,'DW001','w01018',NULL,'{"state": 1}');
INSERT INTO "events" VALUES(2,'outage:1781056920','power',1781056920.0,'','',1781056920.0,'{"from": 1781056920, "to": 1781064900, "why": "nothing was sampled"}');
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
CREATE TABLE filed (               -- parameters as filed (备案): a row when the site file's changed
    id     INTEGER PRIMARY KEY,
    outlet TEXT NOT NULL,
    at     REAL NOT NULL,
    sha256 TEXT NOT NULL,          -- over the detail
    detail TEXT NOT NULL           -- JSON: device -> parameter -> value
) STRICT;
CREATE TABLE frames (              -- message log: what went over the wire, some seconds a row
    id       INTEGER PRIMARY KEY,  -- in the order it happened, whatever the clock said
    first_at REAL NOT NULL,
    last_at  REAL NOT NULL,
    stations TEXT NOT NULL,        -- names, each between blanks
    pack     BLOB NOT NULL         -- see agent/store/frame_packs.py
) STRICT;
INSERT INTO "frames" VALUES(1,1781056860.5,1781056861.0,' st1 ',X'789C7D4F4D0B83300CFD2F3DF420992475764AC96028DE26EE0376100F85B931702785FDFDB59D3061B0900492F7F2C86B5BDA6484A9CE34C6298871220162EB4AA1D2A809097D904AC28E3C7CA8F90735A73327CA141E2232CD85A32832FB9A3F945D967B9EAE42CFCB024D35D83BA7A66858CAD24EF6FC78F64B5D97E615E457C7E9CA2A4698C770594B29E06687B10702E1BE121D7CCD9063CF66F8BF9985488EB40E42DD1BDE353E6E');
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
INSERT INTO "holds" VALUES(1,'DB-20260610-1','DW001',1781056800,NULL,'督办','province','platform',1781060400.0,NULL,NULL,'');
CREATE TABLE journal (             -- append-only, each line chained to the one before
    seq    INTEGER PRIMARY KEY,
    at     REAL NOT NULL,
    who    TEXT NOT NULL,
    what   TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash   TEXT NOT NULL
) STRICT;
INSERT INTO "journal" VALUES(1,1781056800.0,'agent','启动','{"n": 1}','a9670847c3052618248dab0e51a12aad9ac4581aef752e313b3485aa09148ee6');
INSERT INTO "journal" VALUES(2,1781056801.5,'agent','stop','{"n": 2}','4d41e3fb610cc351071bcfdeee0cda19ab1a27d8e74af05ef85f68898c234a20');
INSERT INTO "journal" VALUES(3,1781064900.0,'agent','event power','{"from": 1781056920, "id": 2, "to": 1781064900, "why": "nothing was sampled"}','5bcbcd50f98ac7221a79b2ec5878d7279ee58838428f3d9d0425001bb6cd5da2');
CREATE TABLE labels (              -- what an agency calls an outlet, as it is now
    outlet TEXT NOT NULL,
    source TEXT NOT NULL,          -- station
    family TEXT NOT NULL,          -- one of the eight, or `risk`
    value  TEXT NOT NULL,
    set_at REAL NOT NULL,
    ref    TEXT NOT NULL,          -- of the order
    PRIMARY KEY (outlet, source, family, value)
) STRICT, WITHOUT ROWID;
CREATE TABLE late_rows (           -- to-do list of the next seal
    tbl TEXT NOT NULL,             -- samples | statistics
    row TEXT NOT NULL,             -- key, or kind/start/series/revision
    PRIMARY KEY (tbl, row)
) STRICT, WITHOUT ROWID;
CREATE TABLE link_bytes (          -- both ways, without those of TCP and TLS themselves
    station  TEXT NOT NULL,
    month    TEXT NOT NULL,        -- YYYY-MM at the outlet (UTC+8)
    sent     INTEGER NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (station, month)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE measurements (        -- one row per result of a batch analyzer
    id           INTEGER PRIMARY KEY,
    series       INTEGER NOT NULL,
    device       INTEGER NOT NULL,
    sampled_at   INTEGER NOT NULL, -- start of the hour of sampling
    completed_at REAL NOT NULL,    -- the instrument's own time of the result
    received_at  REAL NOT NULL,
    value        REAL,
    cause        TEXT NOT NULL,
    parameters   TEXT NOT NULL DEFAULT '{}',
    UNIQUE (series, completed_at)
) STRICT;
INSERT INTO "measurements" VALUES(1,5,3,1781053200,1781056810.0,1781056800.0,61.5,'normal','{}');
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
CREATE TABLE outbox (              -- to-do list of the sender: messages, never bytes
    id         INTEGER PRIMARY KEY,
    station    TEXT NOT NULL,
    cn         TEXT NOT NULL,      -- command code, or `event`
    st         TEXT NOT NULL,
    at         INTEGER NOT NULL,   -- DataTime
    revision   INTEGER NOT NULL,
    pno        INTEGER NOT NULL,
    pnum       INTEGER NOT NULL,
    qn_ms      INTEGER NOT NULL,
    class      INTEGER NOT NULL,   -- 0 reply, 1 alarm, 2 live; backlog by age
    answer     INTEGER NOT NULL,   -- 1 when 9014 is asked for
    body       TEXT NOT NULL,      -- text between the && marks; an event's JSON
    created_at REAL NOT NULL,
    not_before REAL NOT NULL,
    state      TEXT NOT NULL DEFAULT 'open', -- open | accepted | unconfirmed | rejected | dropped
    attempts   INTEGER NOT NULL DEFAULT 0,
    done_at    REAL,
    outcome    TEXT NOT NULL DEFAULT '',
    UNIQUE (station, cn, st, at, revision, pno)
) STRICT;
INSERT INTO "outbox" VALUES(1,'st1','2011','32',1781064900,1,1,1,1781064900000,2,1,'DataTime=20260610121500;w00000-Flag=B;w01001-Flag=B;w01018-Flag=B',1781064900.0,1781064900.0,'open',0,NULL,'');
INSERT INTO "outbox" VALUES(2,'st1','event','',1781056920,7,1,1,1781064900001,1,1,'{"id":2,"kind":"power","at":1781056920.0,"outlet":"","factor":"","state":"told","detail":{"from":1781056920,"to":1781064900,"why":"nothing was sampled"}}',1781064900.0,1781064900.0,'open',0,NULL,'');
INSERT INTO "outbox" VALUES(3,'st1','2051','32',1781056800,0,1,1,1781064900002,2,1,'DataTime=20260610100000;w00000-Cou=0.24,w00000-Min=2.00,w00000-Avg=2.00,w00000-Max=2.00,w00000-Flag=D;w01001-Min=7.00,w01001-Avg=7.00,w01001-Max=7.00,w01001-Flag=D',1781064900.0,1781064900.0,'open',0,NULL,'');
INSERT INTO "outbox" VALUES(4,'st1','2061','32',1781056800,0,1,1,1781064900003,2,1,'DataTime=20260610100000;w00000-Cou=0.24,w00000-Min=2.00,w00000-Avg=2.00,w00000-Max=2.00,w00000-Flag=D;w01001-Min=7.00,w01001-Avg=7.00,w01001-Max=7.00,w01001-Flag=D;w01018-Flag=C',1781064900.0,1781064900.0,'open',0,NULL,'');
CREATE TABLE overrides (           -- the same for what is no secret
    station TEXT NOT NULL,
    name    TEXT NOT NULL,         -- mn | real_time_s | minutes | timeout_s | resends | real_time
    value   TEXT NOT NULL,         -- JSON
    file    TEXT NOT NULL,         -- JSON of what the file said then
    set_at  REAL NOT NULL,
    source  TEXT NOT NULL,
    PRIMARY KEY (station, name)
) STRICT, WITHOUT ROWID;
INSERT INTO "overrides" VALUES('st1','real_time_s','60','30',1781056800.0,'platform');
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
CREATE TABLE qn (                  -- last request number of each station, in milliseconds
    station TEXT PRIMARY KEY,
    last_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "qn" VALUES('st1',1781064900003);
CREATE TABLE samples (             -- one row per device and cycle; pack: see agent/store/samples.py
    key   INTEGER PRIMARY KEY,     -- at_ms << 16 | device << 4 | epoch & 15: time order, appended
    epoch INTEGER NOT NULL,        -- clock epoch the label belongs to
    pack  BLOB NOT NULL
) STRICT;
INSERT INTO "samples" VALUES(116723338444800016,0,X'0100000000000000000040');
INSERT INTO "samples" VALUES(116723338444800032,0,X'0300000000000000001C40');
INSERT INTO "samples" VALUES(116723338772480048,0,X'050006000000000000F87F');
INSERT INTO "samples" VALUES(116723339100160016,0,X'0100000000000000000040');
INSERT INTO "samples" VALUES(116723339100160032,0,X'0300000000000000001C40');
INSERT INTO "samples" VALUES(116723339755520016,0,X'0100000000000000000040');
INSERT INTO "samples" VALUES(116723339755520032,0,X'0300000000000000001C40');
INSERT INTO "samples" VALUES(116723340410880016,0,X'0100000000000000000040');
INSERT INTO "samples" VALUES(116723340410880032,0,X'0300000000000000001C40');
INSERT INTO "samples" VALUES(116723341066240016,0,X'0100000000000000000040');
INSERT INTO "samples" VALUES(116723341066240032,0,X'0300000000000000001C40');
INSERT INTO "samples" VALUES(116723341721600016,0,X'0100000000000000000040');
INSERT INTO "samples" VALUES(116723341721600032,0,X'0300000000000000001C40');
INSERT INTO "samples" VALUES(116723342376960016,0,X'0100000000000000000040');
INSERT INTO "samples" VALUES(116723342376960032,0,X'0300000000000000001C40');
INSERT INTO "samples" VALUES(116723343032320016,0,X'0100000000000000000040');
INSERT INTO "samples" VALUES(116723343032320032,0,X'0300000000000000001C40');
INSERT INTO "samples" VALUES(116723343687680016,0,X'0100000000000000000040');
INSERT INTO "samples" VALUES(116723343687680032,0,X'0300000000000000001C40');
INSERT INTO "samples" VALUES(116723344343040016,0,X'0100000000000000000040');
INSERT INTO "samples" VALUES(116723344343040032,0,X'0300000000000000001C40');
INSERT INTO "samples" VALUES(116723344998400016,0,X'0100000000000000000040');
INSERT INTO "samples" VALUES(116723344998400032,0,X'0300000000000000001C40');
INSERT INTO "samples" VALUES(116723345653760016,0,X'0100000000000000000040');
INSERT INTO "samples" VALUES(116723345653760032,0,X'0300000000000000001C40');
CREATE TABLE series (              -- history belongs to outlet and factor, not to the device
    id       INTEGER PRIMARY KEY,
    outlet   TEXT NOT NULL,
    factor   TEXT NOT NULL,
    quantity TEXT NOT NULL,        -- rtd | zs
    UNIQUE (outlet, factor, quantity)
) STRICT;
INSERT INTO "series" VALUES(1,'DW001','w00000','rtd');
INSERT INTO "series" VALUES(2,'DW001','w00000','zs');
INSERT INTO "series" VALUES(3,'DW001','w01001','rtd');
INSERT INTO "series" VALUES(4,'DW001','w01001','zs');
INSERT INTO "series" VALUES(5,'DW001','w01018','rtd');
INSERT INTO "series" VALUES(6,'DW001','w01018','zs');
CREATE TABLE settings (            -- facts about this store itself
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
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
CREATE TABLE statistics (
    kind     TEXT NOT NULL,        -- 1m | 5m, 10m … | 1h | 1d | 1M
    start    INTEGER NOT NULL,
    series   INTEGER NOT NULL,
    revision INTEGER NOT NULL,     -- 0: what was known when due, never altered
    avg      REAL, min REAL, max REAL, cou REAL,
    zs_avg   REAL, zs_min REAL, zs_max REAL,
    cause    TEXT NOT NULL,
    abnormal TEXT NOT NULL,
    share    REAL NOT NULL,
    valid    INTEGER NOT NULL,
    parts    INTEGER NOT NULL,
    due      INTEGER NOT NULL,
    weighted INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    PRIMARY KEY (kind, start, series, revision)
) STRICT, WITHOUT ROWID;
INSERT INTO "statistics" VALUES('10m',1781056800,1,0,2.0,2.0,2.0,0.24,NULL,NULL,NULL,'power','power',0.2,0,2,10,0,'2 of 10 normal, 7.5 needed; amount of 2 of 10');
INSERT INTO "statistics" VALUES('10m',1781056800,3,0,7.0,7.0,7.0,NULL,NULL,NULL,NULL,'power','power',0.2,0,2,10,0,'2 of 10 normal, 7.5 needed');
INSERT INTO "statistics" VALUES('1h',1781056800,1,0,2.0,2.0,2.0,0.24,NULL,NULL,NULL,'power','power',3.33333333333333328707e-02,0,2,60,0,'2 of 60 normal, 45 needed; amount of 2 of 60');
INSERT INTO "statistics" VALUES('1h',1781056800,3,0,7.0,7.0,7.0,NULL,NULL,NULL,NULL,'power','power',3.33333333333333328707e-02,0,2,60,0,'2 of 60 normal, 45 needed');
INSERT INTO "statistics" VALUES('1h',1781056800,5,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'calibration','calibration',0.0,0,0,1,0,'no result of this sampling hour');
INSERT INTO "statistics" VALUES('1m',1781056800,1,0,2.0,2.0,2.0,0.12,NULL,NULL,NULL,'normal','normal',1.0,1,6,6,0,'');
INSERT INTO "statistics" VALUES('1m',1781056800,3,0,7.0,7.0,7.0,NULL,NULL,NULL,NULL,'normal','normal',1.0,1,6,6,0,'');
INSERT INTO "statistics" VALUES('1m',1781056860,1,0,2.0,2.0,2.0,0.12,NULL,NULL,NULL,'normal','normal',1.0,1,6,6,0,'');
INSERT INTO "statistics" VALUES('1m',1781056860,3,0,7.0,7.0,7.0,NULL,NULL,NULL,NULL,'normal','normal',1.0,1,6,6,0,'');
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
CREATE TABLE supervision_files (   -- what a person sent with an answer
    answer  INTEGER NOT NULL REFERENCES supervision_answers (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL,
    name    TEXT NOT NULL,
    sha256  TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (answer, number)
) STRICT;
CREATE TABLE untimed (             -- samples taken before the clock was trusted
    boot    TEXT NOT NULL,
    mono_ms INTEGER NOT NULL,
    device  INTEGER NOT NULL,
    pack    BLOB NOT NULL,
    PRIMARY KEY (boot, mono_ms, device)
) STRICT, WITHOUT ROWID;
INSERT INTO "untimed" VALUES('boot',5000,2,X'0300000000000000001C40');
CREATE UNIQUE INDEX "idx__sqlite_migrations_migration_set_name"
    ON "_sqlite_migrations" ("migration_set", "name");
CREATE INDEX measurements_by_hour ON measurements (sampled_at, series);
CREATE INDEX outbox_open ON outbox (station, at) WHERE state = 'open';
CREATE INDEX events_open ON events (kind, outlet, factor) WHERE ended_at IS NULL;
CREATE INDEX actions_open ON actions (device, id) WHERE state IN ('queued', 'running', 'unknown');
CREATE INDEX commands_untold ON commands (station, id)
    WHERE told_at IS NULL AND effect <> 'read';
CREATE INDEX commands_by_time ON commands (received_at);
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
CREATE INDEX marks_by_time ON marks (outlet, start);
CREATE INDEX manual_values_by_time ON manual_values (outlet, factor, start);
CREATE INDEX faults_open ON faults (outlet) WHERE closed_at IS NULL;
CREATE INDEX checks_by_time ON checks (outlet, factor, end);
CREATE INDEX exchanges_of ON exchanges (device, id);
CREATE INDEX maintenance_open ON maintenance (outlet, factor) WHERE ended_at IS NULL;
CREATE INDEX outbox_live ON outbox (station, class, created_at) WHERE state = 'open';
CREATE INDEX holds_open ON holds (start) WHERE released_at IS NULL;
CREATE UNIQUE INDEX alarms_open ON alarms (kind, outlet, factor) WHERE acknowledged_at IS NULL;
CREATE INDEX silences_open ON silences (until) WHERE ended_at IS NULL;
CREATE INDEX deductions_by_time ON deductions (outlet, at);
CREATE INDEX events_by_time ON events (at);
CREATE INDEX states_open ON states (input) WHERE ended_at IS NULL;
CREATE INDEX states_by_time ON states (outlet, start);
CREATE INDEX orders_open ON orders (id) WHERE state = 'received';
CREATE INDEX supervision_due ON supervision (deadline_at) WHERE answered_at IS NULL;
CREATE INDEX supervision_answers_of ON supervision_answers (supervision);
CREATE INDEX supervision_answers_open ON supervision_answers (id) WHERE receipt = '';
CREATE INDEX bottles_there ON bottles (sampler, bottle) WHERE gone_at IS NULL;
CREATE INDEX bottles_by_time ON bottles (noted_at);
CREATE INDEX bundles_open ON bundles (station, id) WHERE done_at IS NULL;
COMMIT;

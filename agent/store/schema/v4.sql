-- Evidence: what comes into a range that is sealed in the journal already is sealed by itself.

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

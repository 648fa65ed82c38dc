-- The pages of a walk in the order in which they were read, and why: a walk that was cut short goes on from here.
-- capture_id is NULL where the page could not be had or was refused.
CREATE TABLE steps (
    id INTEGER PRIMARY KEY,
    walk_id INTEGER NOT NULL REFERENCES walks (id),
    number INTEGER NOT NULL,
    reason TEXT NOT NULL,
    capture_id INTEGER REFERENCES captures (id),
    known INTEGER NOT NULL DEFAULT 0,
    cached INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX steps_walk ON steps (walk_id);

-- Which live run holds a source. A claim whose heartbeat has stopped is dead.
CREATE TABLE claims (
    source TEXT PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    holder TEXT NOT NULL,
    heartbeat TEXT NOT NULL
) WITHOUT ROWID;

-- Where the answer lies in the web archive that the run wrote: what lies there without a read was not committed.
ALTER TABLE reads ADD COLUMN file TEXT;
ALTER TABLE reads ADD COLUMN offset INTEGER;

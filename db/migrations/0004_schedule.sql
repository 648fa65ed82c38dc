-- Schedules as they were last started with. next_due is the planned time of the next turn; next_start is when something
-- happens next: that turn, scattered by seed, or an earlier one that is tried again. removed_at: harvester.toml has it
-- no more.
CREATE TABLE schedules (
    name TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    harvest TEXT NOT NULL,
    rhythm TEXT NOT NULL,
    since TEXT NOT NULL,
    next_due TEXT NOT NULL,
    next_start TEXT NOT NULL,
    stale_after INTEGER NOT NULL,
    seed TEXT NOT NULL,
    removed_at TEXT
);

-- One row for each time that a sync was due, however many schedulers there are: the two unique indexes are the rule,
-- not any process. missed says why a turn did not begin in time, caught_up_by which one was run for it (it may be the
-- same one, later). repeats: this turn was not planned, it tries again what failed or was cut short.
CREATE TABLE turns (
    id INTEGER PRIMARY KEY,
    schedule TEXT NOT NULL,
    source TEXT NOT NULL,
    due_at TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('full', 'incremental')),
    state TEXT NOT NULL
        CHECK (state IN ('running', 'complete', 'bounded', 'partial', 'failed', 'interrupted', 'stopped', 'missed')),
    started_at TEXT,
    finished_at TEXT,
    run_id INTEGER REFERENCES runs (id),
    missed TEXT,
    caught_up_by INTEGER,
    repeats INTEGER,
    reason TEXT,
    command TEXT,
    last_run INTEGER,
    scheduler TEXT,
    process TEXT,
    UNIQUE (schedule, due_at)
);
CREATE UNIQUE INDEX turns_running ON turns (source) WHERE state = 'running';
CREATE INDEX turns_source ON turns (source, id);
CREATE INDEX turns_schedule ON turns (schedule, id);
CREATE INDEX turns_state ON turns (state);
CREATE INDEX turns_run ON turns (run_id) WHERE run_id IS NOT NULL;

-- What is bad at the moment. A row is there as long as it is.
CREATE TABLE health (
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    since TEXT NOT NULL,
    what TEXT NOT NULL,
    remedy TEXT NOT NULL,
    PRIMARY KEY (subject, kind)
);

-- What is to be told to whom, until it has been. taken_until: a scheduler is at it.
CREATE TABLE alerts (
    id INTEGER PRIMARY KEY,
    alert TEXT NOT NULL,
    event TEXT NOT NULL CHECK (event IN ('bad', 'well')),
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    what TEXT NOT NULL,
    since TEXT NOT NULL,
    remedy TEXT NOT NULL,
    made_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt TEXT NOT NULL,
    taken_until TEXT,
    told_at TEXT,
    error TEXT
);
CREATE INDEX alerts_waiting ON alerts (next_attempt) WHERE told_at IS NULL;

-- What is due, and how it went last. What is overdue by more than ten minutes nobody looks after: no scheduler runs.
CREATE VIEW upcoming AS
SELECT
    schedules.name AS schedule,
    schedules.harvest AS harvest,
    schedules.source AS source,
    schedules.rhythm AS rhythm,
    schedules.next_start AS next_start,
    (SELECT started_at FROM turns WHERE turns.source = schedules.source AND turns.state = 'running') AS running_since,
    last.id AS last_turn,
    last.state AS last_state,
    last.finished_at AS last_finished,
    last.reason AS last_reason,
    last.run_id AS last_run,
    schedules.next_start < strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-10 minutes') AND NOT EXISTS
        (SELECT 1 FROM turns WHERE turns.source = schedules.source AND turns.state = 'running') AS overdue
FROM schedules LEFT JOIN turns AS last ON last.id =
    (SELECT max(id) FROM turns WHERE schedule = schedules.name AND state NOT IN ('running', 'missed'))
WHERE schedules.removed_at IS NULL;

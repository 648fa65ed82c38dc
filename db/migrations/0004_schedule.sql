-- Schedules as they were last started with. next_due is the planned time of the next sync; next_start is when something
-- happens next: that sync, scattered by jitter_seed, or an earlier one that is tried again. removed_at: harvester.toml has it
-- no more.
CREATE TABLE schedules (
    name TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    target TEXT NOT NULL,
    recurrence TEXT NOT NULL,
    registered_at TEXT NOT NULL,
    next_due TEXT NOT NULL,
    next_start TEXT NOT NULL,
    stale_after INTEGER NOT NULL,
    jitter_seed TEXT NOT NULL,
    removed_at TEXT
);

-- One row for each time that a sync was due, however many schedulers there are: the two unique indexes are the rule,
-- not any process. missed_reason says why an attempt did not begin in time, caught_up_by which one was run for it (it may
-- be the same one, later). retry_of: this attempt was not planned, it tries again what failed or was cut short.
-- run_id_before: the newest run when it began; its own run is a later one.
CREATE TABLE sync_attempts (
    id INTEGER PRIMARY KEY,
    schedule TEXT NOT NULL,
    source TEXT NOT NULL,
    due_at TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('full', 'incremental')),
    status TEXT NOT NULL
        CHECK (status IN ('running', 'complete', 'bounded', 'partial', 'failed', 'interrupted', 'stopped', 'missed')),
    started_at TEXT,
    finished_at TEXT,
    run_id INTEGER REFERENCES runs (id),
    missed_reason TEXT,
    caught_up_by INTEGER,
    retry_of INTEGER,
    reason TEXT,
    command TEXT,
    run_id_before INTEGER,
    scheduler_process TEXT,
    worker_process TEXT,
    UNIQUE (schedule, due_at)
);
CREATE UNIQUE INDEX sync_attempts_running ON sync_attempts (source) WHERE status = 'running';
CREATE INDEX sync_attempts_source ON sync_attempts (source, id);
CREATE INDEX sync_attempts_schedule ON sync_attempts (schedule, id);
CREATE INDEX sync_attempts_status ON sync_attempts (status);
CREATE INDEX sync_attempts_run ON sync_attempts (run_id) WHERE run_id IS NOT NULL;

-- What is bad at the moment. A row is there as long as it is.
CREATE TABLE incidents (
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    started_at TEXT NOT NULL,
    summary TEXT NOT NULL,
    remedy TEXT NOT NULL,
    PRIMARY KEY (subject, kind)
);

-- What is to be told to whom, until it has been. leased_until: a scheduler is delivering it.
CREATE TABLE notifications (
    id INTEGER PRIMARY KEY,
    channel TEXT NOT NULL,
    event TEXT NOT NULL CHECK (event IN ('firing', 'resolved')),
    subject TEXT NOT NULL,
    kind TEXT NOT NULL,
    summary TEXT NOT NULL,
    started_at TEXT NOT NULL,
    remedy TEXT NOT NULL,
    created_at TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_attempt TEXT NOT NULL,
    leased_until TEXT,
    delivered_at TEXT,
    error TEXT
);
CREATE INDEX notifications_pending ON notifications (next_attempt) WHERE delivered_at IS NULL;

-- What is due, and how it went last. What is overdue by more than ten minutes nobody looks after: no scheduler runs.
CREATE VIEW upcoming AS
SELECT
    schedules.name AS schedule,
    schedules.target AS target,
    schedules.source AS source,
    schedules.recurrence AS recurrence,
    schedules.next_start AS next_start,
    (SELECT started_at FROM sync_attempts AS now WHERE now.source = schedules.source AND now.status = 'running')
        AS running_since,
    last.id AS last_attempt,
    last.status AS last_status,
    last.finished_at AS last_finished,
    last.reason AS last_reason,
    last.run_id AS last_run,
    schedules.next_start < strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-10 minutes') AND NOT EXISTS
        (SELECT 1 FROM sync_attempts AS now WHERE now.source = schedules.source AND now.status = 'running') AS overdue
FROM schedules LEFT JOIN sync_attempts AS last ON last.id =
    (SELECT max(id) FROM sync_attempts WHERE schedule = schedules.name AND status NOT IN ('running', 'missed'))
WHERE schedules.removed_at IS NULL;

-- Captures of an archive's pages that the index of a web archive lists. One is held if there is a read of its uri at
-- its time. page is the address on the archive's own host, so that all its aliases have one history; uri is the address
-- as it is stored, original as it is listed. digest is that of the payload, as the index states it.
-- reason: why the web archive did not play it back when it was requested last, at requested_at.
CREATE TABLE web_captures (
    id INTEGER PRIMARY KEY,
    web_archive TEXT NOT NULL,
    source TEXT NOT NULL,
    page TEXT NOT NULL,
    uri TEXT NOT NULL,
    original TEXT NOT NULL,
    captured_at TEXT NOT NULL,
    media_type TEXT,
    status INTEGER,
    digest TEXT,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    reason TEXT,
    requested_at TEXT,
    UNIQUE (web_archive, uri, captured_at)
);
CREATE INDEX web_captures_page ON web_captures (source, web_archive, page, captured_at);
CREATE INDEX web_captures_read ON web_captures (uri, captured_at);

-- What a run has found in a web archive: how many captures of how many pages its index lists in the time that was asked
-- for, and what became of those that were wanted. That is a verdict on the web archive, never on the archive's listings.
CREATE TABLE web_archive_runs (
    run_id INTEGER PRIMARY KEY REFERENCES runs (id),
    web_archive TEXT NOT NULL,
    dialect TEXT,
    since TEXT NOT NULL,
    until TEXT NOT NULL,
    versions TEXT NOT NULL CHECK (versions IN ('newest', 'changed', 'all')),
    queries INTEGER NOT NULL,
    listed INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    wanted INTEGER NOT NULL,
    held INTEGER NOT NULL,
    not_playable INTEGER NOT NULL,
    not_requested INTEGER NOT NULL
);

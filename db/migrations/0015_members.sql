-- A listing of everything that the archive has: who leaves it is gone.
ALTER TABLE listings ADD COLUMN whole INTEGER NOT NULL DEFAULT 0;
-- Which documents stand on a walked listing. missed: how many complete walks in a row lacked it; left_at: when two had.
CREATE TABLE members (
    listing_id INTEGER NOT NULL REFERENCES listings (id),
    document_id INTEGER NOT NULL REFERENCES documents (id),
    missed INTEGER NOT NULL DEFAULT 0,
    left_at TEXT,
    PRIMARY KEY (listing_id, document_id)
) WITHOUT ROWID;
CREATE INDEX members_document ON members (document_id);
CREATE INDEX members_missed ON members (listing_id, missed) WHERE missed > 0;

-- How full the pages were that a run has read: what fell away since the runs before shows that a site has changed.
-- field 'pages': of so many pages asked for, how many could be read; 'records': of so many pages, how many records.
CREATE TABLE fill (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    source TEXT NOT NULL,
    form TEXT,
    listing_id INTEGER REFERENCES listings (id),
    field TEXT NOT NULL,
    filled INTEGER NOT NULL,
    records INTEGER NOT NULL
);
CREATE INDEX fill_run ON fill (run_id);
CREATE INDEX fill_of ON fill (source, listing_id, form, field, run_id);

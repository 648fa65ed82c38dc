-- Archive files that were read whole and without any error: read again, they would bring nothing new.
CREATE TABLE archives (
    sha256 TEXT NOT NULL,
    sources TEXT NOT NULL,
    listing TEXT NOT NULL,
    parser_version INTEGER NOT NULL,
    path TEXT NOT NULL,
    pages INTEGER NOT NULL,
    records INTEGER NOT NULL,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    PRIMARY KEY (sha256, sources, listing)
) WITHOUT ROWID;

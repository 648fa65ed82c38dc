-- Documents that nobody is to see, by the id that they had. What was known of them lies in a file of its own beside the
-- database, which is never served; here is only what keeps them out: their keys and addresses as hashes. kept_as: its number there.
CREATE TABLE withdrawn (
    id INTEGER PRIMARY KEY,
    withdrawn_at TEXT NOT NULL,
    kept_as INTEGER NOT NULL
);
CREATE TABLE withdrawn_keys (
    key TEXT NOT NULL,
    document_id INTEGER NOT NULL REFERENCES withdrawn (id),
    PRIMARY KEY (key, document_id)
) WITHOUT ROWID;

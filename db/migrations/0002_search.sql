-- External content, so the text is stored once. A trigger only notes what is to be indexed, with the values that the
-- index still holds (deleting by other values would leave the old words findable for ever); the harvester indexes in
-- chunks. So the notes are also the marker that the index is behind: a crash cannot lose them.
CREATE VIRTUAL TABLE documents_fts USING fts5 (
    title, summary,
    content = "documents", content_rowid = "id",
    tokenize = "porter unicode61 remove_diacritics 2"
);
CREATE TABLE documents_unindexed (id INTEGER PRIMARY KEY, indexed INTEGER NOT NULL, title TEXT, summary TEXT);
CREATE TRIGGER documents_unindexed_insert AFTER INSERT ON documents BEGIN
    INSERT OR IGNORE INTO documents_unindexed (id, indexed) VALUES (new.id, 0);
END;
CREATE TRIGGER documents_unindexed_delete AFTER DELETE ON documents BEGIN
    INSERT OR IGNORE INTO documents_unindexed VALUES (old.id, 1, old.title, old.summary);
END;
CREATE TRIGGER documents_unindexed_update AFTER UPDATE OF title, summary ON documents
WHEN old.title IS NOT new.title OR old.summary IS NOT new.summary BEGIN
    INSERT OR IGNORE INTO documents_unindexed VALUES (old.id, 1, old.title, old.summary);
END;

CREATE VIRTUAL TABLE texts_fts USING fts5 (
    text,
    content = "texts", content_rowid = "id",
    tokenize = "porter unicode61 remove_diacritics 2"
);
CREATE TABLE texts_unindexed (id INTEGER PRIMARY KEY, indexed INTEGER NOT NULL, text TEXT);
CREATE TRIGGER texts_unindexed_insert AFTER INSERT ON texts BEGIN
    INSERT OR IGNORE INTO texts_unindexed (id, indexed) VALUES (new.id, 0);
END;
CREATE TRIGGER texts_unindexed_delete AFTER DELETE ON texts BEGIN
    INSERT OR IGNORE INTO texts_unindexed VALUES (old.id, 1, old.text);
END;
CREATE TRIGGER texts_unindexed_update AFTER UPDATE OF text ON texts WHEN old.text IS NOT new.text BEGIN
    INSERT OR IGNORE INTO texts_unindexed VALUES (old.id, 1, old.text);
END;

-- External content, so the text is stored once. Kept in step by triggers; deletion needs the old values.
CREATE VIRTUAL TABLE documents_fts USING fts5 (
    title, summary,
    content = "documents", content_rowid = "id",
    tokenize = "porter unicode61 remove_diacritics 2"
);
CREATE TRIGGER documents_fts_insert AFTER INSERT ON documents BEGIN
    INSERT INTO documents_fts (rowid, title, summary) VALUES (new.id, new.title, new.summary);
END;
CREATE TRIGGER documents_fts_delete AFTER DELETE ON documents BEGIN
    INSERT INTO documents_fts (documents_fts, rowid, title, summary)
    VALUES ('delete', old.id, old.title, old.summary);
END;
CREATE TRIGGER documents_fts_update AFTER UPDATE OF title, summary ON documents
WHEN old.title IS NOT new.title OR old.summary IS NOT new.summary BEGIN
    INSERT INTO documents_fts (documents_fts, rowid, title, summary)
    VALUES ('delete', old.id, old.title, old.summary);
    INSERT INTO documents_fts (rowid, title, summary) VALUES (new.id, new.title, new.summary);
END;

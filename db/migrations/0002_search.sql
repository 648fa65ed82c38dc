-- What is searched of each document, one row each, as it stands in the tables.
CREATE VIEW document_words AS
SELECT d.id, d.title, d.summary,
    (SELECT group_concat(text, char(10)) FROM (SELECT text FROM texts WHERE document_id = d.id ORDER BY id)) AS text,
    d.sender, d.recipient,
    (SELECT group_concat(term, char(10)) FROM document_terms WHERE document_id = d.id AND facet = 'person') AS person,
    (SELECT group_concat(term, char(10)) FROM document_terms WHERE document_id = d.id AND facet = 'place') AS place,
    (SELECT group_concat(term, char(10)) FROM document_terms WHERE document_id = d.id AND facet = 'subject') AS subject,
    (SELECT group_concat(term, char(10)) FROM document_terms WHERE document_id = d.id AND facet = 'contributor')
        AS author,
    (SELECT group_concat(term, char(10)) FROM document_terms
        WHERE document_id = d.id AND facet IN ('collection', 'donor', 'other')) AS collection,
    coalesce(d.archive, '') || char(10) || coalesce(d.archive_location, '') || char(10)
        || coalesce(d.classification, '') AS archive,
    coalesce(d.record_id, '') || char(10) || coalesce(d.node_id, '') || char(10) || d.key || char(10)
        || coalesce(d.slug, '') AS number
FROM documents AS d;

-- One row a document, so that its words are found however they are spread over it. Without content: the text is stored
-- once, in its own table, and the index holds it with the letters folded that the tokenizer leaves as they are (ł is l;
-- see db/pages/folding.py), so that plain tools can read this table, too.
CREATE VIRTUAL TABLE documents_fts USING fts5 (
    title, summary, text, sender, recipient, person, place, subject, author, collection, archive, number,
    content = "",
    tokenize = "porter unicode61 remove_diacritics 2"
);

-- A trigger only notes what is to be indexed, with the words that the index still holds (deleting by other words would
-- leave the old ones findable for ever); the harvester indexes in chunks. So the notes are also the marker that the
-- index is behind: a crash cannot lose them. indexed: 0 where the index does not hold the document yet.
CREATE TABLE documents_unindexed (
    id INTEGER PRIMARY KEY, indexed INTEGER NOT NULL,
    title TEXT, summary TEXT, text TEXT, sender TEXT, recipient TEXT, person TEXT, place TEXT, subject TEXT, author TEXT,
    collection TEXT, archive TEXT, number TEXT
);
CREATE TRIGGER documents_unindexed_insert AFTER INSERT ON documents BEGIN
    INSERT OR IGNORE INTO documents_unindexed (id, indexed) VALUES (new.id, 0);
END;
CREATE TRIGGER documents_unindexed_delete BEFORE DELETE ON documents
WHEN NOT EXISTS (SELECT 1 FROM documents_unindexed WHERE id = old.id) BEGIN
    INSERT INTO documents_unindexed SELECT id, 1, title, summary, text, sender, recipient, person, place, subject,
        author, collection, archive, number FROM document_words WHERE id = old.id;
END;
CREATE TRIGGER documents_unindexed_update BEFORE UPDATE OF title, summary, sender, recipient, archive, archive_location,
    classification, record_id, node_id, key, slug ON documents
WHEN (old.title, old.summary, old.sender, old.recipient, old.archive, old.archive_location, old.classification,
    old.record_id, old.node_id, old.key, old.slug) IS NOT (new.title, new.summary, new.sender, new.recipient, new.archive,
    new.archive_location, new.classification, new.record_id, new.node_id, new.key, new.slug)
AND NOT EXISTS (SELECT 1 FROM documents_unindexed WHERE id = old.id) BEGIN
    INSERT INTO documents_unindexed SELECT id, 1, title, summary, text, sender, recipient, person, place, subject,
        author, collection, archive, number FROM document_words WHERE id = old.id;
END;
CREATE TRIGGER documents_unindexed_text_insert BEFORE INSERT ON texts
WHEN NOT EXISTS (SELECT 1 FROM documents_unindexed WHERE id = new.document_id) BEGIN
    INSERT INTO documents_unindexed SELECT id, 1, title, summary, text, sender, recipient, person, place, subject,
        author, collection, archive, number FROM document_words WHERE id = new.document_id;
END;
CREATE TRIGGER documents_unindexed_text_delete BEFORE DELETE ON texts
WHEN NOT EXISTS (SELECT 1 FROM documents_unindexed WHERE id = old.document_id) BEGIN
    INSERT INTO documents_unindexed SELECT id, 1, title, summary, text, sender, recipient, person, place, subject,
        author, collection, archive, number FROM document_words WHERE id = old.document_id;
END;
CREATE TRIGGER documents_unindexed_text_update BEFORE UPDATE OF text, document_id ON texts
WHEN old.text IS NOT new.text OR old.document_id IS NOT new.document_id BEGIN
    INSERT OR IGNORE INTO documents_unindexed SELECT id, 1, title, summary, text, sender, recipient, person, place,
        subject, author, collection, archive, number FROM document_words WHERE id IN (old.document_id, new.document_id);
END;
CREATE TRIGGER documents_unindexed_term_insert BEFORE INSERT ON document_terms
WHEN NOT EXISTS (SELECT 1 FROM documents_unindexed WHERE id = new.document_id) BEGIN
    INSERT INTO documents_unindexed SELECT id, 1, title, summary, text, sender, recipient, person, place, subject,
        author, collection, archive, number FROM document_words WHERE id = new.document_id;
END;
CREATE TRIGGER documents_unindexed_term_delete BEFORE DELETE ON document_terms
WHEN NOT EXISTS (SELECT 1 FROM documents_unindexed WHERE id = old.document_id) BEGIN
    INSERT INTO documents_unindexed SELECT id, 1, title, summary, text, sender, recipient, person, place, subject,
        author, collection, archive, number FROM document_words WHERE id = old.document_id;
END;
CREATE TRIGGER documents_unindexed_term_update BEFORE UPDATE ON document_terms BEGIN
    INSERT OR IGNORE INTO documents_unindexed SELECT id, 1, title, summary, text, sender, recipient, person, place,
        subject, author, collection, archive, number FROM document_words WHERE id IN (old.document_id, new.document_id);
END;

-- For the reading room. Filters on what was found by words look at each document found: here, without its summary.
CREATE INDEX documents_facts ON documents (id, year, kind, date_from, gone_at);
-- Filters by themselves start from a kind and go on by date; what the first index was for, this one does too.
CREATE INDEX documents_kind_date ON documents (kind, date_from, id);
DROP INDEX documents_kind;
CREATE INDEX documents_changed ON documents (last_changed, id);
-- Who wrote to whom: related documents.
CREATE INDEX documents_sender ON documents (sender, recipient) WHERE sender IS NOT NULL;
CREATE INDEX documents_recipient ON documents (recipient, sender) WHERE recipient IS NOT NULL;
-- To which document a text belongs, without reading the text.
CREATE INDEX texts_facts ON texts (id, document_id);

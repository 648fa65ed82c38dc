-- What the front page counts: gone documents are few, and finding them must not read the others.
CREATE INDEX documents_gone ON documents (gone_at) WHERE gone_at IS NOT NULL;

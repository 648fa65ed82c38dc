-- When the bytes of this reading were had: a page found unchanged was still so then, whatever is harvested later.
ALTER TABLE reads ADD COLUMN captured_at TEXT;
-- The capture whose file took the place of the one that said this: it counts no more, but it was known before.
ALTER TABLE statements ADD COLUMN replaced_by INTEGER REFERENCES captures (id);
-- Which capture of a page is the newest, the time decides: older pages may be harvested later.
DROP INDEX captures_uri;
CREATE INDEX captures_uri ON captures (uri, captured_at, id);

-- What document pages say besides: when a document was put online, and the line that thanks a donor.
ALTER TABLE documents ADD COLUMN uploaded TEXT;
ALTER TABLE documents ADD COLUMN credit TEXT;
-- HTML pages of which the fast engine's reading was not consistent with itself, so that the reference was taken.
ALTER TABLE runs ADD COLUMN reference_readings INTEGER NOT NULL DEFAULT 0;

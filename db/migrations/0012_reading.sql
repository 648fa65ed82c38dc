-- What two people wrote to each other, around a date, without reading the documents themselves. One index serves both
-- directions: the second asks with the names exchanged.
DROP INDEX documents_recipient;
DROP INDEX documents_sender;
CREATE INDEX documents_parties ON documents (sender, recipient, date_from, id) WHERE sender IS NOT NULL;
-- The kinds of a year's documents, as the table of documents counts them, without reading the documents themselves.
DROP INDEX documents_year;
CREATE INDEX documents_year_kind ON documents (year, kind);

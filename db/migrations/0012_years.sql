-- The kinds of a year's documents, as the table of documents counts them, without reading the documents themselves.
DROP INDEX documents_year;
CREATE INDEX documents_year_kind ON documents (year, kind);

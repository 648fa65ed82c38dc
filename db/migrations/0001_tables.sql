-- documents.id is a rising integer: a text primary key loads seven times slower, and external-content
-- full text needs a key that VACUUM never renumbers.
CREATE TABLE documents (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    title TEXT NOT NULL,
    date TEXT,
    date_text TEXT,
    date_from TEXT,
    date_to TEXT,
    date_precision TEXT NOT NULL DEFAULT 'none' CHECK (date_precision IN
        ('day', 'month', 'year', 'season', 'decade', 'century', 'span', 'ambiguous', 'none')),
    year INTEGER,
    kind TEXT,
    sender TEXT,
    recipient TEXT,
    summary TEXT,
    url TEXT,
    slug TEXT,
    record_id TEXT,
    node_id TEXT,
    archive TEXT,
    archive_location TEXT,
    classification TEXT,
    rights TEXT,
    first_seen TEXT NOT NULL,
    last_changed TEXT NOT NULL,
    gone_at TEXT,
    -- When the archive put the document online, and the line that thanks a donor: only document pages state them.
    uploaded TEXT,
    credit TEXT,
    -- A hash of its texts and files, NULL where it has none.
    attached TEXT
);
-- An index for every facet: Datasette silently drops a facet that takes longer than 200 ms.
CREATE INDEX documents_date ON documents (date_from, id, date_to);
CREATE INDEX documents_year_kind ON documents (year, kind);
CREATE INDEX documents_kind_date ON documents (kind, date_from, id);
CREATE INDEX documents_changed ON documents (last_changed, id);
-- What two people wrote to each other, around a date. One index serves both directions.
CREATE INDEX documents_parties ON documents (sender, recipient, date_from, id) WHERE sender IS NOT NULL;
-- Gone documents are few: counting them must not read the others.
CREATE INDEX documents_gone ON documents (gone_at) WHERE gone_at IS NOT NULL;
-- What the reading room counts by, without reading summaries.
CREATE INDEX documents_filter ON documents (id, kind, sender, recipient, source, date_from, date_to, gone_at);

CREATE TABLE document_terms (
    document_id INTEGER NOT NULL REFERENCES documents (id),
    facet TEXT NOT NULL
        CHECK (facet IN ('language', 'subject', 'person', 'place', 'contributor', 'collection', 'donor', 'other')),
    term TEXT NOT NULL,
    PRIMARY KEY (document_id, facet, term)
) WITHOUT ROWID;
CREATE INDEX document_terms_term ON document_terms (facet, term, document_id);

-- Every key ever known leads to its document. A natural key can lead to several; an address leads to one at a time:
-- since and until say when pages showed the document there. until is NULL while it is there.
CREATE TABLE identities (
    key TEXT NOT NULL,
    document_id INTEGER NOT NULL REFERENCES documents (id),
    since TEXT,
    until TEXT,
    PRIMARY KEY (key, document_id)
) WITHOUT ROWID;
CREATE INDEX identities_document ON identities (document_id);
CREATE INDEX identities_until ON identities (key) WHERE until IS NOT NULL;

CREATE TABLE listings (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    name TEXT NOT NULL,
    url TEXT,
    declared_total INTEGER,
    -- What that means: exact, floor (at least so many), estimate, ceiling (the site shows no more than these).
    total_kind TEXT,
    -- 1: a listing of everything that the archive has; a document that leaves it is gone.
    is_whole_source INTEGER NOT NULL DEFAULT 0,
    -- Within how many days saved pages must have been captured for their positions to add up.
    span_days INTEGER NOT NULL DEFAULT 7
);

-- form is NULL where the page was refused; refusal_code then says why. error_count: how much the page promised and
-- did not hold.
CREATE TABLE captures (
    id INTEGER PRIMARY KEY,
    uri TEXT NOT NULL,
    source TEXT NOT NULL,
    listing_id INTEGER REFERENCES listings (id),
    captured_at TEXT,
    sha256 TEXT NOT NULL,
    content_hash TEXT,
    parser_version INTEGER NOT NULL,
    form TEXT,
    first INTEGER,
    last INTEGER,
    declared_total INTEGER,
    declared_pages INTEGER,
    total_kind TEXT,
    records INTEGER NOT NULL DEFAULT 0,
    -- Whether it links to a page of the listing behind it: a total that is too low shows by that.
    has_next_page INTEGER NOT NULL DEFAULT 0,
    next_page TEXT,
    file TEXT,
    offset INTEGER,
    etag TEXT,
    last_modified TEXT,
    refusal_code TEXT,
    error_count INTEGER NOT NULL DEFAULT 0
);
-- Which capture of a page is the newest, its time decides: older pages may be harvested later.
CREATE INDEX captures_uri ON captures (uri, captured_at, id);
-- Only pages without an address are known by their bytes; a random key in an index costs a page of the log a commit.
CREATE INDEX captures_sha256 ON captures (sha256) WHERE uri LIKE 'file:%';
CREATE INDEX captures_listing ON captures (listing_id);

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    command TEXT NOT NULL,
    started_at TEXT NOT NULL,
    finished_at TEXT,
    status TEXT NOT NULL DEFAULT 'running'
        CHECK (status IN ('running', 'complete', 'partial', 'failed', 'interrupted')),
    pages INTEGER NOT NULL DEFAULT 0,
    records INTEGER NOT NULL DEFAULT 0,
    new INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,
    unchanged INTEGER NOT NULL DEFAULT 0,
    gone INTEGER NOT NULL DEFAULT 0,
    returned INTEGER NOT NULL DEFAULT 0,
    problems INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    ignored INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    -- HTML pages of which the fast engine's reading was not consistent with itself, so that the reference was taken.
    reference_readings INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE reads (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    capture_id INTEGER NOT NULL REFERENCES captures (id),
    uri TEXT NOT NULL,
    read_at TEXT NOT NULL,
    http_status INTEGER,
    -- Where the answer lies in the WARC file that the run wrote: what lies there without a read was not committed.
    file TEXT,
    offset INTEGER,
    -- When the bytes of this reading were had: a page found unchanged was still so then.
    captured_at TEXT
);
CREATE INDEX reads_run ON reads (run_id);
CREATE INDEX reads_capture ON reads (capture_id);
-- Whether a page is older than what was read before.
CREATE INDEX reads_captured ON reads (captured_at);

-- What a page says of one item. A listing's statement is kept once, however many captures repeat it (sightings); a
-- document's own page makes one with each capture. When it was said, the reads of those captures tell: each is a vote,
-- and a document is a function of its votes alone, so the order in which pages arrive cannot matter.
-- key: the address that the statement stands under. is_own_page: 1 for a document's own page. truncated: 1 where the
-- page was cut off in it.
-- document_id is NULL where it cannot be known which document is meant; of an own page that is a claim.
CREATE TABLE statements (
    id INTEGER PRIMARY KEY,
    document_id INTEGER REFERENCES documents (id),
    key TEXT NOT NULL,
    natural_key TEXT NOT NULL,
    form TEXT NOT NULL,
    host TEXT NOT NULL,
    is_own_page INTEGER NOT NULL DEFAULT 0,
    truncated INTEGER NOT NULL DEFAULT 0,
    hash TEXT NOT NULL,
    content TEXT NOT NULL,
    capture_id INTEGER NOT NULL REFERENCES captures (id)
);
CREATE INDEX statements_key ON statements (key, form, host);
CREATE INDEX statements_document ON statements (document_id);
CREATE INDEX statements_own_page ON statements (capture_id) WHERE is_own_page;
CREATE INDEX statements_unassigned ON statements (key, is_own_page) WHERE document_id IS NULL;

-- What a listing says of a document otherwise than before, until the document's own page has been read since.
-- applied: 1 where the document has the new value meanwhile.
CREATE TABLE unconfirmed_changes (
    document_id INTEGER NOT NULL REFERENCES documents (id),
    field TEXT NOT NULL,
    listing_id INTEGER NOT NULL REFERENCES listings (id),
    capture_id INTEGER NOT NULL REFERENCES captures (id),
    observed_at TEXT NOT NULL,
    applied INTEGER NOT NULL,
    PRIMARY KEY (document_id, field)
) WITHOUT ROWID;
CREATE INDEX unconfirmed_changes_listing ON unconfirmed_changes (listing_id, observed_at);

-- Walks in which a listing said one field of more than a tenth of its records otherwise: the site has changed, not the
-- records. Between first_at and last_at what it says of that field takes no document's value.
CREATE TABLE site_changes (
    listing_id INTEGER NOT NULL REFERENCES listings (id),
    field TEXT NOT NULL,
    first_at TEXT NOT NULL,
    last_at TEXT NOT NULL,
    PRIMARY KEY (listing_id, field, first_at)
) WITHOUT ROWID;

-- Texts and files of own pages that no document holds now: earlier ones, and those of claims. content is JSON.
CREATE TABLE attachments (
    hash TEXT PRIMARY KEY,
    content TEXT NOT NULL,
    capture_id INTEGER NOT NULL REFERENCES captures (id)
) WITHOUT ROWID;

-- document_id is NULL where the page does not say which of several documents is meant.
CREATE TABLE sightings (
    capture_id INTEGER NOT NULL REFERENCES captures (id),
    position INTEGER NOT NULL,
    document_id INTEGER REFERENCES documents (id),
    date_text TEXT,
    title TEXT NOT NULL,
    has_summary INTEGER NOT NULL,
    statement_id INTEGER NOT NULL REFERENCES statements (id),
    PRIMARY KEY (capture_id, position)
) WITHOUT ROWID;
CREATE INDEX sightings_document ON sightings (document_id, statement_id);
CREATE INDEX sightings_statement ON sightings (statement_id);

CREATE TABLE texts (
    id INTEGER PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES documents (id),
    kind TEXT NOT NULL CHECK (kind IN ('transcript', 'translation')),
    language TEXT,
    text TEXT NOT NULL,
    capture_id INTEGER NOT NULL REFERENCES captures (id)
);
CREATE INDEX texts_document ON texts (document_id);
-- To which document a text belongs, without reading the text.
CREATE INDEX texts_document_id ON texts (id, document_id);

CREATE TABLE files (
    document_id INTEGER NOT NULL REFERENCES documents (id),
    url TEXT NOT NULL,
    media_type TEXT,
    bytes INTEGER,
    sha256 TEXT,
    capture_id INTEGER NOT NULL REFERENCES captures (id),
    PRIMARY KEY (document_id, url)
) WITHOUT ROWID;

CREATE TABLE walks (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    listing_id INTEGER NOT NULL REFERENCES listings (id),
    started_at TEXT NOT NULL,
    finished_at TEXT,
    declared_total INTEGER,
    distinct_records INTEGER,
    pages INTEGER NOT NULL DEFAULT 0,
    drift INTEGER NOT NULL DEFAULT 0,
    status TEXT CHECK (status IN ('complete', 'partial', 'bounded', 'interrupted')),
    proof TEXT CHECK (proof IN ('ordered', 'twice')),
    -- What its pages declared, so what it was compared with; nothing: two equal passes are all the proof there is.
    checked_against TEXT CHECK (checked_against IN ('range', 'total', 'pages', 'nothing')),
    reason TEXT
);
CREATE INDEX walks_run ON walks (run_id);
CREATE INDEX walks_listing ON walks (listing_id, id);

-- The pages of a walk in the order in which they were read, and why: a walk that was cut short goes on from here.
-- capture_id is NULL where the page could not be had or was refused.
CREATE TABLE walk_pages (
    id INTEGER PRIMARY KEY,
    walk_id INTEGER NOT NULL REFERENCES walks (id),
    page_number INTEGER NOT NULL,
    reason TEXT NOT NULL,
    capture_id INTEGER REFERENCES captures (id),
    unchanged INTEGER NOT NULL DEFAULT 0,
    from_cache INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX walk_pages_walk ON walk_pages (walk_id);

-- Which live run holds a source. A lock whose heartbeat has stopped is dead.
CREATE TABLE source_locks (
    source TEXT PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    holder TEXT NOT NULL,
    heartbeat TEXT NOT NULL
) WITHOUT ROWID;

-- Which documents are on a walked listing. missed_walks: how many complete walks in a row lacked it; left_at: when two
-- had.
CREATE TABLE listing_members (
    listing_id INTEGER NOT NULL REFERENCES listings (id),
    document_id INTEGER NOT NULL REFERENCES documents (id),
    missed_walks INTEGER NOT NULL DEFAULT 0,
    left_at TEXT,
    PRIMARY KEY (listing_id, document_id)
) WITHOUT ROWID;
CREATE INDEX listing_members_document ON listing_members (document_id);
CREATE INDEX listing_members_missed ON listing_members (listing_id, missed_walks) WHERE missed_walks > 0;

-- How full the pages were that a run has read: what fell away since the runs before shows that a site has changed.
-- Of `total` records, how many had the field. Field 'pages': of so many pages asked for, how many could be read;
-- 'records': of so many pages, how many records.
CREATE TABLE fill_rates (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    source TEXT NOT NULL,
    form TEXT,
    listing_id INTEGER REFERENCES listings (id),
    field TEXT NOT NULL,
    filled INTEGER NOT NULL,
    total INTEGER NOT NULL
);
CREATE INDEX fill_rates_run ON fill_rates (run_id);
CREATE INDEX fill_rates_series ON fill_rates (source, listing_id, form, field, run_id);

-- filled: a field that was empty, by the first page of its kind: nothing has changed at the archive. Where the field is
-- a text, `after` is NULL: `texts` has it, or `before` of the next change of this field once it is replaced.
-- capture_id: the page that says the new value, or does not say the old one any more.
-- merged_from: the change belongs to a document that was merged into document_id, and had this id.
-- is_past: learned from older pages; it happened before what the document held then, so it is no part of the chain in which
-- each change begins with the value that the one before it ended with.
CREATE TABLE changes (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    document_id INTEGER NOT NULL REFERENCES documents (id),
    capture_id INTEGER REFERENCES captures (id),
    observed_at TEXT,
    kind TEXT NOT NULL CHECK (kind IN ('new', 'filled', 'changed', 'gone', 'returned', 'merged')),
    field TEXT,
    before TEXT,
    after TEXT,
    merged_from INTEGER,
    is_past INTEGER NOT NULL DEFAULT 0 CHECK (is_past IN (0, 1))
);
CREATE INDEX changes_document ON changes (document_id);
CREATE INDEX changes_run ON changes (run_id);
CREATE INDEX changes_kind ON changes (kind);
-- Ids of merged documents are never given again.
CREATE INDEX changes_merged ON changes (merged_from) WHERE merged_from IS NOT NULL;

CREATE TABLE problems (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    uri TEXT,
    position INTEGER,
    severity TEXT NOT NULL CHECK (severity IN ('notice', 'warning', 'error')),
    code TEXT NOT NULL,
    message TEXT NOT NULL,
    extract TEXT
);
CREATE INDEX problems_run ON problems (run_id);
CREATE INDEX problems_severity ON problems (severity);
CREATE INDEX problems_code ON problems (code);

-- Container files (zip, tar, WARC) that were read whole and without any error: read again, they would bring nothing new.
CREATE TABLE containers_read (
    sha256 TEXT NOT NULL,
    sources TEXT NOT NULL,
    listing TEXT NOT NULL,
    parser_version INTEGER NOT NULL,
    path TEXT NOT NULL,
    pages INTEGER NOT NULL,
    records INTEGER NOT NULL,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    PRIMARY KEY (sha256, sources, listing)
) WITHOUT ROWID;

-- Documents that nobody is to see, by the id that they had. What was known of them lies in a file of its own beside the
-- database, which is never served; here is only what keeps them out: hashes of what they are known by, made with a
-- secret that lies there, too. vault_id: its number in that file. same_as: the withdrawn document that it proved to be.
-- seal: a digest of the row and of its keys.
CREATE TABLE withdrawn (
    id INTEGER PRIMARY KEY,
    withdrawn_at TEXT NOT NULL,
    vault_id INTEGER NOT NULL,
    same_as INTEGER,
    seal TEXT NOT NULL DEFAULT ''
);
-- Hashes of keys, addresses, titles with their dates, and summaries. With ! before it: the key of a namesake that can be
-- seen. With ? before it: one that is withheld until its page shows whose it is.
CREATE TABLE withdrawn_keys (
    key TEXT NOT NULL,
    document_id INTEGER NOT NULL REFERENCES withdrawn (id),
    PRIMARY KEY (key, document_id)
) WITHOUT ROWID;

-- How many rows of each table the harvester has written, and the sum of their hashes: whether something else has written
-- there since. Temporary triggers of the harvester's own connections count. Not of what is compared with what pages say
-- (terms, and most columns of documents), nor of what is withdrawn, which has seals.
CREATE TABLE digests (
    name TEXT PRIMARY KEY,
    rows INTEGER NOT NULL DEFAULT 0,
    sum INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO digests (name) VALUES
    ('attachments'), ('captures'), ('changes'), ('containers_read'), ('documents'), ('files'), ('fill_rates'),
    ('identities'), ('incidents'), ('listing_members'), ('listings'), ('notifications'), ('problems'), ('reads'),
    ('runs'), ('schedules'), ('sightings'), ('site_changes'), ('source_locks'), ('statements'), ('sync_attempts'),
    ('texts'), ('unconfirmed_changes'), ('walk_pages'), ('walks');

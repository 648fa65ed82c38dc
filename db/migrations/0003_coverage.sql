-- What is held of what each listing declares. Of the last walk that went to its end (one that was asked to stop early, or
-- was cut short, says nothing of what is held), where there was one; otherwise the positions that the newest capture of
-- each page holds. A page without a range line numbers its records from 1 on every page, so there the distinct
-- statements count. Positions add up only among captures that declare one total and were made within a stated span
-- (listings.span_days): of a listing that has moved meanwhile, `mixed`, nobody knows what stood where. Captures without a
-- time add up among themselves.
CREATE VIEW coverage AS
WITH newest AS (
    SELECT id, listing_id, max(coalesce(captured_at, '') || substr('00000000000' || id, -12)) FROM captures
    WHERE listing_id IS NOT NULL AND form IS NOT NULL GROUP BY listing_id, uri
),
walked AS (
    SELECT listing_id, max(id) AS id FROM walks WHERE status IN ('complete', 'partial') GROUP BY listing_id
),
places AS (
    SELECT DISTINCT newest.listing_id,
        CASE WHEN captures.first IS NULL THEN sightings.statement_id ELSE sightings.position END AS place,
        captures.first IS NULL AND listings.declared_total IS NOT NULL AS unplaced
    FROM newest JOIN captures USING (id) JOIN sightings ON sightings.capture_id = newest.id
    JOIN listings ON listings.id = newest.listing_id
    WHERE listings.declared_total IS NULL OR sightings.position <= listings.declared_total
),
spaced AS (
    SELECT listing_id, place, unplaced, lead(place) OVER (PARTITION BY listing_id ORDER BY place) AS next FROM places
),
spread AS (
    SELECT newest.listing_id,
        count(DISTINCT captures.declared_total) > 1
        OR count(captures.captured_at) NOT IN (0, count(*))
        OR coalesce(julianday(max(captures.captured_at)) - julianday(min(captures.captured_at)), 0) > listings.span_days
        AS mixed
    FROM newest JOIN captures USING (id) JOIN listings ON listings.id = newest.listing_id
    WHERE listings.declared_total IS NOT NULL GROUP BY newest.listing_id
),
counted AS (
    SELECT listing_id, count(*) AS held,
        max(unplaced) AS unplaced,
        CASE WHEN min(place) > 1 THEN 1
            ELSE min(CASE WHEN next IS NULL OR next > place + 1 THEN place + 1 END) END AS gap
    FROM spaced GROUP BY listing_id
)
SELECT
    listings.id AS listing_id,
    listings.name AS name,
    coalesce(walks.declared_total, listings.declared_total) AS declared_total,
    coalesce(walks.distinct_records, counted.held, 0) AS held,
    max(0, coalesce(walks.declared_total, listings.declared_total)
        - coalesce(walks.distinct_records, counted.held, 0)) AS missing,
    CASE WHEN walks.id IS NULL AND NOT coalesce(counted.unplaced, 0) AND coalesce(counted.gap, 1) <= listings.declared_total
        THEN coalesce(counted.gap, 1) END AS first_missing,
    CASE WHEN walks.id IS NOT NULL THEN 'walk' WHEN spread.mixed THEN 'mixed' ELSE 'positions' END AS basis,
    CASE WHEN walks.id IS NOT NULL THEN walks.status = 'complete'
        WHEN listings.declared_total IS NOT NULL
        THEN NOT coalesce(spread.mixed, 0) AND coalesce(counted.held, 0) >= listings.declared_total
            AND coalesce(listings.total_kind, 'exact') = 'exact' -- what is no exact number proves nothing
        END AS complete
FROM listings
LEFT JOIN counted ON counted.listing_id = listings.id
LEFT JOIN spread ON spread.listing_id = listings.id
LEFT JOIN walked ON walked.listing_id = listings.id
LEFT JOIN walks ON walks.id = walked.id;

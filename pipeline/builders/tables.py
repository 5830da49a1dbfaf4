"""The SQL by which a build looks at all documents and mentions at once, holding none in memory.

DuckDB reads only the columns named here, spills to disk, and every choice among rows has a total
order, so that the same shards give the same rows in any order of arrival. The files between the
passes are described in ``build_inputs``.
"""

from __future__ import annotations

# One row per document: its newest version, how many different texts it had, and the first document
# with exactly the same text (by day of publication; on one day an official one). $documents is a
# list of Parquet files.
NEWEST = """
CREATE TABLE newest AS
WITH version AS (
    SELECT doc_id, external_id, url, source_id, source_kind, title, published, retrieved_at,
           language, word_count, capture_id, text_sha256, byline, published_by,
           published_confidence, text_quality, row_number() OVER (PARTITION BY doc_id
           ORDER BY retrieved_at DESC, capture_id DESC) AS age FROM read_parquet($documents) ),
           texts AS (SELECT doc_id, count(DISTINCT text_sha256) AS version_count FROM version
           GROUP BY doc_id) SELECT version.* EXCLUDE (age), version_count, first_value(doc_id)
           OVER ( PARTITION BY text_sha256 ORDER BY published NULLS LAST, source_kind <>
           'government', retrieved_at, doc_id ) AS first_copy FROM version JOIN texts USING
           (doc_id) WHERE age = 1
"""

NO_DOCUMENTS = "CREATE TABLE newest (doc_id VARCHAR, capture_id VARCHAR, retrieved_at VARCHAR)"

# What the classifiers say of the newest version. $codings is a list of Parquet files.
RELEVANCE = """
CREATE TABLE relevance AS
SELECT doc_id, capture_id,
       max(score) FILTER (dimension = 'relevance') AS relevance_score,
       coalesce(bool_or('outputs_realised' IN (dimension, category)), false) AS outputs_realised
FROM read_parquet($codings) GROUP BY doc_id, capture_id
"""
NO_RELEVANCE = """
CREATE TABLE relevance
    (doc_id VARCHAR, capture_id VARCHAR, relevance_score DOUBLE, outputs_realised BOOLEAN)
"""

# Documents told in one version only, which is their newest: nothing in them is superseded.
SIMPLE = """
CREATE TABLE simple AS
SELECT t.doc_id FROM tellings t LEFT JOIN newest n USING (doc_id)
GROUP BY t.doc_id HAVING min(t.capture_id) = max(t.capture_id)
    AND bool_and(coalesce(t.capture_id = n.capture_id, false))
"""
KEPT = """
CREATE TABLE kept AS
SELECT place, false AS is_superseded, retrieved_at AS first_seen
FROM tellings SEMI JOIN simple USING (doc_id)
"""
SEVERAL_VERSIONS = """
SELECT t.doc_id, t.place, t.packed, n.capture_id FROM tellings t ANTI JOIN simple USING (doc_id)
LEFT JOIN newest n ON n.doc_id = t.doc_id ORDER BY t.doc_id, t.place
"""

# What the standing mentions say about each party before anything is joined.
NODES = """
SELECT node, name, kind, country, count(*) AS told FROM (
    SELECT local AS node, local_name AS name, local_kind AS kind, local_country AS country
    FROM tellings SEMI JOIN kept USING (place)
    UNION ALL
    SELECT partner, partner_name, partner_kind, partner_country
    FROM tellings SEMI JOIN kept USING (place)
) GROUP BY ALL ORDER BY ALL
"""
COUNTERPARTS = """
SELECT DISTINCT local, partner FROM tellings SEMI JOIN kept USING (place) ORDER BY ALL
"""

# Every standing mention with the ids of its parties. `parties` maps a node to its id and to the
# family within which agreements may still be joined; one family of pairs is in one bucket.
TOLD = """
CREATE TABLE told AS
SELECT t.place, t.doc_id, t.capture_id, t.start, t."end", t.level, t.scope, t.score,
       t.is_realised, t.partner_name, l.id AS local_id, p.id AS partner_id,
       least(l.family, p.family) || ' ' || greatest(l.family, p.family) AS family,
       CAST(hash(least(l.family, p.family), greatest(l.family, p.family)) % $buckets AS INTEGER)
           AS bucket,
       k.is_superseded, k.first_seen
FROM tellings t JOIN kept k USING (place)
JOIN parties l ON l.node = t.local JOIN parties p ON p.node = t.partner
"""
SELF_PAIRS = """
SELECT doc_id, capture_id, partner_name FROM told WHERE local_id = partner_id ORDER BY ALL
"""

# The documents that carry a standing mention, by age: what an original is older than. Of several
# versions the one retrieved last speaks.
AGES = """
CREATE TABLE ages AS
SELECT doc_id, capture_id, day, text_sha256,
       row_number() OVER (ORDER BY first_day, last_day, NOT is_official, retrieved_at, doc_id) - 1
           AS age
FROM (
    SELECT doc_id, capture_id, day, text_sha256, first_day, last_day, is_official, retrieved_at
    FROM signatures SEMI JOIN told USING (capture_id)
    QUALIFY row_number() OVER (PARTITION BY doc_id ORDER BY retrieved_at DESC, capture_id DESC) = 1
)
"""
SAME_TEXT = """
SELECT first, age FROM (
    SELECT min(age) OVER (PARTITION BY text_sha256) AS first, age FROM ages
) WHERE first <> age ORDER BY ALL
"""
BANDS = """
SELECT a.age, s.bands FROM ages a JOIN signatures s USING (capture_id)
WHERE octet_length(s.bands) > 0 ORDER BY a.age
"""
MINHASHES = """
SELECT a.age, s.minhash FROM ages a JOIN wanted USING (age)
JOIN signatures s USING (capture_id) ORDER BY a.age
"""
# Documents on a pair of parties that another one on the same pair is near to in time.
STORIES = """
SELECT pair, bucket, age, n.day, s.grams, s.lead, s.language FROM (
    SELECT * FROM (SELECT DISTINCT least(local_id, partner_id) || ' ' ||
                   greatest(local_id, partner_id) AS pair, bucket, doc_id
                   FROM told WHERE local_id <> partner_id)
    JOIN ages USING (doc_id) WHERE day IS NOT NULL
    WINDOW by_day AS (PARTITION BY pair ORDER BY day, age)
    QUALIFY day - lag(day) OVER by_day <= $days OR lead(day) OVER by_day - day <= $days
) n JOIN signatures s USING (capture_id)
"""

# The mentions to merge, each with the original of its document.
MERGING = """
SELECT t.family, t.local_id, t.partner_id, t.is_superseded, t.first_seen, t.bucket, s.packed,
       coalesce(o.original, t.doc_id) AS original
FROM told t JOIN tellings s USING (place) LEFT JOIN originals o ON o.doc_id = t.doc_id
WHERE t.local_id <> t.partner_id
"""
SAID = """
SELECT doc_id, capture_id, start, "end", level, scope, score FROM told
WHERE local_id <> partner_id AND NOT is_superseded
ORDER BY doc_id, capture_id, start, "end", level, scope, score
"""

# What became of each document with a mention.
FINDINGS = """
CREATE TABLE findings AS
SELECT s.doc_id, coalesce(o.original, s.doc_id) AS original, s.best,
       coalesce(t.stands, false) AS stands, coalesce(t.realised, false) AS realised
FROM (SELECT doc_id, max(score) AS best FROM scores GROUP BY doc_id) s
LEFT JOIN originals o USING (doc_id)
LEFT JOIN (SELECT doc_id, true AS stands, bool_or(is_realised) AS realised FROM told
           WHERE local_id <> partner_id GROUP BY doc_id) t USING (doc_id)
"""
REJECTED = """
SELECT s.doc_id, arg_max(s.capture_id, s.place), arg_max(coalesce(s.url, ''), s.place),
       arg_max(s.source_id, s.place), any_value(f.best)
FROM scores s JOIN findings f USING (doc_id) ANTI JOIN tellings t ON t.doc_id = s.doc_id
WHERE s.is_below AND s.is_found GROUP BY s.doc_id ORDER BY s.doc_id
"""

# The rows of `DocumentRow`.
DOCUMENTS = """
SELECT n.doc_id, n.external_id, n.url, n.source_id, n.source_kind, n.title, n.published,
       n.retrieved_at, n.language,
       coalesce(f.stands, false) AS is_relevant,
       coalesce(r.relevance_score, f.best) AS relevance_score,
       coalesce(f.stands, false)
           AND (coalesce(r.outputs_realised, false) OR coalesce(f.realised, false))
           AS outputs_realised,
       n.word_count,
       nullif(coalesce(f.original, c.original, n.first_copy), n.doc_id) AS duplicate_of,
       n.version_count, n.capture_id, n.byline, n.published_by, n.published_confidence,
       n.text_quality
FROM newest n
LEFT JOIN findings f ON f.doc_id = n.doc_id
LEFT JOIN findings c ON c.doc_id = n.first_copy
LEFT JOIN relevance r ON r.doc_id = n.doc_id AND r.capture_id = n.capture_id
ORDER BY n.doc_id
"""

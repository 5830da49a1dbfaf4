"""The SQL by which a build looks at all documents at once, without holding one in memory.

DuckDB reads only the columns named here, spills to disk, and orders the result, so that the same
shards give the same rows in any order of arrival.
"""

from __future__ import annotations

# One row per document: its newest version, how many different texts it had, and the first document
# with exactly the same text (by day of publication; on one day an official one). $documents is a
# list of Parquet files.
NEWEST = """
CREATE TEMP TABLE newest AS
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

# What the classifiers say of the newest version. $codings is a list of Parquet files.
RELEVANCE = """
CREATE TEMP TABLE relevance AS
SELECT doc_id, capture_id,
       max(score) FILTER (dimension = 'relevance') AS relevance_score,
       coalesce(bool_or('outputs_realised' IN (dimension, category)), false) AS outputs_realised
FROM read_parquet($codings) GROUP BY doc_id, capture_id
"""
NO_RELEVANCE = """
CREATE TEMP TABLE relevance
    (doc_id VARCHAR, capture_id VARCHAR, relevance_score DOUBLE, outputs_realised BOOLEAN)
"""

# The rows of `DocumentRow`. `findings` holds the documents with a mention: the original that each
# reprints (itself if none), its best score, whether a mention stands, whether outputs are realised.
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

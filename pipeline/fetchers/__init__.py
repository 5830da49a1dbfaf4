"""Fetchers: what a feed, a sitemap, a page or a file of documents holds. Bytes in, values out."""

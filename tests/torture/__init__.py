"""Long tests of ingest: the real command against a real server on 127.0.0.1 (``make torture``)."""

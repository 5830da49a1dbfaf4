"""The parts of ``validate`` and ``evaluate``: rows in, findings and figures out. No files."""

"""The parts of ``export``: rows in, files' bytes out. Values in, values out: no files, no clock."""

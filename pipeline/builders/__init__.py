"""The parts of ``build``: mentions in, agreements out. Values only: no files, no clock."""

"""The parts of the relate stage: values in, values out; no files, no network, no clock."""

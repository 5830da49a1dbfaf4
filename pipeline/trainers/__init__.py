"""Trainers: rebuild what `models/` holds from data and packages. `train` calls them in order."""

"""City Accords: from news and press releases to agreements that can be checked, cell by cell."""

__version__ = "0.1.0"

"""Classifiers: from a document's annotations to codebook categories, each with its spans."""

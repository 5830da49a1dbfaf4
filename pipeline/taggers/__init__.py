"""Taggers: a text in, spans with labels out. No files, no network, no clock.

A tagger is a function or a small immutable class that is made once per process. The stage ``tag``
lists those that run, in order; to add one, write a module here and put it on that list.
"""

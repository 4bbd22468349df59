"""Metadata of sound files: read from every container, shown and searched, never written.

`reading.read_metadata` is the entry. Damaged metadata never rejects a sound: what can be read is returned.
"""

"""What users say about their sounds: tags, stars, favourites, notes, collections, saved searches, and their history.

Every function blocks; call it in a background thread. A change returns an `edits.Edit`, which `history.History` undoes.
"""

"""The map: a second view of the sounds in the list, in which similar sounds are neighbours."""

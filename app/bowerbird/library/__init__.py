"""Use cases, called by command line and window alike. No Qt, no printing."""

"""The studio without its screens: verbs, rows, files, providers and background work."""

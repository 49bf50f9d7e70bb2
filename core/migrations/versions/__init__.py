"""One file per change of the tables, in order; a file that has been released never changes."""

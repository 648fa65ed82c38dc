"""The database made again: what follows from the pages is thrown away and taken from them anew; all else is kept."""

"""Web archives as a source: their index is listed, captures are chosen from it, played back, and ingested."""

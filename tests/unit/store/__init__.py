"""What the database holds after captures: identity, votes, history, coverage, the schema."""

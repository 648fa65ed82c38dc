"""Documents that nobody is to see: taken out of the database, kept out, and put back."""

"""What pages say: dates, titles, listings as text and as HTML, and pages that are refused."""

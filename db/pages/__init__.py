"""The reading room: the pages that this project adds to Datasette, and what they are made from.

`plugins/pages.py` opens it: Datasette loads each plugin as a module by itself, so they could not share anything.
"""

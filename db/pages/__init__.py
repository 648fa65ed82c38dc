"""The pages that this project adds to Datasette, and the queries behind them.

`plugins/pages.py` registers them: Datasette loads each plugin as a separate module, so plugins cannot share code.
"""

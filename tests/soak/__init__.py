"""Long tests by hand, as programs: `python -m tests.soak.NAME --help`. The tests run some of them in short."""

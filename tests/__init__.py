"""The tests of minigrad: they mirror the package file for file, and add the tests of the whole."""

"""Errors, validation, text, files, signals and processes, without torch or matplotlib."""

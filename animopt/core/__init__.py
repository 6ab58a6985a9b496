"""Foundations without torch or matplotlib: errors, validation, text, files, signals, processes."""

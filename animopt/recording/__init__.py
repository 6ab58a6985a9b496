"""A recorded race as NumPy arrays, and what can be said of it: timeline, events, update rules."""

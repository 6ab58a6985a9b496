"""A recorded race as NumPy arrays, its timeline, its events and the update rules of its optimizers."""

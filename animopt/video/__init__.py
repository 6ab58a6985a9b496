"""Frames to files: film, workers, encoders, formats, outputs."""

"""Overlays: one final class per file, drawn on contour lines. See `animopt.drawing.canvas` for the protocol."""

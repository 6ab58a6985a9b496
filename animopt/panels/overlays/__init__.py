"""What is drawn on contour lines: one final class per file. See `animopt.drawing.canvas` for the protocol."""

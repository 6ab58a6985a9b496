"""The panels of a picture: one final class per file. See `animopt.drawing.canvas` for the protocol."""

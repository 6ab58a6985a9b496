"""The panels of a picture: one final class per file. See `animopt.drawing.panel` for the protocol."""

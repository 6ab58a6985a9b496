"""A lecture: a video of cards and scenes with voices, subtitles and chapters."""

"""The matplotlib half: theme, fonts, layout, camera, artists, labels, canvas."""

"""A scene and its file: running it, rendering it, batches, decks, galleries, recipes."""

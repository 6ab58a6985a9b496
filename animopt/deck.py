"""Decks of slides."""

from animopt.scene.deck import save_deck as save_deck

"""Decks of slides."""

from animopt.lecture.deck import save_deck as save_deck

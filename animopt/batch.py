"""Rendering many scenes."""

from animopt.scene.batch import render_all as render_all

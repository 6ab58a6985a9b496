"""What accompanies a clip: captions, alt text, snippets, slides, pages, notebook display."""

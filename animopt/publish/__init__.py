"""Files and pages that accompany a clip: captions, alt text, snippets, slides, pages, notebook display."""

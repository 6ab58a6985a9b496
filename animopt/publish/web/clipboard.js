/** Copying of text, on a page of races and on that of a gallery. */

/** Copy a text, and return whether that worked. @param {string} text */
export async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A page from a file, or within another one, may have no clipboard of the new kind.
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "unseen";
    area.readOnly = true;
    const before = document.activeElement;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    return done;
  }
}

/** Text on the canvas: its size, its vertical place, and the width that it may have. */

/** Maximum number of letters of a text in one line. No more of them can be read in a picture. */
const MAX_LETTERS = 500;

/** @type {Map<string, {ascent: number, descent: number}>} */
const METRICS = new Map();

/** Fonts of the page. */
let family = "sans-serif";

/** Write with the fonts of an element, and measure their letters again. @param {Element} element */
export function useFontsOf(element) {
  family = getComputedStyle(element).fontFamily;
  METRICS.clear();
}

/** Scale of a type size in a layout. @param {import("./data.js").Layout} layout @param {number} size */
export function textSize(layout, size) {
  return Math.max(layout.minText, size * layout.unit);
}

/** Return how far letters reach above and below the baseline, as fractions of the type size. @param {CanvasRenderingContext2D} context */
function metrics(context, weight = 400) {
  const key = `${weight}`;
  let found = METRICS.get(key);
  if (!found) {
    const before = context.font;
    context.font = `${weight} 100px ${family}`;
    const box = context.measureText("lp");
    found = { ascent: box.actualBoundingBoxAscent / 100, descent: box.actualBoundingBoxDescent / 100 };
    context.font = before;
    METRICS.set(key, found);
  }
  return found;
}

/**
 * @typedef {object} Style
 * @property {number} size
 * @property {string} color
 * @property {number} [weight]
 * @property {"left" | "center" | "right"} [align]
 * @property {"baseline" | "middle" | "center" | "top" | "bottom"} [at] what is at y: the baseline, the middle of the
 *   letters above it, the middle of the whole line, its top or its bottom
 */

/**
 * Write a text.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} words
 * @param {number} x
 * @param {number} y
 * @param {Style} style
 */
export function write(context, words, x, y, { size, color, weight = 400, align = "left", at = "baseline" }) {
  const { ascent, descent } = metrics(context, weight);
  const down = { baseline: 0, middle: ascent / 2, center: (ascent - descent) / 2, top: ascent, bottom: -descent }[at];
  context.font = `${weight} ${size}px ${family}`;
  context.textAlign = align;
  context.textBaseline = "alphabetic";
  context.fillStyle = color;
  context.fillText(words, x, y + down * size);
}

/**
 * Return the width of a text in pixels.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} words
 * @param {number} size
 */
export function widthOf(context, words, size, weight = 400) {
  context.font = `${weight} ${size}px ${family}`;
  return context.measureText(words).width;
}

/**
 * Return a text and its size that fit a width: first its size is reduced, then its length.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} words
 * @param {number} width
 * @param {number} size
 * @param {number} minSize
 */
export function fitted(context, words, width, size, minSize, weight = 400) {
  const some = words.slice(0, MAX_LETTERS);
  const wide = widthOf(context, some, size, weight);
  if (wide <= width && some === words) return { words, size };
  const smaller = Math.min(size, Math.max(minSize, (size * width) / wide));
  if (some === words && widthOf(context, words, smaller, weight) <= width) return { words, size: smaller };
  const cut = (/** @type {number} */ length) => `${some.slice(0, length).replace(/[ ,\ud800-\udbff]+$/, "")}…`;
  let low = 1, high = some.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (widthOf(context, cut(middle), smaller, weight) <= width) low = middle;
    else high = middle;
  }
  return { words: cut(low), size: smaller };
}

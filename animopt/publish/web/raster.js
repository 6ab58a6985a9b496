/**
 * Faces as pixels, without antialiasing: the canvas would leave a gap between two faces, and takes several times as long.
 */

/** Pixels of a rectangle of the picture, into which faces are painted one over the other. */
export class Raster {
  constructor() {
    this.canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const context = this.canvas.getContext("2d");
    if (!context) throw new Error("no canvas");
    this.context = context;
    this.left = 0;
    this.top = 0;
    this.width = 1;
    this.height = 1;
    this.image = new ImageData(1, 1);
    this.pixels = new Uint32Array(this.image.data.buffer);
    this.crossings = new Float64Array(4);
  }

  /**
   * Begin a picture of a rectangle in device pixels.
   *
   * @param {number} left
   * @param {number} top
   * @param {number} width
   * @param {number} height
   */
  begin(left, top, width, height) {
    this.left = left;
    this.top = top;
    if (width > this.canvas.width || height > this.canvas.height) {
      // A larger canvas than needed is made rarely.
      this.canvas.width = Math.max(this.canvas.width, Math.ceil(width * 1.1));
      this.canvas.height = Math.max(this.canvas.height, Math.ceil(height * 1.1));
      this.image = new ImageData(this.canvas.width, this.canvas.height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    } else {
      this.pixels.fill(0, 0, this.canvas.width * height);
    }
    this.width = width;
    this.height = height;
  }

  /**
   * Paint a face with corners in device pixels.
   *
   * @param {number} color opaque color as ABGR
   * @param {number} opacity from 0 to 1
   */
  paint(
    /** @type {number} */ x0, /** @type {number} */ y0, /** @type {number} */ x1, /** @type {number} */ y1,
    /** @type {number} */ x2, /** @type {number} */ y2, /** @type {number} */ x3, /** @type {number} */ y3,
    color, opacity,
  ) {
    const { left, top, width, height, pixels, crossings } = this;
    const stride = this.canvas.width;
    // From here on, pixels of the rectangle whose middles have whole coordinates.
    x0 -= left + 0.5; x1 -= left + 0.5; x2 -= left + 0.5; x3 -= left + 0.5;
    y0 -= top + 0.5; y1 -= top + 0.5; y2 -= top + 0.5; y3 -= top + 0.5;
    const first = Math.max(0, Math.ceil(Math.min(y0, y1, y2, y3)));
    const last = Math.min(height - 1, Math.ceil(Math.max(y0, y1, y2, y3)) - 1);
    for (let y = first; y <= last; y++) {
      let count = 0;
      if (y0 <= y !== y1 <= y) crossings[count++] = crossing(x0, y0, x1, y1, y);
      if (y1 <= y !== y2 <= y) crossings[count++] = crossing(x1, y1, x2, y2, y);
      if (y2 <= y !== y3 <= y) crossings[count++] = crossing(x2, y2, x3, y3, y);
      if (y3 <= y !== y0 <= y) crossings[count++] = crossing(x3, y3, x0, y0, y);
      if (count === 4) sortFour(crossings);
      for (let pair = 0; pair < count; pair += 2) {
        const one = crossings[pair], other = crossings[pair + 1];
        const from = Math.max(0, Math.ceil(one < other ? one : other));
        const to = Math.min(width, Math.ceil(one < other ? other : one));
        const row = y * stride;
        if (opacity < 1) {
          for (let at = row + from; at < row + to; at++) pixels[at] = over(color, opacity, pixels[at]);
        } else if (to - from > 24) {
          pixels.fill(color, row + from, row + to);
        } else {
          for (let at = row + from; at < row + to; at++) pixels[at] = color;
        }
      }
    }
  }

  /** Draw the picture on a context whose units are device pixels. @param {CanvasRenderingContext2D} context */
  draw(context) {
    this.context.putImageData(this.image, 0, 0, 0, 0, this.width, this.height);
    context.drawImage(this.canvas, 0, 0, this.width, this.height, this.left, this.top, this.width, this.height);
  }
}

/**
 * Return where an edge crosses a row. Two faces that share the edge get the same number.
 *
 * @param {number} x0
 * @param {number} y0
 * @param {number} x1
 * @param {number} y1
 * @param {number} y
 */
function crossing(x0, y0, x1, y1, y) {
  return y0 < y1 ? x0 + ((y - y0) / (y1 - y0)) * (x1 - x0) : x1 + ((y - y1) / (y0 - y1)) * (x0 - x1);
}

/** @param {Float64Array} values */
function sortFour(values) {
  for (let end = 3; end > 0; end--) {
    for (let at = 0; at < end; at++) {
      if (values[at] > values[at + 1]) [values[at], values[at + 1]] = [values[at + 1], values[at]];
    }
  }
}

/**
 * Return a color over a pixel, both as ABGR.
 *
 * @param {number} color
 * @param {number} opacity
 * @param {number} below
 */
function over(color, opacity, below) {
  const remaining = ((below >>> 24) / 255) * (1 - opacity);
  const alpha = opacity + remaining;
  const share = opacity / alpha, rest = remaining / alpha;
  const red = (color & 255) * share + (below & 255) * rest + 0.5;
  const green = ((color >>> 8) & 255) * share + ((below >>> 8) & 255) * rest + 0.5;
  const blue = ((color >>> 16) & 255) * share + ((below >>> 16) & 255) * rest + 0.5;
  return ((Math.round(255 * alpha) << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

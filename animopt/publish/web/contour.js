/** The contour plot: tints, lines, tick labels, minima, the start, and the crosshair on the grid of starts. */

import { around } from "./labels.js";
import { textSize, widthOf, write } from "./type.js";

/**
 * @typedef {import("./data.js").Payload} Payload
 * @typedef {import("./data.js").Layout} Layout
 * @typedef {import("./data.js").Colors} Colors
 * @typedef {import("./labels.js").Area} Area
 */

/** Number that separates the lines of a level, and the fraction of a pixel in which their points are given. */
const BREAK = 32767;
const PIXEL_PARTS = 16;

/** Distance of the word beside the start from its center, in type sizes along x and y. */
const WORD_REACH = [2.2, 1.4];

/** Minimum distance of a trail from the center of the word, as a fraction of the word's own distance. */
const WORD_ROOM = 0.5;

export class Contour {
  /** @param {Payload} payload @param {Layout} layout */
  constructor(payload, layout) {
    this.payload = payload;
    this.layout = layout;
    this.box = layout.boxes.contour;
    const [low, high] = layout.window;
    this.low = low;
    this.perX = this.box[2] / (high[0] - low[0]);
    this.perY = this.box[3] / (high[1] - low[1]);
    this.fills = layout.fills.map(({ data }) => shapeOf(data, true));
    this.lines = layout.lines.map(({ data }) => shapeOf(data, false));
  }

  /** Return the horizontal pixel of a coordinate of the domain. @param {number} x */
  pixelX(x) {
    return this.box[0] + (x - this.low[0]) * this.perX;
  }

  /** Return the vertical pixel of a coordinate of the domain. @param {number} y */
  pixelY(y) {
    return this.box[1] + this.box[3] - (y - this.low[1]) * this.perY;
  }

  /** Return the point of the domain at a pixel. @param {number} x @param {number} y @returns {[number, number]} */
  pointAt(x, y) {
    return [
      this.low[0] + (x - this.box[0]) / this.perX,
      this.low[1] + (this.box[1] + this.box[3] - y) / this.perY,
    ];
  }

  /** Return whether a point of the domain is in the plot or on its edge. @param {[number, number]} point */
  #shows([x, y]) {
    const [left, top, width, height] = this.box;
    const right = this.pixelX(x) - left, down = this.pixelY(y) - top;
    return right > -0.5 && right < width + 0.5 && down > -0.5 && down < height + 0.5;
  }

  /** Draw what does not change. @param {CanvasRenderingContext2D} context @param {Colors} colors */
  draw(context, colors) {
    const { payload, layout, box } = this;
    const { sizes, minima } = payload;
    context.save();
    context.beginPath();
    context.rect(...box);
    context.clip();
    context.fillStyle = colors.rule;
    context.fillRect(...box);
    this.fills.forEach((path, level) => {
      context.fillStyle = context.strokeStyle = colors.tints[level];
      context.fill(path, "evenodd");
      // The stroke covers the gap that antialiasing leaves between two levels.
      context.lineWidth = 0.6;
      context.stroke(path);
    });
    context.lineWidth = Math.max(sizes.minContourLine, sizes.contourLine * layout.unit);
    this.lines.forEach((path, level) => {
      context.strokeStyle = colors.levels[level];
      context.stroke(path);
    });
    const arm = textSize(layout, sizes.minimum) / 2;
    context.strokeStyle = colors.ink;
    context.lineWidth = trailMark(payload, layout);
    context.beginPath();
    for (const [minimumX, minimumY] of minima) {
      const x = this.pixelX(minimumX), y = this.pixelY(minimumY);
      context.moveTo(x - arm, y);
      context.lineTo(x + arm, y);
      context.moveTo(x, y - arm);
      context.lineTo(x, y + arm);
    }
    context.stroke();
    context.restore();
    this.#writeTicks(context, colors);
  }

  /** @param {CanvasRenderingContext2D} context @param {Colors} colors */
  #writeTicks(context, colors) {
    const { payload, layout, box } = this;
    const size = textSize(layout, payload.sizes.tickText), pad = payload.sizes.tickGap * layout.unit;
    const style = { size, color: colors.muted };
    for (const [value, text] of layout.ticks.x) {
      write(context, text, this.pixelX(value), box[1] + box[3] + pad, { ...style, align: "center", at: "top" });
    }
    for (const [value, text] of layout.ticks.y) {
      write(context, text, box[0] - pad, this.pixelY(value), { ...style, align: "right", at: "middle" });
    }
    write(context, layout.offsets.x, box[0] + box[2], box[1] + box[3] + pad + 1.2 * size, { ...style, align: "right", at: "top" });
    write(context, layout.offsets.y, box[0], box[1] - pad / 2, { ...style, at: "bottom" });
  }

  /** Return the areas of the minima, which names keep clear. @returns {Area[]} */
  obstacles() {
    const size = textSize(this.layout, this.payload.sizes.start);
    return this.payload.minima.map(([x, y]) => around(this.pixelX(x), this.pixelY(y), size, size, 0));
  }

  /**
   * Draw a circle at a start in the plot, and the word beside it, away from the trails.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {[number, number]} start
   * @param {Colors} colors
   * @param {boolean} sensitive
   * @param {[number, number] | null} side side of the word, null without a word
   * @returns {Area[]} areas that names keep clear
   */
  drawStart(context, start, colors, sensitive, side) {
    if (!this.#shows(start)) return [];
    const { payload, layout } = this;
    const x = this.pixelX(start[0]), y = this.pixelY(start[1]);
    const size = textSize(layout, payload.sizes.start);
    context.strokeStyle = colors.ink;
    context.lineWidth = trailMark(payload, layout);
    context.beginPath();
    context.arc(x, y, size / 2, 0, 2 * Math.PI);
    if (sensitive) {
      context.moveTo(x + 0.8 * size, y);
      context.arc(x, y, 0.8 * size, 0, 2 * Math.PI);
    }
    context.stroke();
    const areas = [around(x, y, size, size, 0)];
    if (side) {
      const words = payload.words.start, letters = textSize(layout, payload.sizes.labelText);
      const wordX = x + side[0], wordY = y + side[1];
      write(context, words, wordX, wordY, { size: letters, color: colors.ink, align: "center", at: "center" });
      areas.push(around(wordX, wordY, widthOf(context, words, letters), 1.2 * letters, 0));
    }
    return areas;
  }

  /**
   * Return the place of the word beside a start, relative to it: the one that is farthest from the trails, if they leave one.
   *
   * @param {[number, number]} start
   * @param {{points: Float32Array, size: number}[]} trails in pixels
   * @returns {[number, number] | null}
   */
  wordSide(start, trails) {
    const letters = textSize(this.layout, this.payload.sizes.labelText);
    const [reachX, reachY] = WORD_REACH.map(part => part * letters);
    const x = this.pixelX(start[0]), y = this.pixelY(start[1]);
    const [left, top, width, height] = this.box;
    /** @type {[number, number] | null} */
    let best = null;
    let most = WORD_ROOM;
    for (const [right, down] of [[0, -1], [0, 1], [-1, 0], [1, 0], [-1, -1], [1, -1], [-1, 1], [1, 1]]) {
      const atX = x + right * reachX, atY = y + down * reachY;
      if (atX < left + reachX / 2 || atX > left + width - reachX / 2) continue;
      if (atY < top + reachY / 2 || atY > top + height - reachY / 2) continue;
      let room = Infinity;
      for (const { points, size } of trails) {
        for (let at = 0; at < points.length; at += size) {
          const apart = Math.max(Math.abs(points[at] - atX) / reachX, Math.abs(points[at + 1] - atY) / reachY);
          if (apart < room) room = apart;
        }
      }
      if (room > most) [best, most] = [[right * reachX, down * reachY], room];
    }
    return best;
  }

  /** Draw a crosshair at a point of the domain in the plot. @param {CanvasRenderingContext2D} context @param {[number, number]} point @param {Colors} colors */
  drawCrosshair(context, point, colors) {
    if (!this.#shows(point)) return;
    const [left, top, width, height] = this.box;
    const x = this.pixelX(point[0]), y = this.pixelY(point[1]);
    context.save();
    context.strokeStyle = colors.ink;
    context.lineWidth = this.payload.sizes.minContourLine;
    context.setLineDash([3, 3]);
    context.beginPath();
    context.moveTo(left, y);
    context.lineTo(left + width, y);
    context.moveTo(x, top);
    context.lineTo(x, top + height);
    context.stroke();
    context.restore();
  }
}

/** @param {Payload} payload @param {Layout} layout */
function trailMark(payload, layout) {
  return Math.max(payload.sizes.minTrail, payload.sizes.mark * layout.unit);
}

/** @param {import("./data.js").Numbers} data @param {boolean} closed */
function shapeOf(data, closed) {
  const path = new Path2D();
  let begins = true;
  for (let at = 0; at < data.length; at += 2) {
    if (data[at] === BREAK) {
      if (closed) path.closePath();
      begins = true;
    } else {
      const x = data[at] / PIXEL_PARTS, y = data[at + 1] / PIXEL_PARTS;
      if (begins) path.moveTo(x, y);
      else path.lineTo(x, y);
      begins = false;
    }
  }
  if (closed && !begins) path.closePath();
  return path;
}

/**
 * The trails on their casings, with a dot at each step, and the heads. The older part of a trail recedes.
 *
 * @typedef {import("./data.js").Payload} Payload
 * @typedef {import("./data.js").Colors} Colors
 * @typedef {import("./race.js").RacerRun} RacerRun
 * @typedef {import("./race.js").Run} Run
 */

import { SEEN } from "./field.js";
import { Path, firstInCell, moved, thinned } from "./paths.js";
import { IN_VIEW } from "./race.js";

/** Return the width of a colored line in pixels of the layout. @param {Payload} payload @param {number} unit */
export function trailWidth(payload, unit, factor = 1) {
  return Math.max(payload.sizes.minTrail, payload.sizes.trail * factor * unit);
}

/** Return the size of a head in pixels. @param {Payload} payload @param {number} size @param {number} unit */
export function headSize(payload, size, unit) {
  return Math.max(payload.sizes.minHead, size * unit);
}

/** A racer's path in the coordinates of a panel, and the parts of it that are drawn. */
class Trail {
  /**
   * @param {Payload} payload
   * @param {RacerRun} racer
   * @param {(path: Path) => Path} toPanel
   * @param {number} cell side of the cells of the thinned path
   */
  constructor(payload, racer, toPanel, cell) {
    this.whole = toPanel(racer.path);
    this.thinned = thinned(this.whole, cell);
    // In a recent part that follows an older one, both are seen. So only the older one is thinned.
    this.fine = this.whole.at(moved(this.whole, cell));
    const dots = toPanel(racer.dots);
    this.dots = dots.at(firstInCell(dots, cell));
    this.fineDots = dots.at(moved(dots, cell));
    this.training = racer.training && toPanel(racer.training);
    this.thinnedTraining = this.training && thinned(this.training, cell);
    this.last = racer.steps;
    this.lost = racer.lost;
    this.recent = Math.max(payload.sizes.minRecentSteps, payload.sizes.recentPart * this.last);
  }

  /** Write the head at a step. @param {number} step @param {Float32Array} out @param {number} at */
  head(step, out, at = 0) {
    this.whole.head(Math.min(step, this.last), out, at);
  }

  /**
   * Collect the parts at a fractional step. The last point of the recent part is the head.
   *
   * @param {number} step
   * @param {Parts} parts
   */
  collect(step, parts) {
    const start = Math.min(step, this.last) - this.recent;
    parts.clear();
    if (start > 0) {
      parts.addRange(this.thinned, 0, this.thinned.passed(start));
      parts.addHead(this.whole, start);
    }
    parts.endPart();
    if (start > 0) parts.addHead(this.whole, start);
    parts.addRange(this.fine, this.fine.passed(start), this.fine.passed(step));
    parts.addHead(this.whole, Math.min(step, this.last));
    parts.endPart();
    const passed = start > 0 ? this.dots.passed(start) : 0;
    parts.addRange(this.dots, 0, passed);
    parts.endPart();
    parts.addRange(this.fineDots, this.fineDots.passed(start), this.fineDots.passed(step));
    parts.endPart();
    if (this.training && this.thinnedTraining) {
      parts.addRange(this.thinnedTraining, 0, this.thinnedTraining.passed(step));
      parts.addHead(this.training, Math.min(step, this.last));
    }
    parts.endPart();
  }
}

const OLD = 0, RECENT = 1, OLD_DOTS = 2, RECENT_DOTS = 3, TRAINING = 4;

/** The parts of a trail, one after the other: points, their pixels, and how they are seen. */
class Parts {
  /** @param {number} size numbers of a point */
  constructor(size) {
    this.size = size;
    this.points = new Float32Array(size * 1024);
    this.pixels = new Float32Array(2 * 1024);
    this.seen = new Uint8Array(1024);
    this.count = 0;
    /** @type {number[]} */
    this.ends = [];
  }

  clear() {
    this.count = 0;
    this.ends.length = 0;
  }

  endPart() {
    this.ends.push(this.count);
  }

  /** @param {Path} path @param {number} from @param {number} to */
  addRange(path, from, to) {
    if (to <= from) return;
    this.#reserve(to - from);
    this.points.set(path.points.subarray(from * this.size, to * this.size), this.count * this.size);
    this.count += to - from;
  }

  /** @param {Path} path @param {number} step */
  addHead(path, step) {
    this.#reserve(1);
    path.head(step, this.points, this.count * this.size);
    this.count++;
  }

  /** @param {number} more */
  #reserve(more) {
    if (this.count + more <= this.seen.length) return;
    const length = 2 * (this.count + more);
    const points = new Float32Array(this.size * length);
    points.set(this.points);
    this.points = points;
    this.pixels = new Float32Array(2 * length);
    this.seen = new Uint8Array(length);
  }
}

/** What is drawn of a racer's trail. */
class Strokes {
  constructor() {
    this.old = new Path2D();
    this.recent = new Path2D();
    this.hidden = new Path2D();
    this.training = new Path2D();
    this.oldDots = new Path2D();
    this.recentDots = new Path2D();
  }
}

/** Draws the trails and heads of a run in one panel. */
export class Trails {
  /**
   * @param {Payload} payload
   * @param {Run} run
   * @param {number} unit
   * @param {(path: Path) => Path} toPanel
   * @param {number} cell
   * @param {number} size numbers of a point in the panel's coordinates
   */
  constructor(payload, run, unit, toPanel, cell, size) {
    this.payload = payload;
    this.run = run;
    this.unit = unit;
    this.trails = run.racers.map(racer => racer && new Trail(payload, racer, toPanel, cell));
    this.parts = new Parts(size);
    this.shapes = headShapes(payload, headSize(payload, payload.sizes.head, unit));
    /** Pixels of the heads (racers, 2). NaN is not drawn. */
    this.heads = new Float32Array(2 * run.racers.length).fill(NaN);
  }

  /**
   * Draw the racers at a moment.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {{step: number, hold: number}} moment
   * @param {Colors} colors
   * @param {boolean[]} shown
   * @param {import("./data.js").Box} box trails are not drawn outside of it
   * @param {(parts: Parts) => void} place finds the pixels of the points, and how they are seen
   */
  draw(context, moment, colors, shown, box, place) {
    const { payload, unit, trails, parts, heads, run } = this;
    const { sizes } = payload;
    const strokes = trails.map((trail, racer) => {
      heads.fill(NaN, 2 * racer, 2 * racer + 2);
      if (!trail || !shown[racer]) return null;
      trail.collect(moment.step, parts);
      place(parts);
      const end = parts.ends[RECENT] - 1;
      const x = parts.pixels[2 * end], y = parts.pixels[2 * end + 1];
      if (x >= box[0] && x <= box[0] + box[2] && y >= box[1] && y <= box[1] + box[3]) heads.set([x, y], 2 * racer);
      return this.#strokes(parts);
    });
    const looks = run.racers.map((_, racer) => this.#looks(racer, moment));
    context.save();
    context.beginPath();
    context.rect(...box);
    context.clip();
    context.lineCap = "round";
    context.lineJoin = "round";
    strokes.forEach((stroke, racer) => {
      if (!stroke || !trails[racer]?.training) return;
      context.strokeStyle = mixed(colors.background, colors.hues[racer], sizes.faintOpacity);
      context.lineWidth = trailWidth(payload, unit, sizes.faintWidth);
      context.stroke(stroke.training);
    });
    strokes.forEach((stroke, racer) => {
      if (!stroke) return;
      context.strokeStyle = colors.hidden[racer];
      context.lineWidth = trailWidth(payload, unit, sizes.hiddenWidth);
      context.stroke(stroke.hidden);
    });
    // A dot covers each corner, so the lines need no round joins.
    context.lineJoin = "bevel";
    context.strokeStyle = colors.background;
    strokes.forEach((stroke, racer) => {
      if (!stroke) return;
      context.lineWidth = looks[racer].casing;
      context.stroke(stroke.old);
      context.stroke(stroke.recent);
    });
    for (const recent of [false, true]) {
      strokes.forEach((stroke, racer) => {
        if (!stroke) return;
        const { width, opacity } = recent ? looks[racer].recent : looks[racer].old;
        const color = mixed(colors.background, colors.hues[racer], opacity);
        context.strokeStyle = context.fillStyle = color;
        context.lineWidth = width;
        context.stroke(recent ? stroke.recent : stroke.old);
        context.fill(recent ? stroke.recentDots : stroke.oldDots);
      });
    }
    context.restore();
    for (let racer = 0; racer < trails.length; racer++) {
      drawHead(context, this.shapes[racer], heads[2 * racer], heads[2 * racer + 1], payload, colors, racer, unit);
    }
  }

  /** Return widths and opacities of a racer's trail. @param {number} racer @param {{step: number, hold: number}} moment */
  #looks(racer, moment) {
    const { payload, unit } = this;
    const { sizes } = payload;
    const shown = prominence(this.run, racer, moment, sizes.emphasisPart);
    const emphasis = Math.max(0, shown), recession = Math.max(0, -shown);
    const old = sizes.oldWidth + (1 - sizes.oldWidth) * emphasis, recent = 1 + (sizes.oldWidth - 1) * recession;
    const receded = (/** @type {number} */ opacity) => opacity + (sizes.minOpacity - opacity) * recession;
    return {
      old: {
        width: trailWidth(payload, unit, old),
        opacity: receded(sizes.oldOpacity + (1 - sizes.oldOpacity) * emphasis),
      },
      recent: { width: trailWidth(payload, unit, recent), opacity: receded(1) },
      casing: trailWidth(payload, unit, (old + recent) / 2) + sizes.casing * unit,
    };
  }

  /** @param {Parts} parts */
  #strokes(parts) {
    const { payload, unit } = this;
    const { ends, pixels, seen } = parts;
    const strokes = new Strokes();
    addLine(strokes.old, strokes.hidden, pixels, seen, 0, ends[OLD]);
    addLine(strokes.recent, strokes.hidden, pixels, seen, ends[OLD], ends[RECENT]);
    const radius = Math.max(payload.sizes.minTrail, payload.sizes.step * unit) / 2;
    const small = Math.max(payload.sizes.minTrail, payload.sizes.step * payload.sizes.oldWidth * unit) / 2;
    addDots(strokes.oldDots, pixels, seen, ends[RECENT], ends[OLD_DOTS], small);
    addDots(strokes.recentDots, pixels, seen, ends[OLD_DOTS], ends[RECENT_DOTS], radius);
    addLine(strokes.training, null, pixels, seen, ends[RECENT_DOTS], ends[TRAINING]);
    return strokes;
  }
}

/**
 * Add the seen segments of a line to one path, and the hidden ones to another. NaN breaks the line.
 *
 * @param {Path2D} visible
 * @param {Path2D | null} hidden
 * @param {Float32Array} pixels
 * @param {Uint8Array} seen
 * @param {number} from
 * @param {number} to
 */
function addLine(visible, hidden, pixels, seen, from, to) {
  /** @type {Path2D | null} */
  let current = null;
  for (let index = from + 1; index < to; index++) {
    const x0 = pixels[2 * index - 2], x1 = pixels[2 * index];
    if (Number.isNaN(x0 + x1)) {
      current = null;
      continue;
    }
    const target = seen[index - 1] === SEEN && seen[index] === SEEN ? visible : hidden;
    if (target && target !== current) target.moveTo(x0, pixels[2 * index - 1]);
    target?.lineTo(x1, pixels[2 * index + 1]);
    current = target;
  }
}

/**
 * @param {Path2D} path
 * @param {Float32Array} pixels
 * @param {Uint8Array} seen
 * @param {number} from
 * @param {number} to
 * @param {number} radius
 */
function addDots(path, pixels, seen, from, to, radius) {
  for (let index = from; index < to; index++) {
    const x = pixels[2 * index], y = pixels[2 * index + 1];
    if (Number.isNaN(x) || seen[index] !== SEEN) continue;
    path.moveTo(x + radius, y);
    path.arc(x, y, radius, 0, 2 * Math.PI);
  }
}

/**
 * Return how prominent a racer is: 1 for the winner at the end, 0 during the race, -1 for one that is not in view.
 *
 * @param {Run} run
 * @param {number} racer
 * @param {{step: number, hold: number}} moment
 * @param {number} emphasisPart
 */
function prominence(run, racer, { step, hold }, emphasisPart) {
  const own = run.racers[racer];
  if (own && own.lost[Math.min(Math.floor(step), own.steps)] !== IN_VIEW) return -1;
  if (run.winner === null) return 0;
  const shown = Math.min(1, hold / emphasisPart);
  return racer === run.winner ? shown : -0.5 * shown;
}

/** Return the outlines of the racers' heads at a size in pixels. @param {Payload} payload @param {number} size */
export function headShapes(payload, size) {
  return payload.racers.map(({ shape }) => {
    const path = new Path2D();
    for (let at = 0; at < shape.data.length; at += 2) path.lineTo(shape.data[at] * size, -shape.data[at + 1] * size);
    path.closePath();
    return path;
  });
}

/**
 * Draw a head at a place in pixels. NaN is not drawn.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {Path2D} shape
 * @param {number} x
 * @param {number} y
 * @param {Payload} payload
 * @param {Colors} colors
 * @param {number} racer
 * @param {number} unit
 */
export function drawHead(context, shape, x, y, payload, colors, racer, unit) {
  if (Number.isNaN(x)) return;
  context.save();
  context.translate(x, y);
  context.lineJoin = "miter";
  context.fillStyle = colors.hues[racer];
  context.strokeStyle = colors.background;
  context.lineWidth = Math.max(payload.sizes.minHeadEdge, payload.sizes.headEdge * unit);
  context.fill(shape);
  context.stroke(shape);
  context.restore();
}

/** @type {Map<string, string>} */
const MIXED = new Map();

/** Mix two colors "#rrggbb": 0 gives the first, 1 the second. @param {string} one @param {string} other @param {number} part */
function mixed(one, other, part) {
  const key = `${one}${other}${part}`;
  const known = MIXED.get(key);
  if (known) return known;
  const bytes = [1, 3, 5].map(at => {
    const [from, to] = [one, other].map(color => Number.parseInt(color.slice(at, at + 2), 16));
    return Math.round(from * (1 - part) + to * part).toString(16).padStart(2, "0");
  });
  const color = `#${bytes.join("")}`;
  if (MIXED.size > 1000) MIXED.clear();
  MIXED.set(key, color);
  return color;
}

/**
 * Runs: the scene's own race, and the race from a dropped start. What is where at a fractional step.
 *
 * @typedef {import("./data.js").Payload} Payload
 * @typedef {import("./field.js").HeightField} HeightField
 *
 * @typedef {object} RacerRun
 * @property {number} steps
 * @property {Float32Array | Float64Array} xy position after each step (steps + 1, 2)
 * @property {Float32Array | Float64Array} values loss, or gap to the lowest minimum, after each step (steps + 1)
 * @property {Uint8Array} lost after each step: IN_VIEW, LEFT or DIVERGED
 * @property {Path} path draped over the surface, in the camera's units
 * @property {Path} dots the point of each step in view, in the camera's units
 * @property {Path | null} training where gradients are computed, in the camera's units
 *
 * @typedef {object} Run
 * @property {(RacerRun | null)[]} racers null for one that is absent
 * @property {number} steps
 * @property {number | null} winner
 * @property {[number, number] | null} start the dropped start, null for the scene's own race
 */

import { Path } from "./paths.js";

export const IN_VIEW = 0;
export const LEFT = 1;
export const DIVERGED = 2;

/**
 * Return the scene's own race.
 *
 * @param {Payload} payload
 * @param {HeightField} field
 * @returns {Run}
 */
export function ownRun(payload, field) {
  const { xy, values, lost, last } = payload;
  const racers = payload.racers.map((racer, index) => {
    const from = index * (last + 1), to = from + last + 1;
    const own = {
      steps: racer.steps,
      xy: /** @type {Float32Array | Float64Array} */ (xy.data.slice(2 * from, 2 * to)),
      values: /** @type {Float32Array | Float64Array} */ (values.data.slice(from, to)),
      lost: new Uint8Array(lost.data.subarray(from, to)),
    };
    const { step, xyz } = payload.paths[index];
    const path = raised(step.data, xyz.data, field);
    const training = payload.training[index];
    const dots = stepPath(own, at => pointAt(path, at));
    return { ...own, path, dots, training: training && raised(training.step.data, training.xyz.data, field) };
  });
  return { racers, steps: last, winner: payload.winner, start: null };
}

/**
 * Return a path in the camera's units.
 *
 * @param {ArrayLike<number>} step
 * @param {ArrayLike<number>} xyz (any, 3) in units of the domain
 * @param {HeightField} field
 */
function raised(step, xyz, field) {
  const points = new Float32Array(xyz.length);
  for (let at = 0; at < points.length; at += 3) {
    points[at] = field.flat(xyz[at], 0);
    points[at + 1] = field.flat(xyz[at + 1], 1);
    points[at + 2] = field.heightOf(xyz[at + 2]);
  }
  return new Path(step, points, 3);
}

/** @param {Path} path @param {number} step */
function pointAt(path, step) {
  const point = new Float32Array(3);
  path.head(step, point);
  return point;
}

/**
 * Return the points of the steps in view.
 *
 * @param {{lost: Uint8Array, steps: number}} racer
 * @param {(step: number) => ArrayLike<number>} pointOf
 */
export function stepPath({ lost, steps }, pointOf) {
  const kept = [];
  for (let step = 0; step <= steps; step++) if (lost[step] === IN_VIEW) kept.push(step);
  const points = new Float32Array(3 * kept.length);
  kept.forEach((step, index) => points.set(pointOf(step), 3 * index));
  return new Path(kept, points, 3);
}

/**
 * Return the path through the points of a racer over the surface, with gaps outside the domain.
 *
 * @param {Float32Array | Float64Array} xy (steps + 1, 2) in units of the domain, NaN after the racer diverged
 * @param {number} steps
 * @param {Payload} payload
 * @param {HeightField} field
 */
export function draped(xy, steps, payload, field) {
  const [low, high] = payload.domain;
  const { pieces } = payload.surface;
  /** @type {number[]} */
  const step = [];
  /** @type {number[]} */
  const points = [];
  const add = (/** @type {number} */ at, /** @type {number} */ x, /** @type {number} */ y) => {
    const flatX = field.flat(Math.min(Math.max(x, low[0]), high[0]), 0);
    const flatY = field.flat(Math.min(Math.max(y, low[1]), high[1]), 1);
    step.push(at);
    points.push(flatX, flatY, field.heightAt(flatX, flatY));
  };
  const gap = (/** @type {number} */ at) => {
    step.push(at);
    points.push(NaN, NaN, NaN);
  };
  let inView = within(xy[0], xy[1], low, high);
  if (inView) add(0, xy[0], xy[1]);
  else gap(0);
  for (let index = 0; index < steps; index++) {
    const x = xy[2 * index], y = xy[2 * index + 1];
    const right = xy[2 * index + 2] - x, up = xy[2 * index + 3] - y;
    const [enter, leave] = inside(x, y, right, up, low, high);
    if (!(enter <= leave)) {
      if (inView) gap(index + 1);
      inView = false;
      continue;
    }
    if (!inView) gap(index + enter);
    const part = leave - enter;
    const length = Math.hypot((part * right) / (high[0] - low[0]), (part * up) / (high[1] - low[1]));
    const count = Math.max(1, Math.ceil(length * pieces));
    for (let piece = 0; piece <= count; piece++) {
      const at = enter + (part * piece) / count;
      add(index + at, x + at * right, y + at * up);
    }
    inView = leave === 1;
    if (!inView) gap(index + leave);
  }
  return new Path(step, Float32Array.from(points), 3);
}

/** @param {number} x @param {number} y @param {number[]} low @param {number[]} high */
export function within(x, y, low, high) {
  return x >= low[0] && x <= high[0] && y >= low[1] && y <= high[1];
}

/**
 * Return the parts of a segment at which it enters and leaves a rectangle.
 *
 * @param {number} x
 * @param {number} y
 * @param {number} right
 * @param {number} up
 * @param {number[]} low
 * @param {number[]} high
 * @returns {[number, number]}
 */
function inside(x, y, right, up, low, high) {
  let [enter, leave] = [0, 1];
  for (const [from, along, least, most] of [[x, right, low[0], high[0]], [y, up, low[1], high[1]]]) {
    if (!Number.isFinite(from + along)) return [1, 0];
    if (along === 0) {
      if (from < least || from > most) return [1, 0];
      continue;
    }
    const one = (least - from) / along, other = (most - from) / along;
    enter = Math.max(enter, Math.min(one, other));
    leave = Math.min(leave, Math.max(one, other));
  }
  return [enter, leave];
}

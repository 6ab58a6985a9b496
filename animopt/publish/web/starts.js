/**
 * Races from a grid of starts that torch has run.
 *
 * @typedef {import("./data.js").Payload} Payload
 * @typedef {import("./data.js").Starts} Starts
 * @typedef {{column: number, row: number}} Cell
 */

import { DIVERGED, IN_VIEW, LEFT, draped, stepPath, within } from "./race.js";

/** Streams that are decoded already. @type {WeakMap<Starts, Int16Array[]>} */
const DECODED = new WeakMap();

/** Return the start at a cell. @param {Starts} starts @param {Cell} cell @returns {[number, number]} */
export function pointOf(starts, { column, row }) {
  const at = (/** @type {[number, number]} */ [first, last], /** @type {number} */ index, /** @type {number} */ count) =>
    count > 1 ? first + ((last - first) * index) / (count - 1) : first;
  return [at(starts.x, column, starts.columns), at(starts.y, row, starts.rows)];
}

/** Return the cell of the start that is nearest to a point. @param {Starts} starts @param {[number, number]} point @returns {Cell} */
export function nearestStart(starts, [x, y]) {
  const nearest = (/** @type {number} */ value, /** @type {[number, number]} */ [first, last], /** @type {number} */ count) =>
    Math.min(count - 1, Math.max(0, Math.round(((value - first) / (last - first || 1)) * (count - 1))));
  return { column: nearest(x, starts.x, starts.columns), row: nearest(y, starts.y, starts.rows) };
}

/**
 * Return the cell of the start that is nearest to a cell among those in a rectangle, or the cell itself if there are none.
 *
 * @param {Starts} starts
 * @param {Cell} cell
 * @param {[import("./data.js").Range, import("./data.js").Range]} corners lower left and upper right corner
 * @returns {Cell}
 */
export function nearestWithin(starts, { column, row }, [low, high]) {
  const nearest = (/** @type {number} */ index, /** @type {number} */ axis, /** @type {import("./data.js").Range} */ [first, last], /** @type {number} */ count) => {
    const part = (/** @type {number} */ value) => ((value - first) / (last - first || 1)) * (count - 1);
    // The tolerance is for a start on the edge.
    const least = Math.max(0, Math.ceil(part(low[axis]) - 1e-6)), most = Math.min(count - 1, Math.floor(part(high[axis]) + 1e-6));
    return least > most ? index : Math.min(most, Math.max(least, index));
  };
  return { column: nearest(column, 0, starts.x, starts.columns), row: nearest(row, 1, starts.y, starts.rows) };
}

/** Return whether a neighbor of a start ends elsewhere. @param {Payload} payload @param {Cell} cell @param {number} racer */
export function isSensitive({ starts }, cell, racer) {
  const place = starts ? starts.racers.indexOf(racer) : -1;
  return starts !== null && place >= 0 && starts.sensitive.data[cellIndex(starts, place, cell)] > 0;
}

/** @param {Starts} starts @param {number} place @param {Cell} cell */
function cellIndex({ rows, columns }, place, { column, row }) {
  return (place * rows + row) * columns + column;
}

/**
 * Return the race from a start of the grid.
 *
 * @param {Payload} payload
 * @param {Cell} cell
 * @param {import("./field.js").HeightField} field
 * @returns {import("./race.js").Run}
 */
export function droppedRun(payload, cell, field) {
  const starts = /** @type {Starts} */ (payload.starts);
  const start = pointOf(starts, cell);
  const racers = payload.racers.map((racer, index) => {
    const place = starts.racers.indexOf(index);
    if (place < 0) return null;
    const steps = Math.min(starts.steps, racer.steps);
    const known = starts.known.data[cellIndex(starts, place, cell)];
    const xy = new Float64Array(2 * (steps + 1)).fill(NaN), values = new Float64Array(steps + 1).fill(NaN);
    const lost = new Uint8Array(steps + 1).fill(DIVERGED);
    const [low, high] = payload.domain;
    for (let step = 0; step <= steps && step < known; step++) {
      for (const axis of [0, 1]) {
        xy[2 * step + axis] = starts.origin[axis] + starts.quantum[axis] * numberAt(starts, 3 * place + axis, step, cell);
      }
      if (step === 0) xy.set(start);
      values[step] = lossOf(starts, numberAt(starts, 3 * place + 2, step, cell));
      lost[step] = within(xy[2 * step], xy[2 * step + 1], low, high) ? IN_VIEW : LEFT;
    }
    // A race that is not known any more is far outside if it was outside before.
    if (known > 0 && known <= steps && lost[known - 1] === LEFT) lost.fill(LEFT, known);
    const path = draped(xy, steps, payload, field);
    const dots = stepPath({ lost, steps }, step => {
      const x = field.flat(xy[2 * step], 0), y = field.flat(xy[2 * step + 1], 1);
      return [x, y, field.heightAt(x, y)];
    });
    return { steps, xy, values, lost, path, dots, training: null };
  });
  return { racers, steps: starts.steps, winner: winnerOf(racers), start };
}

/** Return the racer in view with the lowest loss at the end, null if several share it. @param {({values: Float64Array, lost: Uint8Array, steps: number} | null)[]} racers */
function winnerOf(racers) {
  const losses = racers.map(racer => (racer && racer.lost[racer.steps] === IN_VIEW ? racer.values[racer.steps] : Infinity));
  const least = Math.min(...losses);
  const first = losses.filter(loss => loss === least);
  return racers.length < 2 || !Number.isFinite(least) || first.length > 1 ? null : losses.indexOf(least);
}

/** Return the loss of a 16-bit number. @param {Starts} starts @param {number} value */
function lossOf({ losses }, value) {
  return losses.logarithmic ? Math.exp(losses.origin + losses.quantum * value) : losses.origin + losses.quantum * value;
}

/** @param {Starts} starts @param {number} stream @param {number} step @param {Cell} cell */
function numberAt(starts, stream, step, { column, row }) {
  let decoded = DECODED.get(starts);
  if (!decoded) {
    decoded = [];
    DECODED.set(starts, decoded);
  }
  decoded[stream] ??= decode(starts, stream);
  return decoded[stream][placeOf(starts, stream, step, row * starts.columns + column)];
}

/** @param {Starts} starts @param {number} stream @param {number} step @param {number} cell */
function placeOf({ streams, rows, columns, steps }, stream, step, cell) {
  return streams[stream].order === "runs" ? cell * (steps + 1) + step : step * rows * columns + cell;
}

/** Return the numbers of a stream: sums of its differences. @param {Starts} starts @param {number} stream */
function decode(starts, stream) {
  const { rows, columns, steps, streams, data } = starts;
  const { order, differences, left } = streams[stream];
  const cells = rows * columns, count = (steps + 1) * cells;
  const low = data.data.subarray(2 * stream * count, (2 * stream + 1) * count);
  const high = data.data.subarray((2 * stream + 1) * count, 2 * (stream + 1) * count);
  // Sums of 16-bit numbers wrap.
  const values = new Int16Array(count);
  for (let index = 0; index < count; index++) {
    const zigzag = low[index] | (high[index] << 8);
    values[index] = (zigzag >>> 1) ^ -(zigzag & 1);
  }
  const [perCell, perStep] = order === "runs" ? [steps + 1, 1] : [1, cells];
  if (left) {
    for (let step = 0; step <= steps; step++) {
      for (let cell = 1; cell < cells; cell++) {
        const at = step * perStep + cell * perCell;
        if (cell % columns !== 0) values[at] += values[at - perCell];
      }
    }
  }
  for (let time = 0; time < differences; time++) {
    for (let step = 1; step <= steps; step++) {
      for (let cell = 0; cell < cells; cell++) {
        const at = step * perStep + cell * perCell;
        values[at] += values[at - perStep];
      }
    }
  }
  return values;
}

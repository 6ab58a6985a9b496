/** Paths: points with the step at each, the point at a fractional step, and thinned paths whose picture is the same. */

/** Longest span in cells of a segment whose cells are compared. Longer segments are always drawn. */
const MAX_SPAN = 10000;

/** Points with the step at each, ascending. A point of NaN separates parts. */
export class Path {
  /**
   * @param {ArrayLike<number>} step
   * @param {Float32Array} points (any, size)
   * @param {number} size
   */
  constructor(step, points, size) {
    this.step = step;
    this.points = points;
    this.size = size;
  }

  /** Return the number of points up to a step. @param {number} step */
  passed(step) {
    let low = 0, high = this.step.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.step[middle] <= step) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Write the point at a fractional step. It is NaN while the racer is outside the domain.
   *
   * @param {number} step
   * @param {Float32Array} out
   * @param {number} at index of the first number that is written
   */
  head(step, out, at = 0) {
    const { step: steps, points, size } = this;
    const after = this.passed(step);
    if (after === 0) {
      out.fill(NaN, at, at + size);
      return;
    }
    const before = after - 1;
    const still = after === steps.length || steps[before] === step || Number.isNaN(points[after * size]);
    const part = still ? 0 : (step - steps[before]) / (steps[after] - steps[before]);
    for (let axis = 0; axis < size; axis++) {
      const from = points[before * size + axis];
      out[at + axis] = still ? from : from + part * (points[after * size + axis] - from);
    }
  }

  /** Return the path at some of its points. @param {number[]} kept */
  at(kept) {
    const points = new Float32Array(kept.length * this.size);
    kept.forEach((index, to) => {
      for (let axis = 0; axis < this.size; axis++) points[to * this.size + axis] = this.points[index * this.size + axis];
    });
    return new Path(kept.map(index => this.step[index]), points, this.size);
  }
}

/** Return the points that are in another cell than the one before. @param {Path} path @param {number} cell */
export function moved({ step, points, size }, cell) {
  const kept = [];
  let [x, y] = [Infinity, Infinity];
  for (let index = 0; index < step.length; index++) {
    const column = Math.floor(points[index * size] / cell), row = Math.floor(points[index * size + 1] / cell);
    if (column !== x || row !== y) kept.push(index);
    [x, y] = [column, row];
  }
  return kept;
}

/** Return the points that are the first in their cell. @param {Path} path @param {number} cell */
export function firstInCell({ step, points, size }, cell) {
  const seen = new Set();
  const kept = [];
  for (let index = 0; index < step.length; index++) {
    const key = cellKey(points[index * size] / cell, points[index * size + 1] / cell);
    if (Number.isNaN(key) || seen.has(key)) continue;
    seen.add(key);
    kept.push(index);
  }
  return kept;
}

/**
 * Remove the segments that only cross cells that the path has crossed before.
 *
 * Cells are squares of the first two coordinates, with the side `cell`. A point of NaN replaces removed segments.
 *
 * @param {Path} whole
 * @param {number} cell
 */
export function thinned(whole, cell) {
  const path = whole.at(moved(whole, cell));
  const { step, points, size } = path;
  const count = step.length;
  const seen = new Set();
  const drawn = new Uint8Array(count);
  for (let index = 0; index + 1 < count; index++) {
    const x = points[index * size] / cell, y = points[index * size + 1] / cell;
    const right = points[(index + 1) * size] / cell - x, up = points[(index + 1) * size + 1] / cell - y;
    const span = Math.max(Math.abs(right), Math.abs(up));
    if (Number.isNaN(span)) continue;
    if (span > MAX_SPAN) {
      drawn[index] = 1;
      continue;
    }
    const pieces = Math.ceil(span);
    for (let piece = 1; piece <= pieces; piece++) {
      const key = cellKey(x + (piece / pieces) * right, y + (piece / pieces) * up);
      if (Number.isNaN(key) || seen.has(key)) continue;
      seen.add(key);
      drawn[index] = 1;
    }
  }
  // A point is needed if the segment before it or the segment after it is drawn.
  const kept = [];
  const gaps = [];
  let gapBefore = false;
  for (let index = 0; index < count; index++) {
    const needed = index === 0 || drawn[index - 1] || index === count - 1 || drawn[index];
    const gap = !needed || Number.isNaN(points[index * size]);
    if (!gap || !gapBefore) {
      kept.push(index);
      gaps.push(gap);
    }
    gapBefore = gap;
  }
  const short = path.at(kept);
  gaps.forEach((gap, index) => {
    if (gap) short.points.fill(NaN, index * size, (index + 1) * size);
  });
  return short;
}

/** @param {number} x @param {number} y */
function cellKey(x, y) {
  return Math.abs(x) < 2 ** 25 && Math.abs(y) < 2 ** 25 ? Math.floor(x) * 2 ** 27 + Math.floor(y) : NaN;
}

/** Each racer's loss curve up to a step. It ends in a head, or in an arrow where it leaves the axis. */

import { interpolated } from "./numbers.js";
import { Path, thinned } from "./paths.js";
import { drawHead, headShapes, headSize, trailWidth } from "./trails.js";

/**
 * @typedef {import("./data.js").Payload} Payload
 * @typedef {import("./data.js").Layout} Layout
 * @typedef {import("./data.js").Colors} Colors
 * @typedef {import("./race.js").Run} Run
 */

export class Curves {
  /** @param {Payload} payload @param {Layout} layout @param {Run} run @param {import("./axis.js").LossAxis} axis */
  constructor(payload, layout, run, axis) {
    this.payload = payload;
    this.layout = layout;
    this.run = run;
    this.box = axis.box;
    /** Heights of the curves from 0 to 1 within the axis, after each step. */
    this.heights = run.racers.map(racer => Float64Array.from(racer ? racer.values : [NaN], value => axis.fraction(value)));
    const [left, top, width, height] = this.box;
    this.ends = this.heights.map(row => {
      const path = cutPath(row);
      for (let at = 0; at < path.points.length; at += 3) {
        path.points[at] = left + (width * path.points[at]) / Math.max(1, payload.last);
        path.points[at + 1] = top + height * (1 - path.points[at + 1]);
      }
      return path;
    });
    const cell = trailWidth(payload, layout.unit) * payload.sizes.trailCell;
    this.trails = this.ends.map(path => {
      const outside = path.points.slice();
      for (let at = 0; at < outside.length; at += 3) if (outside[at + 2] !== 0) outside.fill(NaN, at, at + 3);
      return thinned(new Path(path.step, outside, 3), cell);
    });
    this.shapes = headShapes(payload, headSize(payload, payload.sizes.plotHead, layout.unit));
    this.point = new Float32Array(3);
  }

  /** Return the height of a racer's curve at a step. @param {number} racer @param {number} step */
  heightAt(racer, step) {
    return interpolated(this.heights[racer], step);
  }

  /** Return the end of a racer's curve in pixels. @param {number} racer @param {number} step */
  endAt(racer, step) {
    this.ends[racer].head(Math.min(step, this.run.racers[racer]?.steps ?? 0), this.point);
    return { x: this.point[0], y: this.point[1], side: this.point[2] };
  }

  /**
   * Draw the curves up to a moment.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {{step: number, hold: number}} moment
   * @param {Colors} colors
   * @param {boolean[]} shown
   */
  draw(context, { step, hold }, colors, shown) {
    const { payload, layout, run } = this;
    const { sizes } = payload;
    const winner = hold > 0 ? run.winner : null;
    const width = trailWidth(payload, layout.unit, sizes.plotTrail);
    context.lineCap = context.lineJoin = "round";
    run.racers.forEach((racer, index) => {
      if (!racer || !shown[index]) return;
      const last = Math.min(step, racer.steps);
      const { points } = this.trails[index];
      const end = this.endAt(index, step);
      context.beginPath();
      let connected = false;
      for (let at = 0, count = this.trails[index].passed(last); at < count; at++) {
        const x = points[3 * at];
        if (Number.isNaN(x)) connected = false;
        else if (connected) context.lineTo(x, points[3 * at + 1]);
        else {
          context.moveTo(x, points[3 * at + 1]);
          connected = true;
        }
      }
      if (connected && end.side === 0) context.lineTo(end.x, end.y);
      context.strokeStyle = colors.hues[index];
      const factor = winner === null ? 1 : winner === index ? sizes.emphasis : 1 / sizes.emphasis;
      context.lineWidth = width * factor;
      context.globalAlpha = factor < 1 ? sizes.receding : 1;
      context.stroke();
      context.globalAlpha = 1;
    });
    run.racers.forEach((racer, index) => {
      if (!racer || !shown[index]) return;
      const end = this.endAt(index, step);
      if (end.side === 0) drawHead(context, this.shapes[index], end.x, end.y, payload, colors, index, layout.unit);
      else this.#drawArrow(context, end, colors, index);
    });
  }

  /**
   * Draw an arrow where a curve has left the axis.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {{x: number, y: number, side: number}} end
   * @param {Colors} colors
   * @param {number} racer
   */
  #drawArrow(context, { x, y, side }, colors, racer) {
    if (Number.isNaN(x)) return;
    const { sizes } = this.payload;
    const { unit } = this.layout;
    const length = Math.max(sizes.minArrowLength, sizes.arrowLength * unit);
    const half = Math.max(sizes.minArrowWidth, sizes.arrowWidth * unit) / 2;
    const stem = 0.3 * half, head = 0.55 * length;
    context.save();
    context.translate(x, y);
    context.scale(1, side);
    context.beginPath();
    for (const [right, down] of [[0, 0], [half, head], [stem, head], [stem, length], [-stem, length], [-stem, head], [-half, head]]) {
      context.lineTo(right, down);
    }
    context.closePath();
    context.fillStyle = colors.hues[racer];
    context.strokeStyle = colors.background;
    context.lineWidth = Math.max(sizes.minHeadEdge, sizes.headEdge * unit);
    context.lineJoin = "miter";
    context.fill();
    context.stroke();
    context.restore();
  }
}

/**
 * Return the path of a curve's end, with numbers for the step, the height, and the side on which it has left the axis.
 *
 * The side is 0 within the axis, -1 below it and 1 above it. There, the end remains where the curve left the axis.
 *
 * @param {Float64Array} row heights as fractions of the axis
 */
function cutPath(row) {
  /** @type {number[]} */
  const steps = [];
  /** @type {number[]} */
  const points = [];
  let x = 0, y = Math.min(1, Math.max(0, row[0])), before = 0;
  const add = (/** @type {number} */ step, /** @type {number} */ height) => {
    const side = height > 1 ? 1 : height < 0 ? -1 : 0;
    // Where the curve returns, its end is at two places at once.
    if (side === 0 && before !== 0) {
      steps.push(step);
      points.push(x, y, before);
    }
    if (side === 0) [x, y] = [step, height];
    steps.push(step);
    points.push(x, y, side);
    before = side;
  };
  for (let step = 0; step < row.length; step++) {
    if (step > 0) {
      const from = row[step - 1], along = row[step] - from;
      for (const edge of along > 0 ? [0, 1] : [1, 0]) {
        if ((from - edge) * (row[step] - edge) < 0) add(step - 1 + (edge - from) / along, edge);
      }
    }
    add(step, row[step]);
  }
  return new Path(steps, Float32Array.from(points), 3);
}

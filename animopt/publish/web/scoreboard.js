/** The loss curves, and at their ends the name, loss and settings of each racer. */

import { Curves } from "./curves.js";
import { filled, interpolated, numberFormat } from "./numbers.js";
import { DIVERGED, IN_VIEW } from "./race.js";
import { plannedRanks, spread } from "./ranking.js";
import { Standings } from "./standings.js";
import { drawHead, headShapes, headSize } from "./trails.js";
import { fitted, textSize, widthOf, write } from "./type.js";

/**
 * @typedef {import("./data.js").Payload} Payload
 * @typedef {import("./data.js").Layout} Layout
 * @typedef {import("./data.js").Colors} Colors
 * @typedef {import("./race.js").Run} Run
 */

/** Largest distance of two entries whose curves end together, in heights of an entry. */
const MAX_PITCH = 1.6;

/**
 * Return what a racer's entry says about its loss after a step.
 *
 * @param {Payload} payload
 * @param {Run} run
 * @param {number} racer
 * @param {number} step
 * @param {boolean} brief
 */
export function lossText(payload, run, racer, step, brief = false) {
  const own = run.racers[racer];
  if (!own) return { words: payload.words.absent, lost: true };
  const at = Math.min(Math.floor(step), own.steps);
  const lost = own.lost[at];
  if (lost === IN_VIEW) return { words: numberFormat(payload).loss(own.values[at], brief), lost: false };
  let since = at;
  while (since > 0 && own.lost[since - 1] === lost) since--;
  const key = lost === DIVERGED ? "diverged" : "left";
  return { words: brief ? payload.words[key] : filled(payload.words[`${key}At`], { step: since }), lost: true };
}

export class Scoreboard {
  /**
   * @param {Payload} payload
   * @param {Layout} layout
   * @param {Run} run
   * @param {import("./axis.js").LossAxis | null} axis
   * @param {import("./clock.js").Clock} clock
   */
  constructor(payload, layout, run, axis, clock) {
    this.payload = payload;
    this.layout = layout;
    this.run = run;
    this.curves = axis && new Curves(payload, layout, run, axis);
    this.entries = this.curves && layout.entries;
    const racers = payload.racers.map((_, racer) => racer);
    this.ranks = /** @type {Float64Array[]} */ ([]);
    this.slots = /** @type {number[]} */ ([]);
    this.above = this.height = this.lowest = 0;
    const { curves } = this;
    if (curves && this.entries) {
      this.ranks = plannedRanks(
        racers.map(racer => Float64Array.from(clock.steps, step => curves.heightAt(racer, step))), clock.fps,
      );
      const { size, small, settings, beside } = this.entries;
      const { entryLine } = payload.sizes;
      const [, , , height] = layout.boxes.scoreboard;
      this.above = (size * entryLine) / 2;
      const below = this.above + (settings.some(Boolean) && !beside ? small * entryLine : 0);
      this.height = this.above + below;
      this.lowest = height - below;
      const pitch = Math.min(MAX_PITCH * this.height, (this.lowest - this.above) / Math.max(1, racers.length - 1));
      const ends = racers.map(racer => curves.heightAt(racer, payload.last)).sort((one, other) => other - one);
      const targets = ends.map(end => height * (1 - Math.min(1, Math.max(0, end))));
      // The lowest rank is at the bottom.
      this.slots = spread(targets, pitch, this.above, this.lowest).reverse();
    }
    /** The list of a layout without entries. */
    this.standings =
      this.entries || !layout.boxes.standings
        ? null
        : new Standings(payload, layout, run, (racer, step) => lossText(payload, run, racer, step, true));
    this.shapes = headShapes(payload, headSize(payload, payload.sizes.entryHead, layout.unit));
    /** Areas of the racers' entries in pixels of the layout, from the last frame. */
    this.areas = /** @type {import("./standings.js").RacerArea[]} */ ([]);
  }

  /**
   * Draw the curves and the entries at a moment.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {{step: number, hold: number, frame: number}} moment
   * @param {Colors} colors
   * @param {boolean[]} shown
   */
  draw(context, moment, colors, shown) {
    const { payload, layout, run, entries, curves } = this;
    const { step, hold, frame } = moment;
    this.areas = [];
    if (!curves || !entries) {
      curves?.draw(context, moment, colors, shown);
      this.standings?.draw(context, moment, colors, shown);
      this.areas = this.standings?.areas ?? [];
      return;
    }
    const [left, top, width] = layout.boxes.scoreboard;
    const { sizes } = payload;
    const wanted = this.ranks.map(row => interpolated(this.slots, interpolated(row, frame)));
    const places = spread(wanted, this.height, this.above, this.lowest);
    const winner = hold > 0 ? run.winner : null;
    const edge = left + width - entries.column;
    context.lineCap = context.lineJoin = "round";
    const right = layout.boxes.curves[0] + layout.boxes.curves[2] + 0.3 * entries.size;
    const racers = payload.racers.map((_, racer) => racer).filter(racer => run.racers[racer] && shown[racer]);
    for (const racer of racers) {
      const end = curves.endAt(racer, step);
      const y = top + Math.round(places[racer]);
      const receding = winner !== null && winner !== racer;
      context.strokeStyle = colors.hues[racer];
      context.globalAlpha = sizes.leaderOpacity * (receding ? sizes.receding : 1);
      context.lineWidth = Math.max(sizes.minLeader, sizes.leader * layout.unit);
      context.beginPath();
      context.moveTo(end.x, end.y);
      context.lineTo(right, end.y);
      context.lineTo(edge - 0.45 * entries.size, y);
      context.lineTo(edge - 0.1 * entries.size, y);
      context.stroke();
      context.globalAlpha = 1;
    }
    curves.draw(context, moment, colors, shown);
    for (const racer of racers) this.#drawEntry(context, racer, edge, top + Math.round(places[racer]), step, winner, colors);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {number} racer
   * @param {number} left
   * @param {number} y middle of the name
   * @param {number} step
   * @param {number | null} winner
   * @param {Colors} colors
   */
  #drawEntry(context, racer, left, y, step, winner, colors) {
    const { payload, layout, run, entries } = this;
    if (!entries) return;
    const { sizes } = payload;
    const { size, small, beside, column, aside } = entries;
    const first = winner === racer;
    const indent = sizes.entryIndent * size, gap = sizes.entryGap * size;
    const loss = lossText(payload, run, racer, step, entries.brief);
    const styled = (/** @type {number} */ large, /** @type {number} */ weight) => {
      const lossStyle = loss.lost ? { size: small, weight: 400 } : { size: large, weight };
      const lossWidth = widthOf(context, loss.words, lossStyle.size, lossStyle.weight);
      const name = fitted(context, entries.names[racer], column - indent - gap - lossWidth, large, small, weight);
      return { weight, lossStyle, lossWidth, name };
    };
    let style = first ? styled(size * sizes.winnerSize, 700) : styled(size, 400);
    // A winner's whole name says more than a bold part of it.
    if (first && style.name.words !== entries.names[racer]) style = styled(size, 400);
    const { weight, lossStyle, lossWidth, name } = style;
    const lossColor = loss.lost ? colors.muted : colors.texts[racer];
    this.areas.push({ racer, left, right: left + column, top: y - this.above, bottom: y - this.above + this.height });
    drawHead(context, this.shapes[racer], left + 0.6 * size, y + 0.06 * size, payload, colors, racer, layout.unit);
    write(context, loss.words, left + column, y, { ...lossStyle, color: lossColor, align: "right", at: "middle" });
    const color = winner !== null && !first ? colors.muted : colors.ink;
    write(context, name.words, left + indent, y, { size: name.size, color, weight, at: "middle" });
    const settings = entries.settings[racer];
    if (!settings) return;
    const at = beside ? left + aside : left + indent;
    const room = beside ? column - aside - gap - lossWidth : column - indent;
    const shown = fitted(context, settings, room + 0.3 * size, small, small);
    const below = beside ? y : y + this.above + (small * sizes.entryLine) / 2;
    write(context, shown.words, at, below, { size: small, color: colors.muted, at: "middle" });
  }
}

/** A list of the racers with their losses, for more racers than the curves have room for beside them. */

import { IN_VIEW } from "./race.js";
import { drawHead, headShapes, headSize } from "./trails.js";
import { fitted, textSize, write } from "./type.js";

/**
 * @typedef {import("./data.js").Payload} Payload
 * @typedef {import("./data.js").Colors} Colors
 * @typedef {import("./race.js").Run} Run
 * @typedef {{racer: number, left: number, right: number, top: number, bottom: number}} RacerArea
 */

/** Most columns of the list, and the distance of two columns and of the texts of a row, in type sizes. */
const MAX_COLUMNS = 4;
const COLUMN_GAP = 2;
const GAP = 0.5;

export class Standings {
  /**
   * @param {Payload} payload
   * @param {import("./data.js").Layout} layout
   * @param {Run} run
   * @param {(racer: number, step: number) => {words: string, lost: boolean}} lossOf
   */
  constructor(payload, layout, run, lossOf) {
    this.payload = payload;
    this.layout = layout;
    this.run = run;
    this.lossOf = lossOf;
    this.box = layout.boxes.standings;
    const [, , , height] = this.box;
    const count = payload.racers.length, { entryLine, tickText } = payload.sizes;
    const most = textSize(layout, tickText + 2);
    let columns = 1;
    while (columns < MAX_COLUMNS && height / Math.ceil(count / columns) < layout.minText * entryLine) columns++;
    this.rows = Math.ceil(count / columns);
    this.columns = columns;
    this.pitch = Math.min(height / this.rows, 1.4 * most);
    this.size = Math.min(most, this.pitch / entryLine);
    this.shapes = headShapes(payload, Math.min(headSize(payload, payload.sizes.entryHead, layout.unit), this.size));
    this.areas = /** @type {RacerArea[]} */ ([]);
  }

  /**
   * @param {CanvasRenderingContext2D} context
   * @param {{step: number, hold: number}} moment
   * @param {Colors} colors
   * @param {boolean[]} shown
   */
  draw(context, { step, hold }, colors, shown) {
    const { payload, layout, run, size, rows, columns, pitch, box } = this;
    const [left, top, width] = box;
    const wide = (width - (columns - 1) * COLUMN_GAP * size) / columns;
    const winner = hold > 0 ? run.winner : null;
    this.areas = [];
    payload.racers.forEach(({ name }, racer) => {
      if (!run.racers[racer] || !shown[racer]) return;
      const x = left + Math.floor(racer / rows) * (wide + COLUMN_GAP * size);
      const y = top + pitch * ((racer % rows) + 0.5);
      const weight = racer === winner ? 700 : 400;
      const loss = this.lossOf(racer, step);
      write(context, String(this.#rank(racer, step)), x + 1.2 * size, y, { size, color: colors.muted, align: "right", at: "middle" });
      drawHead(context, this.shapes[racer], x + 2.1 * size, y, payload, colors, racer, layout.unit);
      const color = loss.lost ? colors.muted : colors.texts[racer];
      write(context, loss.words, x + wide, y, { size, color, weight, align: "right", at: "middle" });
      const room = wide - 2.9 * size - GAP * size - context.measureText(loss.words).width;
      const shownName = fitted(context, name, room, size, layout.minText, weight);
      write(context, shownName.words, x + 2.9 * size, y, { size: shownName.size, color: colors.ink, weight, at: "middle" });
      this.areas.push({ racer, left: x, right: x + wide, top: y - pitch / 2, bottom: y + pitch / 2 });
    });
  }

  /** Return a racer's place, from the lowest loss on. @param {number} racer @param {number} step */
  #rank(racer, step) {
    const losses = this.run.racers.map(each => {
      const at = each ? Math.min(Math.floor(step), each.steps) : 0;
      return each && each.lost[at] === IN_VIEW ? each.values[at] : Infinity;
    });
    return 1 + losses.filter(loss => loss < losses[racer]).length;
  }
}

/** The racers' names beside their heads, at places that are free and change rarely. */

import { textSize, widthOf, write } from "./type.js";

/** Sides of a head on which a name can be, and the cost of each. */
const SIDES = [[1, 0], [1, -1], [0, -1], [-1, -1], [-1, 0], [-1, 1], [0, 1], [1, 1]];
const COSTS = [0, 4, 2, 5, 1, 7, 3, 6];

/** Cost of another place than the last one, and of another head near it. */
const MOVE_COST = 6;
const COVER_COST = 1.5;

/** Half the side of the square around a head, in sizes of the head. */
const HEAD_RADIUS = 0.7;

/** Seconds in which a name glides to its place, and for which a place is free before a name appears there. */
const GLIDE_SECONDS = 0.15;
const WAIT_SECONDS = 0.3;

/** @typedef {{left: number, top: number, right: number, bottom: number}} Area */

export class Labels {
  /**
   * @param {import("./data.js").Payload} payload
   * @param {import("./data.js").Layout} layout
   * @param {import("./data.js").Box} box
   * @param {number | null} winner racer whose name has the first choice
   */
  constructor(payload, layout, box, winner) {
    this.payload = payload;
    this.box = box;
    this.layout = layout;
    this.unit = layout.unit;
    this.size = textSize(layout, payload.sizes.labelText);
    const racers = payload.racers.map((_, racer) => racer);
    /** Racers whose names have the first choice come first. */
    this.order = winner === null ? racers : [winner, ...racers.filter(racer => racer !== winner)];
    /** @type {({side: number, x: number, y: number, waited: number} | null)[]} */
    this.places = payload.racers.map(() => null);
    /** @type {number[] | null} */
    this.widths = null;
  }

  /**
   * Write the names beside the heads.
   *
   * @param {CanvasRenderingContext2D} context
   * @param {Float32Array} heads (racers, 2) in pixels, NaN for one without a name
   * @param {import("./data.js").Colors} colors
   * @param {string} ground color behind a name
   * @param {Area[]} obstacles
   * @param {number} seconds seconds since the last frame of the same race, 0 after a jump
   */
  draw(context, heads, colors, ground, obstacles, seconds) {
    const { payload, size, unit, places } = this;
    this.widths ??= this.layout.labels.map(label => widthOf(context, label, size) + 2 * payload.sizes.labelPadding * size);
    const height = (1.06 + 2 * payload.sizes.labelPadding) * size;
    const radius = payload.sizes.head * unit * HEAD_RADIUS, gap = payload.sizes.labelGap;
    /** @type {Area[]} */
    const taken = [...obstacles];
    for (const racer of this.order) {
      const x = heads[2 * racer], y = heads[2 * racer + 1], width = this.widths[racer];
      if (Number.isNaN(x) || this.#isUnder(heads, racer, radius)) {
        places[racer] = null;
        continue;
      }
      const last = places[racer];
      let best = -1, least = Infinity;
      SIDES.forEach(([right, down], side) => {
        const area = around(
          x + right * (width / 2 + radius + gap), y + down * (height / 2 + radius + gap), width, height, gap,
        );
        if (!this.#isFree(area, heads, racer, radius, taken)) return;
        const covered = this.#covered(area, heads);
        const cost = COSTS[side] + COVER_COST * covered + (last && last.side !== side ? MOVE_COST : 0);
        if (cost < least) [best, least] = [side, cost];
      });
      if (best < 0) {
        places[racer] = null;
        continue;
      }
      const goalX = SIDES[best][0] * (width / 2 + radius + gap), goalY = SIDES[best][1] * (height / 2 + radius + gap);
      const part = last && seconds > 0 ? 1 - Math.exp(-seconds / GLIDE_SECONDS) : 1;
      const place = last
        ? { side: best, x: last.x + part * (goalX - last.x), y: last.y + part * (goalY - last.y), waited: last.waited + seconds }
        : { side: best, x: goalX, y: goalY, waited: seconds > 0 ? 0 : WAIT_SECONDS };
      if (seconds === 0) place.waited = WAIT_SECONDS;
      places[racer] = place;
      if (place.waited < WAIT_SECONDS) continue;
      // A name that would glide over another one jumps.
      if (taken.some(other => overlap(around(x + place.x, y + place.y, width, height, 0), other))) [place.x, place.y] = [goalX, goalY];
      const area = around(x + place.x, y + place.y, width, height, 0);
      taken.push(area);
      context.globalAlpha = payload.sizes.labelOpacity;
      context.fillStyle = ground;
      context.beginPath();
      context.roundRect(area.left, area.top, width, height, payload.sizes.labelPadding * size);
      context.fill();
      context.globalAlpha = 1;
      write(context, this.layout.labels[racer], x + place.x, y + place.y, {
        size, color: colors.ink, align: "center", at: "center",
      });
    }
  }

  /** Return whether a head is under the head of a later racer. @param {Float32Array} heads @param {number} racer @param {number} radius */
  #isUnder(heads, racer, radius) {
    for (let other = racer + 1; other < heads.length / 2; other++) {
      const right = Math.abs(heads[2 * other] - heads[2 * racer]), down = Math.abs(heads[2 * other + 1] - heads[2 * racer + 1]);
      if (right < radius / 2 && down < radius / 2) return true;
    }
    return false;
  }

  /**
   * @param {Area} area
   * @param {Float32Array} heads
   * @param {number} racer
   * @param {number} radius
   * @param {Area[]} taken
   */
  #isFree(area, heads, racer, radius, taken) {
    const [left, top, width, height] = this.box;
    if (area.left < left || area.top < top || area.right > left + width || area.bottom > top + height) return false;
    if (taken.some(other => overlap(area, other))) return false;
    for (let other = 0; other < heads.length / 2; other++) {
      if (other !== racer && overlap(area, around(heads[2 * other], heads[2 * other + 1], 2 * radius, 2 * radius, 0))) return false;
    }
    return true;
  }

  /** Return how many other heads a name is near. @param {Area} area @param {Float32Array} heads */
  #covered(area, heads) {
    const wide = { left: area.left - this.size, top: area.top - this.size, right: area.right + this.size, bottom: area.bottom + this.size };
    let count = 0;
    for (let other = 0; other < heads.length / 2; other++) {
      if (overlap(wide, around(heads[2 * other], heads[2 * other + 1], 1, 1, 0))) count++;
    }
    return count - 1;
  }
}

/**
 * Return the area around a center.
 *
 * @param {number} x
 * @param {number} y
 * @param {number} width
 * @param {number} height
 * @param {number} gap
 * @returns {Area}
 */
export function around(x, y, width, height, gap) {
  return { left: x - width / 2 - gap, right: x + width / 2 + gap, top: y - height / 2 - gap, bottom: y + height / 2 + gap };
}

/** @param {Area} one @param {Area} other */
function overlap(one, other) {
  return one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom;
}

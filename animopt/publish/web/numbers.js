/**
 * Numbers as text, in the form of the clip, and numbers between those of a row.
 *
 * @typedef {import("./data.js").Payload} Payload
 */

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/**
 * Return the functions that write numbers in the payload's language.
 *
 * @param {Payload} payload
 */
export function numberFormat(payload) {
  const { separators, smallest, largest } = payload.numbers;
  const [minus, group, decimal] = separators;
  const { decimals, digits } = payload.column;

  /** @param {string} number */
  const localized = number => {
    const [whole, fraction] = number.replace("-", "").split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, group);
    const sign = number.startsWith("-") && /[1-9]/.test(number) ? minus : "";
    return sign + grouped + (fraction === undefined ? "" : decimal + fraction);
  };

  /** @param {number} exponent */
  const power = exponent =>
    "10" + String(exponent).replace("-", "⁻").replace(/\d/g, digit => SUPERSCRIPTS[Number(digit)]);

  /** @param {number} value @param {number} count */
  const significantDecimals = (value, count) =>
    Math.min(20, Math.max(2, count - 1 - Number(value.toExponential(count - 1).split("e")[1])));

  /** @param {number} value @param {number | null} places @param {number} count */
  const format = (value, places, count) => {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "–" : value > 0 ? "∞" : `${minus}∞`;
    if (places === null && value !== 0) {
      const size = Math.abs(value);
      if (size < smallest || size >= largest) {
        const [mantissa, exponent] = value.toExponential(count - 1).split("e");
        return `${localized(mantissa)} × ${power(Number(exponent))}`;
      }
      places = significantDecimals(value, count);
    }
    return localized(value.toFixed(places ?? 0));
  };

  return {
    /** Write a loss as in the scoreboard. A brief power of ten has no factor. @param {number} value @param {boolean} brief */
    loss(value, brief = false) {
      const places = Math.abs(value) >= largest ? null : decimals;
      if (payload.gaps && decimals !== null && value > 0 && value < 0.5 * 10 ** -decimals) {
        return `< ${format(10 ** -decimals, decimals, digits)}`;
      }
      if (brief && places === null && value > 0 && (value < smallest || value >= largest)) {
        return power(Math.round(Math.log10(value)));
      }
      return format(value, places, digits);
    },
    /** Write a coordinate without zeros at its end. @param {number} value */
    coordinate(value) {
      if (!Number.isFinite(value) || value === 0) return format(value, 0, 2);
      const places = Math.min(4, significantDecimals(value, 2));
      return localized(value.toFixed(places).replace(/\.?0+$/, ""));
    },
  };
}

/** Return a row's value at a fractional index. @param {ArrayLike<number>} row @param {number} index */
export function interpolated(row, index) {
  const at = Math.min(Math.max(index, 0), row.length - 1), before = Math.floor(at);
  const after = Math.min(before + 1, row.length - 1);
  return row[before] + (at - before) * (row[after] - row[before]);
}

/**
 * Fill the names in braces in a message.
 *
 * @param {string} message
 * @param {{[name: string]: string | number}} values
 */
export function filled(message, values) {
  return message.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

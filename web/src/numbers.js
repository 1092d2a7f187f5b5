// What people type and paste: numbers with a decimal comma, a typographic minus or their unit. Nothing is guessed.
import { TIMES } from "./strings/index.js";

const NUMBER = /^([+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?)\s*(.*)$/s;

const spelling = (unit) =>
  unit
    .replace(/\s+/g, " ")
    .replace(/[µμ]/g, "u")
    .replace(/°\s*C|℃/g, "degC")
    .replace(/[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]/g, (c) => ("⁻⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c) === 0 ? "-" : "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c)))
    .replace(/\^|\*\*/g, "")
    .trim();

/** { value } or { problem: key of a text, values } of a number with an optional unit after it, whatever that is. */
function split(text) {
  const found = NUMBER.exec(text.trim().replace(/−/g, "-"));
  if (!found) return { problem: text.trim() ? "number.unreadable" : "number.empty", values: { got: text.trim() } };
  const [, digits, unit] = found;
  if (/^[.,]/.test(unit)) return { problem: "number.unreadable", values: { got: text.trim() } };
  // 1,250 is one thing in London and another in Berlin
  if (/^[+-]?[1-9]\d{0,2},\d{3}$/.test(digits))
    return { problem: "number.comma", values: { got: digits, point: digits.replace(",", "."), plain: digits.replace(",", "") } };
  const value = Number(digits.replace(",", "."));
  return Number.isFinite(value) ? { value, unit } : { problem: "number.unreadable", values: { got: text.trim() } };
}

/** { value } or { problem, values } of a number typed for a quantity in `unit`. */
export function readNumber(text, unit) {
  const read = split(text);
  if (read.problem || !read.unit || spelling(read.unit) === spelling(unit)) return read;
  return { problem: "number.unit", values: { got: read.unit, unit } };
}

/** { value: seconds } or { problem, values } of a time; a bare number other than 0 does not say what it is. */
export function readTime(text) {
  const read = split(text);
  if (read.problem) return read;
  const size = TIMES.find(([name]) => name === read.unit)?.[1];
  if (size !== undefined) return { value: read.value * size };
  if (!read.unit && read.value === 0) return { value: 0 };
  return { problem: read.unit ? "time.unit" : "time.bare", values: { got: read.unit || text.trim() } };
}

/** A number as a field holds it: 6 digits at most, readable again. */
export function inField(value) {
  const size = Math.abs(value);
  const short = Number(value.toPrecision(6));
  return (size > 0 && size < 1e-3 ? short.toExponential() : String(short)).replace(/^-/, "−");
}

/** A time as a field holds it: exact, in the longest unit that gives a short number. */
export function timeInField(seconds) {
  if (seconds === 0) return "0 s";
  const exact = TIMES.find(([, size]) => seconds >= size && String(+(seconds / size).toPrecision(12)).length <= 6);
  return exact ? `${+(seconds / exact[1]).toPrecision(12)} ${exact[0]}` : `${seconds} s`;
}

/** The nearest of 1, 2, 5 times a power of ten at or below a size. */
export function niceStep(size) {
  const power = 10 ** Math.floor(Math.log10(size));
  return +((size / power >= 5 ? 5 : size / power >= 2 ? 2 : 1) * power).toPrecision(1);
}

/** Without the noise of binary fractions: 5 + 0.1 + 0.2 is 5.3. */
export const clean = (value) => Number(value.toPrecision(12));

// Texts of the page in a language: t(key, values). What a language lacks is said in English.
import de from "./de.js";
import en from "./en.js";

/** { language: { key: text } }, English first. */
export const LANGUAGES = { en, de };

const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
const raised = (text) => [...String(text)].map((c) => SUPERSCRIPT[c]).join("");

/** Of times, in seconds; the longest first. */
export const TIMES = [
  ["d", 86400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
  ["ms", 0.001],
];

/** The language asked for if the page has it, else the first of the reader's own that it has, else English. */
export function languageOf(asked, own = []) {
  return [asked, ...own.map((tag) => tag.split("-")[0])].find((language) => language in LANGUAGES) ?? "en";
}

/**
 * t(key, values) of a language. A text names its values as {name}; {v:mV} is a potential to 0.1 mV, {v:+mV} a change of
 * it with its sign, and with one digit where it is smaller than that, {x:3} a number to 3 significant digits, {x:+3} with its sign, {s:time} a duration, {u:unit} a unit. A bare
 * {x} is a number to 3 digits; a text stands as it is, and so does {x} while it has no value. Throws for a key that
 * no language has.
 */
export function createT(language, languages = LANGUAGES) {
  const texts = languages[language];
  const formats = new Map();

  function number(value, digits = 3) {
    if (!Number.isFinite(value)) return "–";
    const size = Math.abs(value);
    if (size >= 1e5 || (size > 0 && size < 1e-3)) {
      const [head, power] = value.toExponential(digits - 1).split("e");
      return `${local(+head, { maximumSignificantDigits: digits })}×10${raised(+power)}`;
    }
    return local(value, { maximumSignificantDigits: digits });
  }

  function local(value, form) {
    const kind = JSON.stringify(form); // making one takes longer than all else on the screen
    if (!formats.has(kind)) formats.set(kind, new Intl.NumberFormat(language, { useGrouping: false, ...form }));
    return formats
      .get(kind)
      .format(value + 0)
      .replace("-", "−"); // -0 + 0 is 0
  }

  function mV(value) {
    if (!Number.isFinite(value)) return "–";
    const shown = local(value, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
    return /[1-9]/.test(shown) ? shown : shown.replace("−", "");
  }

  /** Of a change too small for a decimal its first digit, down to 0.001 mV: it is not said to be none. */
  function signed(value) {
    const small = Math.abs(value) < 0.05 && Math.abs(value) >= 0.0005;
    return plus(small ? local(value, { maximumSignificantDigits: 1 }) : mV(value));
  }

  const plus = (text) => (/^[1-9]|^0.*[1-9]/.test(text) ? `+${text}` : text);

  function time(seconds, digits = 3) {
    if (!Number.isFinite(seconds)) return "–";
    const [name, size] = TIMES.find(([, size]) => Math.abs(seconds) >= size) ?? TIMES.at(seconds === 0 ? 3 : -1);
    return `${number(seconds / size, digits)} ${name}`;
  }

  const forms = { mV, "+mV": signed, time, unit: unitText };

  function formatted(value, form) {
    if (typeof value === "string" && form !== "unit") return value;
    if (form in forms) return forms[form](value);
    if (typeof value !== "number") return String(value);
    const shown = number(value, form ? Math.abs(+form) : 3);
    return form?.startsWith("+") ? plus(shown) : shown;
  }

  function t(key, values = {}) {
    const text = texts[key] ?? languages.en[key];
    if (text === undefined) throw new Error(`The page has no text "${key}".`);
    return text.replace(/\{(\w+)(?::([^}]+))?\}/g, (hole, name, form) => (name in values ? formatted(values[name], form) : hole));
  }

  return Object.assign(t, {
    language,
    number,
    mV,
    time,
    signed,
    unit: unitText,
    /** As a screen reader should say it: "minus 76.5 millivolts", "8 millimolar". */
    spoken(shown, unit) {
      const words = texts[`spoken.${unit}`] ?? languages.en[`spoken.${unit}`] ?? unitText(unit);
      return `${shown.replace("−", `${t("spoken.minus")} `)} ${words}`.trim();
    },
    has: (key) => key in texts || key in languages.en,
  });
}

/** A unit as it is printed: "degC" is °C, "uF/cm2" is µF/cm². */
export function unitText(unit) {
  return unit
    .replace("degC", "°C")
    .replace(/\bu(?=[a-zA-Z])/g, "µ")
    .replace(/(?<=[a-zA-Z])-?\d/g, raised);
}

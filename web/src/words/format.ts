// Numbers with units, in the reader's language. Units stand after a no-break space.

const kNbsp = "\u00a0";
let language = "en";
let numbers = new Map<number, Intl.NumberFormat>();

export function set_language(tag: string) {
  language = tag;
  numbers = new Map();
}

export function num(value: number, digits = 0): string {
  let format = numbers.get(digits);
  if (!format) {
    format = new Intl.NumberFormat(language, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    numbers.set(digits, format);
  }
  return format.format(value);
}

// 7.5, 12, 0.41: three figures are enough to compare by.
export function figure(value: number): string {
  const size = Math.abs(value);
  return num(value, size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : 2);
}

export function bytes(value: number): string {
  const units = language === "fr" ? ["o", "ko", "Mo", "Go", "To"] : ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return (unit < 2 ? num(value) : figure(value)) + kNbsp + units[unit];
}

export function duration(ms: number): string {
  if (ms < 999.5) return num(ms) + kNbsp + "ms";
  if (ms < 59_950) return num(ms / 1000, ms < 9_995 ? 2 : 1) + kNbsp + "s";
  const minutes = Math.floor(ms / 60_000);
  return `${num(minutes)}${kNbsp}min ${num(Math.round((ms % 60_000) / 1000))}${kNbsp}s`;
}

export function seconds(ms: number): string {
  return num(ms / 1000, 1);
}

export function percent(share: number, digits = 1): string {
  return num(share * 100, digits) + kNbsp + "%";
}

export function clock(ms: number): string {
  return new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" })
    .format(ms);
}

export function date(ms: number): string {
  return new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" })
    .format(ms);
}

// "2 minutes ago", rounded down to the largest unit that fits.
export function ago(ms: number): string {
  const past = Math.max(0, Date.now() - ms) / 1000;
  const format = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  if (past < 60) return format.format(0, "minute");
  if (past < 3600) return format.format(-Math.floor(past / 60), "minute");
  if (past < 86_400) return format.format(-Math.floor(past / 3600), "hour");
  if (past < 2_592_000) return format.format(-Math.floor(past / 86_400), "day");
  return date(ms);
}

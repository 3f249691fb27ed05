// How numbers, amounts, times and durations are said.

const NONE = "–";
const FINAL = ["Succeeded", "CompletedWithFailures", "Failed", "Cancelled"];

const over = (state) => FINAL.includes(state);

const known = (value) => value !== null && value !== undefined;

const number = (value) => (known(value) ? value.toLocaleString("en") : NONE);

const rate = (value) =>
  known(value)
    ? value.toLocaleString("en", value < 10 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 0 })
    : NONE;

const plural = (value, word) => `${number(value)} ${word}${value === 1 ? "" : "s"}`;

const sum = (counts) => Object.values(counts ?? {}).reduce((all, each) => all + each, 0);

const percent = (part, whole) => (whole ? Math.min(100, (100 * part) / whole) : 0);

// Small amounts keep three digits that tell something: 0.000836, 0.0412, 12.40.
function money(value) {
  if (!known(value)) return NONE;
  if (value === 0 || value >= 1) {
    return value.toLocaleString("en", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  }
  return value.toLocaleString("en", { maximumSignificantDigits: 3 });
}

function bytes(value) {
  if (!known(value)) return NONE;
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const step = Math.min(Math.floor(Math.log10(Math.max(value, 1)) / 3), units.length - 1);
  const shown = value / 1000 ** step;
  return `${shown.toLocaleString("en", { maximumFractionDigits: step && shown < 100 ? 1 : 0 })} ${units[step]}`;
}

function duration(seconds) {
  if (!known(seconds)) return NONE;
  if (seconds > 0 && seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds > 0 && seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [days, hours] = [Math.floor(whole / 86400), Math.floor(whole / 3600) % 24];
  const [minutes, rest] = [Math.floor(whole / 60) % 60, whole % 60];
  if (days) return `${days} d ${hours} h`;
  if (hours) return `${hours} h ${minutes} min`;
  if (minutes) return rest && minutes < 10 ? `${minutes} min ${rest} s` : `${minutes} min`;
  return `${rest} s`;
}

const seconds = (from, to) => (new Date(to) - new Date(from)) / 1000;

const clock = (time) => new Date(time).toLocaleTimeString("en-GB");

function moment(time) {
  const [then, now] = [new Date(time), new Date()];
  if (then.toDateString() === now.toDateString()) return clock(time);
  const year = then.getFullYear() === now.getFullYear() ? undefined : "numeric";
  const day = then.toLocaleDateString("en-GB", { day: "numeric", month: "short", year });
  return `${day} ${then.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}`;
}

const utc = (time) => `${new Date(time).toISOString().slice(0, 19).replace("T", " ")} UTC`;

const list = (values, most = 4) =>
  values.length <= most
    ? values.join(", ")
    : `${values.slice(0, most).join(", ")} and ${values.length - most} more`;

// "CompletedWithFailures" as people write it.
const words = (name) => name.replace(/(?<=[a-z])([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);

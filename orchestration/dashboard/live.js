// What the page knows, asked for again and again: one request at a time, by one loop.

const { html, render, useEffect, useErrorBoundary, useLayoutEffect, useRef, useState } = htmPreact;

const QUICK = 2_000;
const CALM = 10_000;
const KEPT = 60;

const bell = { rung: false, wake: null };

// Ask for all again at once.
function ring() {
  bell.rung = true;
  bell.wake?.();
}

document.addEventListener("visibilitychange", () => document.hidden || ring());

// The last answers by path: a screen that is opened again shows them at once.
const answers = new Map();

function keep(path, answer) {
  answers.delete(path);
  answers.set(path, { ...answer, at: Date.now() });
  if (answers.size > KEPT) answers.delete(answers.keys().next().value);
}

// Answers by the names of `parts` ({path, rest}; not asked for again before `rest` seconds), with
// `at`, when the app last answered, and `lost`, since when it does not, and `why`.
// While `quick` says so of the answers, and the tab is seen, all is asked for every 2 s; else 10 s.
function useAnswers(parts, quick) {
  const [reach, setReach] = useState({});
  const wanted = useRef();
  const shown = useRef({});
  wanted.current = { parts, quick };
  shown.current = heard(parts, shown.current);
  useEffect(ring, [Object.values(parts).map((part) => part.path).join(" ")]);
  useEffect(() => {
    const stop = new AbortController();
    follow(wanted, setReach, stop.signal);
    return () => stop.abort();
  }, []);
  return { ...reach, ...shown.current };
}

// Until a path has its first answer, what stood in its place before stays.
function heard(parts, before = {}) {
  const answer = ([name, { path }]) => [name, answers.get(path) ?? before[name] ?? {}];
  return Object.fromEntries(Object.entries(parts).map(answer));
}

async function follow(wanted, setReach, signal) {
  let [lost, why] = [null, ""];
  while (!signal.aborted) {
    bell.rung = false;
    try {
      for (const part of Object.values(wanted.current.parts)) {
        if (!due(part)) continue;
        keep(part.path, await call("GET", part.path, undefined, signal));
        if (signal.aborted) return;
        setReach({ at: Date.now(), lost, why });
      }
      lost = null;
      setReach({ at: Date.now(), lost });
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof Unreached)) throw error;
      lost ??= Date.now();
      why = error.message;
      setReach({ lost, why });
    }
    const quick = lost || wanted.current.quick(heard(wanted.current.parts));
    await pause(quick && !document.hidden ? QUICK : CALM);
  }
}

function due({ path, rest = 0 }) {
  const last = answers.get(path);
  return !last || Date.now() - last.at >= rest * 1000;
}

// Waits so long, or until the bell rings; not at all if it has rung since the round began.
function pause(ms) {
  if (bell.rung) return undefined;
  return new Promise((resolve) => {
    bell.wake = resolve;
    setTimeout(resolve, ms);
  });
}

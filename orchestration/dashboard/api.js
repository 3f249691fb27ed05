// Calls of the API that this page comes from, with the key of the page's own address.

const BASE = location.pathname.replace(/\/dashboard\/?$/, "");
const KEY = new URLSearchParams(location.search).get("code") ?? "";
const PATIENCE = 20_000;

class Unreached extends Error {}

// {value} or, where the API refuses, {problem: {status, detail, errors}}.
// Raises Unreached where there is no answer, or one that says that the app or a service is away.
async function call(method, path, body, signal) {
  const answer = await sent(method, path, body, signal);
  const content = await answer.json().catch(() => null);
  if (answer.ok) return { value: content };
  if (answer.status > 500) throw new Unreached(content?.detail ?? `HTTP ${answer.status}`);
  return { problem: { status: answer.status, detail: refusal(answer), errors: [], ...content } };
}

async function sent(method, path, body, signal) {
  const timeout = AbortSignal.timeout(PATIENCE);
  try {
    return await fetch(`${BASE}/${path}`, {
      method,
      headers: { "x-functions-key": KEY },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  } catch (error) {
    throw new Unreached(timeout.aborted ? "no answer in time" : "no connection");
  }
}

function refusal(answer) {
  const keyless = answer.status === 401 || answer.status === 403;
  return keyless ? "The key in the address of this page is not accepted." : `HTTP ${answer.status}`;
}

function query(members) {
  const given = Object.entries(members).filter(([, value]) => known(value) && value !== "");
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

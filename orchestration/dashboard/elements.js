// What all screens are made of.

const SHAPES = {
  Succeeded: ["good", "M2 6.5 5 9.5 10 3"],
  CompletedWithFailures: ["warn", "M6 1 11 10.5H1zM6 4.5v3M6 8.8v.4"],
  Failed: ["bad", "M2.5 2.5l7 7M9.5 2.5l-7 7"],
  Terminated: ["bad", "M2.5 2.5h7v7h-7z"],
  Cancelled: ["quiet", "M6 1.5a4.5 4.5 0 1 0 .01 0M3 9l6-6"],
  Paused: ["warn", "M4 2v8M8 2v8"],
  Running: ["live", "M3.5 2v8l6-4z"],
};
const UNDER_WAY = ["live", "M6 1.5a4.5 4.5 0 1 1-4.5 4.5"];

// Each state has a colour, a shape and a word.
function State({ state }) {
  const [tone, shape] = SHAPES[state] ?? UNDER_WAY;
  return html`<span class="state ${tone}">
    <svg viewBox="0 0 12 12" aria-hidden="true"><path d=${shape} /></svg>${words(state)}
  </span>`;
}

const Time = ({ at, say = moment }) =>
  at ? html`<time datetime=${at} title=${utc(at)}>${say(at)}</time>` : NONE;

function Bar({ part, whole, dead = 0, label }) {
  const value = Math.round(percent(part, whole));
  return html`<div class="bar" role="progressbar" aria-label=${label} aria-valuenow=${value}
    aria-valuemin="0" aria-valuemax="100">
    <i class="done" style=${{ width: `${percent(part, whole)}%` }}></i>
    ${dead > 0 && html`<i class="dead" style=${{ width: `max(2px, ${percent(dead, whole)}%)` }}></i>`}
  </div>`;
}

// A part of a screen; if it cannot be drawn, the others still are.
function Panel({ title, note, actions, children, ...others }) {
  return html`<section class="panel" aria-label=${title} ...${others}>
    <header><h2>${title}</h2>${note && html`<span class="note">${note}</span>`}${actions}</header>
    <${Guarded}>${children}<//>
  </section>`;
}

function Guarded({ children }) {
  const [error] = useErrorBoundary();
  return error ? html`<p class="fault">This part cannot be drawn: ${error.message}</p>` : children;
}

// What is made of an answer once it is there; of a refusal, its words.
function Answered({ of, children }) {
  if (of.problem) return html`<${Fault} problem=${of.problem} />`;
  return of.value ? children(of.value) : html`<p class="empty">asking …</p>`;
}

const Fault = ({ problem }) => html`<div class="fault" role="alert">
  <p>${problem.detail}</p>
  ${problem.errors?.map((each) => html`<p>${each.field ? `${each.field}: ` : ""}${each.reason}</p>`)}
</div>`;

// Whether the app answers; what is shown is the last that it said.
function Reach({ at, lost, why }) {
  if (!lost) return html`<span class="reach" role="status">${at ? "" : "asking …"}</span>`;
  return html`<span class="reach lost" role="status">
    not reached since <${Time} at=${new Date(lost).toISOString()} say=${clock} /> (${why})
  </span>`;
}

const Key = ({ children }) => html`<kbd>${children}</kbd>`;

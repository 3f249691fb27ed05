// Units that failed, by what they have in common; the first of each cause can be read as a whole.

function DeadLetters({ run, page }) {
  const { groups, count, at_least: more } = page;
  if (!groups.length) return html`<p class="empty">No unit has failed for good.</p>`;
  return html`<ul class="causes">
    ${groups.map((group) => html`<${Cause} key=${group.fingerprint} run=${run} group=${group} />`)}
  </ul>
  ${groups.length > 1 && html`<div class="buttons"><${Redrive} run=${run} label="Redrive all ${atLeast(count, more)}"
    question="Try all ${atLeast(count, more)} dead letters again? Their attempts start anew." /></div>`}`;
}

const atLeast = (count, more) => `${number(count)}${more ? " or more" : ""}`;

const theseUnits = (units, more) =>
  units === 1 && !more ? "this unit" : `these ${atLeast(units, more)} units`;

function Cause({ run, group }) {
  const [open, setOpen] = useState(false);
  const { fingerprint, type, error, units, at_least: more } = group;
  return html`<li>
    <p class="cause"><b>${atLeast(units, more)} × ${type || "unknown"}</b></p>
    <p class="error">${error}</p>
    <div class="buttons">
      <button type="button" aria-expanded=${open} onClick=${() => setOpen(!open)}>
        ${open ? "Close" : "First error"}</button>
      <${Redrive} run=${run} label="Redrive ${atLeast(units, more)}" selection=${{ fingerprint }}
        question="Try ${theseUnits(units, more)} again? Their attempts start anew." />
    </div>
    ${open && html`<${FirstLetter} run=${run} fingerprint=${fingerprint} />`}
  </li>`;
}

function FirstLetter({ run, fingerprint }) {
  const [letter, setLetter] = useState({});
  useEffect(() => {
    const stop = new AbortController();
    firstLetter(run, fingerprint, stop.signal).then((found) => stop.signal.aborted || setLetter(found));
    return () => stop.abort();
  }, [run, fingerprint]);
  if (letter.problem) return html`<${Fault} problem=${letter.problem} />`;
  if (!letter.value) return html`<p class="note">asking …</p>`;
  const { error = {}, message, deliveries, worker, dead_at: at } = letter.value;
  return html`<div class="letter">
    <p class="note">unit ${message?.unit ?? NONE} of ${message?.stage ?? "no stage"} ·
      ${" "}${known(deliveries) ? `delivered ${deliveries === 1 ? "once" : `${deliveries} times`}` : ""} ·
      ${" "}${error.permanent ? "permanent" : "not permanent"} · <${Time} at=${at} /></p>
    <p class="note">${worker}</p>
    <pre>${error.traceback || error.message}</pre>
    <details><summary>The message</summary><pre>${JSON.stringify(message ?? letter.value, null, 2)}</pre></details>
  </div>`;
}

async function firstLetter(run, fingerprint, signal) {
  const path = `runs/${run}/dead-letters`;
  try {
    const page = await call("GET", path + query({ fingerprint, limit: 1 }), undefined, signal);
    const [first] = page.value?.dead_letters ?? [];
    if (page.problem || !first) return page.problem ? page : { problem: { detail: "It is no longer there." } };
    return await call("GET", `${path}/${first.place}`, undefined, signal);
  } catch (error) {
    return { problem: { detail: `The app did not answer: ${error.message}.` } };
  }
}

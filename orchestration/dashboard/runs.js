// The list of runs.

const PAGE = 50;
const MOST = 500;
const STATES = ["live", "Planning", "Seeding", "Running", "Paused", "Draining", "Auditing",
  "Finishing", "Cleaning", ...FINAL];

// The run that was looked at last has the focus when the list is back.
const last = { run: "", list: "#/runs" };

function Runs({ state = "", text = "" }) {
  const [limit, setLimit] = useState(PAGE);
  const parts = {
    page: { path: `runs${query({ state, text, limit })}` },
    doctor: { path: "doctor", rest: 30 },
  };
  const { page, doctor, ...reach } = useAnswers(parts, ({ page }) =>
    page.value?.runs.some((run) => !over(run.state)));
  last.list = location.hash || "#/runs";
  useTitle("Runs");
  return html`<${Top} reach=${reach}><${Filter} state=${state} text=${text} /><//>
    <main>
      <${Findings} answer=${doctor} />
      ${page.problem && html`<${Fault} problem=${page.problem} />`}
      ${page.value && html`<${RunTable} runs=${page.value.runs} filtered=${state || text} />`}
      ${page.value?.next && (limit < MOST
        ? html`<button class="more" onClick=${() => setLimit(limit + PAGE)}>More</button>`
        : html`<p class="note">These are the newest ${MOST}. Filter to find older ones.</p>`)}
    </main>`;
}

function Filter({ state, text }) {
  const pending = useRef();
  const field = useRef();
  // What is being typed is nobody else's to change.
  useEffect(() => { if (document.activeElement !== field.current) field.current.value = text; }, [text]);
  useEffect(() => () => clearTimeout(pending.current), []);
  const go = (change) => {
    clearTimeout(pending.current);
    const hash = `#/runs${query({ state, text, ...change })}`;
    history.replaceState(null, "", hash);
    dispatchEvent(new HashChangeEvent("hashchange"));
  };
  const typed = (event) => {
    clearTimeout(pending.current);
    pending.current = setTimeout(() => go({ text: event.target.value.trim() }), 250);
  };
  return html`<form class="filter" role="search" onSubmit=${(event) => event.preventDefault()}>
    <select aria-label="State" value=${state} onChange=${(event) => go({ state: event.target.value })}>
      <option value="">all states</option>
      ${STATES.map((each) => html`<option value=${each}>${words(each)}</option>`)}
    </select>
    <input id="filter" type="search" aria-label="Text in run, dataset or schedule" ref=${field}
      placeholder="run, dataset, schedule" maxlength="100" onInput=${typed} />
  </form>`;
}

function RunTable({ runs, filtered }) {
  const table = useRef();
  useLayoutEffect(() => {
    table.current?.querySelector(`[data-run="${CSS.escape(last.run)}"]`)?.focus();
    last.run = "";
  }, []);
  if (!runs.length) {
    return html`<p class="empty">${filtered ? "No run is like this." : "There is no run yet."}</p>`;
  }
  return html`<table class="runs" ref=${table}>
    <thead><tr>
      <th>State</th><th>Run</th><th>What</th><th>Units</th><th class="n">Dead</th><th class="n">Rows</th>
      <th class="n">Cost</th><th class="n">Started</th><th class="n">Duration</th>
    </tr></thead>
    <tbody>${runs.map((run) => html`<${RunRow} key=${run.run} run=${run} />`)}</tbody>
  </table>`;
}

function RunRow({ run }) {
  const [schedule, due] = (run.schedule ?? "").split("@");
  const took = over(run.state) ? run.ended && seconds(run.created, run.ended) : seconds(run.created, Date.now());
  return html`<tr>
    <td class="a-state"><${State} state=${run.state} /></td>
    <td class="a-run"><a data-run=${run.run} href="#/runs/${run.run}">${run.run}</a></td>
    <td class="a-of">${run.kind}${run.dataset && html` <b>${run.dataset}</b>`}
      ${schedule && html` <span class="note" title=${due ? `due ${due}` : ""}>by ${schedule}</span>`}
      ${over(run.state) && run.text && html`<p class="note" title=${run.text}>${run.text}</p>`}</td>
    <td class="a-units">
      <${Bar} part=${run.done ?? 0} dead=${run.dead ?? 0} whole=${run.units} label="Units done of ${run.run}" />
      <span>${number(run.done)} of ${number(run.units)}</span></td>
    <td class="n a-dead ${run.dead ? "bad" : ""}">${number(run.dead)}</td>
    <td class="n a-rows">${number(run.rows)}</td>
    <td class="n a-cost">${money(run.cost)}</td>
    <td class="n a-started"><${Time} at=${run.created} /></td>
    <td class="n a-took">${duration(took)}</td>
  </tr>`;
}

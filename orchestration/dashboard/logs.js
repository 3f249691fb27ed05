// What the workers wrote down last: of all of them, of one, or about one unit.

const LINES = 200;
const LEVELS = { ERROR: "bad", CRITICAL: "bad", WARNING: "warn", DEBUG: "quiet" };

const logsPath = (run, { worker, unit }) =>
  `runs/${run}/logs${worker && `/${encodeURIComponent(worker)}`}${query({ last: LINES, unit })}`;

function Logs({ answer, groups, wanted, want }) {
  const pending = useRef();
  useEffect(() => () => clearTimeout(pending.current), []);
  const typed = (event) => {
    clearTimeout(pending.current);
    const unit = event.target.value.replace(/\D/g, "");
    pending.current = setTimeout(() => want({ ...wanted, unit }), 300);
  };
  return html`<form class="filter" onSubmit=${(event) => event.preventDefault()}>
    <select aria-label="Worker" value=${wanted.worker}
      onChange=${(event) => want({ ...wanted, worker: event.target.value })}>
      <option value="">all workers</option>
      ${groups.map((each) => html`<option value=${each.name}>${each.name}</option>`)}
    </select>
    <input aria-label="Unit" inputmode="numeric" placeholder="unit" size="8" onInput=${typed} />
  </form>
  <${Lines} answer=${answer} worker=${wanted.worker} />`;
}

function Lines({ answer, worker }) {
  const box = useRef();
  const followed = useRef(true);
  const lines = answer.value?.lines ?? [];
  const newest = lines.at(-1);
  useLayoutEffect(() => {
    if (box.current && followed.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.length, newest?.time, newest?.message]);
  if (answer.problem?.status === 404) return html`<p class="empty">There are no logs to show.</p>`;
  if (answer.problem) return html`<${Fault} problem=${answer.problem} />`;
  if (!answer.value) return html`<p class="note">asking …</p>`;
  if (!lines.length) return html`<p class="empty">No line is like this.</p>`;
  const scrolled = () => {
    const { scrollHeight, scrollTop, clientHeight } = box.current;
    followed.current = scrollHeight - scrollTop - clientHeight < 8;
  };
  return html`<div class="lines" ref=${box} tabindex="0" role="log" aria-label="Lines" onScroll=${scrolled}>
    ${answer.value.more && html`<p class="note">Older lines are not shown.</p>`}
    ${lines.map((line) => html`<p class=${LEVELS[line.level] ?? ""}>
      <${Time} at=${line.time} say=${clock} /> <b>${line.level}</b> ${line.message}
      <span class="note" title=${line.worker}> ${origin(line, worker)}</span>
      ${line.error && html`<span class="error">${said(line.error)}</span>`}
    </p>`)}
  </div>`;
}

// The unit, and which worker where there are several: the end of its name tells them apart.
const origin = (line, worker) =>
  [known(line.unit) && `${line.stage}/${line.unit}`, !worker && line.worker.slice(-6)].filter(Boolean).join(" ");

const said = (error) => (typeof error === "string" ? error : JSON.stringify(error));

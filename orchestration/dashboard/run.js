// One run on one screen.

function Run({ run }) {
  const [logs, setLogs] = useState(null);
  const [earlier, setEarlier] = useState(false);
  const { view, groups, progress, letters, doctor, lines, ...reach } = useAnswers(
    partsOf(run, logs), ({ view }) => view.value && !over(view.value.state));
  last.run = run;
  const shown = view.value;
  useTitle(shown ? headline(shown) : run);
  const since = earlier || !shown ? 0 : roundOf(shown);
  const samples = (progress.value?.samples ?? []).filter((each) => Date.parse(each.at) >= since);
  const fleet = (groups.value?.groups ?? []).filter((each) => Date.parse(each.seen) >= since);
  const hidden = (groups.value?.groups.length ?? 0) - fleet.length;
  return html`<${Top} reach=${reach} />
    <main class="run">
      ${view.problem && html`<${Fault} problem=${view.problem} />`}
      ${!view.problem && !shown && html`<p class="empty">asking …</p>`}
      ${shown && html`
        <${Head} run=${shown} />
        <${Findings} answer=${doctor} run=${run} />
        <${Guarded}><${Figures} run=${shown} /><//>
        <${Panel} title="Over time" actions=${(hidden > 0 || earlier) && html`<label class="earlier">
          <input type="checkbox" checked=${earlier} onChange=${() => setEarlier(!earlier)} />
          earlier rounds too</label>`}>
          <${Charts} samples=${samples} live=${!over(shown.state)} />
        <//>
        <div class="columns">
          <div><${Panel} title="Container groups" note=${groupsNote(fleet)}>
            <${Groups} groups=${fleet} now=${Date.parse(shown.report?.ended ?? samples.at(-1)?.at ?? shown.created)} />
          <//>
          ${shown.report && html`<${Panel} title="Report"><${Report} report=${shown.report} /><//>`}</div>
          <div>
            ${letters.value?.run && html`<${Panel} title="Dead letters" note=${deadNote(letters.value)}>
              <${DeadLetters} run=${run} page=${letters.value} />
            <//>`}
            <${Panel} title="Logs" actions=${html`<button type="button" aria-expanded=${!!logs}
              onClick=${() => setLogs(logs ? null : { worker: "", unit: "" })}>${logs ? "Close" : "Open"}</button>`}>
              ${logs && html`<${Logs} answer=${lines} groups=${fleet} wanted=${logs} want=${setLogs} />`}
            <//>
          </div>
        </div>`}
    </main>`;
}

function partsOf(run, logs) {
  return {
    view: { path: `runs/${run}` },
    groups: { path: `runs/${run}/groups` },
    progress: { path: `runs/${run}/progress` },
    letters: { path: `runs/${run}/dead-letters?limit=1` },
    doctor: { path: `runs/${run}/doctor`, rest: 30 },
    ...(logs && { lines: { path: logsPath(run, logs) } }),
  };
}

// When its present round began: a redrive begins another, perhaps days later.
function roundOf({ state, status, report, created }) {
  if (over(state)) return Date.parse(report?.round_started ?? created);
  return status.elapsed ? Date.now() - status.elapsed * 1000 - 60_000 : Date.parse(created);
}

function headline({ run, state, status }) {
  if (over(state) || !status.units.total) return `${words(state)} ${run}`;
  return `${Math.floor(percent(status.units.done, status.units.total))} % ${run}`;
}

function Head({ run }) {
  const { state, status, report, request, dataset, schedule } = run;
  const waits = state === "Paused" ? "" : status.waits;
  const why = [report && over(state) ? report.reason : status.reason, waits].filter(Boolean);
  const live = !over(state) && state !== "Terminated";
  return html`<header class="head">
    <div>
      <h1>${run.run}</h1>
      <p class="kind"><${State} state=${state} />
        <span>${request.kind}${dataset && html` <b>${dataset}</b>`}</span>
        ${schedule && html`<span>by ${schedule.split("@")[0]}</span>`}
        <span>started <${Time} at=${run.created} /></span></p>
      ${!over(state) && status.finish === "under way" && html`<p class="why">The last step is under way.</p>`}
      ${why.map((each) => html`<p class="why">${each}</p>`)}
      ${state === "Terminated" && html`<p class="why">It was ended from outside; the next sweep closes it.</p>`}
    </div>
    <div class="buttons">
      ${live && (status.waits === "paused" || state === "Paused"
        ? html`<${Resume} key="resume" run=${run.run} />` : html`<${Pause} key="pause" run=${run.run} />`)}
      ${live && html`<${Scale} key="scale" run=${run.run} groups=${request.instances?.count ?? request.instances?.max} />
        <${Cancel} key="cancel" run=${run.run} />`}
      ${["Failed", "Cancelled"].includes(state) && html`<${Redrive} run=${run.run} label="Redrive"
        question="Go on with this run? What is missing and what is dead is tried again." />`}
    </div>
  </header>`;
}

function groupsNote(groups) {
  const running = groups.filter((each) => each.state === "Running" && !each.ended && !each.gone).length;
  return groups.length ? `${number(running)} running, ${number(groups.length)} in all` : "";
}

const deadNote = ({ count, at_least: more }) => (count ? atLeast(count, more) : "");

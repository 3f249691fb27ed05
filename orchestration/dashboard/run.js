// One run on one screen.

const LOOK = 60_000;

function Run({ run }) {
  const [logs, setLogs] = useState(null);
  const { view, doctor, ...rest } = useAnswers(
    partsOf(run, logs), ({ view }) => view.value && !over(view.value.state));
  last.run = run;
  useTitle(view.value ? headline(view.value) : run);
  return html`<${Top} reach=${rest} />
    <main>
      <${Answered} of=${view}>${(shown) => html`
        <${Head} run=${shown} />
        <${Findings} answer=${doctor} run=${run} />
        <${Guarded}><${Figures} run=${shown} /><//>
        <${Parts} shown=${shown} ...${rest} logs=${logs} setLogs=${setLogs} />`}
      <//>
    </main>`;
}

// All but the head, of the present round alone unless `earlier` ones are wanted too.
function Parts({ shown, groups, progress, letters, lines, logs, setLogs }) {
  const [earlier, setEarlier] = useState(false);
  const taken = progress.value?.samples ?? [];
  const since = earlier ? 0 : roundOf(shown, taken.at(-1));
  const samples = taken.filter((each) => Date.parse(each.at) >= since);
  const all = groups.value?.groups ?? [];
  const fleet = all.filter((each) => Date.parse(each.seen) >= since);
  const now = Date.parse(shown.report?.ended ?? taken.at(-1)?.at ?? shown.created);
  return html`<${Panel} title="Over time" actions=${fleet.length < all.length || earlier
      ? html`<${Earlier} chosen=${earlier} choose=${setEarlier} />` : ""}>
      <${Answered} of=${progress}>${() => html`<${Charts} samples=${samples} live=${!over(shown.state)} />`}<//>
    <//>
    <div class="columns">
      <div>
        <${Panel} title="Container groups" note=${groupsNote(fleet)}>
          <${Answered} of=${groups}>${() => html`<${Groups} groups=${fleet} now=${now} />`}<//>
        <//>
        ${shown.report && html`<${Panel} title="Report"><${Report} report=${shown.report} /><//>`}
      </div>
      <div>
        <${Panel} title="Dead letters" note=${letters.value && deadNote(letters.value)}>
          <${Answered} of=${letters}>${(page) => html`<${DeadLetters} run=${shown.run} page=${page} />`}<//>
        <//>
        <${Panel} title="Logs" actions=${html`<button type="button" aria-expanded=${!!logs}
          onClick=${() => setLogs(logs ? null : { worker: "", unit: "" })}>${logs ? "Close" : "Open"}</button>`}>
          ${logs && html`<${Logs} answer=${lines} groups=${fleet} wanted=${logs} want=${setLogs} />`}
        <//>
      </div>
    </div>`;
}

const Earlier = ({ chosen, choose }) => html`<label class="earlier">
  <input type="checkbox" checked=${chosen} onChange=${() => choose(!chosen)} /> earlier rounds too
</label>`;

function partsOf(run, logs) {
  return {
    view: { path: `runs/${run}` },
    groups: { path: `runs/${run}/groups` },
    progress: { path: `runs/${run}/progress` },
    letters: { path: `runs/${run}/dead-letters?limit=1` },
    ...(logs && { lines: { path: logsPath(run, logs) } }),
    doctor: { path: `runs/${run}/doctor`, rest: 30 },
  };
}

// When its present round began: a redrive begins another, perhaps days later.
// The status of a run that goes on may be a look younger than its last sample, or older;
// before its first one there is nothing of this round.
function roundOf({ state, status, report, created }, sample) {
  if (over(state)) return Date.parse(report?.round_started ?? created);
  return status.elapsed && sample ? Date.parse(sample.at) - status.elapsed * 1000 - LOOK : Infinity;
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
      ${!over(state) && status.notes.map((note) => html`<p class="note">${note}</p>`)}
      ${state === "Terminated" && html`<p class="why">It was ended from outside; the next sweep closes it.</p>`}
    </div>
    <div class="buttons">
      ${live && (status.waits === "paused" || state === "Paused"
        ? html`<${Resume} key="resume" run=${run.run} />` : html`<${Pause} key="pause" run=${run.run} />`)}
      ${live && html`
        <${Scale} key="scale" run=${run.run} groups=${request.instances?.count ?? request.instances?.max} />
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

// The container groups of a run as a timeline, and what their workers do.

function Groups({ groups, now }) {
  const [named, setNamed] = useState(null);
  if (!groups.length) return html`<p class="empty">There are none.</p>`;
  const first = Math.min(...groups.map(begun));
  const last = Math.max(now, ...groups.map((each) => Date.parse(each.gone ?? each.ended ?? each.seen)));
  const at = (time) => `${percent(Date.parse(time) - first, last - first)}%`;
  const end = new Date(last).toISOString();
  const shown = groups.find((each) => each.name === named) ?? groups.find(working) ?? groups.at(-1);
  return html`<ol class="timeline">
      ${groups.map((each) => html`<${Life} key=${each.name} group=${each} title=${titleIn(groups, each)}
        at=${at} end=${end} chosen=${each === shown} choose=${() => setNamed(each.name)} />`)}
    </ol>
    <p class="scale"><${Time} at=${new Date(first).toISOString()} say=${clock} />
      <span class="legend"><i class="coming"></i>coming<i class="busy"></i>working<i class="idle"></i>idle<i
        class="left"></i>ended</span>
      <${Time} at=${end} say=${clock} /></p>
    <${About} group=${shown} end=${end} />`;
}

// It may have started before it was first seen.
const begun = ({ seen, started }) => Math.min(Date.parse(seen), Date.parse(started ?? seen));

const working = (group) => !group.ended && !group.gone && group.worker?.current.length > 0;

// Its place in the fleet and, where others had that place before it, which it is: 3, then 3·2.
function titleIn(groups, { ordinal, attempt }) {
  const which = groups.filter((each) => each.ordinal === ordinal && each.attempt <= attempt).length;
  return which > 1 ? `${ordinal}·${which}` : `${ordinal}`;
}

function Life({ group, title, at, end, chosen, choose }) {
  return html`<li>
    <button type="button" class=${chosen ? "chosen" : ""} onMouseEnter=${choose} onFocus=${choose}
      onClick=${choose} aria-label="Container group ${title}: ${standing(group)}">
      <span class="ordinal">${title}</span>
      <span class="track">
        ${phases(group, end).map(([kind, from, to]) => html`<i class=${kind}
          style=${{ left: at(from), width: `max(2px, calc(${at(to)} - ${at(from)}))` }}></i>`)}
      </span>
      <span class="says ${group.exit_code ? "bad" : ""}">${standing(group)}</span>
    </button>
  </li>`;
}

// What a group was at, from when to when.
function phases({ seen, started, worked, ended, gone, worker }, end) {
  const stop = ended ?? gone ?? end;
  const busy = !ended && !gone && worker?.current.length ? stop : worked;
  const lives = [["coming", seen, started ?? stop]];
  if (started) {
    const idle = busy && busy > started ? busy : started;
    if (idle !== started) lives.push(["busy", started, idle]);
    lives.push(["idle", idle, stop]);
  }
  if (stop !== end) lives.push(["left", stop, gone ?? end]);
  return lives.filter(([, from, to]) => Date.parse(to) > Date.parse(from));
}

function standing({ state, ended, gone, exit_code: code, worker, replaced_by: next }) {
  if (ended || gone) {
    const why = known(code) && code !== 0 ? `exit ${code}` : "ended";
    return next ? `${why}, replaced` : why;
  }
  if (worker?.current.length) return `units ${list(worker.current.map(unit), 3)}`;
  return state === "Running" ? worker?.state ?? "starting" : state.toLowerCase();
}

// Workers name what they hold as stage/unit.
const unit = (name) => name.split("/").pop().replace(/^0+(?=\d)/, "");

function About({ group, end }) {
  const { worker, started, ended, gone } = group;
  const facts = [
    group.region,
    group.spot ? "spot" : "regular",
    started ? html`ran ${duration(seconds(started, ended ?? gone ?? end))}` : "not started",
    known(group.exit_code) && `exit code ${group.exit_code}`,
    group.replaced_by && `replaced by ${group.replaced_by}`,
  ].filter(Boolean);
  return html`<div class="about">
    <p><b>${group.name}</b></p>
    <p>${facts.map((fact, index) => html`${index > 0 && " · "}${fact}`)}</p>
    <p class="note">${worker
      ? html`worker ${worker.state}, its last word at <${Time} at=${worker.at} say=${clock} />:
        ${" "}${plural(sum(worker.units), "unit")}, ${plural(sum(worker.rows), "row")},
        ${" "}${number(worker.retries)} retried, ${number(worker.dead)} dead
        ${working(group) && ` · holds units ${list(worker.current.map(unit), 8)}`}
        ${worker.pushback && html` · <span class="warn">${worker.pushback}</span>`}`
      : "its worker has said nothing yet"}</p>
    ${group.detail && html`<p class="note detail">${group.detail}</p>`}
  </div>`;
}

// How a run stands, in figures: units by stage, rows, time and money.

// The same figures of a run that goes on, from its status, and of one that has ended, from its report.
function figuresOf({ state, status, report }) {
  if (!report || !over(state)) return { ...status, ...status.units };
  const done = Object.values(report.account?.done ?? {});
  const stages = Object.entries(report.stages);
  return {
    total: report.units,
    done: done.at(-1) ?? 0,
    dead: sum(report.account?.dead),
    stages: Object.fromEntries(stages),
    rows: stages.at(-1)?.[1].rows ?? 0,
    elapsed: seconds(report.started, report.ended),
    cost: report.cost,
    cost_limit: status.cost_limit,
    cost_expected: report.expected?.cost,
    seconds_left: null,
  };
}

function Figures({ run }) {
  const figures = figuresOf(run);
  const { total, done, dead, rows, elapsed, seconds_left: left } = figures;
  const pace = elapsed ? rows / elapsed : null;
  return html`<section class="figures" aria-label="How it stands">
    <${Figure} name="Units done" value=${number(done)} of=${known(total) ? `of ${number(total)}` : ""}>
      <${Bar} part=${done} dead=${dead} whole=${total} label="Units done" />
      ${dead > 0 ? html`<span class="bad">${number(dead)} dead</span>` : "none dead"}
      ${!over(run.state) && ` · ${number(figures.queued)} in the queue`}
    <//>
    <${Figure} name="Rows" value=${number(rows)}>
      ${rows > 0 && known(pace) && `${rate(pace)} a second on average`}
      ${rejectedOf(figures.stages) > 0 && ` · ${number(rejectedOf(figures.stages))} rejected`}
    <//>
    <${Figure} ...${over(run.state)
      ? { name: "Took", value: duration(elapsed) }
      : { name: "Time left, about", value: duration(left) }}>
      ${over(run.state)
        ? html`ended <${Time} at=${run.report?.ended} />`
        : html`${duration(elapsed)} so far`}
      ${run.report?.redrives > 0 && ` · ${plural(run.report.redrives, "redrive")}`}
    <//>
    <${Cost} ...${figures} />
  </section>
  <${Stages} stages=${figures.stages} total=${total} />`;
}

const rejectedOf = (stages = {}) => sum(Object.values(stages).map((stage) => stage.rejected ?? 0));

const Figure = ({ name, value, of, children }) => html`<div class="figure">
  <h3>${name}</h3><p class="value">${value} ${of && html`<small>${of}</small>`}</p>
  <div class="note">${children}</div>
</div>`;

// So far, against the projected end, what a plan said, and the cap.
function Cost({ cost, cost_at_end: end, cost_expected: planned, cost_limit: cap }) {
  const whole = Math.max(cost ?? 0, end ?? 0, cap ?? 0);
  const cut = known(cap) && known(end) && end > cap;
  return html`<${Figure} name="Cost" value=${money(cost)} of=${known(end) ? `of about ${money(end)}` : ""}>
    ${whole > 0 && (known(end) || known(cap)) && html`<div class="bar cost" role="img"
      aria-label="Cost so far, at the end, and its cap">
      ${known(end) && html`<i class="ahead" style=${{ width: `${percent(end, whole)}%` }}></i>`}
      <i class="done" style=${{ width: `${percent(cost, whole)}%` }}></i>
      ${known(cap) && html`<i class="cap" style=${{ left: `${percent(cap, whole)}%` }}></i>`}
    </div>`}
    ${known(cap)
      ? html`<span class=${cut ? "bad" : ""}>${cut ? "the cap will stop it: " : "cap "}${money(cap)}</span>`
      : "no cap"}
    ${known(planned) && ` · ${money(planned)} by the plan`}
  <//>`;
}

function Stages({ stages = {}, total }) {
  const entries = Object.entries(stages);
  if (entries.length < 2) return null;
  return html`<dl class="stages" aria-label="Units by stage">
    ${entries.map(([name, stage], at) => html`<div>
      <dt><i class="dot c${at + 1}" aria-hidden="true"></i>${name}</dt>
      <dd><${Bar} part=${stage.units} whole=${total} label="Units of ${name}" /></dd>
      <dd class="n">${number(stage.units)} units</dd>
      <dd class="n">${number(stage.rows)} rows</dd>
      <dd class="n">${bytes(stage.bytes)}</dd>
    </div>`)}
  </dl>`;
}

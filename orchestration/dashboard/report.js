// The account of a run that has ended.

function Report({ report }) {
  const stages = Object.entries(report.stages);
  return html`<div class="wide"><table class="report">
    <thead><tr><th>Stage</th><th class="n">Units</th><th class="n">Rows</th><th class="n">Bytes</th>
      <th class="n">p50</th><th class="n">p95</th><th class="n">Longest</th></tr></thead>
    <tbody>${stages.map(([name, stage]) => html`<tr>
      <th scope="row">${name}</th><td class="n">${number(stage.units)}</td>
      <td class="n">${number(stage.rows)}</td><td class="n">${bytes(stage.bytes)}</td>
      ${["p50", "p95", "max"].map((each) => html`<td class="n">${duration(stage.seconds[each])}</td>`)}
    </tr>`)}</tbody>
  </table></div>
  <dl class="facts">
    ${facts(report).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
  </dl>
  ${report.notes.length > 0 && html`<ul class="notes">${report.notes.map((note) => html`<li>${note}</li>`)}</ul>`}
  <details><summary>Rows by record type, and the slowest units</summary>
    <div class="halves">
      ${stages.map(([name, stage]) => html`<div>
        <h3>${name}</h3>
        <${Pairs} pairs=${Object.entries(stage.records).map(([type, rows]) => [type, number(rows)])} />
        <${Pairs} pairs=${stage.slowest.map((each) => [`unit ${each.unit}`, duration(each.seconds)])} />
      </div>`)}
    </div>
  </details>`;
}

function facts(report) {
  const { finish, groups_used: groups, billed_seconds: billed } = report;
  const took = seconds(report.started, report.ended);
  const rows = Object.values(report.stages).at(-1)?.rows ?? 0;
  return [
    ["Rows a second", rate(rows / Math.max(took, 0.001))],
    ["Container groups", `${number(groups)}, ${duration(billed)} billed`],
    ["Cost", money(report.cost)],
    ...(report.expected?.cost ? [["Cost by the plan", money(report.expected.cost)]] : []),
    ["Retries", number(report.retries)],
    ["Redrives", number(report.redrives)],
    ["Last step", finish ? `${finish.state}${finish.seconds ? `, ${duration(finish.seconds)}` : ""}` : NONE],
  ];
}

const Pairs = ({ pairs }) => html`<table><tbody>${pairs.map(([name, value]) => html`<tr>
  <th scope="row">${name}</th><td class="n">${value}</td></tr>`)}</tbody></table>`;

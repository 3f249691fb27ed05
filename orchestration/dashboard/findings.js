// What the doctor has found, the worst first.

const SEVERITIES = ["error", "warning", "info"];
const TONES = { error: "bad", warning: "warn", info: "quiet" };

function Findings({ answer, run }) {
  const found = answer.value?.findings ?? [];
  if (!found.length) return null;
  const sorted = [...found].sort((a, b) => rank(a) - rank(b));
  return html`<ul class="findings" aria-label="What the doctor found">
    ${sorted.map((each) => html`<${Finding} key=${`${each.code} ${each.run}`} finding=${each} run=${run} />`)}
  </ul>`;
}

const rank = (finding) => SEVERITIES.indexOf(finding.severity);

function Finding({ finding, run }) {
  const { severity, code, what, why, next, commands = [] } = finding;
  return html`<li class=${TONES[severity] ?? "quiet"}>
    <details>
      <summary><b>${severity}</b> ${what}</summary>
      ${why && html`<p>${why}</p>`}
      ${next && html`<p>${next}</p>`}
      ${commands.map((command) => html`<pre>${command}</pre>`)}
      <p class="note">${code}${finding.run && finding.run !== run &&
        html` · <a href="#/runs/${finding.run}">${finding.run}</a>`}</p>
    </details>
  </li>`;
}

// How a run went on over time: throughput, queue and container groups.

const HEIGHT = 132;
const POINTS = 90;
const WHOLE = Array.from({ length: 21 }, (_, at) => [1, 2, 5][at % 3] * 10 ** Math.floor(at / 3));

const colour = (name) => () => getComputedStyle(document.documentElement).getPropertyValue(name);

function Charts({ samples, live }) {
  const stages = [...new Set(samples.flatMap((each) => Object.keys(each.units)))];
  if (samples.length < 2 || !stages.length) return html`<p class="empty">There is nothing to draw.</p>`;
  const paces = spread(samples);
  const byStage = (member) => stages.map((stage, at) => ({
    label: stage,
    colour: `--c${at + 1}`,
    values: paces.map(([a, b]) => pace(a, b, member, stage)),
  }));
  const ends = paces.map(([, b]) => instant(b));
  return html`<div class="charts">
    <${Chart} live=${live} title="Rows a second" times=${ends} series=${byStage("rows")} />
    <${Chart} live=${live} title="Units a second" times=${ends} series=${byStage("units")} />
    <${Chart} live=${live} title="Queue" times=${samples.map(instant)}
      series=${[{ label: "messages", colour: "--c3", values: samples.map((each) => each.queued), fill: true, whole: true }]} />
    <${Chart} live=${live} title="Container groups" times=${samples.map(instant)}
      series=${[{ label: "running", colour: "--c4", values: samples.map((each) => each.groups), stepped: true, whole: true }]} />
  </div>`;
}

const instant = (sample) => Date.parse(sample.at) / 1000;

// Pairs of samples far enough apart for a pace between them to mean something.
function spread(samples) {
  const least = Math.max(2, (instant(samples.at(-1)) - instant(samples[0])) / POINTS);
  const pairs = [];
  let from = samples[0];
  for (const sample of samples.slice(1)) {
    if (instant(sample) - instant(from) < least) continue;
    pairs.push([from, sample]);
    from = sample;
  }
  return pairs.length ? pairs : [[samples[0], samples.at(-1)]];
}

// A redrive counts anew, which is no pace.
function pace(a, b, member, stage) {
  const more = (b[member][stage] ?? 0) - (a[member][stage] ?? 0);
  return Math.max(0, more / Math.max(0.001, instant(b) - instant(a)));
}

function Chart({ title, times, series, live }) {
  const place = useRef();
  const chart = useRef();
  const data = [times, ...series.map((each) => each.values)];
  useLayoutEffect(() => {
    const made = new uPlot(drawn(series, place.current.clientWidth), data, place.current);
    chart.current = made;
    const sized = new ResizeObserver(([{ contentRect: { width } }]) => made.setSize({ width, height: HEIGHT }));
    sized.observe(place.current);
    const redrawn = () => made.redraw();
    addEventListener("theme", redrawn);
    return () => {
      removeEventListener("theme", redrawn);
      sized.disconnect();
      made.destroy();
    };
  }, [series.map((each) => each.label).join()]);
  useEffect(() => chart.current.setData(data), [times.at(-1), times.length]);
  const now = series.map((each) => `${each.label} ${rate(each.values.at(-1))}`).join(", ");
  return html`<figure>
    <figcaption><b>${title}</b>${series.map((each) => html`<span>
      <i class="dot" style=${{ background: `var(${each.colour})` }} aria-hidden="true"></i>
      ${each.label}${live && html` <b class="n">${short(Math.round(each.values.at(-1)))}</b>`}</span>`)}
    </figcaption>
    <div ref=${place} role="img" aria-label="${title} over time; last: ${now}"></div>
  </figure>`;
}

function drawn(series, width) {
  const axis = { stroke: colour("--muted"), font: "11px system-ui", ticks: { show: false } };
  const grid = { stroke: colour("--line"), width: 1 };
  const steps = series.every((each) => each.whole) ? { incrs: WHOLE } : {};
  return {
    width,
    height: HEIGHT,
    padding: [8, 24, 0, 0],
    legend: { show: false },
    cursor: { sync: { key: "run" }, drag: { x: false, y: false }, y: false },
    plugins: [readout(series)],
    scales: { y: { range: (_, __, most) => [0, Math.max(1, most * 1.1)] } },
    axes: [
      { ...axis, grid: { show: false }, size: 22, space: 62, values: ticked },
      { ...axis, ...steps, grid, size: 42, space: 32, values: (_, values) => values.map(short) },
    ],
    series: [{}, ...series.map((each) => ({
      label: each.label,
      stroke: colour(each.colour),
      width: 1.5,
      points: { show: false },
      ...(each.fill && { fill: colour("--c3-pale") }),
      ...(each.stepped && { paths: uPlot.paths.stepped({ align: 1 }) }),
    }))],
  };
}

const ticked = (_, times, __, ___, step) =>
  times.map((time) => clock(time * 1000).slice(0, step < 60 ? 8 : 5));

const short = (value) =>
  Number.isInteger(value) || value >= 10
    ? value.toLocaleString("en", { notation: "compact" })
    : value.toLocaleString("en", { maximumFractionDigits: 2 });

// What the lines say at the cursor.
function readout(series) {
  const text = document.createElement("output");
  return {
    hooks: {
      init: (chart) => chart.over.append(text),
      setCursor: (chart) => {
        const at = chart.cursor.idx;
        text.hidden = !known(at);
        if (text.hidden) return;
        const said = series.map((each, of) => `${each.label} ${rate(chart.data[of + 1][at])}`);
        text.textContent = `${clock(chart.data[0][at] * 1000)}  ${said.join("  ")}`;
      },
    },
  };
}

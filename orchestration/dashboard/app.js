// The page itself: where it is, how it looks, and its keys.

const THEMES = ["system", "light", "dark"];
const STORED = "aci-jobs-theme";
const SHORTCUTS = [["j", "next run"], ["k", "run before"], ["Enter", "open the run"],
  ["Esc", "back"], ["/", "filter"], ["?", "this help"]];

function useTitle(text) {
  useEffect(() => { document.title = `${text} · ACI jobs`; }, [text]);
}

function Top({ reach, children }) {
  return html`<header class="top">
    <a class="home" href=${last.list}>ACI jobs</a>
    ${children}
    <span class="space"></span>
    <${Reach} ...${reach} />
    <${Theme} />
    <button type="button" class="plain" aria-label="Keys" title="Keys" onClick=${help}>?</button>
  </header>`;
}

function Theme() {
  const [theme, setTheme] = useState(storedTheme);
  useLayoutEffect(() => {
    document.documentElement.dataset.theme = theme;
    dispatchEvent(new Event("theme"));
    try { localStorage.setItem(STORED, theme); } catch { /* private windows may have no storage */ }
  }, [theme]);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  return html`<button type="button" class="plain theme" title="Switch to ${next}"
    onClick=${() => setTheme(next)}>Colours: ${theme}</button>`;
}

function storedTheme() {
  try {
    return THEMES.find((each) => each === localStorage.getItem(STORED)) ?? THEMES[0];
  } catch {
    return THEMES[0];
  }
}

const Help = () => html`<dialog id="help" aria-label="Keys">
  <dl>${SHORTCUTS.map(([key, does]) => html`<div><dt><${Key}>${key}<//></dt><dd>${does}</dd></div>`)}</dl>
  <form method="dialog"><button>Close</button></form>
</dialog>`;

const help = () => document.getElementById("help").showModal();

// "#/runs/RUN", or "#/runs?state=live&text=retail".
function place() {
  const [path, filter = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [, run] = path.split("/");
  return run ? { run } : Object.fromEntries(new URLSearchParams(filter));
}

function App() {
  const [at, setAt] = useState(place);
  useEffect(() => {
    const moved = () => setAt(place());
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  const screen = at.run ? html`<${Run} key=${at.run} run=${at.run} />`
    : html`<${Runs} key="runs" state=${at.state} text=${at.text} />`;
  return html`<${Help} />${screen}`;
}

function step(by) {
  const rows = [...document.querySelectorAll("[data-run]")];
  const at = rows.indexOf(document.activeElement);
  rows[at < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, at + by))]?.focus();
}

function back() {
  if (document.activeElement?.id === "filter") document.activeElement.blur();
  else if (place().run) location.hash = last.list;
}

function filter() {
  const focus = () => requestAnimationFrame(() => document.getElementById("filter").focus());
  if (!place().run) return focus();
  addEventListener("hashchange", focus, { once: true });
  location.hash = last.list;
}

const KEYS = { j: () => step(1), k: () => step(-1), "/": filter, "?": help, Escape: back };

addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea") && event.key !== "Escape";
  const held = event.ctrlKey || event.metaKey || event.altKey;
  if (typing || held || document.getElementById("help").open || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => dispatchEvent(new Event("theme")));

render(html`<${App} />`, document.getElementById("app"));

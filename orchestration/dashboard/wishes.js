// Buttons that change something: each asks once more, and says in its own place what came of it.

const SAID = 10_000;

// `question` says what will happen; `fields` are inputs whose values `body` makes the body from.
// `send` is the path below the run. After the answer `done` says what to expect.
function Wish({ label, tone = "", question, confirm = label, fields = [], body, send, done }) {
  const [asked, setAsked] = useState(false);
  const [state, setState] = useState({});
  const opener = useRef();
  const close = () => {
    setAsked(false);
    requestAnimationFrame(() => opener.current?.focus());
  };
  const submit = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(event.target));
    setState({ busy: true });
    const result = await posted(send, body?.(values));
    setState(result.problem ? result : { said: done });
    if (!result.problem) close();
    ring();
  };
  useEffect(() => {
    const old = state.said && setTimeout(() => setState({}), SAID);
    return () => clearTimeout(old);
  }, [state]);
  const left = ({ currentTarget, relatedTarget: next }) =>
    next && !currentTarget.contains(next) && setAsked(false);
  const escape = (event) => {
    if (event.key !== "Escape" || !asked) return;
    event.stopPropagation();
    close();
  };
  return html`<div class="wish" onFocusOut=${left} onKeyDown=${escape}>
    <button type="button" class=${tone} ref=${opener} aria-expanded=${asked}
      onClick=${() => { setState({}); setAsked(!asked); }}>${label}</button>
    ${state.said && html`<span class="said" role="status">${state.said}</span>`}
    ${asked && html`<${Question} ...${{ question, confirm, tone, fields, submit, close, state }} />`}
  </div>`;
}

function Question({ question, confirm, tone, fields, submit, close, state }) {
  const form = useRef();
  useEffect(() => (form.current.querySelector("input") ?? form.current.querySelector("button")).focus(), []);
  return html`<form class="question" ref=${form} onSubmit=${submit}>
    <p>${question}</p>
    ${fields.map(({ label, ...input }) => html`<label>${label}<input ...${input} autocomplete="off" /></label>`)}
    ${state.problem && html`<${Fault} problem=${state.problem} />`}
    <div class="answers">
      <button class="${tone} sure" disabled=${state.busy}>${confirm}</button>
      <button type="button" onClick=${close}>Leave it as it is</button>
    </div>
  </form>`;
}

async function posted(path, body) {
  try {
    return await call("POST", path, body);
  } catch (error) {
    if (!(error instanceof Unreached)) throw error;
    return { problem: { detail: `The app did not answer: ${error.message}. It is safe to ask again.` } };
  }
}

const Pause = ({ run }) => html`<${Wish} label="Pause" send="runs/${run}/pause"
  question="Pause the run? Its container groups are deleted; what is done stays done."
  confirm="Pause the run" done="The run pauses at its next look." />`;

const Resume = ({ run }) => html`<${Wish} label="Resume" send="runs/${run}/resume"
  question="Resume the run? Container groups are created again."
  confirm="Resume the run" done="The run goes on at its next look." />`;

const Scale = ({ run, groups }) => html`<${Wish} label="Scale" send="runs/${run}/scale"
  question="How many container groups from now on? Nothing: as many as the request says."
  fields=${[{ label: "Container groups", name: "count", type: "number", defaultValue: groups ?? "" }]}
  body=${({ count }) => ({ count: count === "" ? null : Number(count) })}
  confirm="Scale the run" done="The run scales at its next look." />`;

const Cancel = ({ run }) => html`<${Wish} label="Cancel" tone="danger" send="runs/${run}/cancel"
  question="Cancel the run? It ends, and its container groups are deleted. What is done stays."
  fields=${[{ label: "Reason", name: "reason", maxlength: 500, placeholder: "cancelled on request" }]}
  body=${({ reason }) => ({ reason })}
  confirm="Cancel the run" done="The run ends at its next look." />`;

const Redrive = ({ run, label, question, selection = {} }) => html`<${Wish} label=${label}
  send="runs/${run}/redrive" body=${() => selection} question=${question} confirm="Try them again"
  done="They are tried again." />`;

// The browser's side of a notebook that follows its filter bar. It finds the notebook that it stands in, folds prose of
// the other language away, says which outputs are in view, passes clicks on, and saves files.

const STYLE = `
.cs-folded { display: none !important; }
.cs-call.cs-stale { opacity: 0.45; transition: opacity 0.2s 0.25s; }
.cs-call .cs-tools { margin: 0.1rem 0 0.6rem; }
.cs-tool {
  font: inherit; font-size: 0.75rem; color: var(--jp-ui-font-color2, #616e7c); background: none; cursor: pointer;
  border: 1px solid var(--jp-border-color2, #d9dee4); border-radius: 4px; padding: 0 0.5rem; margin-right: 0.3rem; line-height: 1.5rem;
}
.cs-tool:hover, .cs-tool:focus-visible { color: var(--jp-ui-font-color1, #1f2933); border-color: var(--jp-brand-color1, #1f6fb2); }
.cs-tool.cs-done { color: #2a8c6e; border-color: #2a8c6e; }
.cs-bar-cell { position: sticky !important; top: 0; z-index: 20; background: var(--jp-layout-color0, #fff) !important;
  box-shadow: 0 -12px 0 var(--jp-layout-color0, #fff); }
.cs-bar { border: 1px solid var(--jp-border-color2, #d9dee4); border-radius: 6px; padding: 4px 8px; background: var(--jp-layout-color1, #fff); }
.cs-bar p { margin: 2px 4px; line-height: 1.4; }
.cs-bar .cs-working { animation: cs-appear 0s 0.3s both; }
@keyframes cs-appear { from { visibility: hidden; } to { visibility: visible; } }
`;

function addStyle() {
  if (document.getElementById("cs-live-style")) return;
  const style = document.createElement("style");
  style.id = "cs-live-style";
  style.textContent = STYLE;
  document.head.append(style);
}

/** JupyterLab's widget of the notebook that holds an element; null elsewhere, as in Voila. */
function notebookOf(el) {
  const app = globalThis.jupyterapp ?? globalThis.jupyterlab;
  if (!app?.shell?.widgets) return null;
  for (const widget of app.shell.widgets("main")) {
    if (widget.content?.widgets && widget.node.contains(el)) return widget.content;
  }
  return null;
}

function fold(notebook, language) {
  for (const cell of notebook?.widgets ?? []) {
    const tags = cell.model?.getMetadata?.("tags") ?? [];
    const other = tags.some((tag) => tag.startsWith("lang-") && tag !== `lang-${language}`);
    cell.node.classList.toggle("cs-folded", other);
  }
}

function save(url, name) {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
}

function saveFile({ name, mime, content }) {
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const url = URL.createObjectURL(new Blob([bytes], { type: mime }));
  save(url, name);
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function whenAttached(el, then) {
  if (el.isConnected) then();
  else requestAnimationFrame(() => whenAttached(el, then));
}

export default {
  render({ model, el }) {
    addStyle();
    const ended = new AbortController();
    const numbers = new Set();
    let notebook = null;
    let root = null;
    let told = 0;

    const tellView = () => {
      clearTimeout(told);
      told = setTimeout(() => {
        model.set("in_view", [...numbers].sort((a, b) => a - b));
        model.save_changes();
      }, 60);
    };
    const seen = new IntersectionObserver((entries) => {
      for (const entry of entries) {
        const number = Number(entry.target.dataset.csCall);
        if (entry.isIntersecting && entry.target.isConnected) numbers.add(number);
        else if (!root.querySelector(`[data-cs-call="${number}"]`) || !entry.isIntersecting) numbers.delete(number);
      }
      tellView();
    });
    const known = new WeakSet();
    let followed = null; // the point that was clicked: the figure is replaced, and keeps the focus
    const look = () => {
      const waiting = new Set(model.get("waiting"));
      for (const call of root.querySelectorAll("[data-cs-call]")) {
        if (!known.has(call)) {
          known.add(call);
          seen.observe(call);
          if (followed?.call === Number(call.dataset.csCall)) {
            const point = [...call.querySelectorAll("[data-point]")].find((one) => one.dataset.point === followed.point);
            point?.focus({ preventScroll: true });
            if (point) followed = null;
          }
        }
        call.classList.toggle("cs-stale", waiting.has(Number(call.dataset.csCall)));
      }
    };
    let soon = 0;
    const changed = new MutationObserver(() => {
      cancelAnimationFrame(soon);
      soon = requestAnimationFrame(() => {
        look();
        fold(notebook, model.get("language"));
      });
    });
    const click = (event) => {
      const target = event.target.closest?.("[data-download], [data-point]");
      const call = target?.closest("[data-cs-call]");
      if (!call) return;
      const number = Number(call.dataset.csCall);
      if (target.dataset.point !== undefined) {
        followed = { call: number, point: target.dataset.point };
        model.send({ kind: "point", ...followed });
        return;
      }
      const image = call.querySelector("img");
      if (target.dataset.download === "png" && image) save(image.src, `${call.dataset.name ?? "figure"}.png`);
      else model.send({ kind: "download", call: number, file: target.dataset.download });
      target.classList.add("cs-done");
      setTimeout(() => target.classList.remove("cs-done"), 1500);
    };

    model.on("msg:custom", (message) => {
      if (message.kind === "file") saveFile(message);
    });
    model.on("change:waiting", () => root && look());
    model.on("change:language", () => fold(notebook, model.get("language")));

    whenAttached(el, () => {
      notebook = notebookOf(el);
      root = notebook?.node ?? document.body;
      el.closest(".jp-Cell")?.classList.add("cs-bar-cell");
      changed.observe(root, { childList: true, subtree: true });
      root.addEventListener("click", click, { signal: ended.signal });
      // JupyterLab takes arrows and Enter of a focused control for commands on cells
      const keep = (event) => event.target.closest?.(".cs-bar, [data-cs-call] button") && event.stopPropagation();
      root.addEventListener("keydown", keep, { signal: ended.signal });
      look();
      fold(notebook, model.get("language"));
      model.send({ kind: "ready" });
    });

    return () => {
      ended.abort();
      changed.disconnect();
      seen.disconnect();
      for (const cell of notebook?.widgets ?? []) cell.node.classList.remove("cs-folded", "cs-bar-cell");
    };
  },
};

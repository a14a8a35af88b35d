// Keys of a panel of widgets. ipywidgets has none, and says to screen readers neither which choice is made nor what a group is.
const FIELDS = "input, textarea, select, [contenteditable]:not([contenteditable=false])";

function render({ model, el }) {
  const panel = () => el.closest(`.${model.get("panel")}`);
  const isWithin = (target) => target instanceof Element && Boolean(panel()?.contains(target));
  let gone = false;
  let observer = null;

  function describe(root) {
    for (const group of root.querySelectorAll(".widget-toggle-buttons")) {
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", group.querySelector(".widget-label")?.textContent ?? "");
    }
    for (const button of root.querySelectorAll(".widget-toggle-button")) {
      button.setAttribute("aria-pressed", String(button.classList.contains("mod-active")));
    }
    for (const said of root.querySelectorAll(`.${model.get("panel")}-said`)) said.setAttribute("role", "status");
  }

  function attach() {
    const root = panel();
    if (gone) return;
    if (!root) return void requestAnimationFrame(attach);
    root.tabIndex = -1; // a click on the note puts the focus on the panel, so that keys reach it
    describe(root);
    observer = new MutationObserver(() => describe(root));
    observer.observe(root, { subtree: true, childList: true, attributeFilter: ["class"] });
  }

  function onKey(event) {
    // 229: an input method has the key, also where the browser does not say that it is composing
    if (!isWithin(event.target) || event.isComposing || event.keyCode === 229) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const field = event.target.closest(FIELDS);
    if (field) {
      if (event.key === "Escape" || (event.key === "Enter" && field.value === "")) {
        event.preventDefault();
        event.stopPropagation();
        panel().focus({ preventScroll: true });
      }
      return;
    }
    if (event.key.length !== 1 || event.key === " ") return;
    event.stopPropagation(); // in command mode JupyterLab would delete a cell at "d d"
    const key = event.key.toLowerCase();
    if (key === model.get("field_key")) {
      event.preventDefault();
      panel().querySelector(`.${model.get("panel")}-field input`)?.focus();
    } else if (model.get("active_keys").includes(key) && !event.repeat) {
      event.preventDefault();
      model.send({ key, turn: model.get("turn") });
    }
  }

  // the second click of a double click would decide on the next note, unread
  function onClick(event) {
    if (event.detail > 1 && isWithin(event.target) && event.target.closest("button.once")) {
      event.preventDefault();
      event.stopPropagation();
    }
  }

  function onTurn() {
    const active = document.activeElement;
    const isFree = active === document.body || (isWithin(active) && !active.matches(FIELDS));
    if (!isFree) return;
    panel()?.focus({ preventScroll: true });
    // with the buttons in view, the start of what is shown now may lie above the page
    requestAnimationFrame(() =>
      panel()?.querySelector(`.${model.get("panel")}-note`)?.scrollIntoView({ block: "nearest" }),
    );
  }

  document.addEventListener("keydown", onKey, true);
  document.addEventListener("click", onClick, true);
  model.on("change:turn", onTurn);
  attach();
  return () => {
    gone = true;
    observer?.disconnect();
    document.removeEventListener("keydown", onKey, true);
    document.removeEventListener("click", onClick, true);
    model.off("change:turn", onTurn);
  };
}

export default { render };

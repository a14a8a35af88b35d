// A text to paste elsewhere, with a button that copies it.
function render({ model, el }) {
  const words = model.get("words");
  const details = document.createElement("details");
  const summary = document.createElement("summary");
  summary.textContent = words.title;
  summary.style.cursor = "pointer";
  const button = document.createElement("button");
  Object.assign(button, { type: "button", textContent: words.copy, className: "jupyter-button" });
  button.style.cssText = "margin:.4em .8em .4em 0;padding:0 1em";
  const said = document.createElement("span");
  said.setAttribute("role", "status");
  const shown = document.createElement("pre");
  shown.tabIndex = 0;
  shown.setAttribute("aria-label", words.title);
  shown.style.cssText = "max-height:24em;overflow:auto;border:1px solid #d9dee4;padding:.6em;line-height:1.35";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(model.get("value"));
      said.textContent = words.copied;
    } catch {
      // a page that does not come over https may not write to the clipboard
      getSelection().selectAllChildren(shown);
      said.textContent = words.selected;
    }
  });
  const update = () => {
    shown.textContent = model.get("value");
    said.textContent = "";
    details.hidden = !model.get("value");
  };
  details.append(summary, button, said, shown);
  el.append(details);
  model.on("change:value", update);
  update();
}

export default { render };

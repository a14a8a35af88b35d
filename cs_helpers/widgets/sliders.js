// Sliders of the browser, each with its name: the ones of ipywidgets have no name that a screen reader says.
function render({ model, el }) {
  const rounded = new Intl.NumberFormat(model.get("language"), { maximumFractionDigits: 2 });
  const written = (value) => rounded.format(value);
  const inputs = new Map();

  function show(name, value) {
    const { input, output } = inputs.get(name);
    if (Number(input.value) !== value) input.value = value;
    input.setAttribute("aria-valuetext", written(value));
    output.textContent = written(value);
  }

  function build() {
    el.replaceChildren();
    inputs.clear();
    for (const row of model.get("rows")) {
      const label = document.createElement("label");
      label.style.cssText = "display:flex;flex-wrap:wrap;align-items:center;gap:0 .8em;max-width:46em;line-height:1.5";
      const words = document.createElement("span");
      words.textContent = row.label;
      words.style.cssText = "flex:0 1 18em";
      const input = document.createElement("input");
      Object.assign(input, { type: "range", min: row.min, max: row.max, step: row.step });
      input.setAttribute("aria-label", row.label);
      input.style.cssText = "flex:1 1 12em;min-width:9em";
      const output = document.createElement("output");
      output.style.cssText = "flex:0 0 3em;text-align:right;font-variant-numeric:tabular-nums";
      input.addEventListener("input", () => {
        const value = Number(input.value);
        show(row.name, value);
        model.set("values", { ...model.get("values"), [row.name]: value });
        model.save_changes();
      });
      label.append(words, input, output);
      el.append(label);
      inputs.set(row.name, { input, output });
    }
    update();
  }

  function update() {
    for (const [name, value] of Object.entries(model.get("values"))) if (inputs.has(name)) show(name, value);
  }

  model.on("change:values", update);
  model.on("change:rows", build);
  build();
}

export default { render };

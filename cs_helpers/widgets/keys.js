// JupyterLab takes arrows and Enter of a focused slider, drop-down or button for commands on cells. It listens at the
// document, so that keys which stay inside of the output reach the control only.
function render({ el }) {
  el.hidden = true;
  const keep = (event) => event.stopPropagation();
  let output = null;
  // the widget is in no page yet while it is rendered
  const frame = requestAnimationFrame(() => {
    output = el.closest(".jp-OutputArea-output") ?? el.parentElement;
    output?.addEventListener("keydown", keep);
  });
  return () => {
    cancelAnimationFrame(frame);
    output?.removeEventListener("keydown", keep);
  };
}

export default { render };

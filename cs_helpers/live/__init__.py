"""A notebook in JupyterLab that follows its filter bar: each output is drawn anew, where it stands, by a process of its own.

`calls` is what the notebook shows, as data; `page` keeps it and decides what is drawn next; `workers` are the processes
(`cs_helpers.live_worker`), which can be stopped; `link` and `link.js` are the browser's side: what is in view, what was
clicked, prose of the other language folded away; `bar` is the filter bar.
"""

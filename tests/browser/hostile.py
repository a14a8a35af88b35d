"""Script and markup that somebody may write into a table."""

SCRIPT = "<script>document.title='pwned'</script>"
HOSTILE = (
    SCRIPT,
    "<img src=x onerror=\"document.title='pwned'\">",
    '[click](javascript:document.title="pwned")',
    "**bold** &lt;b&gt; <b>tag</b> # heading",
    "&amp;lt;script&amp;gt; `code` <svg onload=\"document.title='pwned'\">",
    "=HYPERLINK(1)",
)

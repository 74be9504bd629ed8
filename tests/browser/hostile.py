"""Labels that must stay text wherever they are shown; a page on which one acts has the title ``hit``."""

from typing import Final

LABELS: Final = (
    "<img src=x onerror=document.title='hit'>",
    "</script><script>document.title='hit'</script>",
    'a href="javascript:document.title=1" onclick="x"',
    "\u202egnihtemos\u202c",
    "长" * 10_000,
    "{{ 7*7 }} ${7*7} {n|style}",
)

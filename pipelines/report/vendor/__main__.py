"""Writes `vega.js` again: call it after vl-convert-python or the version of Vega-Lite changes."""

from pathlib import Path

import vl_convert

VEGA = Path(__file__).with_name("vega.js")
VEGA_LITE = "6.4"
_NOTICE = """/*! Vega {vega}, Vega-Lite {vega_lite}, Vega-Embed and the D3 modules that they use, in one script.
Vega, Vega-Lite and Vega-Embed: Copyright (c) University of Washington Interactive Data Lab, BSD-3-Clause licence.
D3: Copyright Mike Bostock, ISC licence. The licence texts are in pipelines/report/vendor/LICENSES.txt. */
"""


def bundle() -> str:
    """The script, safe inside a <script> element."""
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    notice = _NOTICE.format(vega=vl_convert.get_vega_version(), vega_lite=VEGA_LITE)
    return notice + script.replace("</script", "<\\/script").strip() + "\n"


if __name__ == "__main__":
    VEGA.write_text(bundle(), encoding="utf-8")

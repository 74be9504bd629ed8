// Everything here adds to pages that work without it: shortcuts, the theme, passages in place, copying.
import { passages } from "./passage.js";
import { keys } from "./keys.js";
import { theme } from "./theme-toggle.js";
import { basket } from "./basket.js";
import { copying } from "./copy.js";
import { editor } from "./editor.js";
import { suggestions } from "./suggest.js";

theme();
keys();
copying();
basket();
passages();
editor();
suggestions();

// The script of a drawing that was saved as one file: draws it, and shows the facts of a box where it is opened.
import { canvas, dataOf } from "../canvas.js";

const host = document.getElementById("canvas");
const note = document.getElementById("note");
const data = dataOf();

/** @param {import("../canvas.js").Box} box */
function open(box) {
  if (!note) return;
  const title = document.createElement("h2");
  title.textContent = box.kg.label ?? "";
  const list = document.createElement("ul");
  for (const words of box.kg.notes ?? []) {
    const item = document.createElement("li");
    item.textContent = words;
    list.append(item);
  }
  const tag = document.createElement("p");
  tag.textContent = [box.kg.tag, box.kg.sub].filter(Boolean).join(" · ");
  note.replaceChildren(title, tag, list);
  note.hidden = false;
}

if (host && data) {
  canvas(host, data, {
    open,
    clear() {
      if (note) note.hidden = true;
    },
  });
}

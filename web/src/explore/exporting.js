import { withLanguage } from "./service.js";

/** How much larger than the drawing a picture is. */
const SCALE = 2;
/** The longest side of a picture that every browser makes. */
const SIDE_MAX = 8192;

/**
 * The picture as PNG: the service's SVG, with its legend, date and version, drawn by the browser.
 *
 * @param {{state: () => Record<string, any>, say: (text: string) => void, words: Record<string, string>}} given
 */
export function exporting(given) {
  const form = /** @type {HTMLFormElement | null} */ (document.getElementById("export"));
  document.getElementById("export-png")?.addEventListener("click", async () => {
    if (!form) return;
    try {
      const body = new FormData();
      body.set("state", JSON.stringify(given.state()));
      body.set("format", "svg");
      const answer = await fetch(withLanguage(form.action), { method: "POST", body, headers: { Accept: "image/svg+xml, application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      save(await rendered(await answer.blob()), "explore.png");
    } catch (error) {
      given.say(`${given.words.failed}${error instanceof Error ? error.message : ""}`);
    }
  });

  /** @param {Blob} svg @returns {Promise<Blob>} */
  async function rendered(svg) {
    const address = URL.createObjectURL(svg);
    const image = new Image();
    image.src = address;
    await image.decode();
    const scale = Math.min(SCALE, SIDE_MAX / Math.max(image.width, image.height));
    const sheet = document.createElement("canvas");
    sheet.width = Math.ceil(image.width * scale);
    sheet.height = Math.ceil(image.height * scale);
    sheet.getContext("2d")?.drawImage(image, 0, 0, sheet.width, sheet.height);
    URL.revokeObjectURL(address);
    return new Promise((done, failed) => sheet.toBlob((blob) => (blob ? done(blob) : failed(new Error("toBlob"))), "image/png"));
  }

  /** @param {Blob} blob @param {string} name */
  function save(blob, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }
}

import { toClipboard } from "../copy.js";
import { post } from "./service.js";

/**
 * The address of the view: in whole where it is short, under a hash where a reader saves it.
 *
 * @param {{words: Record<string, string>, state: () => Record<string, any>, say: (text: string) => void,
 *   named: (name: string) => void}} given
 */
export function sharing(given) {
  const field = /** @type {HTMLInputElement | null} */ (document.getElementById("share-address"));
  const query = document.getElementById("query");
  const queryField = /** @type {HTMLInputElement | null} */ (document.getElementById("query-field"));
  const absolute = (/** @type {string} */ path) => (path ? new URL(path, location.href).href : "");
  if (field) field.value = absolute(field.value);

  async function copy(/** @type {string} */ text) {
    if (await toClipboard(text)) given.say(given.words.copied);
    else field?.select();
  }

  /** Keep what is shown under a hash. @param {string} name @returns {Promise<string>} its address */
  async function save(name) {
    const { name: _, ...state } = given.state();
    const item = await post("/s", { kind: "view", name, state });
    return absolute(item.address);
  }

  document.getElementById("share-copy")?.addEventListener("click", async () => {
    if (!field) return;
    try {
      // A view that is too large for an address is saved first.
      if (!field.value) field.value = await save("");
      copy(field.value);
    } catch (error) {
      given.say(`${given.words.failed}${error instanceof Error ? error.message : ""}`);
    }
  });
  document.getElementById("query-copy")?.addEventListener("click", () => copy(query?.textContent ?? ""));
  document.getElementById("save")?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const name = /** @type {HTMLInputElement} */ (document.getElementById("save-name")).value;
    try {
      const address = await save(name);
      if (field) field.value = address;
      given.say(given.words.saved);
      field?.select();
    } catch (error) {
      given.say(`${given.words.failed}${error instanceof Error ? error.message : ""}`);
    }
  });
  return {
    /** @param {{address: string | null, sparql: string}} answer */
    update(answer) {
      if (field) field.value = absolute(answer.address ?? "");
      if (query) query.textContent = answer.sparql;
      if (queryField) queryField.value = answer.sparql;
    },
  };
}

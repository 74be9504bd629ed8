/**
 * What the explorer asks of the service.
 *
 * @typedef {Record<string, any>} State a state of the explorer, as the service writes it
 * @typedef {object} Shown
 * @property {State} state @property {string | null} address the address that holds the state, where one can
 * @property {import("../canvas.js").Data} canvas @property {Record<string, string>} parts fragments of the page
 * @property {string} sparql @property {string} [said] what an expansion brought and left @property {string[]} [added]
 */

/** The language that the address names goes with every request. */
export function withLanguage(/** @type {string} */ path) {
  const address = new URL(path, location.href);
  const lang = new URL(location.href).searchParams.get("lang");
  if (lang) address.searchParams.set("lang", lang);
  return address;
}

/** @param {Response} answer @returns {Promise<Error>} an error that says what the service said */
async function refusal(answer) {
  let words = `${answer.status}`;
  try {
    const problem = await answer.json();
    words = problem.told ?? [problem.detail, problem.advice].filter(Boolean).join(" ");
  } catch {
    // No words came with it; the number stands.
  }
  return new Error(words);
}

/** @param {string} path @param {unknown} body @returns {Promise<any>} */
export async function post(path, body) {
  const answer = await fetch(withLanguage(path), {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}

/**
 * What a state shows, after some commands.
 *
 * @param {State} state @param {string[]} [commands] @returns {Promise<Shown>}
 */
export const graph = (state, commands = []) => post("/explore/graph.json", { state, do: commands, parts: true });

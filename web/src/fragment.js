/** @param {string | URL} address @returns {Promise<Node[]>} a fragment that the service has written and escaped */
export async function fragment(address) {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return parsed(await answer.text());
}

/** @param {string} html @returns {Node[]} */
export function parsed(html) {
  // The fragment is the service's own, escaped on the server; the policy of the page lets no script in it run.
  return [...new DOMParser().parseFromString(html, "text/html").body.childNodes];
}

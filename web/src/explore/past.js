import { withLanguage } from "./service.js";

/**
 * Undo and redo, and the browser's own history: each state has its address, so reload and the back button bring it back.
 *
 * @typedef {import("./service.js").State} State
 */

const KEPT = 200;

/** The address of a state that fits into none: the page itself, which finds the state in the browser's history. */
const bare = () => withLanguage("/explore").href;

/** @param {State} first @param {(state: State) => void} back what the browser's own history brings back */
export function past(first, back) {
  /** @type {State[]} */
  const before = [];
  /** @type {State[]} */
  let after = [];
  let now = first;

  addEventListener("popstate", (event) => {
    const state = event.state?.explore;
    if (state) back(state);
  });

  return {
    get now() {
      return now;
    },
    canUndo: () => before.length > 0,
    canRedo: () => after.length > 0,
    /** A new state came by a click. @param {State} state @param {string | null} address */
    add(state, address) {
      before.push(now);
      if (before.length > KEPT) before.shift();
      after = [];
      now = state;
      history.pushState({ explore: state }, "", address ?? bare());
    },
    /** The same state, told otherwise: what is selected, or how it is named. @param {State} state @param {string | null} address */
    amend(state, address) {
      now = state;
      history.replaceState({ explore: state }, "", address ?? bare());
    },
    /** The state that the browser's history brought. @param {State} state */
    visit(state) {
      before.push(now);
      after = [];
      now = state;
    },
    /** @returns {State | null} the state before; it is the present one once `settle` has been told */
    undo() {
      const state = before.pop();
      if (!state) return null;
      after.push(now);
      now = state;
      return state;
    },
    /** @returns {State | null} */
    redo() {
      const state = after.pop();
      if (!state) return null;
      before.push(now);
      now = state;
      return state;
    },
    /** The address of a state that undo or redo has brought. @param {State} state @param {string | null} address */
    settle(state, address) {
      now = state;
      history.pushState({ explore: state }, "", address ?? bare());
    },
  };
}

// @ts-check
/**
 * Requests to the server; a refusal or a broken connection is an Error in the server's words.
 */

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
export async function ask(path, options) {
  const answer = await fetch(path, { cache: "no-store", ...options }).catch(() => null);
  if (answer?.ok) return answer;
  if (!answer) throw new Error("not connected");
  const told = await answer.json().catch(() => null);
  throw new Error(told?.message ?? `refused: ${answer.status} ${answer.statusText}`);
}

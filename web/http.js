// @ts-check
/**
 * Requests to the server; a refusal or a broken connection is an Error with the server's text.
 */

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<Response>}
 */
export async function request(path, options) {
  const response = await fetch(path, { cache: "no-store", ...options }).catch(() => null);
  if (response?.ok) return response;
  if (!response) throw new Error("not connected");
  throw new Error(refusalText(response, await response.text().catch(() => "")));
}

/**
 * A request that reports how much of its body has been sent, which `fetch` cannot.
 * @param {"PUT" | "DELETE"} method
 * @param {string} path
 * @param {{headers?: Record<string, string>, body?: File, onprogress?: (part: number) => void}} [options] part: 0..1
 * @returns {Promise<void>}
 */
export function upload(method, path, { headers = {}, body, onprogress } = {}) {
  return new Promise((resolve, reject) => {
    const upload = new XMLHttpRequest();
    upload.open(method, path);
    for (const [name, value] of Object.entries(headers)) upload.setRequestHeader(name, value);
    upload.upload.onprogress = ({ loaded, total }) => onprogress?.(loaded / total);
    upload.onload = () => {
      if (upload.status < 300) resolve();
      else reject(new Error(refusalText(upload, upload.responseText)));
    };
    upload.onerror = () => reject(new Error("not sent: the connection broke, or the file is too large"));
    upload.send(body);
  });
}

/** @param {{status: number, statusText: string}} response @param {string} body */
function refusalText({ status, statusText }, body) {
  let message;
  try {
    ({ message } = JSON.parse(body));
  } catch {} // not JSON: a proxy answered
  return String(message ?? `refused: ${status} ${statusText}`);
}

// A model of the book's own folder: fetched with progress, kept by the browser, checked, and run in a worker.

const CACHE = "insidebert-models";

/** What cannot be done, as a key of the dictionary and what it is about. */
export class Refused extends Error {
  constructor(key, about = "") {
    super(key);
    Object.assign(this, { key, about });
  }
}

/**
 * The bytes of a file, from the browser's cache if they are there.
 * @param {URL} address
 * @param {{bytes: number, sha256: string}} expected
 * @param {(share: number) => void} tell how much has come
 * @returns {Promise<ArrayBuffer>}
 */
export async function fetched(address, expected, tell) {
  const key = `${address}?${expected.sha256}`; // a model that was exported anew is another one
  const cache = await globalThis.caches?.open(CACHE).catch(() => null); // not outside https and localhost
  const known = await cache?.match(key);
  if (known) {
    const bytes = await known.arrayBuffer();
    if (await whole(bytes, expected)) return bytes;
    await cache.delete(key);
  }
  const bytes = await received(address, expected.bytes, tell);
  if (!(await whole(bytes, expected))) throw new Refused("damaged", new URL(address).pathname.split("/").pop());
  await cache?.put(key, new Response(bytes)).catch(() => {}); // no room: it is fetched again next time
  return bytes;
}

async function received(address, size, tell) {
  const answer = await fetch(address, { cache: "no-store" }).catch(() => null);
  if (!answer?.ok) throw new Refused("missing", new URL(address).pathname.split("/").pop());
  const reader = answer.body.getReader();
  const parts = [];
  let come = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
      come += part.value.length;
      tell(Math.min(1, come / size));
    }
  } catch {
    throw new Refused("broken off", new URL(address).pathname.split("/").pop());
  }
  return new Blob(parts).arrayBuffer();
}

async function whole(bytes, { bytes: size, sha256 }) {
  if (bytes.byteLength !== size) return false;
  if (!globalThis.crypto?.subtle) return true; // only https and localhost have it; the size must do
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("") === sha256;
}

/** ONNX Runtime in a worker, one model at a time. */
export class Runtime {
  constructor() {
    if (typeof WebAssembly !== "object") throw new Refused("no WebAssembly");
    this.waiting = new Map();
    this.count = 0;
    this.worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
    this.worker.onmessage = ({ data }) => this.#settle(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      for (const number of [...this.waiting.keys()]) this.#settle({ number, error: event.message ?? "" });
    };
  }

  /** @param {ArrayBuffer} bytes of the model, given away */
  load(bytes) {
    return this.#ask({ job: "load", bytes }, [bytes]);
  }

  /**
   * @param {number[]} ids [T]
   * @param {number[]} heads [layers * heads] 1 for on
   * @param {number} layers
   * @param {number[]} places [K] asked of the masked-language-model head
   * @returns {Promise<object>} maps, states, norms, logits, each {data, shape}; milliseconds
   */
  run(ids, heads, layers, places = [0]) {
    return this.#ask({ job: "run", ids, heads, layers, places });
  }

  #ask(message, given = []) {
    const number = ++this.count;
    return new Promise((resolve, reject) => {
      this.waiting.set(number, { resolve, reject });
      this.worker.postMessage({ ...message, number }, given);
    });
  }

  #settle({ number, result, error }) {
    const { resolve, reject } = this.waiting.get(number) ?? {};
    this.waiting.delete(number);
    if (error === undefined) resolve?.(result);
    else reject?.(new Refused(/memory|alloc|RangeError/i.test(error) ? "no memory" : "not run", error));
  }
}

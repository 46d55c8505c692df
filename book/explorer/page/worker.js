// ONNX Runtime beside the page, so that the page answers while a model loads or runs. One thread, so that no special
// headers of the server are needed.

import * as ort from "./vendor/ort.wasm.min.mjs";

ort.env.wasm.numThreads = 1;
ort.env.wasm.wasmPaths = new URL("./vendor/", import.meta.url).href;
let session = null;

const JOBS = {
  async load({ bytes }) {
    await session?.release();
    session = null;
    session = await ort.InferenceSession.create(new Uint8Array(bytes), {
      executionProviders: ["wasm"],
      extra: { session: { disable_quant_qdq: "1" } }, // weights become floats once, when the model is loaded
    });
    return {};
  },

  async run({ ids, heads, layers, places }) {
    const start = performance.now();
    const whole = (values, shape) => new ort.Tensor("int64", BigInt64Array.from(values, BigInt), shape);
    const found = await session.run({
      ids: whole(ids, [1, ids.length]),
      heads: new ort.Tensor("float32", Float32Array.from(heads), [layers, heads.length / layers]),
      places: whole(places, [places.length]),
    });
    const told = Object.fromEntries(Object.entries(found).map(([name, tensor]) =>
      [name, { data: tensor.data, shape: tensor.dims }]));
    return { ...told, milliseconds: performance.now() - start };
  },
};

onmessage = async ({ data: { number, job, ...given } }) => {
  try {
    const result = await JOBS[job](given);
    postMessage({ number, result }, Object.values(result).flatMap((part) => (part?.data ? [part.data.buffer] : [])));
  } catch (error) {
    postMessage({ number, error: String(error?.message ?? error) });
  }
};

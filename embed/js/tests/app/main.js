// A page that trains here and in a worker, and writes both models into the document.
import { load, SamefitError } from 'samefit';

const worker = new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });
const answer = new Promise((done, failed) => Object.assign(worker, { onmessage: ({ data }) => done(data), onerror: failed }));
try {
  const samefit = await load();
  const csv = await (await fetch('/data.csv')).text();
  worker.postMessage({ csv, module: samefit.module });
  const model = String(await samefit.fit(new Blob([csv]), { target: 'y' }));
  let code;
  try {
    samefit.fit('x,y\n1,low\n', { target: 'y' });
  } catch (error) {
    code = error instanceof SamefitError && error.code;
  }
  globalThis.found = { model, code, worker: await answer };
} catch (error) {
  globalThis.found = { failed: String(error?.message ?? error) };
}

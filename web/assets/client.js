// The worker as promises, and the little that only a browser can do: downloads, the service worker, the clipboard.
//
// A call ends with its value, or fails with the text of an error record. `trap` and `cancelled` are codes of this file: after either a new worker
// has taken over, with the compiled component and the model of the one before.

let worker;
let known;
let opened;
let last = 0;
let calls = new Map();

const fault = (code, text = '') => JSON.stringify({ code, text });

function begin() {
  worker = new Worker('worker.js', { type: 'module' });
  worker.onmessage = ({ data }) => {
    const call = calls.get(data.id);
    if (!call) return;
    if (data.progress) return call.progress?.(data.progress.done, data.progress.total);
    calls.delete(data.id);
    if ('value' in data) call.resolve(data.value);
    else if (data.fault) call.reject(data.fault);
    else replace('trap', data.trap, call);
  };
  worker.onerror = (event) => replace('trap', event.message ?? '');
}

function send(op, args, progress) {
  return new Promise((resolve, reject) => {
    calls.set(++last, { resolve, reject, progress });
    worker.postMessage({ id: last, op, args });
  });
}

/** Ends the worker and all that it was asked, and starts its successor. */
function replace(code, text, ...ended) {
  worker.terminate();
  const waiting = [...ended, ...calls.values()];
  calls = new Map();
  if (known) {
    begin();
    send('start', [known]);
    if (opened !== undefined) send('open', [opened]).catch(() => {});
  }
  for (const call of waiting) call.reject(fault(code, text));
}

/** Version, formats, limits and digest of the component, once it runs. */
export async function start() {
  begin();
  const started = await send('start', [null]);
  known = started.known;
  return started.facts;
}

export async function call(op, args, progress) {
  const value = await send(op, args, progress);
  if (op === 'open') [opened] = args;
  return value;
}

export const cancel = () => replace('cancelled');

/** A file of the page itself. */
export async function own(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw fault('page-file', path);
  return answer.text();
}

/** The text with which a file begins, unpacked if it is packed. */
export async function head(file, bytes) {
  const begin = file.slice(0, bytes);
  let text = '';
  try {
    if (!file.name.toLowerCase().endsWith('.gz')) return await begin.text();
    const reader = begin.stream().pipeThrough(new DecompressionStream('gzip')).getReader();
    const decoder = new TextDecoder();
    for (let part = await reader.read(); !part.done && text.length < bytes; part = await reader.read()) text += decoder.decode(part.value, { stream: true });
  } catch {
    // it goes on beyond its beginning, or cannot be read, which whoever reads all of it will say
  }
  return text;
}

/** Hands a file to the person. */
export function download(name, content, type) {
  const link = document.createElement('a');
  const blob = content instanceof Blob ? content : new Blob([content], { type });
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Tells when a newer version waits; it takes over when `update` is called, never by itself. */
export async function watch(newer) {
  if (!('serviceWorker' in navigator)) return;
  try {
    const registration = await navigator.serviceWorker.register('sw.js');
    const look = (found) => found?.addEventListener('statechange', () => found.state === 'installed' && navigator.serviceWorker.controller && newer());
    if (registration.waiting && navigator.serviceWorker.controller) newer();
    look(registration.installing);
    registration.addEventListener('updatefound', () => look(registration.installing));
  } catch {
    // without it the page works as long as whoever serves it does
  }
}

export async function update() {
  const registration = await navigator.serviceWorker.getRegistration();
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload());
  registration?.waiting?.postMessage('take-over');
}

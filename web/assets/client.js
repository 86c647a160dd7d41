// The worker as promises, and what only a browser can do: files of the page, downloads, the service worker.
//
// A call ends with its value, or fails with the text of an error record. This file adds three codes: `trap` (the component stopped
// unexpectedly), `cancelled` and `page-file`. After `trap` and `cancelled` a new worker takes over. It gets the compiled component and the
// model of the worker before, and after a trap also the calls that were still waiting: only the call that trapped fails.

let worker;
/** The compiled component, once it was started. */
let known;
/** The model that was opened last. */
let opened;
let lastId = 0;
let calls = new Map();

const errorRecord = (code, text = '') => JSON.stringify({ code, text });

function begin() {
  worker = new Worker('worker.js', { type: 'module' });
  worker.onmessage = ({ data }) => {
    const call = calls.get(data.id);
    if (!call) return;
    if (data.progress) return call.progress?.(data.progress.done, data.progress.total);
    calls.delete(data.id);
    if ('value' in data) call.resolve(data.value);
    else if (data.fault) call.reject(data.fault);
    else {
      // before the component was started there is no worker that could take over
      replace().forEach(known ? post : (other) => other.reject(errorRecord('trap', data.trap)));
      call.reject(errorRecord('trap', data.trap));
    }
  };
  worker.onerror = (event) => replace().forEach((call) => call.reject(errorRecord('trap', event.message)));
}

function post(call) {
  calls.set(++lastId, call);
  worker.postMessage({ id: lastId, op: call.op, args: call.args });
}

function send(op, args, progress) {
  return new Promise((resolve, reject) => post({ op, args, progress, resolve, reject }));
}

/** Ends the worker and starts a new one. Returns the calls that were not answered. */
function replace() {
  worker.terminate();
  const waiting = [...calls.values()];
  calls = new Map();
  if (known) {
    begin();
    send('start', [known]);
    if (opened !== undefined) send('open', [opened]).catch(() => {});
  }
  return waiting;
}

/** Starts the component. Returns its version, formats, limits and digest as JSON. */
export async function start() {
  begin();
  const started = await send('start', [null]);
  known = started.known;
  return started.facts;
}

/** Calls an operation of the worker. `progress` is called with the bytes done and to do. */
export async function call(op, args, progress) {
  const value = await send(op, args, progress);
  if (op === 'open') [opened] = args;
  return value;
}

/** Ends the worker and all its work. */
export const cancel = () => replace().forEach((call) => call.reject(errorRecord('cancelled')));

/** Returns the text of one of the page's own files. */
export async function pageFile(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw errorRecord('page-file', path);
  return answer.text();
}

/** Saves a text or a blob as a file. */
export function download(name, content) {
  const link = document.createElement('a');
  const blob = content instanceof Blob ? content : new Blob([content], { type: 'application/json' });
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Keeps a copy of the page for use without a network. Calls `ready` when a newer version waits; only `takeNewerVersion` puts it to use. */
export async function watchForNewerVersion(ready) {
  if (!('serviceWorker' in navigator)) return;
  try {
    const registration = await navigator.serviceWorker.register('sw.js');
    const look = (found) => found?.addEventListener('statechange', () => found.state === 'installed' && navigator.serviceWorker.controller && ready());
    if (registration.waiting && navigator.serviceWorker.controller) ready();
    look(registration.installing);
    registration.addEventListener('updatefound', () => look(registration.installing));
  } catch {
    // Without a service worker the page works as long as its server does.
  }
}

/** Replaces the page by the newer version. */
export async function takeNewerVersion() {
  const registration = await navigator.serviceWorker.getRegistration();
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload());
  registration?.waiting?.postMessage('take-over');
}

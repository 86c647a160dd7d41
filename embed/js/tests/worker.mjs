// Sums text in a thread: for `workers.mjs`.
import { parentPort, workerData } from 'node:worker_threads';
import { load } from 'samefit';

const { module, csv, plan } = workerData;
parentPort.postMessage(String((await load(module)).summarize(csv, plan)));

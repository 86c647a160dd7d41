// Trains in a worker, once with an own core module and once with the compiled one of the page.
import { load } from 'samefit';

self.onmessage = async ({ data: { csv, module } }) => {
  const models = [];
  for (const source of [undefined, module]) models.push(String((await load(source)).fit(csv, { target: 'y' })));
  self.postMessage(models);
};

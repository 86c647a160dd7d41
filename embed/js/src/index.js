// Exact linear regression. `index.d.ts` documents everything that is exported here.
export { SamefitError } from './component.js';
export { Form } from './form.js';
export { load } from './load.js';
export { Model } from './model.js';
export { Samefit } from './samefit.js';
export { Statistics } from './statistics.js';

// What every entry of the package exports besides `load`.
export { SamefitError } from './component.js';
export { Form } from './form.js';
export { Model } from './model.js';
export { Samefit } from './samefit.js';
export { Statistics } from './statistics.js';

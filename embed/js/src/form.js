// What a person types into a form into the columns of a model.
import { Owned } from './owned.js';
import { json } from './plan.js';

export class Form extends Owned {
  /** `document`: text of `schema.json` or of `model.json`. */
  constructor(samefit, document) {
    super(samefit, samefit.component.entry.Form.new(document));
  }

  fields() {
    return JSON.parse(this.raw.fields());
  }

  evaluate(entries) {
    return JSON.parse(this.raw.evaluate(json(entries)));
  }

  convert(field, value, from, to) {
    return this.raw.convert(field, String(value), from, to);
  }
}

// Exact sums of a table: they are merged, subtracted, stored as text, and fitted.
import { Model } from './model.js';
import { Owned } from './owned.js';
import { json, planOf } from './plan.js';

export class Statistics extends Owned {
  /** `plan`: what the data were summed by; none for statistics that were read. */
  constructor(samefit, raw, notes = [], plan = {}) {
    super(samefit, raw);
    this.notes = notes;
    this.plan = plan;
  }

  merge(other) {
    this.raw.merge(other.raw);
    return this;
  }

  subtract(other) {
    this.raw.subtract(other.raw);
    return this;
  }

  copy() {
    return new Statistics(this.samefit, this.samefit.component.training.Statistics.parse(String(this)), this.notes, this.plan);
  }

  equals(other) {
    return String(this) === String(other);
  }

  toString() {
    return this.raw.toJson();
  }

  toJSON() {
    return JSON.parse(this);
  }

  fit(options = this.plan) {
    return new Model(this.samefit, this.raw.fit(json(planOf(options))), this.notes);
  }

  compare(options, other) {
    return JSON.parse(this.raw.compare(json(planOf(options)), json(planOf(other))));
  }

  test(options, restrictions) {
    return JSON.parse(this.raw.test(json(planOf(options)), restrictions));
  }

  audit(name) {
    return JSON.parse(this.raw.audit(json(this.notes.map((note) => ({ file: name, ...note })))));
  }
}

/** Gives back what a resource of the component holds in its memory, which the browser does not see grow. */
export const free = (resource) => resource?.[Symbol.dispose ?? Symbol.for('dispose')]?.();

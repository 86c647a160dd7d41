/** Frees the memory of a resource of the component. The browser would free it too late, because it does not see that memory. */
export const free = (resource) => resource?.[Symbol.dispose ?? Symbol.for('dispose')]?.();

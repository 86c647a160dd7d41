/** Frees the memory of a resource of the component; does nothing for none. */
export const free = (resource) => resource?.free();

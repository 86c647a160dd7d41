/** SHA-256 of the core module for which this package was made, in hexadecimal digits. */
export const digest: string;
/** What each function of the core module takes and returns: docs/abi.md. */
export const table: import('./component.js').Table;

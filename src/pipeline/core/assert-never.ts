/** Ends a switch over a union: a new member without a case fails to compile, and throws if it slips through. */
export function assertNever(value: never): never {
  throw new Error(`Unhandled case: ${JSON.stringify(value)}`);
}

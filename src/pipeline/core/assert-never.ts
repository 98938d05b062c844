/**
 * Ends a switch over a union type. A new member without a case does not compile, and it throws if it gets here at run
 * time.
 */
export function assertNever(value: never): never {
  throw new Error(`Unhandled case: ${JSON.stringify(value)}`);
}

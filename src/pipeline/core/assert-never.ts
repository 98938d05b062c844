/**
 * The last case of a switch over a union type. If the union gets a new type without a case, the code does not compile.
 * @throws Error if a value without a case occurs at run time
 */
export function assertNever(value: never): never {
  throw new Error(`Unhandled case: ${JSON.stringify(value)}`);
}

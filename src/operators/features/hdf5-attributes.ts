import type { Dataset, Group } from 'h5wasm/node';

/** The value of an attribute, or of its first element if it is a list. Null if there is none. */
function valueOf(owner: Dataset | Group, name: string): unknown {
  const attribute = owner.attrs[name];
  if (attribute === undefined) return null;
  const value: unknown = attribute.json_value;
  return Array.isArray(value) ? (value[0] ?? null) : value;
}

export function textAttribute(owner: Dataset | Group, name: string): string | null {
  const value = valueOf(owner, name);
  return typeof value === 'string' && value !== '' ? value : null;
}

/** An attribute as a positive number. Null for any other value, because sizes are positive. */
export function numberAttribute(owner: Dataset | Group, name: string): number | null {
  const value = valueOf(owner, name);
  const number = typeof value === 'number' || typeof value === 'bigint' ? Number(value) : NaN;
  return Number.isFinite(number) && number > 0 ? number : null;
}

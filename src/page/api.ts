import { answerIn, fileOf, isExported } from './exported.js';

/** Ends a view. */
export type Leave = () => void;

export class ApiError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** The URL of a resource of a run. */
export const ofRun = (run: string, what: string, query: Readonly<Record<string, string>> = {}): string => {
  const asked = new URLSearchParams(query).toString();
  return `/api/runs/${encodeURIComponent(run)}/${what}${asked === '' ? '' : `?${asked}`}`;
};

/**
 * Where the browser requests the answer to an address: at the address itself or, in exported pages, in the file that
 * holds the answer.
 */
export async function placeOf(address: string): Promise<string> {
  if (!isExported) return address;
  const file = await fileOf(address);
  if (file === undefined) throw new ApiError(404, 'The exported pages do not contain this.');
  return file;
}

/**
 * Turns an element into a link to a resource of a run. If exported pages do not contain the resource, the link gets
 * no target.
 */
export function leadTo(link: HTMLAnchorElement, address: string): HTMLAnchorElement {
  placeOf(address).then(
    (place) => link.setAttribute('href', place),
    () => link.removeAttribute('href'),
  );
  return link;
}

/**
 * Requests JSON from the server.
 * @throws ApiError with the reason that the server gives
 */
export async function ask<T>(address: string, headers: Readonly<Record<string, string>> = {}): Promise<T> {
  if (isExported) return (await answerIn(await placeOf(address), address)) as T;
  const answer = await fetch(address, { headers }).catch(() => {
    throw new ApiError(0, 'The server of this page does not answer. It ended, or the connection is cut.');
  });
  if (answer.ok) return (answer.status === 204 ? null : await answer.json()) as T;
  const { error } = (await answer.json().catch(() => ({}))) as { error?: string };
  throw new ApiError(answer.status, error ?? `The server answers ${answer.status}.`);
}
